"""Everything that goes to standard error: errors, warnings, the summary line; each on one harmless line."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from novatrace.model.case import Case  # slow to import, and errors come first

_SHOWN_OF_AN_ID = 5


def error_line(error_id: str, message: str, next_step: str) -> None:
    """``novatrace: error: E-ID: message; next step``."""
    _print(f"error: {error_id}: {message}{f'; {next_step}' if next_step else ''}")


def note(text: str) -> None:
    """A line that tells what is being done."""
    _print(text)


def warnings(case: Case) -> None:
    """The warnings of a case, five of a kind, then how many more; information is in the report alone."""
    for text in _warnings(case):
        _print(text)


def summary(case: Case, code: int) -> None:
    """The last line: files, the account of lines, warnings and the exit code."""
    _print(_summary(case, code))


def ended(case: Case, code: int) -> str:
    """Warnings and summary as they are written, for ``say``."""
    return "".join(_line(text) for text in (*_warnings(case), _summary(case, code)))


def say(text: str) -> None:
    """Writes what ``ended`` gave."""
    if sys.stderr is not None:
        sys.stderr.write(text)


def _warnings(case: Case) -> Iterator[str]:
    shown: Counter[str] = Counter()
    for notice in case.notices:
        if notice.id.startswith("I-"):
            continue
        shown[notice.id] += 1
        if shown[notice.id] <= _SHOWN_OF_AN_ID:
            level = "error" if notice.id.startswith("E-") else "warning"
            yield f"{level}: {notice.id}: {notice.place}: {notice.text}"
    for notice_id, number in shown.items():
        if number > _SHOWN_OF_AN_ID:
            yield f"warning: {notice_id}: and {number - _SHOWN_OF_AN_ID} more; the report lists all"


def _summary(case: Case, code: int) -> str:
    from novatrace.model.evidence import LineLedger  # noqa: PLC0415 - see above

    total = LineLedger()
    for coverage in case.coverage:
        total.add(coverage.lines)
    unread = f", unread {total.unread}" if total.unread else ""
    warned = sum(not n.id.startswith("I-") for n in case.notices)
    return (
        f"summary: files {len(case.evidence)} · lines {total.total} (parsed {total.parsed}, continuation "
        f"{total.continuation}, ignored {total.ignored}, unparsed {total.unparsed}, too long {total.too_long}{unread}) · "
        f"warnings {warned} · exit {code}"
    )


def _print(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(_line(text))


def _line(text: str) -> str:
    from novatrace.pipeline import neutral  # noqa: PLC0415 - heavy, and only needed once something is said

    return f"novatrace: {neutral(text)}\n"
