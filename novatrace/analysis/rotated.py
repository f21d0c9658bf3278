"""The parts of a log are one log: what one of them shows of the time that it covers, all of them show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from novatrace.model.evidence import Coverage, Evidence

_PACKED = re.compile(r"\.(?:gz|xz|bz2|zst)$")
_NUMBER = re.compile(r"\d+")
_Log = tuple[str | None, ...]


def as_one_log(evidence: Sequence[Evidence], coverage: Sequence[Coverage]) -> list[Coverage]:
    """The coverage of each input, with the last time stamp of all inputs that are parts of the same log.

    Whether a service went on after a moment must not depend on where its log was rotated or split.
    """
    of_input = {e.id: log for e in evidence if (log := _log(e)) is not None}
    last: dict[_Log, int] = {}
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


def _log(one: Evidence) -> _Log | None:
    """Which log an input is a part of: its node's and service's; where several services share it, the one of its name but for
    the numbers in it. None where the node is not known."""  # noqa: D205, D209
    if one.node is None or one.service is not None:
        return None if one.node is None else (one.node, one.service)
    folder, _, name = one.place.rpartition("/")
    return (one.node, None, folder, _NUMBER.sub("#", _PACKED.sub("", name)))
