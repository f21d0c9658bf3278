"""The view of ``simulate``: the backtest first, what to change, then every policy, a picture, the loads, the waves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from novatrace.model.replay import NovaOption, PolicyResult, Replay, Scenario
from novatrace.reports import drawings, words
from novatrace.reports.document import Block, Cell, Column, Document, Figure, Section, cell, say, table
from novatrace.reports.figure_data import Histogram
from novatrace.reports.neutralise import neutral

_PICTURES = 4
_BARS = 12
_TARGETS = 10
_NAMES = 8


def document(replay: Replay, *, plan: bool) -> Document:
    """The report on a replay."""
    sections = [
        Section("BACKTEST", tuple(_backtest(replay))),
        Section("WHAT TO CHANGE", tuple(_advice(replay))),
        Section("BATCH", tuple(_batch(replay.scenario))),
        Section("POLICIES", tuple(_policies(replay))),
        Section("DISTRIBUTION", tuple(_distributions(replay))),
        Section("LOAD PER TARGET", tuple(_loads(replay))),
    ]
    if plan:
        sections.append(Section("WAVE PLAN", tuple(_plan(replay))))
    return Document("novatrace simulate", tuple(section for section in sections if section.blocks))


def _backtest(replay: Replay) -> Iterator[Block]:
    tested = replay.backtest
    tone = {True: "good", False: "bad", None: "warn"}[tested.good]
    yield say(f"{tested.because[0].upper()}{tested.because[1:]}.", tone)
    if tested.decisions:
        choice = (
            f"{tested.with_choice} of them between several hosts"
            if tested.with_choice
            else "none between several hosts"
        )
        yield say(f"choices: {tested.reproduced} of {tested.decisions} reproduced ({choice})", indent=1)
    if tested.failures is not None and replay.scenario.source == "case":
        seen = "how many there were is not known"
        if tested.failures_observed is not None:
            seen = f"{tested.failures_observed} observed"
        yield say(f"failures: {tested.failures} replayed, {seen}", indent=1)


def _batch(scenario: Scenario) -> Iterator[Block]:
    many = f"{words.count(len(scenario.vms), 'VM')}, {words.count(len(scenario.hosts), 'host')}"
    yield say(f"{scenario.name}{_newest(scenario)}: {many}{_span(scenario)}", "strong")
    if scenario.batch is not None and scenario.batch[1] > 1:
        yield say("`novatrace simulate --batches` lists the others, `--batch N` replays one", indent=1)
    for statement in scenario.known:
        yield say(f"{statement.text} [{statement.basis}]", indent=1)
    for sentence in scenario.set_aside:
        yield say(f"set aside: {sentence}", indent=1)
    for sentence in scenario.missing:
        yield say(f"missing: {sentence}", "warn", 1)


def _newest(scenario: Scenario) -> str:
    if scenario.batch is None or scenario.batch[1] == 1:
        return ""
    return ", the newest" if scenario.batch[0] == scenario.batch[1] else ""


def _span(scenario: Scenario) -> str:
    """When it was, in UTC."""
    if scenario.first_us is None:
        return ""
    return f", {words.when(scenario.first_us)[:19]} … {words.clock(scenario.last_us)[:8]} UTC"


def _policies(replay: Replay) -> Iterator[Block]:
    loose = any(result.overloads for result in replay.results)
    columns = [
        Column("errors", right=True), Column("95 % interval"), Column("95 % of runs"),
        *([Column("overloads", right=True)] if loose else []),
        Column("rounds", right=True), Column("policy"), Column("that is", whole=False),
    ]  # fmt: skip
    rows = []
    for result in replay.results:
        wide = "every run" if result.deterministic else f"{result.least} … {result.most}"
        sure = "no chance" if result.deterministic else _interval(result)
        rows.append(
            [
                cell(amount(expected(result)), _tone(result)), cell(sure), cell(wide),
                *([cell(amount(result.overloads), "bad" if result.overloads else "")] if loose else []),
                cell(result.rounds), cell(_label(result)), cell(result.variant.title),
            ]
        )  # fmt: skip
    yield table(columns, rows)
    if not all(result.deterministic for result in replay.results):
        runs = f"{replay.runs} runs of each policy with random choices, seed {replay.seed}"
        yield say(f"{runs}; errors are exact where all choose on one view, else the mean of the runs.", "dim")
    if loose:
        yield say("overloads: VMs let in beyond the room of a target because no claim guards that resource.", "dim")


def _interval(result: PolicyResult) -> str:
    return "exact" if result.exact is not None else f"{amount(result.low)} … {amount(result.high)}"


def expected(result: PolicyResult) -> float:
    """Expected errors: by formula where there is one, else the mean of the runs."""
    return result.mean if result.exact is None else result.exact


def amount(number: float) -> str:
    """A mean with two digits that say something."""
    if not number or number < 1e-9:  # noqa: PLR2004 - below what floating point adds up to
        return "0"
    return f"{number:.2f}".rstrip("0").rstrip(".") if number >= 0.1 else f"{number:.2g}"  # noqa: PLR2004 - two digits


def _tone(result: PolicyResult) -> str:
    return "bad" if expected(result) >= 0.5 else "good" if expected(result) < 1e-9 else "warn"  # noqa: PLR2004


def _label(result: PolicyResult) -> str:
    fixed = ", ".join(
        f"{value:g}" if isinstance(value, float) else str(value) for value in result.variant.parameters.values()
    )
    return f"{result.variant.name} {fixed}".rstrip()


def _distributions(replay: Replay) -> Iterator[Block]:
    """The runs by their errors, of those random policies whose runs differ most."""
    random = [r for r in replay.results if len(r.histogram) > 1]
    random.sort(key=lambda r: (-len(r.histogram), _label(r)))
    for result in random[:_PICTURES]:
        label = neutral(_label(result))
        data = Histogram(tuple(_grouped(result.histogram)))
        yield Figure(
            name=f"errors-{re.sub(r'[^a-z0-9]+', '-', label)}",
            title=f"{label}: {result.runs} runs by their errors",
            alternative=", ".join(f"{runs} runs with {errors} errors" for errors, runs in data.steps) + ".",
            drawing=drawings.histogram(data),
            data=data,
        )


def _grouped(histogram: dict[int, int]) -> list[tuple[str, int]]:
    """The histogram in at most a dozen steps of equal width."""
    least, most = min(histogram), max(histogram)
    width = -(-(most - least + 1) // _BARS)
    steps: dict[int, int] = {}
    for at in range(least, most + 1, width):
        steps[at] = sum(n for e, n in histogram.items() if at <= e < at + width)
    return [(str(at) if width == 1 else f"{at}–{min(at + width - 1, most)}", n) for at, n in steps.items()]


def _loads(replay: Replay) -> Iterator[Block]:
    """Who ended where: as observed, and under the advised policy."""
    shown = [replay.results[0]] + ([replay.results[replay.advised]] if replay.advised else [])
    for result in shown:
        loads = sorted(result.loads, key=lambda load: (-load.placed_mean - load.refused_mean, load.host))
        if not loads:
            yield say(f"{_label(result)}: nobody was sent anywhere", indent=1)
            continue
        yield say(_label(result), "strong")
        rows = [
            [
                cell(replay.scenario.hosts[load.host].target.host), cell(amount(load.placed_mean)),
                cell(load.placed_most), cell(amount(load.refused_mean), "bad" if load.refused_mean else ""),
            ]
            for load in loads[:_TARGETS]
        ]  # fmt: skip
        columns = ("target", "placed", "most in a run", "refused")
        yield table([Column(name, right=name != "target") for name in columns], rows)
        if len(loads) > _TARGETS:
            yield say(f"and {len(loads) - _TARGETS} more targets; -f json has all", "dim")


def _advice(replay: Replay) -> Iterator[Block]:
    if replay.advice is None:
        for note in replay.notes:
            yield say(note, "warn")
        yield say(f"No advice: {replay.no_advice_because}.", "warn")
        return
    yield say(replay.advice, "strong")
    if replay.advised is None:
        return
    best = replay.results[replay.advised].variant
    if best.options:
        yield say("nova.conf of every nova-scheduler, by release:")
        yield table([Column("release"), Column("section"), Column("option")], [_option(o) for o in best.options])
    elif best.change == "procedure":
        yield say("No option of Nova does this; start the migrations so (`novatrace simulate --plan`).")
    others = [_label(r) for r in replay.results[1:] if expected(r) == 0 and not r.overloads and r.variant is not best]
    if others:
        yield say(f"Also without an error: {', '.join(others)}.", "dim")


def _option(option: NovaOption) -> list[Cell]:
    since, until = option.since, option.until
    release = (
        f"{since} and later"
        if since and not until
        else f"until {until}"
        if until and not since
        else f"{since} … {until}"
    )
    return [cell(release), cell(f"[{option.section}]"), cell(f"{option.name} = {option.value}")]


def _plan(replay: Replay) -> Iterator[Block]:
    scenario, plan = replay.scenario, replay.plan
    wait = "; wait for each wave's claims before the next (`-f shell` writes a script)" if plan.waves else ""
    yield say(f"{words.count(len(plan.waves), 'wave')}{wait}.", "strong")
    for number, wave in enumerate(plan.waves, 1):
        yield say(f"wave {number}: {words.count(len(wave.vms), 'VM')}; {wave.reason}")
        names = [scenario.vms[vm].name or "a VM that no log names" for vm in wave.vms]
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        yield say(", ".join(names[:_NAMES]) + more, indent=1)
    if untested(replay):
        yield say(f"Not to be relied on: {replay.backtest.because}.", "warn")
    if plan.unplaceable:
        yield say(f"{words.count(len(plan.unplaceable), 'VM')} in no wave: {plan.unplaceable_because}.", "bad")
    later = replay.later_plan
    if later is not None and len(later.unplaceable) < len(plan.unplaceable):
        held = len(scenario.vms) - len(later.unplaceable)
        yield say(
            f"Once what is advised above is set: {words.count(len(later.waves), 'wave')} with a host for {held} of "
            f"{words.count(len(scenario.vms), 'VM')}."
        )


def untested(replay: Replay) -> bool:
    """True for a batch of a case whose backtest is not good: then nothing that is said of other ways has been tested."""
    return replay.scenario.source == "case" and not replay.backtest.good
