"""The weigher sent everybody to one host, while others that had passed the filters had room."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.insight import Herd


def find(case: Case) -> Iterator[Finding]:
    """One finding when at least two decisions took an over-committed or contended target from the top of their lists."""
    herds, others = _wording.gravest((h for h in case.insight.herds if h.citations), lambda herd: herd.decisions)
    if not herds:
        return
    worst = herds[0]
    yield Finding(
        slug="herd",
        severity="warning",
        title=_title(worst) + _wording.likewise(others),
        subject=worst.target.host,
        measures=(
            Measure("decisions", worst.decisions, 1, "decisions"),
            Measure("other_hosts_least", worst.others_least, None, "hosts"),
            Measure("other_hosts_most", worst.others_most, None, "hosts"),
            Measure("next_host_free_ram_mb", worst.next_free_ram_mb, None, "MB"),
            Measure("targets", len(others) + 1, None, "hosts"),
        ),
        basis="computed",
        evidence=_wording.once(citation for herd in herds for citation in herd.citations),
        advice=_advice(case, worst, max(h.others_most for h in herds) + 1),
    )


def _title(herd: Herd) -> str:
    least, most = herd.others_least, herd.others_most
    others = _wording.count(most, "other host") if least == most else f"{least} to {most} other hosts"
    counted = _wording.listed(_wording.RESOURCES[name] for name in herd.counted)
    return (
        f"{herd.decisions} of {_wording.count(herd.arrivals, 'arrival')} were sent to {herd.target.host}, the first of the weighed list, "
        f"while {others} that had passed had room by {counted}: {herd.next_host.host} had {herd.next_free_ram_mb} MB RAM free"
    )


def _advice(case: Case, worst: Herd, passed: int) -> str:
    subset = _options.named("host_subset_size", case)
    shuffle = _options.named("shuffle_best_same_weighed_hosts", case)
    also = f" Where hosts weigh the same, {shuffle} = true spreads them too." if shuffle else ""
    short = any(worst.target in shortage.targets for shortage in case.insight.shortages)
    start = (
        "All these hosts together had too little room (see short-of-room). To spread what fits, set" if short else "Set"
    )
    return (
        f"{start} {subset}, 1 unless set, to as many hosts as may share a batch (up to {passed} had room here): each decision then takes "
        f"one of so many at random.{also} `novatrace simulate` shows what each size would have done to this batch."
    )
