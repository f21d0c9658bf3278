"""Parquet: one typed file for each table, for DuckDB, Spark or pandas. Written by pyarrow, which is not installed by default.

A column's type depends on its name alone, so that the files of several cases can be read as one table.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from typing import Any

from novatrace.model.case import Case
from novatrace.reports.exports.interface import TABLE
from novatrace.reports.tables import Table

_TRUTHS = frozenset(["claim_granted", "incomplete", "inherited"])
_AMOUNTS = frozenset(
    ["vcpus", "ram_mb", "disk_gb", "weight"]
    + [f"{which}_{what}" for which in ("free", "total", "used") for what in ("vcpus", "ram_mb", "disk_gb")]
)
_COUNTS = frozenset(
    [
        "migration", "http_status", "attempts", "line", "byte_offset", "attempt", "hosts_considered", "position", "before",
        "after", "free_disk_mb", "io_ops", "instances", "burst", "arrivals", "slots", "lines_cited", "bytes", "count", "pid",
    ]
)  # fmt: skip


def type_name(column: str) -> str:
    """The Parquet type of a column: times and counts are ``int64``, amounts ``float64``, else ``bool`` or ``string``."""
    if column in _TRUTHS:
        return "bool"
    if column in _AMOUNTS:
        return "float64"
    counted = column in _COUNTS or column.endswith("_us") or column.startswith("lines_")
    return "int64" if counted else "string"


class ParquetExporter:
    """See ``interface.Exporter``."""

    summary = "one typed file for each table, for DuckDB, Spark or pandas"
    suffix = ".parquet"
    holds = TABLE
    extra = "novatrace[parquet]"
    binary = True

    def available(self) -> bool:
        """False without pyarrow."""
        return importlib.util.find_spec("pyarrow") is not None

    def written(self, case: Case, tables: Sequence[Table], *, tool_version: str) -> bytes:  # noqa: ARG002 - see Exporter
        """The table; its schema says the unit of no column that the name does not say."""
        import pyarrow as pa  # noqa: PLC0415 - heavy, and an extra
        from pyarrow import parquet  # noqa: PLC0415 - see above

        (table,) = tables
        columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
        arrays = [_array(pa, name, values) for name, values in zip(table.columns, columns, strict=True)]
        buffer = io.BytesIO()
        made = pa.Table.from_arrays(arrays, names=list(table.columns)).replace_schema_metadata(
            {"novatrace": tool_version}
        )
        parquet.write_table(made, buffer, compression="zstd")
        return buffer.getvalue()


EXPORTER = ParquetExporter()


def _array(pa: Any, name: str, values: Sequence[Any]) -> Any:  # noqa: ANN401 - pyarrow has no types to speak of
    kind = type_name(name)
    if kind == "float64":
        values = [None if value is None else float(value) for value in values]
    elif kind == "string":
        values = [None if value is None else value.encode("utf-8", "backslashreplace").decode() for value in values]
    return pa.array(values, type=pa.bool_() if kind == "bool" else getattr(pa, kind)())
