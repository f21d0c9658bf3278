"""Several decisions for one target that rested on one view of it: each was right by what it saw, together they were not."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model import span
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.insight import SharedView

_SECOND_US = 1_000_000


def find(case: Case) -> Iterator[Finding]:
    """One finding when at least two VMs were sent on the same numbers to a target that was over-committed or contended."""
    views, others = _wording.gravest((v for v in case.insight.shared_views if v.citations), lambda view: view.decisions)
    if not views:
        return
    worst = views[0]
    yield Finding(
        slug="stale-view",
        severity="warning",
        title=_title(worst) + _wording.likewise(others),
        subject=worst.target.host,
        measures=tuple(_measures(worst, len(others) + 1)),
        basis="observed",
        evidence=_wording.once(citation for view in views for citation in view.citations),
        advice=_advice(case),
    )


def _title(view: SharedView) -> str:
    age = "" if view.age_us is None else f", {view.age_us / _SECOND_US:.1f} s old at the first"
    who = f" of {_wording.count(view.schedulers, 'scheduler node')}" if view.schedulers > 1 else ""
    return (
        f"{view.decisions} decisions{who} {span.within(view.last_us - view.first_us)} saw the same {view.target.host} "
        f"({_wording.amounts(view.free)} free{age}), and none knew of the others"
    )


def _measures(view: SharedView, targets: int) -> Iterator[Measure]:
    yield Measure("decisions", view.decisions, 1, "decisions")
    yield Measure("within", round((view.last_us - view.first_us) / _SECOND_US, 3), None, "s")
    yield Measure("free_ram_mb", view.free.ram_mb, None, "MB")
    yield Measure("schedulers", view.schedulers, None, "nodes")
    if view.age_us is not None:
        yield Measure("age", round(view.age_us / _SECOND_US, 3), None, "s")
    yield Measure("targets", targets, None, "hosts")


def _advice(case: Case) -> str:
    """What to do about it; of waves only where an over-committed target does not tell of them already."""
    waves = not any(b.verdict == "overcommitted" for b in case.bursts)
    if case.claims_in_placement:
        told = (
            "More or fewer schedulers would change nothing: each request reads the hosts anew, and placement's claim alone tells choices "
            "under way apart (of NUMA cells, PCI devices and groups the target's claim)."
        )
        return f"{told} Start a wave when the claims of the one before are through." if waves else told
    audit = _options.named("update_resources_interval", case)
    return (
        "A scheduler process knows its own choices at once and those of others only when the target has claimed and reported: run "
        f"one nova-scheduler while a batch runs{', or start a wave after the claims of the one before' if waves else ''}. {audit} "
        "sets how often hosts report."
    )
