"""A replay as plainly as it can be written: one run, one VM after the other, every host weighed anew at every decision.

Slow, and for choices that leave nothing to chance; what the product does quickly must come to the same.
"""

from __future__ import annotations

from collections import Counter

from novatrace.analysis.replay.board import Board, seen_of
from novatrace.analysis.replay.player import steps_of
from novatrace.analysis.replay.weighing import weights


class Room:
    """Room and HostStates as somebody sees them."""

    def __init__(self, board, weighers):
        self.board, self.rows = board, [list(row) for row in board.rows]
        self.seen = {w.name: list(seen_of(board.scenario, w.name)) for w in weighers if seen_of(board.scenario, w.name)}

    def fits(self, indexes, host, cls):
        return all(self.rows[i][host] >= cls.needs[i] for i in indexes)

    def take(self, host, cls):
        for row, need in zip(self.rows, cls.needs, strict=True):
            row[host] -= need
        for name, row in self.seen.items():
            row[host] += cls.changes[name]

    def ranked(self, cls, rules, room):
        board = self.board
        hosts = [h for h in cls.hosts if room.fits(board.filters, h, cls) and self.fits(board.others, h, cls)]
        scores = weights(rules.weighers, {n: [row[h] for h in hosts] for n, row in self.seen.items()}, len(hosts))
        return [hosts[i] for i in sorted(range(len(hosts)), key=lambda i: -scores[i])]


class PlainReplay:
    """One run; ``placed``, ``refused`` and ``overloads`` as the product has them."""

    def __init__(self, scenario, rules):
        self.scenario, self.rules = scenario, rules
        self.board = Board(scenario, enforced=rules.enforced)
        self.truth = Room(self.board, rules.weighers)
        self.views = {self.keeper(vm): Room(self.board, rules.weighers) for vm in range(len(scenario.vms))}
        self.chosen, self.placed = {}, [None] * len(scenario.vms)
        self.refused, self.overloads = Counter(), 0
        steps = steps_of(scenario, rules)
        for step in steps:
            getattr(self, step.what)(step.vms)

    def keeper(self, vm):
        if not self.rules.shared_state:
            return None
        if self.rules.schedulers is not None:
            return vm % self.rules.schedulers
        return self.scenario.vms[vm].scheduler

    def cls(self, vm):
        return self.board.classes[self.board.of_vm[vm]]

    def decide(self, vms):
        for vm in vms:
            view = self.views[self.keeper(vm)]
            room = self.truth if self.rules.placement and self.board.filters else view
            order = view.ranked(self.cls(vm), self.rules, room)
            if order:
                self.chosen[vm] = (order[0], order)
                if self.keeper(vm) is not None:
                    view.take(order[0], self.cls(vm))

    def claim(self, vms):
        for vm in vms:
            if vm in self.chosen:
                (self.in_placement if self.rules.placement else self.on_hosts)(vm, *self.chosen[vm])

    def on_hosts(self, vm, host, _order):
        tried = []
        while True:
            if self.granted(vm, host, (*self.board.numbers, *self.board.others)):
                return
            tried.append(host)
            rest = [h for h in self.truth.ranked(self.cls(vm), self.rules, self.truth) if h not in tried]
            if len(tried) == self.rules.max_attempts or not rest:
                return
            host = rest[0]

    def in_placement(self, vm, _host, order):
        for host in order:
            if self.truth.fits(self.board.numbers, host, self.cls(vm)):
                break
            self.refused[host] += 1
        else:
            return
        alternates = [h for h in order if h != host][: self.rules.max_attempts - 1]
        for again in (host, *alternates):
            if not self.truth.fits(self.board.numbers, again, self.cls(vm)):
                self.refused[again] += 1
            elif self.granted(vm, again, self.board.others):
                return

    def granted(self, vm, host, checks):
        cls = self.cls(vm)
        if host in self.scenario.vms[vm].refused_by or not self.truth.fits(checks, host, cls):
            self.refused[host] += 1
            return False
        self.overloads += not self.truth.fits(self.board.loose, host, cls)
        self.truth.take(host, cls)
        self.placed[vm] = host
        return True

    def show(self, vms):
        for vm in vms:
            host = self.placed[vm]
            if host is None:
                continue
            for keeper, view in self.views.items():
                own = keeper is not None and keeper == self.keeper(vm) and self.chosen[vm][0] == host
                if not own:
                    view.take(host, self.cls(vm))
