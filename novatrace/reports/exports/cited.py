"""Every place in the evidence that a case's statements rest on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from novatrace.model.case import Case
from novatrace.model.evidence import Provenance
from novatrace.model.kept import Kept
from novatrace.model.parts import fields_of


def places(case: Case) -> set[Provenance]:
    """The places of moves, bursts, views and findings: of each citation, step, filter, claim and amount in them."""
    return set(_places((case.migrations, case.bursts, case.views, case.findings)))


def _places(thing: Any) -> Iterator[Provenance]:  # noqa: ANN401 - whatever the model has
    if isinstance(thing, Provenance):
        yield thing
    elif isinstance(thing, (tuple, list, Kept)):
        for item in thing:
            yield from _places(item)
    else:
        for name in fields_of(thing.__class__):
            yield from _places(getattr(thing, name))
