"""Precision and recall by case and kind of action, as a table (``-rP --log-level INFO``); each figure is 100 %.

Of each kind: how many there are, and how many are found, with the hosts tried, with the outcome; of bursts, who was let in
and who was refused; and how much was stated that Nova's database denies.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict

import test_truth as truth
from cases import analysed, info_folders

LOG = logging.getLogger("table")
HEAD = (
    f"{'case':40} {'kind':13} {'n':>3} {'found':>5} {'tried':>5} {'ended':>5} {'let in':>7} {'refused':>7} {'false':>5}"
)


def rows(folder) -> dict[str, Counter]:
    """Kind → counts; a share as the number of the truth and the number that was told of it."""
    wanted, said = truth.moves(folder), truth.found(folder)
    table: dict[str, Counter] = defaultdict(Counter)
    for rid, action in wanted.items():
        row, move = table[truth.KINDS[action["action"]]], said.get(rid)
        row["n"] += 1
        if move is None:
            continue
        tried = [a.selected.host for a in move.attempts if a.selected]
        row["found"] += move.action == truth.KINDS[action["action"]]
        row["tried"] += tried == truth.tried(action)
        row["false"] += not set(tried) <= set(truth.tried(action))
        ended = "failed" if truth.failed(action) else "succeeded"
        row["ended"] += move.outcome == ended
        row["false"] += move.outcome not in ("unknown", ended)
    for outcome, by_host in (("let in", _let_in(folder)), ("refused", _turned_away(folder))):
        _arrivals(folder, outcome, by_host, table)
    return table


def _let_in(folder) -> dict[str, set[str]]:
    hosts = {host for action in truth.moves(folder).values() for host in truth.tried(action)}
    return {host: truth.granted(folder, host) for host in hosts}


def _turned_away(folder) -> dict[str, set[str]]:
    by_server = {action["server"]: rid for rid, action in truth.moves(folder).items()}
    found = {host: {by_server[s] for s in servers} for host, servers in truth.refused(folder).items()}
    for host, rids in truth.turned_away(folder).items():
        found.setdefault(host, set()).update(rids & set(truth.moves(folder)))
    return found


def _arrivals(folder, outcome: str, by_host: dict[str, set[str]], table: dict[str, Counter]) -> None:
    word = {"let in": "admitted", "refused": "victim"}[outcome]
    told: dict[str, set[str]] = defaultdict(set)
    for burst in analysed(folder).bursts:
        told[burst.target.host] |= {
            a.request_id for a in burst.arrivals if a.outcome == word and a.request_id in truth.moves(folder)
        }
    for host in {*by_host, *told}:
        for rid in by_host.get(host, set()) | told[host]:
            row = table[truth.KINDS[truth.moves(folder)[rid]["action"]]]
            row[f"{outcome} n"] += rid in by_host.get(host, set())
            row[outcome] += rid in told[host] and rid in by_host.get(host, set())
            row["false"] += rid in told[host] and rid not in by_host.get(host, set())


def line(folder, kind: str, row: Counter) -> str:
    """One line of the table."""
    level = "INFO " if folder in info_folders() else ""
    shares = [f"{row[name]}/{row[f'{name} n']}" for name in ("let in", "refused")]
    return (
        f"{level + folder.name:40} {kind:13} {row['n']:3} {row['found']:5} {row['tried']:5} {row['ended']:5} "
        f"{shares[0]:>7} {shares[1]:>7} {row['false']:5}"
    )


def test_every_figure_is_full():
    """Every case, every kind."""
    lines = [HEAD]
    for folder in truth.FOLDERS:
        for kind, row in sorted(rows(folder).items()):
            lines.append(line(folder, kind, row))
            assert row["false"] == 0, lines[-1]
            assert row["n"] == row["found"] == row["tried"] == row["ended"], lines[-1]
            assert (row["let in"], row["refused"]) == (row["let in n"], row["refused n"]), lines[-1]
    LOG.info("\n".join(lines))
