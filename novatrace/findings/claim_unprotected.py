"""A claim without a limit: no filter sent one, so nothing kept the target from being over-committed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from novatrace.findings import _options, _wording
from novatrace.model.case import Case
from novatrace.model.finding import Finding, Measure
from novatrace.model.migration import Citation
from novatrace.model.resource import LIMIT_FILTERS, NAMES


def find(case: Case) -> Iterator[Finding]:
    """One finding for each resource that claims of moves left without limit, where the compute claim is the arbiter."""
    if case.claims_in_placement:
        return
    seen: dict[str, list[Citation]] = defaultdict(list)
    for migration in case.migrations:
        if migration.action == "create":
            continue
        for attempt in migration.attempts:
            for resource in attempt.claim.resources if attempt.claim else ():
                if resource.unlimited and attempt.claim is not None:
                    seen[resource.resource] += attempt.claim.citations[:1]
    overloaded = {name for b in case.bursts if b.effect == "overloaded" for name in b.binding}
    for name, citations in sorted(seen.items()):
        count = len(citations)
        yield Finding(
            slug="claim-unprotected",
            severity="error" if name in overloaded else "warning",
            title=f"{count} claim{'' if count == 1 else 's'} had no {NAMES[name]} limit",
            subject=NAMES[name],
            measures=(Measure("claims", count, 0, "claims"),),
            basis="observed",
            evidence=tuple(citations),
            advice=_advice(case, sorted(seen), overloaded=bool(overloaded & seen.keys())),
        )


def _advice(case: Case, names: list[str], *, overloaded: bool) -> str:
    """One for all resources without limit."""
    filters = _wording.listed(LIMIT_FILTERS[name] for name in names)
    limits = f"{_wording.listed(NAMES[name] for name in names)} {'limit' if len(names) == 1 else 'limits'}"
    sends = "it sends a" if len(names) == 1 else "they send"
    enable = f"Enable {filters} in {_options.named('enabled_filters', case)}: only {sends} {limits} with the request."
    forced = (
        " VMs booted with --availability-zone ZONE:HOST carry force_hosts, which skips the filters and their limits on every "
        "later move."
    )
    return enable + forced if overloaded else enable
