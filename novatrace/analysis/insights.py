"""What findings need beside moves and bursts, gathered from the analysis; see ``model.insight``."""

from __future__ import annotations

from collections.abc import Sequence

from novatrace.analysis.capacity import Ledger
from novatrace.analysis.choices import by_request, decisions, herd, shared_view
from novatrace.analysis.groups import crowded
from novatrace.analysis.idle import idle
from novatrace.analysis.shortage import shortages
from novatrace.model.capacity import Burst
from novatrace.model.events import Events
from novatrace.model.insight import Insight, Silence
from novatrace.model.migration import Migration

# Every host is looked at for each burst: of more bursts than these the largest are.
_BURSTS = 20


def insight(
    migrations: Sequence[Migration],
    bursts: Sequence[Burst],
    ledger: Ledger,
    silent: tuple[Silence, ...],
    events: Events,
) -> Insight:
    """Of the bursts that were over-committed or contended, the largest; every silent log, and every crowded group."""
    flagged = [
        b for b in bursts if b.verdict in ("overcommitted", "contended") and b.first_us is not None and _crowded(b)
    ]
    flagged = sorted(flagged, key=lambda b: (-len(b.arrivals), b.first_us or 0, b.target.host))[:_BURSTS]
    known = by_request(migrations)
    taken = [(burst, decisions(burst, known)) for burst in flagged]
    return Insight(
        shared_views=tuple(s for b, d in taken if (s := shared_view(b, d, ledger)) is not None),
        herds=tuple(h for b, d in taken if (h := herd(b, d, ledger)) is not None),
        idle=tuple(i for b, d in taken if (i := idle(b, d, ledger)) is not None),
        shortages=shortages(flagged, bursts, known, ledger),
        silences=silent,
        crowded_groups=crowded(events.of_kinds(["group-limit"]), migrations),
    )


def _crowded(burst: Burst) -> bool:
    """False where the choices are not what went wrong: fewer came than there was room for, or requests named the target."""
    if burst.named == len(burst.arrivals):
        return False
    return burst.slots.all is None or burst.slots.all < len(burst.arrivals)
