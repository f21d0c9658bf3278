"""The view of ``correlate``: verdict first, then each target's burst, each VM, what to do, and the coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from novatrace.model import span
from novatrace.model.capacity import Burst
from novatrace.model.case import Case
from novatrace.model.evidence import OUTSIDE
from novatrace.model.finding import Finding
from novatrace.model.migration import Migration
from novatrace.reports import words
from novatrace.reports.document import Block, Cell, Column, Document, Paragraph, Section, Table, cell, say, table
from novatrace.reports.view_burst import burst_section
from novatrace.reports.view_evidence import evidence_section
from novatrace.reports.view_inspect import coverage_section
from novatrace.reports.view_why import free_section, why_section

_BUSY = 2
_SHOWN_EVIDENCE = 4


def document(case: Case) -> Document:
    """The report on a case."""
    return Document("novatrace correlate", tuple(sections(case)))


def sections(case: Case) -> Iterator[Section]:
    """The sections of the report on a case, each made when it is asked for."""
    return (section for section in _sections(case) if section.blocks)


def _sections(case: Case) -> Iterator[Section]:
    yield Section("VERDICT", tuple(_verdict(case)), "answer")
    yield Section("WHAT TO DO", tuple(say(f"{n}. {text}") for n, text in enumerate(advice(case.findings), 1)), "answer")
    for burst in interesting(case.bursts):
        yield burst_section(burst, case)
    yield why_section(case, flagged(case))
    yield free_section(case, flagged(case))
    yield _migrations(case)
    yield Section("FINDINGS", tuple(_findings(case)))
    yield evidence_section(case)
    yield coverage_section(case)


def interesting(bursts: Iterable[Burst]) -> list[Burst]:
    """The bursts worth a place: not proven to fit, or several moves at once; the gravest first."""
    rank = {"overcommitted": 0, "contended": 1, "unknown": 2, "fits": 3}
    kept = [
        b for b in bursts if b.verdict in ("overcommitted", "contended") or (_moves(b) and len(b.arrivals) >= _BUSY)
    ]
    return sorted(kept, key=lambda b: (rank[b.verdict], b.first_us or 0, b.target.host))


def flagged(case: Case) -> list[Burst]:
    """The bursts that were over-committed or contended."""
    return [b for b in interesting(case.bursts) if b.verdict in ("overcommitted", "contended")]


def _moves(burst: Burst) -> bool:
    return any(a.action != "create" for a in burst.arrivals)


def _verdict(case: Case) -> Iterator[Block]:
    moves = [m for m in case.migrations if m.action != "create"]
    yield say(_summary(moves, len(case.migrations) - len(moves), bounded=_bounded(case)), "strong")
    worst = flagged(case)
    began = words.times(worst)
    succeeded = Counter((m.instance_uuid, m.request_id) for m in moves if m.outcome == "succeeded")
    for burst in worst:
        yield say(_sentence(burst, words.apart(burst, began)), words.verdict_tone(burst))
        victims = [a.instance_uuid or a.request_id or "?" for a in burst.arrivals if a.outcome == "victim"]
        if victims:
            how = "by arithmetic in arrival order" if burst.basis == "computed" else _later(burst, succeeded)
            yield say(f"victims{f' ({how})' if how else ''}: {', '.join(dict.fromkeys(victims))}", "", 1)
    if worst:
        yield _targets(worst, again=len(began) < len(worst))
    else:
        yield say("No target is known to have received more moves than it had room for.", "good")
    yield from caveats(moves)


def _later(burst: Burst, succeeded: Counter[tuple[str | None, str | None]]) -> str:
    """How many of a target's victims succeeded in the end, on another host; ``succeeded`` has the moves that did."""
    victims = {(a.instance_uuid, a.request_id) for a in burst.arrivals if a.outcome == "victim"}
    later = sum(succeeded[victim] for victim in victims)
    if not later:
        return ""
    which = str(later) if later < len(victims) else {1: "which", 2: "both"}.get(later, f"all {later}")
    return f"{which} then succeeded elsewhere"


def caveats(moves: list[Migration]) -> Iterator[Paragraph]:
    """What the verdict leaves open, and who failed for another reason."""
    yield from _unnamed(moves)
    unplaced = [m for m in moves if m.outcome == "failed" and m.stage in ("placement-empty", "filtered-out")]
    if unplaced:
        yield say(f"{words.count(len(unplaced), 'move')} found no host at all (see Findings).", "warn")


def _targets(flagged: list[Burst], *, again: bool) -> Table:
    """The flagged targets at a glance; how many were too many is left open where arithmetic alone does not say.

    ``again``: a target is there more than once, so that times tell its bursts apart.
    """
    columns = [
        Column("target"), *([Column("at")] if again else []), Column("verdict"), Column("short of"), Column("came", right=True),
        Column("room for", right=True), Column("too many", right=True), Column("turned away", right=True),
    ]  # fmt: skip
    began = [b.first_us for b in flagged]
    return table(columns, [_target_row(burst, span.at(burst.first_us, began) if again else None) for burst in flagged])


def _target_row(burst: Burst, when: str | None) -> list[Cell]:
    came, room = len(burst.arrivals), burst.slots.all
    proven = burst.verdict == "overcommitted"
    return [
        cell(words.host(burst.target)),
        *([] if when is None else [cell(when.removeprefix(" at "))]),
        cell(words.verdict(burst), words.verdict_tone(burst)),
        cell(words.bound(burst) if proven else None),
        cell(came),
        cell("?" if room is None else room),
        cell(max(0, came - room) if proven and room is not None else "?"),
        cell(sum(a.outcome == "victim" and a.outcome_basis == "proven" for a in burst.arrivals)),
    ]


def _sentence(burst: Burst, when: str) -> str:
    binding = words.bound(burst)
    bound = f", binding resource: {binding}" if binding and burst.verdict == "overcommitted" else ""
    was = "" if burst.refused_despite_room else "was "
    return f"{words.host(burst.target)} {was}{words.verdict(burst)}{when}{bound}. {words.capital(burst.cause)}."


def _bounded(case: Case) -> bool:
    """True when something was left out that began outside of the time that was asked for."""
    return any(notice.id == OUTSIDE for notice in case.notices)


def _summary(moves: list[Migration], boots: int, *, bounded: bool) -> str:
    if not moves:
        where = "began in the time that was asked for" if bounded else "in these logs"
        return f"No migration {where}" + (f"; {words.count(boots, 'boot')}." if boots else ".")
    outcomes = Counter(m.outcome for m in moves)
    ended = ", ".join(f"{outcomes[word]} {word}" for word in ("succeeded", "failed", "unknown") if outcomes[word])
    also = f"; {words.count(boots, 'boot')} beside them" if boots else ""
    return f"{words.count(len(moves), 'move')} ({_kinds(moves)}): {ended}{also}."


def _kinds(moves: list[Migration]) -> str:
    kinds = Counter(m.action for m in moves if m.action != "unknown")
    parts = [f"{number} {kind}" for kind, number in sorted(kinds.items())]
    unnamed = [m for m in moves if m.action == "unknown" and m.request_id is not None]
    # Who came from somewhere moved; of the others no line says that they are no boots.
    surely = sum(m.source is not None for m in unnamed)
    for number, what, several in (
        (surely, "request", "requests"),
        (len(unnamed) - surely, "move or boot", "moves or boots"),
    ):
        if number:
            parts.append(f"{words.count(number, what, several)} whose action is not logged")
    alone = sum(m.request_id is None for m in moves)
    if alone:
        parts.append(f"{words.count(alone, 'VM')} known from the operator's script alone")
    return ", ".join(parts)


def _unnamed(moves: list[Migration]) -> Iterator[Paragraph]:
    """Requests whose VM no line names, where VMs without a request are known: they may be the same, none is claimed."""
    links = [link for m in moves for a in m.attempts for link in a.links if link.what == "instance"]
    if links:
        fitting = max(link.candidates for link in links)
        yield say(
            f"{words.count(len(links), 'request')} of these moves {'does' if len(links) == 1 else 'do'} not name the VM, which may be one "
            f"of the {words.count(fitting, 'VM')} of the operator's script that fit in time; none is claimed.",
            "warn",
        )


def _migrations(case: Case) -> Section:
    columns = [
        Column("VM or request"), Column("outcome"), Column("VM is"), Column("action"), Column("at"), Column("stage"),
        Column("from → tried", whole=False),
    ]  # fmt: skip
    rows = [_migration_row(m) for m in case.migrations if m.action != "create"]
    return Section("MOVES", (table(columns, rows),) if rows else ())


def _migration_row(m: Migration) -> list[Cell]:
    begun = (
        m.accepted_us if m.accepted_us is not None else next((a.selected_us for a in m.attempts if a.selected_us), None)
    )
    begun = begun if begun is not None else (m.timeline[0].when_us if m.timeline else None)
    return [
        cell(words.name(m)),
        cell(words.outcome(m), words.outcome_tone(m.outcome)),
        cell(m.instance_state.upper() if m.instance_state else None, "bad" if m.instance_state == "error" else ""),
        cell(words.action(m)),
        cell(words.clock(begun)),
        cell(None if words.by_api(m) else m.stage),
        cell(f"{words.host(m.source)} → {words.tried(m)}"),
    ]


def advice(findings: Iterable[Finding]) -> list[str]:
    """What to do, the gravest first, each once; what findings only inform of is left to them where there is more to do."""
    listed = list(findings)
    pressing = [f for f in listed if f.severity != "info"] or listed
    return list(dict.fromkeys(f.advice for f in pressing if f.advice))


def _findings(case: Case) -> Iterator[Block]:
    for finding in case.findings:
        tone = {"critical": "bad", "error": "bad", "warning": "warn"}.get(finding.severity, "dim")
        yield say(f"{finding.severity} {finding.slug}: {finding.title} [{finding.basis}]", tone)
        places = [words.place(c.provenance, case) for c in finding.evidence]
        unique = list(dict.fromkeys(places))
        more = f", and {len(unique) - _SHOWN_EVIDENCE} more" if len(unique) > _SHOWN_EVIDENCE else ""
        yield say(f"{', '.join(unique[:_SHOWN_EVIDENCE])}{more}", "dim", 1)
