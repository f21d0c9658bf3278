"""One sentence of cause for each burst, made from its numbers; and what is missing for a better verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from novatrace.analysis.bursts import PLACEMENT_REFUSED, Reached
from novatrace.analysis.overloads import Overload
from novatrace.analysis.views import Ratios
from novatrace.model import span
from novatrace.model.capacity import Arrival, Burst, Capacity, Counted
from novatrace.model.resource import NAMES, UNITS

_KINDS = {
    "migrate": ("migration", "migrations"), "live-migrate": ("live migration", "live migrations"), "create": ("boot", "boots"),
    "evacuate": ("evacuation", "evacuations"), "resize": ("resize", "resizes"), "unshelve": ("unshelve", "unshelves"),
    "unknown": ("move or boot whose action is not logged", "moves or boots whose action is not logged"),
}  # fmt: skip


def cause(burst: Burst, overloads: Sequence[Overload]) -> str:
    """Why the burst ended as it did, in one sentence."""
    count = len(burst.arrivals)
    opening = f"{_migrations(burst)} reached {burst.target.host}{_span(burst)}"
    if burst.verdict == "overcommitted" and burst.effect == "overloaded":
        worst = "; ".join(
            f"{o.used:g} {UNITS[o.resource]} used of {o.limit:g} ({NAMES[o.resource]})" for o in overloads
        )
        return f"{opening}; all were let in and the host now holds more than total × ratio allows: {worst}"
    if burst.verdict == "overcommitted":
        if burst.refused_despite_room:
            return f"{opening}; {_too_many(burst)}, {_despite(burst)}"
        return f"{opening}; {_room(burst)}; {_too_many(burst)}"
    if burst.verdict == "contended":
        missing = f": {burst.unknown_because}" if burst.unknown_because else ""
        return f"{opening}, in flight at the same time; that it had too little room is not proven{missing}"
    if burst.verdict == "fits":
        return f"{opening} and {'fitted' if count == 1 else 'all fitted'}"
    return f"{opening}; not known whether it had room{f' ({burst.unknown_because})' if burst.unknown_because else ''}"


def _too_many(burst: Burst) -> str:
    """How many did not fit, and whether it is known which; the number holds whatever the order was."""
    victims = sum(a.outcome == "victim" for a in burst.arrivals)
    if burst.basis == "proven":
        return _refused([a for a in burst.arrivals if a.outcome == "victim"])
    open_ones = sum(a.outcome == "unknown" for a in burst.arrivals)
    surplus = victims if burst.slots.all is None or not open_ones else len(burst.arrivals) - burst.slots.all
    text = f"{surplus} {'was' if surplus == 1 else 'were'} too many by arithmetic"
    if not open_ones:
        return text
    named = f", {victims} of them known by name" if victims else "; who, is not known"
    beside = {place for pair in burst.order_unknown for place in (pair.first, pair.second)}
    if not {n for n, a in enumerate(burst.arrivals, 1) if a.outcome == "unknown"} <= beside:
        return f"{text}{named}"
    return f"{text}{named}: clocks do not tell the order of {open_ones} {'arrival' if open_ones == 1 else 'arrivals'}"


def _refused(victims: Sequence[Arrival]) -> str:
    """Who turned them away: ``7 claims were refused``, ``placement refused 6``, or both."""
    by_placement = sum((a.reason or "").startswith(PLACEMENT_REFUSED) for a in victims)
    claims = len(victims) - by_placement
    told = [f"{claims} {'claim was' if claims == 1 else 'claims were'} refused"] if claims else []
    return " and ".join([*([f"placement refused {by_placement}"] if by_placement else []), *told])


def _migrations(burst: Burst) -> str:
    """``8 migrations``; ``4 arrivals (3 migrations and 1 boot)`` where they are of several kinds."""
    count = len(burst.arrivals)
    kinds = Counter(a.action for a in burst.arrivals)
    if len(kinds) == 1:
        return _counted(count, next(iter(kinds)))
    parts = [_counted(number, kind) for kind, number in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))]
    return f"{count} arrivals ({', '.join(parts[:-1])} and {parts[-1]})"


def _counted(number: int, kind: str) -> str:
    singular, plural = _KINDS.get(kind, (kind, f"{kind}s"))
    return f"{number} {singular if number == 1 else plural}"


def _span(burst: Burst) -> str:
    if len(burst.arrivals) < 2 or burst.first_us is None or burst.last_us is None:  # noqa: PLR2004 - a span needs two
        return ""
    return f" {span.within(burst.last_us - burst.first_us)}"


def _room(burst: Burst) -> str:
    """What room there was."""
    bound, slots = "; ".join(_bound(burst)) or "resource not named", burst.slots.all
    return f"it had not enough room ({bound})" if slots is None else f"it had room for {slots} ({bound})"


def _despite(burst: Burst) -> str:
    """What room the view before a refusal had, and the words of the refusal that contradicts it."""
    bound = "; ".join(_bound(burst)) or "resource not named"
    source = f"{burst.capacity.source}'s" if burst.capacity else "last"
    refusal = next((a.reason for a in burst.arrivals if a.outcome == "victim" and a.reason), "")
    words = f": {refusal.removeprefix(PLACEMENT_REFUSED)}" if refusal else ""
    return f"although the {source} view before had room for {burst.slots.all} ({bound}){words}"


def _bound(burst: Burst) -> list[str]:
    """What bound, with its amounts where they were counted: ``2 MiB pages: 3072 free, 2048 each``."""
    classes: dict[str, list[str]] = {}
    for counted in burst.binding_classes:
        classes.setdefault(counted.resource, []).append(_class_detail(counted))
    return [
        told
        for name in burst.binding
        for told in classes.get(name) or [f"{NAMES.get(name, name)}{_detail(burst, name)}"]
    ]


def _detail(burst: Burst, name: str) -> str:
    """``: 6656 MB free, 4096 each`` of vCPU, RAM and disk, where they are known."""
    if burst.capacity is None or name not in UNITS:
        return ""
    free = getattr(burst.capacity.free, name)
    needs = [getattr(a.demand, name) for a in burst.arrivals]
    known = sorted({need for need in needs if need is not None})
    if free is None or not known:
        return ""
    # A resize may ask for another size than its neighbours.
    each = f"{known[0]:g}" if len(known) == 1 else f"{known[0]:g} to {known[-1]:g}"
    return f": {free:g} {UNITS[name]} free, {each} each{'' if None not in needs else ' as far as logged'}"


def _class_detail(counted: Counted) -> str:
    """``2 MiB pages: 3072 free, 2048 each``; of what placement refused, where not all demands are known, what was left then."""
    if counted.room is None and counted.resource not in ("numa", "pci"):
        return f"{counted.name}: {counted.free[0]} left when it was refused"
    free = f"{counted.free[0]} free"
    if len(counted.free) > 1:
        cells = [str(amount) for amount in counted.free]
        free = f"{', '.join(cells[:-1])} and {cells[-1]} free in its {len(cells)} NUMA cells"
    cells_each = f" on {counted.over} cells" if counted.over > 1 else ""
    largest = "each" if len({amount for amount in counted.asked if amount}) == 1 else "at most for one"
    each = "" if counted.each is None else f", {counted.each} {largest}{cells_each}"
    return f"{counted.name}: {free}{each}"


def unknown_because(
    reached: Sequence[Reached], capacity: Capacity | None, verdict: str, unguarded: dict[str, tuple[float, float]]
) -> str:
    """What is missing for a proven verdict, or "" when nothing is; ``unguarded``: see ``unguarded_beyond_total``."""
    if verdict in ("overcommitted", "fits"):
        return ""
    if unguarded:
        told = "; ".join(f"{after:g} {UNITS[n]} used of {total:g} physical" for n, (after, total) in unguarded.items())
        return (
            f"every claim was granted without a limit and now {told}; the allocation ratio that decides is not logged"
        )
    missing = []
    if capacity is None:
        missing.append("free capacity unknown")
    else:
        unknown = [NAMES[n] for n in UNITS if getattr(capacity.free, n) is None]
        if unknown:
            missing.append(f"free {' and '.join(unknown)} unknown")
    if not any(r.arrival.demand.known for r in reached):
        missing.append("demand of the VMs unknown")
    # A live migration is claimed for its NUMA cells alone (nova/compute/manager.py ``_live_migration_claim``, Train and later).
    if any(r.migration.action != "live-migrate" for r in reached) and all(r.attempt.claim is None for r in reached):
        missing.append("no nova-compute log of the target shows the claims")
    if not missing and verdict == "unknown":
        open_ones = sum(r.arrival.outcome == "unknown" for r in reached)
        missing.append(f"by vCPU, RAM and disk it had, but what came of {open_ones} is not logged")
    return "; ".join(missing)


def unguarded_beyond_total(reached: Sequence[Reached], known: Ratios) -> dict[str, tuple[float, float]]:
    """Resource → (used after the claim, physical total) where claims were granted without a limit beyond the total.

    Whether that is over-commitment depends on the allocation ratio; a claim without limit proves nothing of it. It is to be asked
    of resources only whose ratio is not ``known``: beyond that they are ``overloads``, within it all is well.
    """
    found: dict[str, tuple[float, float]] = {}
    for item in reached:
        claim = item.attempt.claim
        for resource in claim.resources if claim is not None and claim.granted else ():
            need = getattr(claim.demand, resource.resource) if claim is not None else None
            if (
                not resource.unlimited
                or getattr(known, resource.resource) is not None
                or resource.total is None
                or resource.used is None
                or need is None
            ):
                continue
            after = resource.used + need
            if after > resource.total and after > found.get(resource.resource, (0, 0))[0]:
                found[resource.resource] = (after, resource.total)
    return found
