"""The house: which room may import which, and how large its pieces may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from cases import ROOT

PACKAGE = ROOT / "novatrace"
ALLOWED = {
    "model": set(),
    "errors": set(),
    "sources": {"model", "errors"},
    "parsing": {"model", "errors"},
    "store": {"model", "errors"},
    "analysis": {"model"},
    "findings": {"model"},
    "reports": {"model"},
    "pipeline": {"sources", "parsing", "store", "analysis", "findings", "reports", "model", "errors"},
    # Beside the pipeline, and light: what a command needs to find that nothing is new.
    "rerun": {"sources", "store"},
    "cli": {"pipeline", "rerun", "model", "errors"},
    "guide": set(),
    "": set(),
}
THIRD_PARTY = {
    "click": {"cli"},
    "rich": {"cli", "reports/text_report.py"},
    "regex": {"parsing"},
    "dateutil": {"parsing"},
    "ahocorasick_rs": {"parsing", "reports/secret_places.py"},
    "sqlite3": {"store"},
    "stringzilla": {"parsing"},
    "tomli": {"parsing"},
    "msgspec": {"model", "parsing", "store", "reports/json_text.py"},
    "vl_convert": {"reports"},
    "pyarrow": {"reports/exports/parquet_export.py"},
    "isal": {"sources"},
    "zstandard": {"sources"},
}
MODULES = sorted(p for p in PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """The room of a module: its folder, or its own name at the top."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else parts[0].removesuffix(".py").replace("__init__", "")


def imports(path: Path) -> set[str]:
    """Full names that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    """A module imports only from its own room and the rooms that the design allows."""
    own = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "novatrace" and len(parts) > 1:
            target = parts[1]
            if target in ALLOWED and target != own:
                assert target in ALLOWED[own], f"{own} must not import {name}"
        elif parts[0] in THIRD_PARTY:
            where = {own, str(path.relative_to(PACKAGE))}
            assert THIRD_PARTY[parts[0]] & where, f"{path.name} must not import {parts[0]}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_pieces_are_small(path):
    """No module is over 350 lines, no function over 50, and no name says nothing."""
    text = path.read_text()
    assert text.count("\n") <= 350
    assert path.stem not in {"utils", "common", "helpers", "misc"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno < 50, f"{path}:{node.lineno} {node.name}"


def test_help_needs_no_heavy_import():
    """`novatrace --help` imports click and little else."""
    code = (
        "import sys\nfrom novatrace.cli import main\n"
        "try:\n    main.cli.main(['--help'], standalone_mode=False)\nexcept SystemExit:\n    pass\n"
        "heavy = {'rich', 'dateutil', 'regex', 'ahocorasick_rs', 'sqlite3', 'msgspec', 'novatrace.pipeline'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "correlate" in done.stdout


def test_the_top_level_is_what_the_design_says():
    """Nothing stands at the top beside what the design lists."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    top = {name.split("/")[0] for name in tracked if name} or {"novatrace"}
    allowed = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "novatrace", "tests", "fixtures"}
    assert {name for name in top if not name.startswith(".")} <= allowed
