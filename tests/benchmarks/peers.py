"""novatrace and its peers on the same logs, in one run, by turns: a table of medians and ratios.

    python tests/benchmarks/peers.py DIR --mb 1000 --runs 5 --peers-bin ~/peers/bin --readme README.md

DIR keeps the generated logs for the next time. Peers that are not installed are named as absent. Everybody reads from a
warm page cache and writes to a regular file; a round runs each of them once, and the rounds repeat. The slow ones may
be given fewer rounds (``--slow-runs``) and an end (``--limit``): what is longer is shown as a lower bound. ``--enough`` ends
the rounds of whoever has taken that long on some logs already; with ``--enough 60 --limit 30 --skip grep`` all that the
README shows takes about eight minutes where the logs are already there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import growth
import tables
from cloud import MIX
from contestants import Contestant, bare_gz, counters, ours, present, readers, starts, with_peers
from data import Logs, made
from measuring import Median, Run, floor_mb, median, run


@dataclass(slots=True)
class Race:
    """Runs contestants by turns, checks what they say, and keeps every figure.

    Attributes:
        folder: where outputs go.
        rounds: how often everybody runs; the slow ones run ``slow_rounds`` times.
        limit_s: when a slow one is ended.
        enough_s: who has taken so long on some logs, in all rounds together, is not run on them again.
        kept: all runs, by logs and contestant.
        faults: what was not as expected.
    """

    folder: Path
    rounds: int
    slow_rounds: int
    limit_s: float
    enough_s: float = float("inf")
    kept: dict[str, dict[str, list[Run]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def on(self, logs: Logs, contestants: Sequence[Contestant]) -> dict[str, Median]:
        """The medians of everybody on some logs."""
        logs.warm()
        runs = self.kept.setdefault(logs.folder.name, {})
        for number in range(max(self.rounds, self.slow_rounds)):
            for contestant in contestants:
                if number < (self.slow_rounds if contestant.slow else self.rounds):
                    self._turn(contestant, logs, runs.setdefault(contestant.name, []))
        return {name: median(found) for name, found in runs.items()}

    def _turn(self, contestant: Contestant, logs: Logs, runs: list[Run]) -> None:
        if runs and (runs[-1].late or sum(done.wall_s for done in runs) >= self.enough_s):
            return
        if contestant.fresh is not None:
            shutil.rmtree(contestant.fresh, ignore_errors=True)
        out = self.folder / "output"
        limit = self.limit_s if contestant.slow else None
        done = run(contestant.command(logs), out=out, env=contestant.env, limit_s=limit)
        runs.append(done)
        say(f"{logs.title:22} {contestant.name:34} {done.wall_s:8.3f} s {done.cpu_s:8.3f} s {done.peak_mb:6.0f} MB")
        if done.late:
            return
        if done.exit_code != 0:
            said = Path(f"{out}.err").read_text(encoding="utf-8", errors="replace").strip()[-300:]
            self.faults.append(f"{contestant.name} on {logs.title}: exit {done.exit_code}: {said}")
        elif contestant.expects is not None and not contestant.expects(logs, out):
            self.faults.append(f"{contestant.name} on {logs.title}: its output is not what these logs say")


def say(text: str) -> None:
    """Progress, on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("folder", type=Path, metavar="DIR", help="generated logs and outputs")
    add("--mb", type=float, default=1000, help="size of each mix, million bytes (default: 1000)")
    add("--mix", default=",".join(MIX), help="mixes, by commas (default: all); none: only what else is asked")
    add("--hosts", default="36", help="sizes of the cloud, by commas (default: 36)")
    add("--packed", default="medium", help="mixes that are also read as .gz, by commas, or none (default: medium)")
    add("--growth", default="", metavar="MB,…", help="sizes for the growth curve, such as 100,300,1000,3000")
    add("--runs", type=int, default=5, help="rounds (default: 5)")
    add("--growth-runs", type=int, default=3, help="rounds of the growth curve (default: 3)")
    add("--slow-runs", type=int, default=1, help="rounds of lnav, searchkit and os-log-merger (default: 1)")
    add("--limit", type=float, default=300, help="seconds after which a slow one is ended (default: 300)")
    add(
        "--enough",
        type=float,
        default=float("inf"),
        metavar="S",
        help="no further round for who took S seconds already",
    )
    add("--skip", default="", help="contestants to leave out: words of their names, by commas")
    add("--jobs", type=int, help="novatrace's --jobs (default: its own)")
    add("--seed", type=int, default=1)
    add("--peers-bin", type=Path, help="folder with rg, os-log-merger and a python3 that has searchkit")
    add("--json", type=Path, metavar="FILE", help="also write every run")
    add("--readme", type=Path, metavar="FILE", help="also put the tables between this file's markers")
    return parser.parse_args(given)


def mixes_of(text: str) -> list[str]:
    """The mixes of an option."""
    return [mix for mix in text.split(",") if mix and mix != "none"]


def main(given: Sequence[str] | None = None) -> int:
    """Measures, prints, and says what was not as expected."""
    asked = arguments(given)
    asked.folder = asked.folder.resolve()
    asked.folder.mkdir(parents=True, exist_ok=True)
    python = with_peers(asked.peers_bin)
    race = Race(asked.folder, asked.runs, asked.slow_runs, asked.limit, asked.enough)
    begin = time.monotonic()
    load = os.getloadavg()[0]
    sections = list(_sections(asked, race, python))
    minutes = (time.monotonic() - begin) / 60
    how = (
        f"Measured on {tables.machine()}; load {load:.1f} at the start, {minutes:.0f} minutes in all. Medians of "
        f"{asked.runs} rounds{f' (growth: {asked.growth_runs})' if asked.growth else ''}; {_slow(asked)}. Less than {floor_mb(asked.folder / 'output'):.0f} MB of memory cannot be seen."
    )
    text = "\n\n".join([*sections, how, *(f"FAULT: {fault}" for fault in dict.fromkeys(race.faults))])
    sys.stdout.write(f"{text}\n")
    if asked.json:
        runs = {
            logs: {name: [asdict(r) for r in found] for name, found in by.items()} for logs, by in race.kept.items()
        }
        asked.json.write_text(json.dumps({"machine": tables.machine(), "load": load, "runs": runs}, indent=1), "utf-8")
    if asked.readme and not race.faults:
        tables.fill(asked.readme, "speed", text)
    return 1 if race.faults else 0


def _slow(asked: argparse.Namespace) -> str:
    fewer = f"fewer for who took {asked.enough:g} s; " if asked.enough < float("inf") else ""
    return f"{fewer}lnav, searchkit and os-log-merger {asked.slow_runs}, ended after {asked.limit:g} s (> is a lower bound)"


def _sections(asked: argparse.Namespace, race: Race, python: str) -> Iterable[str]:
    state = asked.folder / "state"
    skipped = [word for word in asked.skip.split(",") if word]
    own = ours(state, asked.jobs)
    everybody = [*own, *counters(asked.folder), *readers(asked.folder, python)]
    wanted = [c for c in everybody if not any(word in c.name for word in skipped)]
    here, absent = present(wanted)
    plain = [
        made(asked.folder, asked.mb, mix, hosts=hosts, seed=asked.seed)
        for hosts in map(int, asked.hosts.split(",")) for mix in mixes_of(asked.mix)
    ]  # fmt: skip
    if plain:
        columns = {logs.title: race.on(logs, here) for logs in plain}
        yield f"{asked.mb:g} MB of each mix, seed {asked.seed}:"
        yield tables.ratios(plain, columns)
        yield tables.medians(here, columns)
    if left := [*absent, *(c.name for c in everybody if c not in wanted)]:
        yield f"Not measured, for want of the tool or because it was left out: {', '.join(left)}."
    yield from _packed(asked, race, [*own, bare_gz(), *(c for c in here if c.slow and c.reads_gz)])
    yield _start_up(asked, race)
    if asked.growth:
        race.rounds = asked.growth_runs
        sizes = [float(size) for size in asked.growth.split(",")]
        yield from growth.curve(asked.folder, sizes, race, own, asked.seed)


def _packed(asked: argparse.Namespace, race: Race, contestants: Sequence[Contestant]) -> Iterable[str]:
    """Packed logs against decompressing alone."""
    packed = [made(asked.folder, asked.mb, mix, seed=asked.seed, packed=True) for mix in mixes_of(asked.packed)]
    if not packed:
        return
    columns = {logs.title: race.on(logs, contestants) for logs in packed}
    rows = [["packed logs (goal)", *columns]]
    for figure, title in (("wall_s", "cold correlate ÷ isal alone, wall"), ("cpu_s", "the same, CPU")):
        pairs = [(results[tables.COLD], results["isal alone"]) for results in columns.values()]
        asks = 1.3 if figure == "wall_s" else None
        rows.append([title, *(tables.beside(getattr(a, figure) / getattr(b, figure), asks) for a, b in pairs)])
    yield tables.table(rows)
    yield tables.medians(contestants, columns)


def _start_up(asked: argparse.Namespace, race: Race) -> str:
    """The help against importing click."""
    nothing = Logs(asked.folder / "start-up", "none", 36, packed=False)
    found = race.on(nothing, starts())
    (_, own), (_, click) = found.items()
    rows = [["start-up (goal)", ""]]
    rows.append(["novatrace --help ÷ python3 -c 'import click', wall", tables.beside(own.wall_s / click.wall_s, 2.5)])
    return f"{tables.table(rows)}\n\n{tables.medians(starts(), {'start-up': found})}"


if __name__ == "__main__":
    sys.exit(main())
