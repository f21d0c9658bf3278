"""Words that findings share: numbers with their nouns, lists of hosts, resources by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from novatrace.model.case import Case
from novatrace.model.hostname import short
from novatrace.model.insight import Herd, Idle, SharedView
from novatrace.model.migration import Citation, Claim, Migration, Resources
from novatrace.model.resource import NAMES

RESOURCES = {
    **NAMES,
    "numa": "NUMA cells or hugepages",
    "pci": "PCI devices",
    "affinity": "the server group's policy",
}
_UNITS = {"vcpus": "vCPU", "ram_mb": "MB RAM", "disk_gb": "GB disk"}
_OfTarget = TypeVar("_OfTarget", SharedView, Herd, Idle)
_NAMED = 3
_REFUSALS = ("claim-refused", "resources-unavailable", "group-violated", "rebuild-refused")


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 host``, ``2 hosts``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def every(number: int, noun: str) -> str:
    """``its 1 host``, ``both hosts``, ``all 3 hosts``."""
    return f"its 1 {noun}" if number == 1 else f"both {noun}s" if number == 2 else f"all {number} {noun}s"  # noqa: PLR2004


def listed(names: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``, ``a, b, c and 4 more``; each name once, in order."""
    unique = list(dict.fromkeys(names))
    shown, more = unique[:_NAMED], len(unique) - _NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def amounts(held: Resources) -> str:
    """``2 vCPU, 4096 MB RAM and 20 GB disk``, as far as known."""
    return listed(f"{v:g} {_UNITS[n]}" for n in _UNITS if (v := getattr(held, n)) is not None)


def moves(case: Case) -> list[Migration]:
    """The actions of a case that move a VM: everything but boots."""
    return [m for m in case.migrations if m.action != "create"]


def has_compute_log(case: Case, host: str) -> bool:
    """True when a nova-compute log of a node with the host's name, or its short form, is there."""
    computes = {c.evidence_id for c in case.coverage if c.services.get("nova-compute")}
    nodes = [e.node for e in case.evidence if e.id in computes and e.node]
    return any(short(node) == short(host) for node in nodes)


def ended(found: Sequence[Migration]) -> str:
    """``7 moves failed, 1 succeeded``: how moves ended; the noun stands with the first number."""
    counts = {word: sum(m.outcome == word for m in found) for word in ("failed", "succeeded", "unknown")}
    words = {"failed": "failed", "succeeded": "succeeded", "unknown": "whose end is not logged"}
    told = [(number, words[word]) for word, number in counts.items() if number]
    return ", ".join(
        f"{count(number, 'move') if place == 0 else number} {word}" for place, (number, word) in enumerate(told)
    )


def in_error(found: Iterable[Migration]) -> str:
    """What to do with VMs that a failed move left in ERROR; "" where there are none."""
    number = sum(m.outcome == "failed" and m.instance_state == "error" for m in found)
    if not number:
        return ""
    which = "1 VM is" if number == 1 else f"{number} VMs are"
    return f" {which} in ERROR: see that the guest runs on its source, then `openstack server set --state active VM`."


def gravest(found: Iterable[_OfTarget], gravity: Callable[[_OfTarget], float]) -> tuple[list[_OfTarget], list[str]]:
    """What was found of targets, the gravest first, and the targets beside its own of which the same is to be said."""
    ranked = sorted(found, key=lambda each: (-gravity(each), each.target))
    others = (other.target.host for other in ranked[1:] if other.target.host != ranked[0].target.host)
    return ranked, list(dict.fromkeys(others))


def likewise(others: Sequence[str]) -> str:
    """``; likewise 2 more targets: b and c``: the targets of which the same is said; "" where there is none."""
    return f"; likewise {count(len(others), 'more target')}: {listed(others)}" if others else ""


def once(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """The citations without repetitions, in order."""
    return tuple(dict.fromkeys(citations))


def refusal(claim: Claim) -> Citation:
    """The line that refuses a claim, else the last one of it."""
    return next((c for c in claim.citations if c.what in _REFUSALS), claim.citations[-1])
