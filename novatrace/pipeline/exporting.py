"""``export``: a kept case as files for other programs, masked and held against the leak gate as every report is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from novatrace import __version__
from novatrace.errors import UsageError
from novatrace.model.case import Case
from novatrace.pipeline.sharing import Sharing, passed, redaction_of
from novatrace.reports import tables
from novatrace.reports.exports import interface
from novatrace.reports.exports.interface import CASE, TABLE, Exporter
from novatrace.reports.redaction import Redaction


@dataclass(frozen=True, slots=True)
class Exported:
    """A file to be written."""

    name: str
    data: bytes
    binary: bool = False


def formats() -> dict[str, str]:
    """Every export format, with what it is for."""
    return {name: interface.load(name).summary for name in interface.names()}


def table_names() -> tuple[str, ...]:
    """Every table that can be asked for."""
    return tables.names()


def export(case: Case, format_name: str, asked: Sequence[str], *, sharing: Sharing) -> list[Exported]:
    """The files of an export: one for each table, or one alone.

    Args:
        case: as it was kept.
        format_name: one of ``formats``.
        asked: names of tables; none means all of them.
        sharing: what may be shown of names.

    Raises:
        UsageError: the format's library is not installed, it has no tables to choose from, or there is no such table.
        LeakError: a file would show what was to be hidden; then there is none at all.
    """
    exporter = interface.load(format_name)
    _check(exporter, format_name, asked)
    redaction = redaction_of(sharing)
    case = redaction.of(case)
    wanted = [name for name in tables.names() if name in asked or not asked]
    chosen = [] if exporter.holds == CASE else [tables.table(name, case) for name in wanted]
    if exporter.holds != TABLE:
        return [_file(exporter, "novatrace", case, chosen, redaction, sharing)]
    return [_file(exporter, table.name, case, [table], redaction, sharing) for table in chosen]


def _file(
    exporter: Exporter, name: str, case: Case, chosen: Sequence[tables.Table], redaction: Redaction, sharing: Sharing
) -> Exported:
    data = exporter.written(case, chosen, tool_version=__version__)
    text = "\n".join(_texts(chosen)) if exporter.binary else data.decode("utf-8")
    passed(text, redaction, sharing, what=f"the export of {name}")
    return Exported(f"{name}{exporter.suffix}", data, exporter.binary)


def _check(exporter: Exporter, format_name: str, asked: Sequence[str]) -> None:
    if not exporter.available():
        raise UsageError(
            f"{format_name} needs a library that is not installed", next_step=f"pip install '{exporter.extra}'"
        )
    if asked and exporter.holds == CASE:
        raise UsageError(
            f"--table means nothing for {format_name}", next_step="leave it out; csv, jsonl and parquet have tables"
        )
    unknown = [name for name in asked if name not in tables.names()]
    if unknown:
        raise UsageError(f"no such table: {unknown[0]!r}", next_step=f"tables: {', '.join(tables.names())}")


def _texts(chosen: Sequence[tables.Table]) -> Iterator[str]:
    """What stands in a binary file, for the gate."""
    for table in chosen:
        for row in table.rows:
            yield "\n".join(value for value in row if isinstance(value, str))
