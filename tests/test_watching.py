"""Success that nothing tells of is inferred only where a failure would have been told, wherever the logs are cut.

Moves whose ends are known stand beside one that fails after its claim; the logs are cut at any line, all at once or one alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from cases import FIXTURES, analysed

from novatrace import pipeline
from novatrace.pipeline.run_options import RunOptions
from novatrace.reports import words

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
SOURCE, TARGET, CONTROL = "cn-a/nova-compute.log", "cn-b/nova-compute.log", "ctl/nova-conductor.log"
API, PLACEMENT = "api/nova-api.log", "ctl/placement-api.log"


def uuid(number: int, kind: int = 0) -> str:
    """An id."""
    return f"{kind:08x}-0000-4000-9000-{number:012x}"


class Logs:
    """Lines by file, written in any order."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, str, str]] = []

    def say(self, at: float, file: str, number: int | None, logger: str, text: str, level: str = "INFO") -> None:
        """One line, so many seconds after the beginning; placement's carry the caller's id and one of their own."""
        stamp = BEGIN + timedelta(seconds=at)
        ids = "None req-0 - -" if number is None else f"None req-{uuid(number)} u p"
        if file == PLACEMENT and number is not None:
            ids = f"req-{uuid(number)} req-{uuid(round(at * 1000), 7)} u p"
        self.lines.append(
            (
                at,
                file,
                f"{stamp:%Y-%m-%d %H:%M:%S}.{stamp.microsecond // 1000:03} 7 {level} {logger} [{ids} - - - -] {text}",
            )
        )

    def move(self, number: int, at: float, took: float, *, fails: bool = False) -> None:
        """A cold migration at INFO that ends so many seconds after its claim."""
        vm = f"[instance: {uuid(number, 1)}] "
        self.say(
            at,
            API,
            number,
            "nova.api.openstack.requestlog",
            f'192.168.1.5 "POST /v2.1/servers/{uuid(number, 1)}/action" status: 202 len: 0 microversion: 2.1 time: 0.1',
        )
        self.say(
            at + 0.2,
            PLACEMENT,
            number,
            "placement.requestlog",
            '192.168.1.5 "POST /placement/allocations" status: 204 len: 0 microversion: 1.28',
        )
        self.say(
            at + 0.4,
            PLACEMENT,
            number,
            "placement.requestlog",
            f'192.168.1.5 "PUT /placement/allocations/{uuid(number, 1)}" status: 204 len: 0 microversion: 1.36',
        )
        granted = at + 1
        self.say(granted, TARGET, number, "nova.compute.claims", f"{vm}Claim successful on node cn-b")
        self.say(
            granted + 0.1,
            TARGET,
            number,
            "nova.compute.resource_tracker",
            f"{vm}Updating resource usage from migration {uuid(number, 2)}",
        )
        self.say(granted + 0.2, TARGET, number, "nova.compute.manager", f"{vm}Migrating")
        if fails:
            self.say(
                granted + took,
                PLACEMENT,
                number,
                "placement.requestlog",
                f'192.168.1.5 "DELETE /placement/allocations/{uuid(number, 2)}" status: 204 len: 0 microversion: 1.28',
            )
            self.say(
                granted + took,
                TARGET,
                number,
                "nova.compute.manager",
                f"{vm}Setting instance vm_state to ERROR",
                "ERROR",
            )
        else:
            self.say(granted + took, TARGET, number, "nova.virt.libvirt.driver", f"{vm}Instance running successfully.")

    def audit(self, at: float, *numbers: int) -> None:
        """Both trackers count the moves that are under way."""
        for file, number in product((SOURCE, TARGET), numbers):
            self.say(
                at,
                file,
                None,
                "nova.compute.resource_tracker",
                f"[instance: {uuid(number, 1)}] Updating resource usage from migration {uuid(number, 2)}",
            )

    def outcomes(self, scratch, until: float = 1e9, **cut: float):
        """The moves by number, of logs that end at a time, or one at a time of its own."""
        ends = {"target": TARGET, "source": SOURCE, "placement": PLACEMENT}
        own = {ends[name]: at for name, at in cut.items()}
        files: dict[str, list[str]] = {}
        for at, file, line in sorted(self.lines):
            if at <= min(until, own.get(file, 1e9)):
                files.setdefault(file, []).append(line)
        for file, lines in files.items():
            (scratch / file).parent.mkdir(parents=True, exist_ok=True)
            (scratch / file).write_text("\n".join(lines) + "\n")
        case = pipeline.analyse(RunOptions((str(scratch),), jobs=1))
        return {int(m.instance_uuid[-12:], 16): m for m in case.migrations if m.instance_uuid}


@pytest.fixture
def logs():
    """Two moves that take 5 and 8 s, one that fails 6 s after its claim, and lines of everybody for a while."""
    made = Logs()
    made.move(1, 0, 5)
    made.move(2, 1, 8)
    made.move(3, 20, 6, fails=True)
    for at in (12, 22.5, 24, 26, 40, 60):
        made.audit(at, 1, 2, *([3] if 21 < at < 27 else []))
    made.say(61, API, None, "nova.service", "Starting compute node (version 31.0.0)")
    made.say(
        60,
        PLACEMENT,
        9,
        "placement.requestlog",
        f'192.168.1.5 "PUT /placement/allocations/{uuid(9, 1)}" status: 204 len: 0 microversion: 1.36',
    )
    return made


def test_whole(logs, tmp_path):
    """What is told is told."""
    found = logs.outcomes(tmp_path)
    assert {n: m.outcome for n, m in found.items() if n in (1, 2, 3)} == {1: "succeeded", 2: "succeeded", 3: "failed"}


@pytest.mark.parametrize("until", [20.5, 21.25, 22.6, 23, 24.5, 26.5, 26.9, 27, 30])
def test_all_logs_cut_at_one_moment(logs, tmp_path, until):
    """While such moves are still under way elsewhere nobody is said to have succeeded who then failed."""
    found = logs.outcomes(tmp_path, until)
    assert 3 not in found or found[3].outcome == ("failed" if until >= 27 else "unknown")


@pytest.mark.parametrize("until", [21.25, 22.6, 24.5, 26.5])
def test_the_target_log_taken_early(logs, tmp_path, until):
    """Placement's log shows that the failed move gave its allocation back."""
    assert logs.outcomes(tmp_path, target=until, source=until)[3].outcome == "unknown"


def test_placement_tells_of_what_the_compute_logs_do_not_reach(logs, tmp_path):
    """A move that gives nothing back for longer than the slowest took has succeeded; the figures are told."""
    logs.move(4, 45, 5)
    found = logs.outcomes(tmp_path, target=46.5, source=10)
    assert (found[4].outcome, found[4].outcome_basis) == ("succeeded", "inferred")
    assert (found[4].watch.by, found[4].watch.for_us, found[4].watch.slowest_us) == ("placement", 14_000_000, 8_000_000)
    assert words.resting(found[4].watch, "migrate") == (
        "inferred: the claim was granted, the move began, and nothing was given back to placement in the 14.0 s that its log "
        "goes on after it, as a failed move does; the slowest migrate that was seen to end here took 8.0 s"
    )


def test_the_trackers_tell_the_source_that_no_other_line_names(logs, tmp_path):
    """They count one record of the VM, on the target and on one other host."""
    logs.move(4, 45, 5)
    logs.audit(47, 4)
    found = logs.outcomes(tmp_path)
    assert found[4].source.host == "cn-a"
    assert logs.outcomes(tmp_path / "early", 46.5)[4].source is None


def test_silent_compute_logs_are_heard_of_through_the_trackers():
    """At INFO a named target leaves the source untold; the record in both trackers' audits tells it (real Nova)."""
    folder = FIXTURES / "at-info" / "live-migrate-race"
    assert all(m.source is not None for m in analysed(folder).migrations if m.action == "live-migrate")


def test_nothing_is_inferred_of_a_target_that_takes_up_nothing():
    """A VM whose disk was on its way to a target that then took up no cast hung in RESIZE, though no log tells of a failure."""
    folder = FIXTURES / "findings" / "never-taken-up"
    moves = {m.instance_uuid[:8]: m.outcome for m in analysed(folder / "raises-a-stopped-target").migrations}
    assert moves == {"bc861323": "unknown", "676e8c92": "unknown", "6dae7534": "unknown", "841c8487": "succeeded"}
