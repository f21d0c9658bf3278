"""Each finding is raised where it must be and silent where it must be."""

from __future__ import annotations

import tomllib
from dataclasses import replace as but
from pathlib import Path

import pytest
from cases import FIXTURES, analysed

from novatrace import findings
from novatrace.analysis import causes
from novatrace.findings import idle_candidate
from novatrace.model.finding import Finding
from novatrace.model.insight import Idle, IdleHost, Insight
from novatrace.model.migration import Citation, HostNode, Resources

FOLDER = FIXTURES / "findings"
SITUATIONS = sorted(p for p in FOLDER.glob("*/*") if p.is_dir())


def test_every_finding_has_a_raising_and_a_silent_situation():
    """A finding without both, or a folder without a finding, is an omission."""
    assert {p.parent.name for p in SITUATIONS} == set(findings.slugs())
    for slug in findings.slugs():
        kinds = {p.name.split("-")[0] for p in SITUATIONS if p.parent.name == slug}
        assert kinds == {"raises", "silent"}, slug


@pytest.mark.parametrize("folder", SITUATIONS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_situation_gives_exactly_its_findings(folder):
    """Subject, severity, basis, title and every number are as expected; a silent situation has moves and no finding."""
    case = analysed(folder)
    expected = tomllib.loads((folder / "expect.toml").read_text()).get("finding", [])
    assert bool(expected) == folder.name.startswith("raises")
    assert any(m.action != "create" for m in case.migrations), "a situation without a move proves nothing"
    found = [
        {
            "subject": f.subject,
            "severity": f.severity,
            "basis": f.basis,
            "title": f.title,
            "measures": {m.name: m.value for m in f.measures if m.value is not None},
        }
        for f in case.findings
        if f.slug == folder.parent.name
    ]
    assert found == expected


@pytest.mark.parametrize("folder", SITUATIONS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_finding_cites_lines_and_gives_advice(folder):
    """Evidence points at existing lines; advice is a sentence."""
    case = analysed(folder)
    for finding in case.findings:
        assert finding.evidence
        assert finding.advice.endswith(".")
        for citation in finding.evidence:
            path = case.evidence[citation.provenance.evidence_id].path
            lines = Path(path).read_bytes().split(b"\n")
            assert citation.provenance.line_no <= len(lines)


def test_no_provenance_no_finding():
    """A finding cannot be built without evidence."""
    with pytest.raises(ValueError, match="no evidence"):
        Finding("x", "info", "t", "s", (), "observed", (), "Do.")


def burst_of(slots, *outcomes):
    """A proven burst with refusals whose target had room for so many before it."""
    case = analysed(FIXTURES / "real-nova" / "b1-race-placement-room1")
    (burst,) = [b for b in case.bursts if b.verdict == "overcommitted"]
    arrivals = tuple(but(burst.arrivals[0], outcome=outcome) for outcome in outcomes)
    return but(burst, arrivals=arrivals, slots=but(burst.slots, all=slots))


@pytest.mark.parametrize(
    ("slots", "outcomes", "despite"),
    [
        (1, ("admitted", "victim"), False),
        (2, ("admitted", "victim"), True),
        # What became of it is not logged: it may have taken the room.
        (1, ("unknown", "victim"), False),
        (2, ("unknown", "victim"), True),
    ],
)
def test_a_view_is_contradicted_only_by_what_is_known(slots, outcomes, despite):
    """That a target refused although it had room is said only where no arrival can have taken the room."""
    assert burst_of(slots, *outcomes).refused_despite_room is despite
    assert ("although" in causes.cause(burst_of(slots, *outcomes), ())) is despite


@pytest.mark.parametrize(
    ("free", "enough"),
    [
        (Resources(8, 65536, 1000), "enough of these for a VM"),
        (Resources(None, 65536, 1000), "enough (as far as known: vCPU is not) of these for a VM"),
        (Resources(None, 65536, None), "enough (as far as known: vCPU and disk are not) of these for a VM"),
    ],
)
def test_a_host_is_not_called_big_enough_by_what_is_unknown(free, enough):
    """A HostState tells no vCPU: then it is said that vCPU was not compared."""
    case = analysed(FIXTURES / "findings" / "idle-candidate" / "raises-never-considered")
    provenance = case.migrations[0].citations[0].provenance
    host = IdleHost(
        HostNode("cn9"), free, "scheduler", "observed", None, "No.", "observed", (Citation(provenance, "x"),)
    )
    idle = Idle(HostNode("cn1"), 2, Resources(2, 4096, 20), (host,))
    (found,) = idle_candidate.find(but(case, insight=Insight(idle=(idle,))))
    assert enough in found.title
