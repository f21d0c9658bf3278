"""What the wording of the logs says about the release, as far as verdicts depend on it."""

from __future__ import annotations

from novatrace.model.events import Events

# Pike is the first release in which the scheduler claims in placement (nova/scheduler/filter_scheduler.py 16.0.0).
_PLACEMENT_CLAIMS = frozenset(
    ["placement-claim-start", "placement-claim-refused", "placement-claims-exhausted", "placement-empty"]
)
_COMPUTE_CLAIMS = frozenset(["claim-attempt", "claim-total", "claim-limit", "claim-unlimited"])


def claims_in_placement(events: Events) -> bool | None:
    """True when placement arbitrates vCPU, RAM and disk (Pike and later), False when the compute claim does."""
    compute = False
    for event in events.of_kinds([*_PLACEMENT_CLAIMS, *_COMPUTE_CLAIMS, "claim-granted", "rpc-cast"]):
        if event.kind in _PLACEMENT_CLAIMS:
            return True
        if event.kind == "claim-granted" and event.values.get("node"):
            return True
        compute = compute or event.kind in _COMPUTE_CLAIMS
        compute = compute or (event.kind == "rpc-cast" and str(event.values.get("topic", "")).startswith("compute."))
    return False if compute else None
