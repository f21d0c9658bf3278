"""VMs of one anti-affinity group that came to one host, more than the group allows there, and that nothing refused."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.insight import CrowdedGroup


def find(case: Case) -> Iterator[Finding]:
    """One finding for each group and host."""
    for group in case.insight.crowded_groups:
        if group.citations:
            yield Finding(
                slug="affinity-violated",
                severity="error",
                title=_title(group),
                subject=group.host.host,
                measures=(Measure("members", len(group.members), group.most, "VMs"),),
                basis="computed" if group.certain else "inferred",
                evidence=group.citations,
                advice=_advice(len(group.members) - group.most),
            )


def _title(group: CrowdedGroup) -> str:
    return (
        f"{_wording.count(len(group.members), 'VM')} of the anti-affinity group {group.group_uuid} came to {group.host.host}, where it "
        f"allows {group.most}, and no line tells that one left: {_wording.listed(group.members)}"
    )


def _advice(more: int) -> str:
    return (
        "The group filters and the late check of a target see the hosts that members are on, not those they are moving to: move the "
        f"members of one group one after the other, each when the one before is done. To mend it, move {more} of them off that host."
    )
