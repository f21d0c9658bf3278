"""Where the evidence is, and analysed cases, made once in a test run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from novatrace import pipeline
from novatrace.model.case import Case

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
INCIDENT = FIXTURES / "incident-2016-10-28"
BESIDE = ROOT.parent / "shared" / "logs" / "real-nova"


def case_folders() -> list[Path]:
    """Every case with a truth: the shipped ones, and those that lie beside the repository where it is developed."""
    shipped = sorted(p.parent for p in (FIXTURES / "real-nova").glob("*/truth.json"))
    beside = sorted(p.parent for p in BESIDE.glob("*/truth.json")) if BESIDE.is_dir() else []
    return [*shipped, *beside]


def info_folders() -> list[Path]:
    """Shipped cases with a truth whose services did not log at DEBUG: no filter chains, no choices."""
    return sorted(p.parent for p in (FIXTURES / "at-info").glob("*/truth.json"))


def node_folders(folder: Path) -> tuple[str, ...]:
    """The node folders of a case."""
    return tuple(str(p) for p in sorted(folder.iterdir()) if p.is_dir())


@cache
def analysed(folder: Path, *, inventory: Path | None = None) -> Case:
    """The analysed case of a folder, made once in a test run; nothing is kept on disk."""
    options = pipeline.RunOptions(node_folders(folder), inventory=inventory)
    return pipeline.analyse(options)
