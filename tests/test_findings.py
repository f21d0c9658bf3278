"""Each finding is raised where it must be and silent where it must be."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from cases import FIXTURES, analysed

from novatrace import findings
from novatrace.model.finding import Finding

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
