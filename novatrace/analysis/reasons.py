"""What a refusal was for, read out of its words."""

from __future__ import annotations

from collections.abc import Iterable

_WORDS = (
    ("numa", "numa"), ("pci", "pci"), ("memory", "ram_mb"), ("disk", "disk_gb"), ("cpu", "vcpus"),
    ("affinity", "affinity"), ("server group", "affinity"),
)  # fmt: skip


def short_of(reasons: Iterable[str]) -> tuple[str, ...]:
    """The resources that reasons name, each once: ``numa``, ``pci``, ``ram_mb``, ``disk_gb``, ``vcpus``, ``affinity``."""
    text = "; ".join(reasons).lower()
    named = [name for word, name in _WORDS if word in text]
    return ("numa",) if "numa" in named else tuple(dict.fromkeys(named))
