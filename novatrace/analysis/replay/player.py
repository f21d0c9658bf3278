"""Replays a batch under the rules of a policy: many runs at once where a choice is random, one where none is.

A run walks the steps of the batch. At ``decide`` a scheduler chooses by its view, which may be out of date; at ``claim``
the target (or placement) is asked, which holds the truth; at ``show`` the views learn what was placed; at ``load`` a VM that is
no part of the batch comes to a host. What the rules
mean in Nova stands in ``analysis/policies``. Runs are played in blocks, a row of every array for each run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from novatrace.analysis.replay.board import Board
from novatrace.analysis.replay.chance import Chance, NoChanceError
from novatrace.analysis.replay.choosing import Chooser, Choosers
from novatrace.analysis.replay.claiming import Arbiter, Outcome
from novatrace.analysis.replay.formula import expected_errors
from novatrace.analysis.replay.tally import Tally
from novatrace.analysis.replay.view import NOBODY, View
from novatrace.analysis.replay.walking import Weighed
from novatrace.model.replay import PolicyResult, Rules, Scenario, Step, Variant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hosts = NDArray[np.intp]

Progress = Callable[[int, int], None]
_BLOCK = 1 << 20  # places (runs × hosts) of a block: enough that a step is more work than its call, few enough to keep
_FEWEST, _MOST = 32, 4096


def replay(
    scenario: Scenario, variant: Variant, *, runs: int, seed: int, progress: Progress | None = None
) -> PolicyResult:
    """The batch under one policy.

    Raises:
        ValueError: there is no run to make.
    """
    if runs < 1:
        raise ValueError("at least one run")
    player = Player(scenario, variant.rules)
    tally = Tally(len(scenario.hosts), len(scenario.vms))
    name = f"{seed}/{variant.name}/{sorted(variant.parameters.items())}"
    alike = player.alone()
    if alike is not None:
        tally.add(alike, 1)
        runs = 1
    block = min(_MOST, max(_FEWEST, _BLOCK // len(scenario.hosts)))
    for start in range(0, runs if alike is None else 0, block):
        size = min(block, runs - start)
        chance = Chance(f"{name}/{start}", size)
        if player.counted:
            tally.counted(*player.arrivals(chance))
        else:
            tally.add(player.play(chance), size)
        if progress is not None:
            progress(start + size, runs)
    return tally.result(variant, exact=player.exact(), deterministic=alike is not None, rounds=player.rounds)


class Player:
    """Plays a scenario by rules.

    Attributes:
        level: True when all choose on one view, and it has learnt of every claim whenever they do: then it is the truth.
        counted: True when all decide alike on one view and a refused claim is final: then counts tell everything.
        rounds: how often deciding begins anew after claims.
    """

    def __init__(self, scenario: Scenario, rules: Rules) -> None:
        self.scenario, self.rules = scenario, rules
        self.board = Board(scenario, enforced=rules.enforced)
        self.steps = steps_of(scenario, rules)
        self.rounds = _rounds(self.steps)
        self._weighed = [weigher.name for weigher in rules.weighers if weigher.multiplier]
        self._keepers = _keepers(scenario, rules)
        self._last = max((i for i, step in enumerate(self.steps) if step.what == "decide"), default=-1)
        final = rules.max_attempts == 1 and not rules.placement and not self.board.loose
        self._final = final and not any(vm.refused_by for vm in scenario.vms)
        self.level = not any(self._keepers) and _level(self.steps)
        self.counted = self._countable()

    def _countable(self) -> bool:
        board, rules = self.board, self.rules
        once = [step.what for step in self.steps if step.what != "show"] == ["decide", "claim"]
        alike = len(board.classes) == 1 and len(board.rows) == 1 and board.filters == board.numbers == [0]
        return once and alike and board.uniform and self._final and not rules.shared_state

    def alone(self) -> Outcome | None:
        """The one run that stands for all; None where something is left to chance."""
        try:
            return self.play(Chance("", 0))
        except NoChanceError:
            return None

    def arrivals(self, chance: Chance) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How many VMs come to each host in each run, and the room that they meet."""
        pool, chances = self._chooser(View(self.board, self._weighed)).pool()
        number, size = len(self.scenario.vms), self.board.size
        places = chance.places(number, len(pool), chances) + np.arange(chance.runs) * len(pool)
        counts = np.bincount(places.reshape(-1), minlength=chance.runs * len(pool)).reshape(chance.runs, len(pool))
        arrived = np.zeros((chance.runs, size), dtype=np.int64)
        arrived[:, pool] = counts
        return arrived, np.array(self.board.rows[0])

    def exact(self) -> float | None:
        """Expected errors by formula, where counts tell everything."""
        if not self.counted:
            return None
        pool, chances = self._chooser(View(self.board, self._weighed)).pool()
        return expected_errors(len(self.scenario.vms), pool, chances, self.board.rows[0])

    def _chooser(self, view: View) -> Chooser:
        return Chooser(view, self.board.classes[0], self.rules)

    def play(self, chance: Chance) -> Outcome:
        """A block of runs; one that stands for all where there is to be no chance."""
        game = _Game(self, chance)
        for index, step in enumerate(self.steps):
            if step.what == "decide":
                game.decide(step.vms)
            elif step.what == "claim":
                game.claim(step.vms, final=self._final and not self.level)
            elif step.what == "load":
                game.load(step.vms)
            elif index < self._last:
                game.show(step.vms)
        game.outcome.settle()
        return game.outcome

    def start(self) -> tuple[dict[int, View], View]:
        """The views of all who keep one, and the truth."""
        truth = View(self.board, self._weighed)
        if self.level:
            return {0: truth}, truth
        return {keeper: View(self.board, self._weighed) for keeper in sorted({0, *self._keepers})}, truth

    def keeper(self, vm: int) -> int:
        """Whose view a VM is decided on."""
        return self._keepers[vm]


class _Game:
    """A block of runs under way."""

    def __init__(self, player: Player, chance: Chance) -> None:
        self._player, self._chance = player, chance
        self._board, self._rules = player.board, player.rules
        self._runs = max(1, chance.runs)
        self._views, self._truth = player.start()
        self._choosers = Choosers(self._board, self._rules)
        self._arbiter = Arbiter(self._truth, self._choosers, chance)
        vms = len(player.scenario.vms)
        self._chosen: list[Hosts | None] = [None] * vms
        self._lists: list[Weighed | None] = [None] * vms
        self._newest: dict[tuple[int, int], Weighed] = {}
        self.outcome = Outcome(
            [np.full(self._runs, NOBODY, dtype=np.intp) for _ in range(vms)],
            np.zeros(self._board.size, dtype=np.int64),
        )

    def decide(self, vms: tuple[int, ...]) -> None:
        """Hosts are chosen: all on the same view, or each scheduler seeing its own choices before the next."""
        if self._rules.shared_state:
            for vm in vms:
                self._decide_own(vm)
            return
        by_class: dict[int, list[int]] = {}
        for vm in vms:
            by_class.setdefault(self._board.of_vm[vm], []).append(vm)
        for number, members in by_class.items():
            chooser = self._chooser(0, number)
            choices = chooser.many(len(members), self._chance)
            for vm, hosts in zip(members, choices, strict=True):
                self._note(vm, hosts, chooser)

    def _decide_own(self, vm: int) -> None:
        keeper, number = self._player.keeper(vm), self._board.of_vm[vm]
        chooser = self._chooser(keeper, number)
        hosts = chooser.one(self._chance)
        self._note(vm, hosts, chooser)
        if keeper:
            self._views[keeper].take(hosts, self._board.classes[number])

    def _note(self, vm: int, hosts: Hosts, chooser: Chooser) -> None:
        self._chosen[vm] = hosts if len(hosts) == self._runs else np.repeat(hosts, self._runs)
        if self._rules.placement:
            self._lists[vm] = self._weighed_list(self._player.keeper(vm), self._board.of_vm[vm], chooser)

    def _weighed_list(self, keeper: int, number: int, chooser: Chooser) -> Weighed:
        """The list of this decision; the same object as long as nothing has changed."""
        chooser.ranking.refresh()
        scores = chooser.ranking.lend()
        newest = self._newest.get((keeper, number))
        if newest is None or newest.scores is not scores:
            cls, shuffled = self._board.classes[number], self._rules.shuffle_ties
            newest = Weighed(scores, cls, self._board, self._runs, shuffled=shuffled)
            self._newest[keeper, number] = newest
            self.outcome.walks.append(newest.ledger)
        return newest

    def _chooser(self, keeper: int, number: int) -> Chooser:
        # As long as nobody was placed, a view that keeps nothing of its own is the truth, and all runs still share it.
        own = self._rules.shared_state or bool(self._truth.touched)
        asks_placement = self._rules.placement and bool(self._board.filters) and own
        view = self._views[keeper]
        return self._choosers.of(view, number, self._truth if asks_placement else view)

    def claim(self, vms: tuple[int, ...], *, final: bool) -> None:
        """Targets (or placement) are asked."""
        self._truth.spread(self._runs)
        for vm in vms:
            chosen, weighed = self._chosen[vm], self._lists[vm]
            if chosen is None or chosen.max() < 0:
                continue
            if final:
                self._arbiter.once(vm, chosen, self.outcome)
            elif weighed is None:
                self._arbiter.with_retries(vm, chosen, self.outcome)
            else:
                self._arbiter.in_placement(vm, chosen, weighed, self.outcome)
                self._lists[vm] = None

    def load(self, loads: tuple[int, ...]) -> None:
        """Something else comes to a host; the views learn it at once."""
        for number in loads:
            host = np.array([self._player.scenario.loads[number].host], dtype=np.intp)
            for view in {id(view): view for view in (self._truth, *self._views.values())}.values():
                view.take(host, self._board.loads[number])

    def show(self, vms: tuple[int, ...]) -> None:
        """The views learn what was placed; a scheduler that consumed its own choice already knows it."""
        if self._player.level:
            return
        for vm in vms:
            chosen, placed = self._chosen[vm], self.outcome.placed[vm]
            if chosen is None or placed.max() < 0:
                continue
            for keeper, view in self._views.items():
                hosts = placed
                if keeper and keeper == self._player.keeper(vm):
                    hosts = np.where(chosen == placed, NOBODY, placed)
                if view.runs == 1 and (hosts == hosts[0]).all():
                    hosts = hosts[:1]
                view.take(hosts, self._board.classes[self._board.of_vm[vm]])


def steps_of(scenario: Scenario, rules: Rules) -> tuple[Step, ...]:
    """The steps of the batch: as it was timed, or in waves, before which all else has come."""
    if rules.wave is None:
        return scenario.steps
    vms = tuple(range(len(scenario.vms)))
    waves = [vms[at : at + rules.wave] for at in range(0, len(vms), rules.wave)]
    first = [Step("load", tuple(range(len(scenario.loads))))] if scenario.loads else []
    return (*first, *(Step(what, wave) for wave in waves for what in ("decide", "claim", "show")))


def _level(steps: Sequence[Step]) -> bool:
    """True when nobody decides between a claim and its being seen."""
    unseen: set[int] = set()
    for step in steps:
        if step.what == "decide" and unseen:
            return False
        unseen = (
            unseen | set(step.vms)
            if step.what == "claim"
            else unseen - set(step.vms)
            if step.what == "show"
            else unseen
        )
    return True


def _rounds(steps: Sequence[Step]) -> int:
    """How often deciding begins anew after claims."""
    kinds = [step.what for step in steps if step.vms and step.what in ("decide", "claim")]
    return sum(what == "decide" and (i == 0 or kinds[i - 1] == "claim") for i, what in enumerate(kinds))


def _keepers(scenario: Scenario, rules: Rules) -> list[int]:
    """The view that each VM is decided on: 0 is that of all who keep no state (or are not known), others keep their own."""
    if not rules.shared_state:
        return [0] * len(scenario.vms)
    if rules.schedulers is None:
        return [0 if vm.scheduler is None else vm.scheduler + 1 for vm in scenario.vms]
    return [i % rules.schedulers + 1 for i in range(len(scenario.vms))]
