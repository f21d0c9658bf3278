"""The rules that a batch was scheduled by, as far as its passes tell: weighers, subset, who enforces what.

The weights in the ``Weighed`` lines are a sum of Nova's weighers. The multipliers are found as the smallest change of
Nova's defaults that explains the logged weights (ridge regression around the defaults); what the weights leave open
stays at the default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from novatrace.analysis.replay.weighing import FROM_ZERO, normalised, weights
from novatrace.model.migration import Pass
from novatrace.model.replay import Weigher

_OCATA = {"ram": 1.0, "disk": 1.0, "io_ops": -1.0}
_LATER = {"ram": 1.0, "cpu": 1.0, "disk": 1.0, "io_ops": -1.0, "num_instances": 0.0}
_RIDGE = 1e-7
_CLOSE = 2e-3
_ENOUGH = 40  # passes that the multipliers are found from; all decisions must then agree with them
_NEAR = 0.15  # of a weigher whose full weight is 1: free vCPUs come from views that may be some VMs older than a pass
_SAME = 1e-9

Raw = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Decision:
    """A pass with its candidates' raw values, and the place of the selected one; None: all were refused in placement."""

    raw: Raw
    logged: tuple[float, ...] | None
    selected: int | None
    refused: frozenset[int]
    unnamed_refusals: int

    @property
    def size(self) -> int:
        """How many candidates there were."""
        return len(next(iter(self.raw.values()), ()))


def decision(schedule: Pass, free_vcpus: dict[str, float]) -> Decision | None:
    """What a pass decided, or None when its candidates or its choice are not logged."""
    candidates = schedule.candidates
    names = [c.host.host for c in candidates]
    refused = {names.index(c.target.host) for c in schedule.placement_claims if c.target and c.target.host in names}
    unnamed = sum(c.target is None for c in schedule.placement_claims)
    selected = None
    if schedule.selected is not None and schedule.selected.host in names:
        selected = names.index(schedule.selected.host)
    all_refused = bool(schedule.placement_claims) and len(refused) + unnamed >= len(names)
    if not candidates or (selected is None and not all_refused):
        return None
    raw: dict[str, list[float | None]] = {
        "ram": [c.free_ram_mb for c in candidates],
        "disk": [c.free_disk_mb for c in candidates],
        "io_ops": [c.io_ops for c in candidates],
        "num_instances": [c.instances for c in candidates],
        "cpu": [free_vcpus.get(name) for name in names],
    }
    known = {name: [float(v) for v in values if v is not None] for name, values in raw.items() if None not in values}
    logged = [c.weight for c in candidates if c.weight is not None]
    whole = schedule.weighed and len(logged) == len(candidates)
    known["logged"] = logged if whole else [float(-i) for i in range(len(names))]
    return Decision(known, tuple(logged) if whole else None, selected, frozenset(refused), unnamed)


def weighers_of(decisions: Sequence[Decision], *, placement: bool | None) -> tuple[tuple[Weigher, ...], str, str]:
    """The weighers that explain the decisions, in words, and the basis of saying so."""
    defaults = usual_multipliers(placement=placement)
    telling = [d for d in decisions if d.size > 1 and d.logged is not None and len(set(d.logged)) > 1][:_ENOUGH]
    usual = tuple(Weigher(name, value) for name, value in defaults.items() if value)
    if telling and _off(telling, usual) < _NEAR and all(made(d, usual, 1) for d in decisions):
        return usual, f"weighers: Nova's defaults ({worded(usual)}) give the logged weights", "computed"
    for used in (telling, telling[:1]):
        found = _fitted(used, defaults) if used else None
        if found is not None and all(made(d, found, 1) for d in decisions):
            return found, f"weighers: {worded(found)}, one sum that gives the logged weights", "computed"
    with_choice = [d for d in decisions if d.size > 1]
    if not with_choice:
        return usual, "weighers: Nova's defaults (no pass left a choice)", "assumed"
    if all(made(d, usual, 1) for d in decisions):
        return usual, f"weighers: Nova's defaults ({worded(usual)}) agree with every choice", "inferred"
    text = "weighers: the logged weights as they are (no sum of Nova's weighers explains them)"
    return (Weigher("logged", 1.0),), text, "observed"


def usual_multipliers(*, placement: bool | None) -> dict[str, float]:
    """Nova's default multipliers by weigher, of the releases whose scheduler claims in placement, or of those before."""
    return _LATER if placement else _OCATA


def worded(weighers: Sequence[Weigher]) -> str:
    """Such as ``RAM × 10 + disk × 1``."""
    names = {"ram": "RAM", "cpu": "CPU", "disk": "disk", "io_ops": "io_ops", "num_instances": "instances"}
    told = [f"{names.get(w.name, 'logged weight')} × {w.multiplier:g}" for w in weighers if w.multiplier]
    return " + ".join(told) or "none"


def subset_of(decisions: Sequence[Decision]) -> int:
    """The least ``host_subset_size`` that allows every choice, by the logged order of weights."""
    size = 1
    for made_of in decisions:
        if made_of.selected is None:
            continue
        order = made_of.raw["logged"]
        place = sum(value > order[made_of.selected] + _SAME for value in order)
        better = sum(order[i] > order[made_of.selected] + _SAME for i in made_of.refused)
        size = max(size, place - better - made_of.unnamed_refusals + 1)
    return size


def made(made_of: Decision, weighers: Sequence[Weigher], size: int) -> bool:
    """True when the model decides as the pass did, or could (equal weights, a random choice among the ``size`` best)."""
    if made_of.selected is None:
        return True
    scores = weights(weighers, made_of.raw, made_of.size)
    left = sorted((s for i, s in enumerate(scores) if i not in made_of.refused), reverse=True)
    last = min(size - 1 + made_of.unnamed_refusals, len(left) - 1)
    return scores[made_of.selected] >= left[last] - _SAME


def _off(decisions: Sequence[Decision], weighers: Sequence[Weigher]) -> float:
    """The greatest difference between logged and modelled weights."""
    return max(
        abs(w - score)
        for d in decisions
        for w, score in zip(d.logged or (), weights(weighers, d.raw, d.size), strict=True)
    )


def _fitted(decisions: Sequence[Decision], defaults: dict[str, float]) -> tuple[Weigher, ...] | None:
    """Multipliers nearest to the defaults that give the logged weights; None when none come close."""
    names = [n for n in _LATER if all(n in d.raw for d in decisions)]
    rows: list[list[float]] = []
    wanted: list[float] = []
    for made_of in decisions:
        columns = [normalised(made_of.raw[n], from_zero=n in FROM_ZERO) for n in names]
        rows += [list(row) for row in zip(*columns, strict=True)]
        wanted += made_of.logged or ()
    start = [defaults.get(name, 0.0) for name in names]
    rest = [w - sum(a * b for a, b in zip(row, start, strict=True)) for row, w in zip(rows, wanted, strict=True)]
    change = _ridge(rows, rest)
    values = [a + b for a, b in zip(start, change, strict=True)]
    off = max(
        abs(w - sum(a * b for a, b in zip(row, values, strict=True))) for row, w in zip(rows, wanted, strict=True)
    )
    if off > _CLOSE * max(1.0, *(abs(w) for w in wanted)):
        return None
    rounded = [round(value, 2) for value in values]
    return tuple(Weigher(name, value) for name, value in zip(names, rounded, strict=True) if value)


def _ridge(rows: list[list[float]], rest: list[float]) -> list[float]:
    """The solution of (XᵀX + εI) x = Xᵀ r, by elimination."""
    n = len(rows[0]) if rows else 0
    system = [
        [sum(r[i] * r[j] for r in rows) + (_RIDGE if i == j else 0.0) for j in range(n)]
        + [sum(r[i] * v for r, v in zip(rows, rest, strict=True))]
        for i in range(n)
    ]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(system[k][i]))
        system[i], system[pivot] = system[pivot], system[i]
        for k in range(n):
            if k != i:
                factor = system[k][i] / system[i][i]
                system[k] = [a - factor * b for a, b in zip(system[k], system[i], strict=True)]
    return [system[i][n] / system[i][i] for i in range(n)]
