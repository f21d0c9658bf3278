"""What ``explain`` was asked about, and the answer to "why not that host"."""

from __future__ import annotations

from dataclasses import dataclass

from novatrace.model.capacity import Burst
from novatrace.model.migration import Citation, Migration


@dataclass(frozen=True, slots=True)
class Subject:
    """An instance, a request or a host, with the migrations and bursts that it took part in.

    ``kind``: ``instance``, ``request`` or ``host``; ``id``: the whole id, also where a prefix was given.
    """

    kind: str
    id: str
    migrations: tuple[Migration, ...]
    bursts: tuple[Burst, ...]


@dataclass(frozen=True, slots=True)
class WhyNotAnswer:
    """The answer for one attempt of one move or boot."""

    action: str
    instance_uuid: str | None
    request_id: str | None
    attempt: int
    sentence: str
    basis: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a host was not chosen: all answers together, the weakest basis among them, and each answer by itself.

    ``also``: the answers about the other hosts that were asked for.
    """

    host: str
    sentence: str
    basis: str
    citations: tuple[Citation, ...]
    answers: tuple[WhyNotAnswer, ...] = ()
    also: tuple[WhyNot, ...] = ()
