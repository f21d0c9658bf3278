"""What a release of Nova says in its source: the string literals of its modules, and which of them it logs.

The package comes from PyPI and is read inside its wheel; nothing of it is run or installed. Downloads are kept in the
user's cache directory.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import warnings
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

# Where messages of boots, moves, claims and placement come from; the rest of Nova is not read.
PARTS = re.compile(
    r"nova/(?:api/openstack/|compute/|conductor/|scheduler/|virt/(?:hardware|libvirt/(?:driver|migration))\.py|filters\.py|"
    r"weights\.py|service\.py|exception\.py|objects/resource_provider\.py|conf/wsgi\.py)|placement/(?:objects/|requestlog\.py)"
)
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.(?P<digits>\d+))?(?P<type>[dirsfx])|\{\d*\}|%%")
_PY37 = re.compile(r"\basync\b")
_LOG_CALLS = {"debug", "info", "warning", "warn", "error", "exception", "audit", "critical"}


@dataclass
class Said:
    """Literals of a release: all of them, and those that stand in a call of a logger."""

    literals: set[str] = field(default_factory=set)
    logged: set[str] = field(default_factory=set)


def cache_folder() -> Path:
    """Where downloads are kept from one run to the next."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "novatrace-tests"


def wheel(package: str, version: str) -> Path | str:
    """The wheel of a release, downloaded unless it is there; or why there is none."""
    folder = cache_folder()
    pattern = f"{package.replace('-', '_')}-{version}-*.whl"
    if found := sorted(folder.glob(pattern)):
        return found[0]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder)]
    try:
        done = subprocess.run(
            [*command, f"{package}=={version}"], capture_output=True, text=True, timeout=180, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    found = sorted(folder.glob(pattern))
    return found[0] if found else (done.stderr.strip().splitlines() or ["pip gave no wheel"])[-1]


@cache
def said(path: Path) -> Said:
    """What the modules of a wheel say."""
    found = Said()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".py") and PARTS.match(name) and "/tests/" not in name:
                _read(archive.read(name).decode("utf-8"), found)
    return found


def _read(source: str, found: Said) -> None:
    tree = parsed(source)
    joined: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _logs(node):
            found.logged |= {text for part in ast.walk(node) if (text := _text(part)) is not None}
        text = _text(node)
        if text is not None and id(node) not in joined:
            found.literals.add(text)
            joined |= {id(part) for part in ast.walk(node)}


def parsed(source: str) -> ast.Module:
    """The syntax tree of a module, of old ones too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old source has escapes that Python warns of
        try:
            return ast.parse(source)
        except SyntaxError:
            return ast.parse(_PY37.sub("async_", source))  # a name until Python 3.7 made it a keyword


def _logs(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in _LOG_CALLS
        and "log" in ast.unparse(call.func.value).lower()
    )


def _text(node: ast.AST) -> str | None:
    """A literal, with ``%s`` for what is put into an f-string or added to it."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "%s" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        return None if left is None and right is None else (left or "%s") + (right or "%s")
    return None


def rendered(template: str) -> re.Pattern[str]:
    """What a template's texts look like: at the start of a message, or behind another one's colon."""
    parts, end = [], 0
    for found in _PLACEHOLDER.finditer(template):
        parts += [re.escape(template[end : found.start()]), _value(found)]
        end = found.end()
    return re.compile(r"(?:\A|: |\] )" + "".join(parts) + re.escape(template[end:]), re.DOTALL)


def _value(placeholder: re.Match[str]) -> str:
    if placeholder[0] == "%%":
        return "%"
    if placeholder["type"] in ("d", "i"):
        return r"-?\d+"
    if placeholder["type"] == "f":
        return rf"-?\d+\.\d{{{int(placeholder['digits'] or 6)}}}"
    return ".*?"
