"""Replays a batch under the rules of a policy: many runs where a choice is random, one where none is.

A run walks the steps of the batch. At ``decide`` a scheduler chooses by its view, which may be out of date; at ``claim``
the target (or placement) is asked, which holds the truth; at ``show`` the views learn what was placed. What the rules
mean in Nova stands in ``analysis/policies``. Random numbers come from one generator for each policy, seeded with text, so
that the same seed gives the same runs on every machine and under every hash seed.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence

from novatrace.analysis.replay.board import Board, Ranking, View, VmClass
from novatrace.analysis.replay.tally import Outcome, Tally
from novatrace.model.replay import PolicyResult, Rules, Scenario, Step, Variant

Progress = Callable[[int, int], None]
_TOLD_EVERY = 100
_MOST_TERMS = 2_000_000


def replay(
    scenario: Scenario, variant: Variant, *, runs: int, seed: int, progress: Progress | None = None
) -> PolicyResult:
    """The batch under one policy.

    Raises:
        ValueError: there is no run to make.
    """
    if runs < 1:
        raise ValueError("at least one run")
    rng = random.Random(f"{seed}/{variant.name}/{sorted(variant.parameters.items())}")  # noqa: S311 - no secret
    player = Player(scenario, variant.rules)
    tally = Tally(len(scenario.hosts), len(scenario.vms))
    for number in range(runs):
        if player.counted is not None:
            tally.counted(*player.counted(rng))
        else:
            tally.add(player.run(rng))
        if not player.drew:
            break
        if progress is not None and (number + 1) % _TOLD_EVERY == 0:
            progress(number + 1, runs)
    return tally.result(variant, exact=player.exact(), deterministic=not player.drew, rounds=player.rounds)


class Player:
    """Plays a scenario by rules; ``drew`` tells whether a choice was left to chance so far."""

    def __init__(self, scenario: Scenario, rules: Rules) -> None:
        self.scenario, self.rules = scenario, rules
        self.board = Board(scenario, enforced=rules.enforced)
        self.steps = steps_of(scenario, rules)
        self.rounds = _rounds(self.steps)
        self.drew = False
        self._start = View(self.board, [weigher.name for weigher in rules.weighers if weigher.multiplier])
        self._schedulers = _schedulers(scenario, rules)
        self._last = max((i for i, step in enumerate(self.steps) if step.what == "decide"), default=-1)
        self._asks_placement = rules.placement and bool(self.board.filters)
        self._final = rules.max_attempts == 1 and not rules.placement and not self.board.loose
        self._final = self._final and not any(vm.refused_by for vm in scenario.vms)
        self._checks = (*self.board.numbers, *self.board.others)
        self.counted = self._counted if self._countable() else None

    def _countable(self) -> bool:
        """True when all decide alike on one view and a refused claim is final: then counts tell everything."""
        board, rules = self.board, self.rules
        once = [step.what for step in self.steps if step.what != "show"] == ["decide", "claim"]
        alike = len(board.classes) == 1 and len(board.rows) == 1 and board.filters == board.numbers == [0]
        return once and alike and board.uniform and self._final and not rules.shared_state

    def _counted(self, rng: random.Random) -> tuple[Counter[int], list[float]]:
        """Arrivals of each host in one run, and the room that they met."""
        ranking = self._start.ranking(0, self.rules)
        return Counter(self._choices(ranking, len(self.scenario.vms), rng)), self.board.rows[0]

    def exact(self) -> float | None:
        """Expected errors by formula, where counts tell everything: arrivals at each host are binomial."""
        number = len(self.scenario.vms)
        ranking = self._start.ranking(0, self.rules) if self.counted is not None else None
        if ranking is None or len(ranking.pool) * number > _MOST_TERMS:
            return None
        if not ranking.pool or (ranking.chances is not None and not ranking.chances[-1]):
            return float(number)
        steps = [float(i + 1) for i in range(len(ranking.pool))] if ranking.chances is None else ranking.chances
        chances = [(b - a) / steps[-1] for a, b in itertools.pairwise([0.0, *steps])]
        room = self.board.rows[0]
        return sum(surplus(number, p, room[host]) for host, p in zip(ranking.pool, chances, strict=True))

    def _choices(self, ranking: Ranking, number: int, rng: random.Random) -> Sequence[int]:
        """So many independent choices; nobody can be chosen when no host passed."""
        pool = ranking.pool
        if not pool or (ranking.chances is not None and not ranking.chances[-1]):
            return []
        if len(pool) == 1:
            return pool * number
        self.drew = True
        return rng.choices(pool, cum_weights=ranking.chances, k=number)

    def run(self, rng: random.Random) -> Outcome:
        """One run."""
        views = [self._start.copy() for _ in range(max(self._schedulers, default=0) + 1)]
        truth = self._start.copy()
        outcome = Outcome([None] * len(self.scenario.vms))
        chosen: list[tuple[int, Ranking] | None] = [None] * len(self.scenario.vms)
        for index, step in enumerate(self.steps):
            if step.what == "decide":
                decide = self._decide_in_turn if self.rules.shared_state else self._decide_alike
                decide(step.vms, views, truth, chosen, rng)
            elif step.what == "claim" and self._final:
                self._claim_once(step.vms, chosen, truth, outcome)
            elif step.what == "claim":
                for vm in step.vms:
                    choice = chosen[vm]
                    if choice is not None:
                        self._claim(vm, choice, truth, outcome, rng)
            elif index < self._last:
                self._show(step.vms, views, chosen, outcome)
        return outcome

    def _decide_alike(
        self, vms: tuple[int, ...], views: list[View], truth: View, chosen: list[tuple[int, Ranking] | None],
        rng: random.Random,
    ) -> None:  # fmt: skip
        """All choose on the same view, so those of a class can choose at once."""
        rows = truth.rows if self._asks_placement and truth.changed else None
        by_class: dict[int, list[int]] = {}
        for vm in vms:
            by_class.setdefault(self.board.of_vm[vm], []).append(vm)
        for number, members in by_class.items():
            ranking = views[0].ranking(number, self.rules, rows)
            for vm, host in zip(members, self._choices(ranking, len(members), rng), strict=False):
                chosen[vm] = (host, ranking)

    def _decide_in_turn(
        self, vms: tuple[int, ...], views: list[View], truth: View, chosen: list[tuple[int, Ranking] | None],
        rng: random.Random,
    ) -> None:  # fmt: skip
        """Each scheduler sees its own choices before the next."""
        rows = truth.rows if self._asks_placement and truth.changed else None
        for vm in vms:
            keeper, number = self._schedulers[vm], self.board.of_vm[vm]
            view = views[keeper]
            ranking = view.ranking(number, self.rules, rows)
            for host in self._choices(ranking, 1, rng):
                chosen[vm] = (host, ranking)
                if keeper:
                    view.take(host, self.board.classes[number])

    def _claim_once(
        self, vms: tuple[int, ...], chosen: list[tuple[int, Ranking] | None], truth: View, outcome: Outcome
    ) -> None:
        """The same as ``_claim`` where a refusal is final, in the fewest steps: most of a replay's time is spent here."""
        classes, of_vm, rows, checks = self.board.classes, self.board.of_vm, truth.rows, self._checks
        for vm in vms:
            choice = chosen[vm]
            if choice is None:
                continue
            host, needs = choice[0], classes[of_vm[vm]].needs
            for i in checks:
                if rows[i][host] < needs[i]:
                    outcome.refused[host] += 1
                    break
            else:
                outcome.placed[vm] = host
                for i in checks:
                    rows[i][host] -= needs[i]

    def _claim(self, vm: int, chosen: tuple[int, Ranking], truth: View, outcome: Outcome, rng: random.Random) -> None:
        """Asks the chosen host, then whom Nova would ask next, until one takes the VM or the tries are used up."""
        host, ranking = chosen
        cls = self.board.classes[self.board.of_vm[vm]]
        tried: list[int] = []
        while len(tried) < self.rules.max_attempts:
            target = self._allocated(cls, host, ranking, tried, truth, outcome) if self.rules.placement else host
            if target is None:
                return
            tried.append(target)
            if self._granted(vm, target, cls, truth):
                outcome.placed[vm] = target
                self._settle(target, cls, truth, outcome)
                return
            outcome.refused[target] += 1
            if not self.rules.placement and len(tried) < self.rules.max_attempts:
                again = self._again(vm, tried, truth, rng)
                if again is None:
                    return
                host = again

    def _allocated(
        self, cls: VmClass, host: int, ranking: Ranking, tried: list[int], truth: View, outcome: Outcome
    ) -> int | None:
        """The chosen host, or the first one down the list, where placement grants the allocation."""
        fits, rows, numbers, order = self.board.fits, truth.rows, self.board.numbers, ranking.order
        if host not in tried and fits(rows, numbers, host, cls):
            return host
        walk = outcome.walk(ranking)
        while walk.full < len(order) and not fits(rows, numbers, order[walk.full], cls):
            walk.full += 1
        walk.passed[walk.full] += 1
        if host not in tried and ranking.place(host) >= walk.full:
            outcome.refused[host] += 1
        for candidate in order[walk.full :]:
            if candidate in tried or candidate == host:
                continue
            if fits(rows, numbers, candidate, cls):
                return candidate
            outcome.refused[candidate] += 1
        return None

    def _granted(self, vm: int, host: int, cls: VmClass, truth: View) -> bool:
        rows, needs = truth.rows, cls.needs
        for i in self._checks:
            if rows[i][host] < needs[i]:
                return False
        return host not in self.scenario.vms[vm].refused_by

    def _settle(self, host: int, cls: VmClass, truth: View, outcome: Outcome) -> None:
        if self.board.loose and not self.board.fits(truth.rows, self.board.loose, host, cls):
            outcome.overloads += 1
        truth.take(host, cls)

    def _again(self, vm: int, tried: list[int], truth: View, rng: random.Random) -> int | None:
        """Another pass after a refused claim: on a fresh view, without the hosts that were tried (RetryFilter)."""
        ranking = truth.ranking(self.board.of_vm[vm], self.rules)
        order = [host for host in ranking.order if host not in tried]
        size = len(order) if self.rules.subset_size is None else self.rules.subset_size
        choice = self._choices(Ranking(order, order[:size], None), 1, rng)
        return choice[0] if choice else None

    def _show(
        self,
        vms: tuple[int, ...],
        views: list[View],
        chosen: list[tuple[int, Ranking] | None],
        outcome: Outcome,
    ) -> None:
        """The views learn what was placed; a scheduler that consumed its own choice already knows it."""
        for vm in vms:
            host, choice = outcome.placed[vm], chosen[vm]
            if host is None or choice is None:
                continue
            cls = self.board.classes[self.board.of_vm[vm]]
            for number, view in enumerate(views):
                own = number == self._schedulers[vm] and choice[0] == host
                if not (number and own):
                    view.take(host, cls)


def surplus(number: int, chance: float, room: float) -> float:
    """How many arrivals beyond the room are to be expected: E[max(0, X − room)], X binomial."""
    if number <= room or not chance:
        return 0.0
    if chance >= 1.0:
        return number - room
    log_p, log_q = math.log(chance), math.log1p(-chance)
    whole = math.lgamma(number + 1)
    terms = (
        (k - room)
        * math.exp(whole - math.lgamma(k + 1) - math.lgamma(number - k + 1) + k * log_p + (number - k) * log_q)
        for k in range(int(room) + 1, number + 1)
    )
    return math.fsum(terms)


def steps_of(scenario: Scenario, rules: Rules) -> tuple[Step, ...]:
    """The steps of the batch: as it was timed, or in waves."""
    if rules.wave is None:
        return scenario.steps
    vms = tuple(range(len(scenario.vms)))
    waves = [vms[at : at + rules.wave] for at in range(0, len(vms), rules.wave)]
    return tuple(Step(what, wave) for wave in waves for what in ("decide", "claim", "show"))


def _rounds(steps: Sequence[Step]) -> int:
    """How often deciding begins anew after claims."""
    kinds = [step.what for step in steps if step.vms and step.what != "show"]
    return sum(what == "decide" and (i == 0 or kinds[i - 1] == "claim") for i, what in enumerate(kinds))


def _schedulers(scenario: Scenario, rules: Rules) -> list[int]:
    """The view that each VM is decided on: 0 is that of all who keep no state (or are not known), others keep their own."""
    if not rules.shared_state:
        return [0] * len(scenario.vms)
    if rules.schedulers is None:
        return [0 if vm.scheduler is None else vm.scheduler + 1 for vm in scenario.vms]
    return [i % rules.schedulers + 1 for i in range(len(scenario.vms))]
