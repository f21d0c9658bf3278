"""Moves that were sent to a target whose own log goes on and knows nothing of them: nova-compute there does not read its queue."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.findings import _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure

_SECOND_US = 1_000_000


def find(case: Case) -> Iterator[Finding]:
    """One finding over all targets that took up no cast of some moves, as far as their logs tell."""
    deaf = [silence for silence in case.insight.silences if silence.kind == "deaf"]
    if not deaf:
        return
    moves, hosts = sum(s.moves for s in deaf), [s.host.host for s in deaf]
    goes_on_us = min(s.apart_us or 0 for s in deaf)
    logs = "its nova-compute log goes" if len(deaf) == 1 else "their nova-compute logs go"
    yield Finding(
        slug="never-taken-up",
        severity="error",
        title=(
            f"{_wording.listed(hosts)} took up none of {_wording.count(moves, 'move')} that the conductor sent there, though {logs} on "
            f"for {goes_on_us / _SECOND_US:.0f} s"
        ),
        subject=_wording.listed(hosts),
        measures=(
            Measure("moves", moves, 0, "moves"),
            Measure("hosts", len(deaf), 0, "hosts"),
            Measure("goes_on", round(goes_on_us / _SECOND_US, 3), None, "s"),
        ),
        basis="inferred",
        evidence=_wording.once(citation for silence in deaf for citation in silence.citations),
        advice=(
            f"See whether nova-compute on {_wording.listed(hosts)} is up and reads its queue (`openstack compute service list`; "
            "`rabbitmqctl list_queues name messages consumers`). A move whose message still waits goes on when it does; a VM whose message "
            "is lost stays in task_state resize_prep on its source until `openstack server set --state active VM`."
        ),
    )
