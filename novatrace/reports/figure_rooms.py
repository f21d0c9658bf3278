"""The figure of hosts' free capacity, before the first burst and as last logged: where the room was while a target had none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from novatrace.model import capacity as model
from novatrace.model.case import Case
from novatrace.model.evidence import Provenance
from novatrace.model.migration import HostNode, Migration, Resources
from novatrace.model.resource import NAMES, UNITS
from novatrace.reports import drawings, words
from novatrace.reports.document import Figure
from novatrace.reports.figure_data import Room, Rooms
from novatrace.reports.figures import resource_of
from novatrace.reports.neutralise import neutral

_TRUST = ("claim", "tracker", "placement", "scheduler", "host-state", "inventory-file")
_KNOWS = ("claim", "tracker", "placement")
_LETS_GO_AT_ITS_END = ("live-migrate", "evacuate")
_SHOWN = 12


def rooms(case: Case, bursts: Iterable[model.Burst]) -> Figure | None:
    """What hosts had free of the binding resource before the first of these bursts, and at the end of the logs."""
    flagged = [b for b in bursts if b.first_us is not None]
    resource = resource_of(flagged[0]) if flagged else ""
    if resource not in UNITS:
        return None
    known = [room for room in _rooms(case, flagged, resource) if room.before is not None or room.after is not None]
    if len(known) < 2:  # noqa: PLR2004 - one host is in the text already
        return None
    known.sort(key=lambda room: (not room.host.endswith(" (target)"), -_amount(room), room.host))
    kept = sorted(known[:_SHOWN], key=lambda room: -_amount(room))
    data = Rooms(NAMES[resource], UNITS[resource], tuple(kept), len(known) - len(kept))
    return Figure(
        name=f"free-{resource.split('_', 1)[0]}",
        title=f"Free {data.resource} of the hosts, before the burst and as last logged",
        alternative=_in_words(data),
        drawing=drawings.rooms(data),
        data=data,
    )


def _amount(room: Room) -> float:
    return room.before if room.before is not None else room.after or 0


def _in_words(data: Rooms) -> str:
    told = "; ".join(_room_in_words(room, data.unit) for room in data.rooms)
    unsaid = sum(room.after is None for room in data.rooms)
    after = f"; of {words.count(unsaid, 'host')} what was free after is not logged" if unsaid else ""
    others = f"; {data.left_out} more hosts are not drawn" if data.left_out else ""
    return f"{told}{after}{others}."


def _room_in_words(room: Room, unit: str) -> str:
    sides = ((room.before, "before"), (room.after, "after"))
    return (
        f"{room.host} {', '.join(f'{words.amount(value, unit)} {when}' for value, when in sides if value is not None)}"
    )


def _rooms(case: Case, flagged: list[model.Burst], resource: str) -> Iterable[Room]:
    first = min(b.first_us or 0 for b in flagged)
    told = _told(case, resource, first, _changed(case, first))
    taken = _granted(case, {t.later.provenance for t in told.values() if t.later is not None and t.later.provenance})
    known = {host: _room(host, each, resource, taken) for host, each in told.items()}
    for burst in reversed(flagged):
        host, free = burst.target.host, burst.capacity
        if free is not None and getattr(free.free, resource) is not None:
            known[host] = replace(known.get(host, Room(neutral(host), None, None)), before=getattr(free.free, resource))
    targets = {burst.target.host for burst in flagged}
    moved = {(a.instance_uuid, a.request_id) for burst in flagged for a in burst.arrivals}
    sources = {m.source.host for m in case.migrations if m.source and (m.instance_uuid, m.request_id) in moved}
    for host, room in known.items():
        part = " (target)" if host in targets else " (source)" if host in sources else ""
        yield replace(room, host=f"{room.host}{part}")


@dataclass(slots=True)
class _Told:
    """The newest views of a host: of each kind before a moment, and after it."""

    before: dict[str, model.View] = field(default_factory=dict)
    known_after: model.View | None = None
    any_after: model.View | None = None

    @property
    def earlier(self) -> model.View | None:
        """The newest word before, of whoever is trusted most with it."""
        return next((self.before[whose] for whose in _TRUST if whose in self.before), None)

    @property
    def later(self) -> model.View | None:
        """The last word of the host itself or of placement, else of a scheduler, which may be stale."""
        return self.known_after or self.any_after


def _changed(case: Case, first_us: int) -> dict[str, int]:
    """When a VM last came to each host or left it before a moment: what was said of its room earlier no longer held."""
    found: dict[str, int] = {}
    for migration in case.migrations:
        for place, when in _movements(migration):
            if place is not None and when is not None and when <= first_us:
                found[place.host] = max(when, found.get(place.host, when))
    return found


def _movements(migration: Migration) -> Iterator[tuple[HostNode | None, int | None]]:
    """(host, when) wherever a move may have taken room or given it back."""
    for attempt in migration.attempts:
        if attempt.claim is None or attempt.claim.granted is not False:
            yield attempt.selected, attempt.claim.when_us if attempt.claim is not None else attempt.ended_us
    last = migration.timeline[-1].when_us if migration.timeline else None
    if migration.action in _LETS_GO_AT_ITS_END or migration.outcome == "failed":
        yield from ((place, last) for place in (migration.source, *(a.selected for a in migration.attempts)))
    if migration.closing is not None:
        yield from (
            (place, migration.closing.done_us)
            for place in (migration.source, *(a.selected for a in migration.attempts))
        )


def _told(case: Case, resource: str, first_us: int, changed: dict[str, int]) -> dict[str, _Told]:
    """What is told of each host; the views go by once, for there are many."""
    found: dict[str, _Told] = {}
    for view in case.views:
        told = found.setdefault(view.target.host, _Told())
        if getattr(view.free, resource) is None:
            continue
        if view.when_us is None or view.when_us <= first_us:
            known = view.known_us if view.known_us is not None else view.when_us
            if known is not None and known < changed.get(view.target.host, known):
                continue
            told.before[view.whose] = _newer(view, told.before.get(view.whose))
            continue
        told.any_after = _newer(view, told.any_after)
        if view.whose in _KNOWS:
            told.known_after = _newer(view, told.known_after)
    return found


def _newer(view: model.View, other: model.View | None) -> model.View:
    """The newer of two; of one moment the one that is told later."""
    return view if other is None or (view.when_us or -1) >= (other.when_us or -1) else other


def _granted(case: Case, places: set[Provenance]) -> dict[Provenance, Resources]:
    """What each granted claim took of which a view at some places is: it tells what was free before the claim."""
    claims = (a.claim for m in case.migrations for a in m.attempts if a.claim is not None and a.claim.granted)
    return {c.provenance: claim.demand for claim in claims for c in claim.citations if c.provenance in places}


def _room(host: str, told: _Told, resource: str, taken: dict[Provenance, Resources]) -> Room:
    """What was free before and after."""
    before = None if told.earlier is None else getattr(told.earlier.free, resource)
    after = None if told.later is None else getattr(told.later.free, resource)
    own = taken.get(told.later.provenance) if told.later is not None and told.later.provenance is not None else None
    if after is not None and own is not None:
        after -= getattr(own, resource) or 0
    return Room(neutral(host), before, after)
