"""``novatrace export``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from novatrace import pipeline
from novatrace.cli import ending, options, stderr, writing
from novatrace.errors import UsageError
from novatrace.model.evidence import Notice
from novatrace.pipeline import bundling, exporting
from novatrace.pipeline.sharing import Sharing


@click.command(
    "export",
    epilog="\b\nFormats:\n"
    + "".join(f"  {name:11} {summary}\n" for name, summary in exporting.formats().items())
    + "\n\b\nTables:\n  "
    + ", ".join(exporting.table_names()).replace("views, ", "views,\n  ")
    + "\n\n\b\nExamples:\n  novatrace export --table attempts -f csv -o attempts.csv\n  novatrace export -f parquet -o tables/\n"
    "  novatrace export -f perfetto -o batch.perfetto.json",
)
@options.kept_case()
@click.option(
    "-f", "--format", "format_name", type=click.Choice(tuple(exporting.formats())),
    help="Format of the export.  [default: jsonl]",
)  # fmt: skip
@click.option(
    "--table", "tables", multiple=True, metavar="NAME", shell_complete=lambda _ctx, _param, begun: _tables_like(begun),
    help="Only this table; may be repeated. Default: all tables.",
)  # fmt: skip
@click.option(
    "-o", "--output", metavar="FILE|FOLDER",
    help="Write to a file, or to a folder where each table is a file; - is standard output.",
)  # fmt: skip
@click.option(
    "--bundle", metavar="FILE.tar.gz",
    help="Write the log lines that the case rests on instead, with hashes and a manifest; `correlate` reads them again.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="No warnings and no summary on standard error.")
@options.sharing()
@options.ending()
def command(  # noqa: PLR0913 - one parameter for each option
    case_file: Path | None,
    format_name: str | None,
    tables: tuple[str, ...],
    output: str | None,
    bundle: str | None,
    fail_on: str | None,
    *,
    sharing: Sharing,
    strict: bool,
    quiet: bool,
) -> int:
    """A kept case for other programs: its tables, its requests as traces, its steps as a timeline. Secrets are masked
    as in every report."""  # noqa: D205, D209
    if bundle is not None and (format_name or tables or output):
        raise UsageError("--bundle writes one archive of its own", next_step="leave out -f, --table and -o")
    path = pipeline.case_named(case_file)
    case = pipeline.kept_case(path)
    sharing = replace(sharing, case_file=path)
    if not quiet and case_file is None:
        stderr.note(f"case: {path}")
    missing: list[Notice] = []
    if bundle is None:
        files = exporting.export(case, format_name or "jsonl", tables, sharing=sharing)
    else:
        data, missing = bundling.bundle(path, sharing=sharing)
        files = [exporting.Exported(bundle, data, binary=True)]
    case = replace(case, notices=(*case.notices, *missing))
    code = ending.code(case, fail_on)
    if not ending.withheld(code, strict=strict):
        _write(files, bundle or output)
    if not quiet:
        stderr.warnings(replace(case, notices=tuple(missing)))
        stderr.summary(case, code)
    return code


def _tables_like(begun: str) -> list[str]:
    return [name for name in exporting.table_names() if name.startswith(begun)]


def _write(files: list[exporting.Exported], output: str | None) -> None:
    if len(files) == 1:
        (only,) = files
        writing.write_bytes(only.data, output, binary=only.binary)
    elif output is None or output == "-":
        raise UsageError(
            f"each of {len(files)} tables is a file of its own", next_step="give -o FOLDER, or one --table NAME"
        )
    else:
        writing.write_folder(((file.name, file.data) for file in files), Path(output))
