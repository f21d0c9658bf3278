"""A nova.conf beside the logs: its options by release, whose it is, and what its allocation ratios are used for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cases import FIXTURES, analysed

from novatrace import pipeline
from novatrace.analysis import configured
from novatrace.model.evidence import NodeSettings
from novatrace.parsing.nova_conf import settings_of

CASE = FIXTURES / "real-nova" / "o15-b1-race-room1"
SAYS_RATIOS = re.compile(r"Update host state from compute node|based on inventory data|from set_inventory_for_provider")


@pytest.fixture
def silent_on_ratios(tmp_path) -> Path:
    """A case in which no line tells allocation ratios, nor limits."""
    for path in CASE.glob("*/*.log"):
        lines = path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not SAYS_RATIOS.search(line) and " limit: " not in line]
        target = tmp_path / path.parent.name / "var" / "log" / "nova" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(kept))
    return tmp_path


def before(folder: Path, host: str) -> list:
    """(vCPUs, RAM, source, basis) of each burst's capacity on a host."""
    case = pipeline.analyse(pipeline.RunOptions((str(folder),)))
    bursts = [b.capacity for b in case.bursts if b.target.host == host and b.capacity is not None]
    return [(c.free.vcpus, c.free.ram_mb, c.source, c.basis) for c in bursts]


def test_ratios_of_a_nodes_own_file_complete_what_its_log_says(silent_on_ratios):
    """total × ratio − used, with the file named as the source, and only for the node in whose folder it stands."""
    assert all(vcpus is None for vcpus, *_ in before(silent_on_ratios, "compute-02"))
    conf = silent_on_ratios / "compute-02" / "etc" / "nova" / "nova.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("[DEFAULT]\ncpu_allocation_ratio = 2.0\nram_allocation_ratio = 1.0\n")
    found = before(silent_on_ratios, "compute-02")
    assert found
    for vcpus, ram_mb, source, basis in found:
        assert vcpus is not None
        assert vcpus <= 32
        assert ram_mb <= 7168
        assert source.endswith(" + nova.conf")
        assert basis == "assumed"


def test_what_the_log_says_comes_before_the_file(tmp_path):
    """A file with other ratios changes nothing where lines tell them."""
    for path in CASE.glob("*/*.log"):
        target = tmp_path / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    for folder in list(tmp_path.iterdir()):
        (folder / "nova.conf").write_text("[DEFAULT]\ncpu_allocation_ratio = 99\nram_allocation_ratio = 99\n")
    case = pipeline.analyse(pipeline.RunOptions((str(tmp_path),)))
    plain = analysed(CASE)
    assert [(b.target, b.verdict, b.basis, b.capacity and b.capacity.free) for b in case.bursts] == [
        (b.target, b.verdict, b.basis, b.capacity and b.capacity.free) for b in plain.bursts
    ]
    assert {one.node for one in case.settings} == {folder.name for folder in CASE.iterdir() if folder.is_dir()}


def test_zero_is_no_ratio_and_two_files_that_differ_state_nothing():
    """0.0 is Nova's "not set" (Ocata on); of a host with two files nobody knows which one was in force."""

    def conf(node: str, ratio: str) -> NodeSettings:
        return settings_of(f"[DEFAULT]\ncpu_allocation_ratio = {ratio}\n", node, node)

    assert configured.ratios([conf("cn1.example.org", "4.0"), conf("cn2", "0.0")]) == {
        "cn1": configured.Ratios(vcpus=4.0)
    }
    assert configured.ratios([conf("cn1", "4.0"), conf("cn1", "8.0")]) == {}


def test_options_are_known_under_the_names_of_their_releases():
    """Until Newton in DEFAULT, from Ocata in sections of their own; the last of several counts, filters add up."""
    text = (
        "[DEFAULT]\nscheduler_default_filters = RamFilter,CoreFilter\nram_weight_multiplier = 0\nreserved_host_cpus = 2\n"
        "scheduler_available_filters = a\nscheduler_available_filters = b\n"
        "[filter_scheduler]\nenabled_filters = X\nenabled_filters = Y\ncpu_weight_multiplier = 1.5\nhost_subset_size = 3\n"
        "[scheduler]\nmax_attempts = 5\n[cells]\nram_weight_multiplier = 7\n"
    )
    assert dict(settings_of(text, None, "p").options) == {
        "DEFAULT/scheduler_default_filters": "RamFilter,CoreFilter",
        "DEFAULT/ram_weight_multiplier": "0",
        "DEFAULT/reserved_host_cpus": "2",
        "DEFAULT/scheduler_available_filters": "a,b",
        "filter_scheduler/enabled_filters": "Y",
        "filter_scheduler/cpu_weight_multiplier": "1.5",
        "filter_scheduler/host_subset_size": "3",
        "scheduler/max_attempts": "5",
    }
