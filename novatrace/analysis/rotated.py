"""The parts of a rotated log are one log: what one of them shows of the time that it covers, all of them show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from novatrace.model.evidence import Coverage, Evidence


def as_one_log(evidence: Sequence[Evidence], coverage: Sequence[Coverage]) -> list[Coverage]:
    """The coverage of each input, with the last time stamp of all inputs of its node and service.

    Whether a service went on after a moment must not depend on where its log was rotated. Inputs whose node or service
    is not known by name stay as they are.
    """
    of_input = {e.id: (e.node, e.service) for e in evidence if e.node is not None and e.service is not None}
    last: dict[tuple[str | None, str | None], int] = {}
    for each in coverage:
        log = of_input.get(each.evidence_id)
        if log is not None and each.last_us is not None:
            last[log] = max(each.last_us, last.get(log, each.last_us))
    return [
        replace(each, last_us=last.get(of_input[each.evidence_id], each.last_us))
        if each.evidence_id in of_input
        else each
        for each in coverage
    ]
