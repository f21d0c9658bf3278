"""Targets whose nova-compute log is missing, or does not reach over the moves that went there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.insight import Silence

_SECOND_US = 1_000_000
_KINDS = {
    "absent": "{logs} {is_are} not here: {moves} went there",
    "ends-before": "{logs} {ends} {apart} s before {moves} went there",
    "begins-after": "{logs} {begins} {apart} s after {moves} went there",
    "gap": "{logs} {has} no line within {apart} s of {moves} that went there",
}


def find(case: Case) -> Iterator[Finding]:
    """One finding for each manner of silence; a contended target's own finding asks for its log already."""
    told = {f.target.host for f in case.bursts if f.verdict == "contended" and len(f.arrivals) > 1}
    by_kind: dict[str, list[Silence]] = {}
    for silence in case.insight.silences:
        if (
            silence.kind in _KINDS
            and silence.host.host not in told
            and not (silence.kind == "absent" and _wording.has_compute_log(case, silence.host.host))
        ):
            by_kind.setdefault(silence.kind, []).append(silence)
    for kind, listed in sorted(by_kind.items()):
        yield _finding(kind, listed)


def _finding(kind: str, listed: Sequence[Silence]) -> Finding:
    moves = sum(s.moves for s in listed)
    apart = [s.apart_us for s in listed if s.apart_us is not None]
    one = len(listed) == 1
    words = _KINDS[kind].format(
        logs=f"the nova-compute log{'' if one else 's'} of {_wording.listed(s.host.host for s in listed)}",
        moves=_wording.count(moves, "move"),
        is_are="is" if one else "are",
        ends="ends" if one else "end",
        begins="begins" if one else "begin",
        has="has" if one else "have",
        apart=f"{min(apart, default=0) / _SECOND_US:.0f}",
    )
    return Finding(
        slug="log-gap",
        severity="warning",
        title=f"{words}, and how {'it' if moves == 1 else 'they'} ended is not logged",
        subject="nova-compute",
        measures=(
            Measure("moves", moves, 0, "moves"),
            Measure("hosts", len(listed), 0, "hosts"),
            *([Measure("apart", round(min(apart) / _SECOND_US, 3), None, "s")] if apart else []),
        ),
        basis="observed",
        evidence=_wording.once(citation for s in listed for citation in s.citations),
        advice=(
            "Whether the target let these VMs in stands in its nova-compute log alone: add the log of that time, rotated pieces too "
            "(nova-compute.log.1, .gz)."
        ),
    )
