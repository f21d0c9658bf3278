"""The weigher sent everybody to one host, while others that had passed the filters had room."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.insight import Herd


def find(case: Case) -> Iterator[Finding]:
    """One finding for each over-committed or contended target that at least two decisions took from the top of their lists."""
    for herd in case.insight.herds:
        if herd.citations:
            yield _finding(case, herd)


def _finding(case: Case, herd: Herd) -> Finding:
    least, most = herd.others_least, herd.others_most
    others = _wording.count(most, "other host") if least == most else f"{least} to {most} other hosts"
    counted = _wording.listed(_wording.RESOURCES[name] for name in herd.counted)
    return Finding(
        slug="herd",
        severity="warning",
        title=(
            f"{herd.decisions} of {_wording.count(herd.arrivals, 'decision')} took {herd.target.host}, the first of the weighed list, "
            f"while {others} that had passed had room by {counted}: {herd.next_host.host} had {herd.next_free_ram_mb} MB RAM free"
        ),
        subject=herd.target.host,
        measures=(
            Measure("decisions", herd.decisions, 1, "decisions"),
            Measure("other_hosts_least", least, None, "hosts"),
            Measure("other_hosts_most", most, None, "hosts"),
            Measure("next_host_free_ram_mb", herd.next_free_ram_mb, None, "MB"),
        ),
        basis="computed",
        evidence=herd.citations,
        advice=_advice(case, most + 1),
    )


def _advice(case: Case, passed: int) -> str:
    subset = _options.named("host_subset_size", case)
    shuffle = _options.named("shuffle_best_same_weighed_hosts", case)
    also = f" Where hosts weigh the same, {shuffle} = true spreads them too." if shuffle else ""
    return (
        f"Set {subset}, 1 unless set, to as many hosts as may share a batch (up to {passed} had room here): each decision then takes "
        f"one of so many at random.{also} `novatrace simulate` shows what each size would have done to this batch."
    )
