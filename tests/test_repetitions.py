"""What a scheduler says of each host again and again: kept when it is news, dropped when it is not."""

from __future__ import annotations

import pytest
from reading import read

NODE = (
    "2026-11-23 00:08:{at}.000 7 DEBUG nova.scheduler.host_manager [req-31dc591a-5204-430c-882b-13e47f3afabc u p - - -] Update host "
    "state from compute node: ComputeNode(host='cn1',hypervisor_hostname='cn1',memory_mb=8192,memory_mb_used={used},"
    "updated_at=2026-11-23T00:0{minute}:00Z,vcpus=8,vcpus_used=2) _locked_update /usr/lib/nova/scheduler/host_manager.py:172\n"
)


def rows(*states):
    """Lines with (RAM used, minute of the row)."""
    text = "".join(NODE.format(at=10 + n, used=used, minute=minute) for n, (used, minute) in enumerate(states))
    return text.encode()


@pytest.mark.parametrize("line_by_line", [False, True])
@pytest.mark.parametrize(
    ("states", "kept"),
    [
        ([(512, 5), (512, 5), (512, 5)], [(512, 5)]),
        ([(512, 5), (4608, 6), (512, 7)], [(512, 5), (4608, 6), (512, 7)]),
        # Written anew with the same amounts: as much came as left, and what came is in them.
        ([(512, 5), (512, 7), (512, 7)], [(512, 5), (512, 7)]),
    ],
)
def test_a_row_that_was_written_anew_is_news(states, kept, line_by_line):
    """The moment up to which a view counts what came and left is the row's."""
    events, *_ = read(rows(*states), line_by_line=line_by_line)
    found = [event.values["compute_node"] for event in events]
    assert [(row["memory_mb_used"], row["updated_us"] // 60_000_000 % 60) for row in found] == kept
