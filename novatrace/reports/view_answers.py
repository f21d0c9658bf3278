"""The five questions that somebody asks who never saw the tool, each answered in a line or two from the case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.migration import Migration
from novatrace.model.resource import NAMES, UNITS
from novatrace.reports import view_correlate, view_why, words
from novatrace.reports.document import Block, Paragraph, say
from novatrace.reports.neutralise import neutral

_NAMED = 8
_TARGETS = 4
ADVICE = 4


def answers(case: Case, flagged: list[Burst]) -> list[tuple[str, list[Paragraph]]]:
    """(question, answers) in the order in which they are asked."""
    moves = [m for m in case.migrations if m.action != "create"]
    return [
        ("Which host was over-committed?", list(_which(flagged))),
        ("By how much?", list(_how_much(flagged))),
        ("Who failed?", list(_who(moves, flagged))),
        ("Why there?", list(_why(case, flagged, moves))),
        ("What to change?", list(_change(case))),
    ]


def headline(case: Case, flagged: list[Burst]) -> str:
    """The answer in one line, for a title."""
    moves = [m for m in case.migrations if m.action != "create"]
    failed = sum(m.outcome == "failed" for m in moves)
    ended = f"{failed} of {words.count(len(moves), 'move')} failed" if moves else "no migration in these logs"
    if not flagged:
        return neutral(words.capital(f"{ended}; no target is known to have been over-committed"))
    first = flagged[0]
    alike = {b.target for b in flagged if words.verdict(b) == words.verdict(first)} - {first.target}
    others = f" and {len(alike)} more" if alike else ""
    verdict = words.verdict(first) if first.verdict != "contended" else "not proven to have been over-committed"
    return neutral(f"{words.host(first.target)}{others}: {verdict}; {ended}")


def _which(flagged: list[Burst]) -> Iterator[Paragraph]:
    for burst in flagged[:_TARGETS]:
        when = f", at {words.when(burst.first_us)} UTC" if burst.first_us is not None else ""
        doubt = "; whether there was room is not in these logs" if burst.verdict == "contended" else ""
        yield say(f"{words.host(burst.target)}: {words.verdict(burst)}{when}{doubt}", words.verdict_tone(burst))
    if len(flagged) > _TARGETS:
        yield say(f"and {len(flagged) - _TARGETS} more, see Targets")
    if not flagged:
        yield say("None is known to have received more moves than it had room for.", "good")


def _how_much(flagged: list[Burst]) -> Iterator[Paragraph]:
    began = words.times(flagged)
    for burst in flagged[:_TARGETS]:
        when = words.apart(burst, began).removeprefix(" at ")
        yield say(f"{when}: {burst.cause}." if when else f"{words.capital(burst.cause)}.")
        together = _together(burst)
        if together:
            yield say(together)
        if burst.unknown_because and burst.unknown_because.rstrip(".") not in burst.cause:
            yield say(f"Not known: {burst.unknown_because}", "warn")
    if not flagged:
        yield say("Nothing exceeded what is known to be free.")


def _together(burst: Burst) -> str | None:
    """What all arrivals asked for, against what was free, of the resource that fell short; None where either is unknown."""
    name = next((name for name in burst.binding if name in UNITS), None)
    free = getattr(burst.capacity.free, name) if burst.capacity and name else None
    asked = [getattr(arrival.demand, name) for arrival in burst.arrivals] if name else []
    if burst.verdict != "overcommitted" or name is None or free is None or None in asked or sum(asked) <= free:
        return None
    unit = "" if UNITS[name] == NAMES[name] else f" {UNITS[name]}"
    amounts = f"{sum(asked):g}{unit} {NAMES[name]}, and {free:g}{unit}"
    return f"Together they asked for {amounts} were free: {sum(asked) - free:g}{unit} too much."


def _who(moves: list[Migration], flagged: list[Burst]) -> Iterator[Paragraph]:
    failed = [m for m in moves if m.outcome == "failed"]
    yield _ended(moves, failed)
    if failed:
        yield say(_names([words.name(m) for m in failed]))
    victims = {(a.instance_uuid, a.request_id) for b in flagged for a in b.arrivals if a.outcome == "victim"}
    later = sum(m.outcome == "succeeded" and (m.instance_uuid, m.request_id) in victims for m in moves)
    if later:
        first = f"{words.count(later, 'more move' if failed else 'move')} {'was' if later == 1 else 'were'}"
        yield say(f"{first} turned away first and then succeeded.")
    yield from view_correlate.caveats(moves)
    computed = [a for b in flagged for a in b.arrivals if a.outcome == "victim" and a.outcome_basis == "computed"]
    if computed:
        names = _names([a.instance_uuid or a.request_id or "?" for a in computed])
        yield say(f"Too many by arithmetic, in arrival order, while their end is not logged: {names}")


def _ended(moves: list[Migration], failed: list[Migration]) -> Paragraph:
    """How many failed, and what the logs last say of their VMs."""
    unknown = sum(m.outcome == "unknown" for m in moves)
    if moves and not failed and not unknown:
        return say(f"None: {'the move' if len(moves) == 1 else f'all {len(moves)} moves'} succeeded.", "good")
    also = f"; of {unknown} more the end is not logged" if unknown else ""
    states = Counter(m.instance_state.upper() if m.instance_state else "not logged" for m in failed)
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    last = f" As last logged they are: {told}." if failed else ""
    return say(f"{len(failed)} of {words.count(len(moves), 'move')} failed{also}.{last}", "bad" if failed else "")


def _names(names: list[str]) -> str:
    shown = list(dict.fromkeys(names))
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return ", ".join(shown[:_NAMED]) + more


def _why(case: Case, flagged: list[Burst], moves: list[Migration]) -> Iterator[Paragraph]:
    told: list[Block] = list(view_why.why_section(case, flagged).blocks)
    sentences = [block for block in told if isinstance(block, Paragraph)][:_TARGETS]
    yield from sentences
    stages = Counter(m.stage for m in moves if m.stage in ("placement-empty", "filtered-out", "retries-exhausted"))
    for stage, number in sorted(stages.items()):
        yield say(
            f"{words.count(number, 'move')} ended at another stage: {words.STAGES.get(stage or '', stage or '?')}."
        )
    if not sentences and not stages:
        quiet = any(finding.slug == "debug-off" for finding in case.findings)
        because = " (nova-scheduler logs its choices at DEBUG alone)" if quiet else ""
        yield say(f"The logs do not say: no scheduler pass of these moves is in them{because}.", "warn")


def _change(case: Case) -> Iterator[Paragraph]:
    advice = view_correlate.advice(case.findings)
    yield from (say(text) for text in advice[:ADVICE])
    if len(advice) > ADVICE:
        yield say(f"{len(advice) - ADVICE} more under What to do.")
    if not advice:
        yield say("Nothing that these logs would show.")
