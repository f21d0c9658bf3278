"""The catalogue against Nova's own source: each template exists in the releases that it is said of, and in no other."""

from __future__ import annotations

import pytest
from nova_source import said, wheel

from novatrace.model.releases import RELEASES, position
from novatrace.parsing.definitions import load_catalogue

# The last point of each series: what was backported is in it. Older ones are not on PyPI.
NOVA = {
    "ocata": "15.1.5", "pike": "16.1.8", "queens": "17.0.13", "rocky": "18.3.0", "stein": "19.3.2", "train": "20.6.1",
    "ussuri": "21.2.4", "victoria": "22.4.0", "wallaby": "23.2.2", "xena": "24.2.1", "yoga": "25.3.0", "zed": "26.3.0",
    "2023.1": "27.5.1", "2023.2": "28.3.1", "2024.1": "29.4.0", "2024.2": "30.3.0", "2025.1": "31.3.1", "2025.2": "32.2.1",
    "2026.1": "33.0.2", "2026.2": "34.0.0",
}  # fmt: skip
VIEW = (
    "Final resource view: name=%(node)s phys_ram=%(phys_ram)sMB used_ram=%(used_ram)sMB phys_disk=%(phys_disk)sGB "
    "used_disk=%(used_disk)sGB total_vcpus=%(total_vcpus)s used_vcpus=%(used_vcpus)s pci_stats=%(pci_stats)s"
)
PLACEMENT = {  # a package of its own from Stein
    "stein": "1.1.0", "train": "2.0.1", "ussuri": "3.0.1", "victoria": "4.0.0", "wallaby": "5.0.1", "xena": "6.0.0",
    "yoga": "7.0.0", "zed": "8.0.0", "2023.1": "9.0.0", "2023.2": "10.0.1", "2024.1": "11.0.1", "2024.2": "12.0.2",
    "2025.1": "13.0.1", "2025.2": "14.0.0", "2026.1": "15.0.0", "2026.2": "16.0.0",
}  # fmt: skip
# Templates that a later point of their last series has lost: the series still counts as writing them.
LOST_LATE = {
    ("pike", "Removing dead compute node %(host)s:%(node)s from scheduler"),
    ("rocky", "Deleting instance as it has been evacuated from this host"),
    *((release, VIEW) for release in ("2024.1", "2024.2", "2025.1")),
}
MESSAGES = load_catalogue().messages


@pytest.fixture
def asked_for(request):
    """Downloads a hundred megabytes the first time: only when slow tests are asked for by name."""
    if request.config.getoption("markexpr") != "slow":
        pytest.skip("reads 36 wheels from PyPI; run it with -m slow")


@pytest.mark.slow
@pytest.mark.usefixtures("asked_for")
@pytest.mark.parametrize("release", NOVA)
def test_each_template_is_in_the_releases_that_it_is_said_of_and_in_no_other(release):
    """Inside its range one of a wording's templates is in the source; outside none of them is logged."""
    literals, logged = set(), set()
    for package, versions in (("nova", NOVA), ("openstack-placement", PLACEMENT)):
        if release in versions:
            path = wheel(package, versions[release])
            if isinstance(path, str):
                pytest.skip(f"{package} {versions[release]} cannot be had: {path}")
            found = said(path)
            literals |= found.literals
            logged |= found.logged
    literals |= {template for series, template in LOST_LATE if series == release}
    ranges = list(_ranges())
    here = position(release)
    expected = {t for templates, since, until, _ in ranges if since <= here <= until for t in templates}
    wrong = []
    for templates, since, until, what in ranges:
        if since <= here <= until and not templates & literals:
            wrong.append(f"{what}: said of {release}, not in its source: {sorted(templates)}")
        if not since <= here <= until and (other := templates & logged - expected):
            wrong.append(f"{what}: in the source of {release}, said of other releases: {sorted(other)}")
    assert not wrong, "\n".join(wrong)


def _ranges():
    """(templates, first, last, what) of each wording and of each mark with a template; releases as positions."""
    for message in MESSAGES:
        if message.source:
            what = f"{message.origin}: {message.kind} ({message.hint!r})"
            yield set(message.source), position(message.since), position(message.until), what
            for mark in message.marks:
                if mark.source:
                    yield (
                        {mark.source},
                        position(mark.since),
                        position(mark.until),
                        f"{what}, mark {mark.pattern.pattern}",
                    )


def test_every_release_of_the_catalogue_is_a_known_one():
    """Ranges are of known releases, and not turned round."""
    for message in MESSAGES:
        for first, last in [(message.since, message.until), *((mark.since, mark.until) for mark in message.marks)]:
            if message.service != ("operator",):
                assert position(first) <= position(last), (message.kind, first, last)


def test_the_releases_on_pypi_are_the_newest_of_all():
    """No release is left out of the test between the oldest one on PyPI and the newest that the catalogue knows."""
    assert [name for name in RELEASES if name in NOVA] == list(NOVA)
    assert list(NOVA)[-1] == RELEASES[-1]
