"""Nova's weighing of hosts: raw value → normalised to 0…1 → times multiplier → summed.

Source: ``nova/weights.py`` (``normalize``, ``BaseWeigher.weigh_objects``, ``BaseWeightHandler.get_weighed_objects``) and
``nova/scheduler/weights/{ram,cpu,disk,io_ops,num_instances}.py``, read at 15.1.5 (Ocata), 20.6.1 (Train), 24.2.1 (Xena),
31.3.1 (2025.1) and 34.0.0 (2026.2). All but the instance count have ``minval = 0``, so that half the RAM of the best host
weighs 0.5 and not 0. A single host is not weighed at all (weight 0.0). Up to Ussuri (21.2.4 read; no longer in 22.4.0) a
weigher kept the greatest value that it had once seen for as long as its process lived (``weigh_objects``: ``self.maxval``, and
``self.minval`` once a value was below 0): ``Rules.kept_bounds``.
The weighers themselves are the same in every release from 15.1.5 to 34.0.0 that has them; a multiplier may be set for each aggregate since
Stein (19.3.2: ``weight_multiplier(host_state)``), which no log tells. ``sorted`` is stable: equal hosts stay in the order of
``HostManager._get_host_states``, which is that of a set.
Before Icehouse raw values were summed: with one weigher the order is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from novatrace.model.replay import Weigher

FROM_ZERO = frozenset({"ram", "cpu", "disk", "io_ops"})


def weights(weighers: Sequence[Weigher], raw: Mapping[str, Sequence[float]], count: int) -> list[float]:
    """The weight of each of ``count`` hosts.

    Args:
        weighers: which, with multipliers; one whose raw values are missing weighs nothing.
        raw: weigher name → value of each host (free MB, free vCPUs, operations, instances).
        count: number of hosts.
    """
    total = [0.0] * count
    if count <= 1:
        return total
    for weigher in weighers:
        values = raw.get(weigher.name)
        if values is None or not weigher.multiplier:
            continue
        if weigher.name == "logged":
            total = [t + weigher.multiplier * v for t, v in zip(total, values, strict=True)]
            continue
        normal = normalised(values, from_zero=weigher.name in FROM_ZERO)
        total = [t + weigher.multiplier * v for t, v in zip(total, normal, strict=True)]
    return total


def normalised(values: Sequence[float], *, from_zero: bool) -> list[float]:
    """Values between 0 and 1, by the least (or 0) and the greatest of them; all 0 when there is no difference."""
    if from_zero:
        values = [max(0.0, value) for value in values]
    least = 0.0 if from_zero else float(min(values))
    greatest = float(max(values))
    if least == greatest:
        return [0.0] * len(values)
    span = greatest - least
    return [(value - least) / span for value in values]
