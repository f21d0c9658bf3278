"""The view of ``inspect``, and the coverage section of every report: what was read, and the account of its lines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from novatrace.model.case import Case
from novatrace.model.evidence import Coverage, LineLedger
from novatrace.model.releases import range_of
from novatrace.reports import not_told, view_not_told, view_releases, words
from novatrace.reports.document import Block, Cell, Column, Document, Section, cell, say, table

_INFORMED = 3
_TOLD_ONCE = 2
_WHERE = re.compile(r" in \S+\)$")
_COLUMNS = (
    Column("node"), Column("service"), Column("lines", right=True), Column("parsed", right=True),
    Column("cont.", right=True), Column("ignored", right=True), Column("unparsed", right=True),
    Column("too long", right=True), Column("first (UTC)"), Column("last"), Column("DEBUG"),
)  # fmt: skip


def document(case: Case) -> Document:
    """What the inputs are and how much of them was understood."""
    sections = [
        Section("INPUTS", tuple(_inputs(case))),
        coverage_section(case),
        Section("CLOCKS", tuple(_clocks(case))),
        Section("NOVA.CONF", tuple(_settings(case))),
        Section("SILENCES", tuple(view_not_told.silences(case))),
        Section("NOT THERE", tuple(view_not_told.not_there(case))),
        Section("NOT UNDERSTOOD", tuple(_samples(case))),
    ]
    return Document("novatrace inspect", tuple(section for section in sections if section.blocks))


def coverage_section(case: Case) -> Section:
    """The account of lines by input, their sum, the clocks, and every notice."""
    total = LineLedger()
    for coverage in case.coverage:
        total.add(coverage.lines)
    rows = [_row(coverage, case) for coverage in case.coverage]
    understood = total.parsed + total.continuation + total.ignored
    share = f"{100 * understood / total.total:.2f} %" if total.total else "-"
    unread = f" + {total.unread} unread" if total.unread else ""
    blocks: list[Block] = [
        say(
            f"{words.count(len(rows), 'input')}, {words.count(total.total, 'line')} = {total.parsed} parsed + "
            f"{total.continuation} continuation + {total.ignored} ignored + {total.unparsed} unparsed + "
            f"{total.too_long} too long{unread}; {share} understood."
        ),
        table(_COLUMNS, rows),
    ]
    blocks += _debug_off(case)
    blocks += _clock_bases(case)
    blocks += view_releases.lines(case)
    blocks += _notices(case)
    return Section("COVERAGE", tuple(blocks))


def _notices(case: Case) -> Iterator[Block]:
    """Every warning; of what only informs the first few of a kind: a sosreport has thousands of files that are no logs."""
    shown: Counter[str] = Counter()
    for notice in case.notices:
        shown[notice.id] += 1
        if notice.id.startswith("I-") and shown[notice.id] > _INFORMED:
            continue
        times = f" ({notice.count}×)" if notice.count > 1 else ""
        yield say(f"{notice.id} {notice.place}: {notice.text}{times}", "warn" if notice.incomplete else "dim")
    for notice_id, number in shown.items():
        if notice_id.startswith("I-") and number > _INFORMED:
            yield say(f"{notice_id}: and {number - _INFORMED} more; -f json lists all", "dim")


def _clock_bases(case: Case) -> Iterator[Block]:
    """Where the zone of the stamps comes from; whose, where not all have it from the same."""
    found: dict[str, list[str]] = defaultdict(list)
    for coverage in case.coverage:
        evidence = case.evidence[coverage.evidence_id]
        if coverage.clock_basis:
            found[coverage.clock_basis].append(evidence.node or evidence.place)
    for alike in _alike(found).values():
        if len(alike) > 1:  # the same of several sosreports: where each has it from is beside its logs
            names = [name for basis in alike for name in found.pop(basis)]
            found[_WHERE.sub(" beside the logs)", alike[0])] = names
    for basis, names in sorted(found.items()):
        whose = f" of {', '.join(sorted(set(names)))}" if len(found) > 1 else ""
        yield say(f"clock{whose}: {basis}", "dim")


def _alike(bases: Iterable[str]) -> dict[str, list[str]]:
    """Bases that differ only in the folder from which they are."""
    found: dict[str, list[str]] = defaultdict(list)
    for basis in bases:
        if _WHERE.search(basis):
            found[_WHERE.sub("", basis)].append(basis)
    return found


def _row(coverage: Coverage, case: Case) -> list[Cell]:
    evidence = case.evidence[coverage.evidence_id]
    services = sorted(coverage.services, key=lambda name: (-coverage.services[name], name))
    lines = coverage.lines
    debug = "DEBUG" in coverage.levels
    return [
        cell(evidence.node or PurePath(evidence.place).name),
        cell(evidence.service or (services[0] if services else None)),
        cell(lines.total),
        cell(lines.parsed),
        cell(lines.continuation),
        cell(lines.ignored),
        cell(lines.unparsed, "warn" if lines.unparsed else ""),
        cell(lines.too_long, "warn" if lines.too_long else ""),
        cell(words.when(coverage.first_us) if coverage.first_us is not None else None),
        cell(words.clock(coverage.last_us) if coverage.last_us is not None else None),
        cell("yes" if debug else "no", "" if debug else "warn"),
    ]


def _debug_off(case: Case) -> Iterator[Block]:
    """What the logs could not have told: services without DEBUG lines."""
    for service, nodes in not_told.debug_off(case).items():
        yield say(f"DEBUG off: {service} on {', '.join(nodes)}: what is logged at DEBUG only is not here", "warn")


def _shared(coverage: Coverage, layout: str) -> str:
    """A layout with its share of the records, where it is not the only one."""
    total = sum(coverage.layouts.values())
    share = 100 * coverage.layouts[layout] / total
    return layout if len(coverage.layouts) == 1 else f"{layout} {share:.1f} %"


def _sure(coverage: Coverage) -> Cell:
    """How sure the layout is: the share of lines that it reads, and of the lines tried that another one reads, too."""
    lines, rival = coverage.lines, coverage.rival
    tried = lines.parsed + lines.unparsed + lines.too_long
    if rival is None or not tried:
        return cell(None)
    share = lines.parsed / tried
    word = rival.word(share)
    other = f", {rival.layout} {100 * rival.lines / rival.probed:.0f} %" if rival.layout else ""
    return cell(f"{word} ({100 * share:.4g} %{other})", "" if word == "sure" else "warn")


def _inputs(case: Case) -> Iterator[Block]:
    columns = [
        Column("node"), Column("service"), Column("layout"), Column("how sure"), Column("release"), Column("bytes", right=True),
        Column("path", whole=False), Column("levels", whole=False),
    ]  # fmt: skip
    rows = []
    above = _above([case.evidence[coverage.evidence_id].place for coverage in case.coverage])
    for coverage in case.coverage:
        evidence = case.evidence[coverage.evidence_id]
        layouts = sorted(coverage.layouts, key=lambda name: (-coverage.layouts[name], name))
        services = sorted(coverage.services, key=lambda name: (-coverage.services[name], name))
        levels = ", ".join(f"{level} {number}" for level, number in sorted(coverage.levels.items()))
        rows.append(
            [
                cell(evidence.node),
                cell(evidence.service or "+".join(services)),
                cell("+".join(_shared(coverage, layout) for layout in layouts)),
                _sure(coverage),
                _release(coverage),
                cell(coverage.bytes_decoded),
                cell(evidence.place.removeprefix(above)),
                cell(levels),
            ]
        )
    if above:
        yield say(f"in {above}")
    yield table(columns, rows)
    yield from _left_out(case)


def _above(places: list[str]) -> str:
    """The folder, or the archive, that all inputs are in; "" where it is no relief to name it once."""
    if len(places) < _TOLD_ONCE:
        return ""
    low, high = min(places), max(places)
    shared = low[: next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))]
    return shared[: max(shared.rfind("/"), shared.rfind("!")) + 1]


def _release(coverage: Coverage) -> Cell:
    found = range_of([coverage])
    if found is None or not found.says_something:
        return cell(None)
    return cell(view_releases.named(found), "" if found.since else "warn")


def _samples(case: Case) -> Iterator[Block]:
    """What was not understood, by shape: how often, where first, and the lines themselves of the first few."""
    rows = [
        [cell(count, "warn"), cell(f"{case.evidence[coverage.evidence_id].place}:{line_no}"), cell(shape)]
        for coverage in case.coverage
        for shape, (count, line_no) in sorted(coverage.shapes.items(), key=lambda item: (-item[1][0], item[1][1]))
    ]
    if rows:
        yield table((Column("lines", right=True), Column("first", whole=False), Column("shape", whole=False)), rows)
    for coverage in case.coverage:
        for number, text in coverage.samples:
            yield say(f"{case.evidence[coverage.evidence_id].place}:{number}: {text}", "dim")


def _left_out(case: Case) -> Iterator[Block]:
    """Lines left out on purpose, by the rule's name."""
    rules: dict[str, int] = defaultdict(int)
    for coverage in case.coverage:
        for rule, count in coverage.ignored.items():
            rules[rule] += count
    if rules:
        listed = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))
        yield say(f"ignored on purpose: {listed}", "dim")


def _settings(case: Case) -> Iterator[Block]:
    """Nova's options as a nova.conf beside the logs has them."""
    whose: dict[str, list[str]] = defaultdict(list)
    for one in case.settings:
        listed = ", ".join(f"{name.partition('/')[2]} = {value}" for name, value in one.options if "format" not in name)
        if listed:
            whose[listed].append(one.node or one.place)
    for listed, names in whose.items():
        yield say(f"{', '.join(dict.fromkeys(names))}: {listed}")


def _clocks(case: Case) -> Iterator[Block]:
    """How far each clock may be from the reference node's, as causes and effects across nodes tell."""
    known = [clock for clock in case.clocks if not clock.conflict]
    if not known:
        return
    rows = [
        [
            cell(clock.node),
            cell(_seconds(clock.offset_low_us)),
            cell(_seconds(clock.offset_high_us)),
            cell(_seconds(clock.applied_us) if clock.applied_us else "-", "warn" if clock.applied_us else ""),
            cell(clock.pairs),
        ]
        for clock in known
    ]
    yield say(
        f"what may be added to a node's stamps, against {known[0].reference}, so that no effect comes before its cause"
    )
    yield table(
        (
            Column("node"), Column("at least", right=True), Column("at most", right=True),
            Column("--correct-clocks adds", right=True), Column("pairs", right=True),
        ),
        rows,
    )  # fmt: skip
    for clock in case.clocks:
        if clock.conflict and clock.offset_high_us is not None:
            short_s = -clock.offset_high_us / 1_000_000
            yield say(f"{' and '.join(clock.conflict)} contradict each other by {short_s:.3f} s", "warn")


def _seconds(offset_us: int | None) -> str | None:
    return None if offset_us is None else f"{offset_us / 1_000_000:+.3f} s"
