"""The options that advice names against Nova's own source: section, name, and the releases that have them."""

from __future__ import annotations

import ast
import re
import zipfile
from pathlib import Path

import pytest
from cases import ROOT
from nova_source import parsed, wheel
from test_nova_releases import NOVA, asked_for

from novatrace.analysis import policies
from novatrace.findings._options import OPTIONS
from novatrace.model.migration import HostNode, Resources
from novatrace.model.releases import position
from novatrace.model.replay import ReplayHost, ReplayVm, Rules, Scenario

__all__ = ["asked_for"]
NAMED = re.compile(r"_options\.named\(\s*[\"'](\w+)[\"']")
GROUP = re.compile(r"""OptGroup\(\s*(?:name=)?['"](\w+)['"]""")


def options(path: Path) -> dict[str, list[tuple[set[str], dict[str, str]]]]:
    """Option → (groups of its module, keywords of its definition that are literals), for each definition in nova/conf."""
    found: dict[str, list[tuple[set[str], dict[str, str]]]] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("nova/conf/") or not name.endswith(".py"):
                continue
            source = archive.read(name).decode("utf-8")
            groups = set(GROUP.findall(source))
            for node in ast.walk(parsed(source)):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr.endswith("Opt")
                ):
                    first = node.args[0] if node.args else None
                    if isinstance(first, ast.Constant):
                        words = {
                            k.arg: k.value.value for k in node.keywords if k.arg and isinstance(k.value, ast.Constant)
                        }
                        found.setdefault(first.value, []).append((groups, words))
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("asked_for")
@pytest.mark.parametrize("release", NOVA)
def test_each_option_is_in_the_releases_that_it_is_said_of(release):
    """A definition stands in a module with its section exactly where the table says so; Ocata tells its older name."""
    path = wheel("nova", NOVA[release])
    if isinstance(path, str):
        pytest.skip(f"nova {NOVA[release]} cannot be had: {path}")
    there = options(path)
    for option in OPTIONS.values():
        sections = [d for d in there.get(option.name, []) if option.section == "DEFAULT" or option.section in d[0]]
        since = option.since is None or position(option.since) <= position(release)
        until = option.until is None or position(release) <= position(option.until)
        assert bool(sections) == (since and until), (option.name, release)
        if release == "ocata" and option.older is not None:
            words = [w for _, w in sections]
            assert any(
                (w.get("deprecated_group"), w.get("deprecated_name", option.name)) == option.older for w in words
            ), option


def told_by_policies():
    """Every setting that a policy names, on a batch that leaves nothing open."""
    hosts = tuple(
        ReplayHost(HostNode(name), Resources(9, 9, 9), seen_ram_mb=9, seen_disk_mb=9, io_ops=0, instances=0)
        for name in ("a", "b", "c", "d")
    )
    scenario = Scenario("file", "x", hosts, (ReplayVm("v", Resources(1, 1, 1)),) * 3, (), (), (), Rules(()))
    return {option for variant in policies.all_variants(scenario) for option in variant.options}


@pytest.mark.slow
@pytest.mark.usefixtures("asked_for")
@pytest.mark.parametrize("release", NOVA)
def test_the_settings_of_policies_are_in_the_releases_that_they_are_said_of(release):
    """Where a policy says since when, it is not there before; what is said of Ocata and later is in no section before that."""
    path = wheel("nova", NOVA[release])
    if isinstance(path, str):
        pytest.skip(f"nova {NOVA[release]} cannot be had: {path}")
    there, named = options(path), told_by_policies()
    assert {"host_subset_size", "enabled_filters", "max_attempts", "num_instances_weight_multiplier"} <= {
        o.name for o in named
    }
    for option in named:
        if option.since is None:
            continue
        found = any(option.section in groups for groups, _ in there.get(option.name, []))
        if _place(option.since) <= position(release) <= _place(option.until or "2026.2"):
            assert found, (option.name, release)
        elif option.value != "0" and position(release) < _place(
            option.since
        ):  # 0 stands beside a weigher that came later
            assert not found, (option.name, release)


def _place(name):
    return position({"bobcat": "2023.2"}.get(name.lower(), name.lower()))


def test_every_option_of_an_advice_is_in_the_table_and_the_other_way_round():
    """No advice names an option past the table, and the table has none that no advice names."""
    source = "".join(p.read_text() for p in sorted((ROOT / "novatrace" / "findings").glob("*.py")))
    assert set(NAMED.findall(source)) == set(OPTIONS)
