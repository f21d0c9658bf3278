"""What kind of move a request was, where its own lines hardly say."""

from __future__ import annotations

import json

from cases import FIXTURES, analysed

FOLDER = FIXTURES / "kinds" / "cold-and-live-at-info"


def test_cold_and_live_migrations_of_one_batch_are_told_apart_at_info():
    """Half of each found no host: the conductor names both alike, but for the ERROR that a live migration leaves."""
    wanted = {a["request_id"]: a["action"] for a in json.loads((FOLDER / "truth.json").read_text())["actions"]}
    moves = [m for m in analysed(FOLDER).migrations if m.action != "create"]
    assert {m.request_id: m.action for m in moves} == wanted
    assert sum(m.outcome == "failed" for m in moves) == len(wanted) // 2
