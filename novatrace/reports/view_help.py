"""Why a VM's attempts went where they went, and what would have helped it there."""

from __future__ import annotations

from collections.abc import Iterator

from novatrace.model.capacity import Burst
from novatrace.model.migration import Migration
from novatrace.reports.document import Block, say
from novatrace.reports.view_why import why_there


def why_and_help(m: Migration, bursts: list[Burst]) -> Iterator[Block]:
    """Why each attempt went where it went, and of each burst of its what would have helped."""
    told = False
    for attempt in m.attempts:
        sentence = why_there(attempt)
        if sentence:
            told = True
            yield say(f"attempt {attempt.number}: {sentence}")
    checked = {a.selected.host for a in m.attempts if a.check is not None and a.selected is not None}
    for burst in bursts:
        if burst.target.host in checked:
            yield say(
                f"waves to {burst.target.host} would not have helped: it failed the check before the move, not for want of room."
            )
        elif burst.verdict == "overcommitted":
            told = True
            if not _was_let_in(burst, m):
                yield say(_helped(burst))
        elif burst.verdict == "contended":
            told = True
            yield say(f"whether waves would have helped is not known: {burst.unknown_because or burst.cause}")
    if not told:
        yield say("The evidence does not say why: no scheduler pass of it is in these logs.", "warn")


def _was_let_in(burst: Burst, m: Migration) -> bool:
    """True for a VM that found room in a burst that others found none in: it needed no help."""
    mine = [a for a in burst.arrivals if (a.request_id, a.instance_uuid) == (m.request_id, m.instance_uuid)]
    return burst.effect == "refused" and any(a.outcome == "admitted" for a in mine)


def _helped(burst: Burst) -> str:
    """What would have helped who was too many: waves or another choice, unless the host alone was to be had."""
    host, room, came = burst.target.host, burst.slots.all, len(burst.arrivals)
    if burst.refused_despite_room:
        return f"what would have helped is not known: the view of {host} before had room; see the words of the refusal."
    if burst.only_choice and room is not None and room < came and burst.effect == "refused":
        why = f"every request named {host}" if burst.only_choice == "named" else burst.no_other_passed
        return (
            f"neither waves nor a scheduler option would have placed more than {room} of {came} on {host}, for {why}."
        )
    waves = f"at most {burst.at_once} at a time" if burst.at_once else "one at a time"
    return f"would have helped: sending VMs to {host} {waves}, in waves{_other_choice(burst)}."


def _other_choice(burst: Burst) -> str:
    if burst.candidates_most is None:
        return ""
    if burst.candidates_most == 1:
        return f"; no scheduler option would have: {burst.no_other_passed}"
    if burst.best_passed_over:
        return f"; choices are spread already, among up to {burst.candidates_most} hosts that passed the filters"
    return f"; or [filter_scheduler] host_subset_size above 1, since up to {burst.candidates_most} hosts passed the filters"
