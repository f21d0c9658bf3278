"""Writes what is looked for: the catalogue's literals, or the searches that are equivalent on some logs.

    python tests/benchmarks/literals.py FOLDER                  (FOLDER/hints and FOLDER/anchors)
    python tests/benchmarks/literals.py SEARCHES.json LOG…

A process of its own, so that the one that measures stays small.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from ahocorasick_rs import BytesAhoCorasick

from novatrace.parsing.definitions import load_catalogue

_FIELDS = r"(\d+-\d+-\d+ \S+) (\d+) (\S+) (\S+) \[(\S*)[^\]]*\] (?:\[instance: (\S+)\] )?"


def literals(folder: Path) -> None:
    """The hints of all messages, and the anchors that the scanner looks for in their place."""
    messages = load_catalogue().messages
    for name in ("hint", "anchor"):
        found = sorted({getattr(message, name) for message in messages})
        (folder / f"{name}s").write_text("".join(f"{literal}\n" for literal in found), encoding="utf-8")


def searches(path: Path, logs: Iterable[str]) -> None:
    """One search for each hint that stands in the logs, with the line's fields.

    A user would not search for what cannot be there, so hints that do not occur are left out, in the peer's favour.
    """
    hints = sorted({message.hint for message in load_catalogue().messages})
    automaton = BytesAhoCorasick([hint.encode() for hint in hints])
    found: set[int] = set()
    for log in logs:
        with Path(log).open("rb") as stream:
            while lines := stream.readlines(1 << 20):
                found |= {hit[0] for hit in automaton.find_matches_as_indexes(b"".join(lines), overlapping=True)}
    rows = [
        {"tag": hint, "hint": re.escape(hint), "pattern": f"{_FIELDS}(.*{re.escape(hint)}.*)"}
        for number, hint in enumerate(hints) if number in found
    ]  # fmt: skip
    path.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    wanted, *given = sys.argv[1:]
    if given:
        searches(Path(wanted), given)
    else:
        literals(Path(wanted))
