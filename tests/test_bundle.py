"""Evidence bundles: the lines that a case rests on, read again to the same verdicts, with and without names."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from cases import BESIDE, FIXTURES, INCIDENT, case_folders, info_folders, node_folders
from rendering import LAYOUTS, said

from novatrace import pipeline
from novatrace.errors import LeakError, NothingToAnalyseError
from novatrace.model.case import Case
from novatrace.pipeline import bundling
from novatrace.pipeline.sharing import Sharing, redaction_of

STRAY = "2026-11-23 00:20:00.000 1 INFO nova.api [None req-1a1d36a1-c9ca-4cc1-87d4-4f1d2b9d9d0c - - - - - -] saw Cnry00001zQ7x\n"
RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
FOLDERS = [
    pytest.param(folder, marks=[pytest.mark.slow] if folder.is_relative_to(BESIDE) else [], id=folder.name)
    for folder in [INCIDENT, *case_folders(), *info_folders()]
]


def judged(case: Case) -> tuple:
    """What a bundle must not change: every move, attempt, burst and finding, whatever names they have."""
    moves = [
        (
            m.instance_uuid, m.request_id, m.action, m.outcome, m.outcome_basis, m.stage, m.instance_state, m.source,
            tuple((a.selected, a.outcome, a.demand, a.claim and (a.claim.granted, a.claim.reasons)) for a in m.attempts),
        )
        for m in case.migrations
    ]  # fmt: skip
    bursts = {
        (
            b.target, b.verdict, b.basis, b.effect, b.binding, b.slots, b.capacity and b.capacity.free,
            tuple((a.instance_uuid, a.request_id, a.outcome, a.outcome_basis) for a in b.arrivals),
        )
        for b in case.bursts
    }  # fmt: skip
    return moves, bursts, {(f.slug, f.severity, f.title, f.subject) for f in case.findings}


def bundled(paths: tuple[str, ...], folder: Path, sharing: Sharing | None = None, **options) -> tuple[Case, Path]:
    """The case of some paths, and the bundle of it."""
    file = folder / "case.sqlite"
    case = pipeline.correlate(pipeline.RunOptions(paths, case_file=file, **options))
    data, missing = bundling.bundle(file, sharing=sharing or Sharing())
    assert missing == []
    made = folder / "bundle.tar.gz"
    made.write_bytes(data)
    return case, made


def read_again(made: Path) -> Case:
    """What ``correlate`` makes of a bundle."""
    return pipeline.analyse(pipeline.RunOptions((str(made),)))


def members(made: Path) -> dict[str, bytes]:
    """The files of an archive."""
    with tarfile.open(made) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_bundle_leads_to_the_same_verdicts(folder, tmp_path):
    """The same moves, attempts, bursts and findings, from a part of the lines."""
    case, made = bundled(node_folders(folder), tmp_path)
    again = read_again(made)
    assert judged(again) == judged(case)
    assert not [notice for notice in again.notices if notice.incomplete]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_bundle_without_names_leads_to_the_same_verdicts(folder, tmp_path, monkeypatch):
    """Pseudonyms in the lines are read as the names that they stand for; no name of a node is left."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    sharing = Sharing(redact=True, case_file=tmp_path / "case.sqlite")
    case, made = bundled(node_folders(folder), tmp_path, sharing)
    assert judged(read_again(made)) == judged(redaction_of(sharing).of(case))
    everything = b"\n".join([name.encode() + b"\n" + data for name, data in members(made).items()])
    for node in {e.node for e in case.evidence if e.node} - {"operator"}:
        assert node.encode() not in everything


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_bundle_keeps_the_layout(layout, tmp_path):
    """Whatever carried the lines carries them still: journals, containers, JSON, UTF-16."""
    for name, lines in said(FIXTURES / "real-nova" / "a-single-migrate").items():
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LAYOUTS[layout](lines))
    case, made = bundled((str(tmp_path / "logs"),), tmp_path)
    assert judged(read_again(made)) == judged(case)


def test_a_bundle_can_be_checked(tmp_path):
    """Checksums, the hash of each original, and for each record where it stood: all true; the same case, the same bytes."""
    case, made = bundled(node_folders(RACE), tmp_path)
    files = members(made)
    sums = dict(line.split("  ")[::-1] for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"}
    manifest = json.loads(files["MANIFEST.json"])
    assert (manifest["schema"], manifest["redacted"], manifest["missing"]) == ("novatrace/bundle/1", False, [])
    cited = 0
    for part in manifest["files"]:
        original = Path(part["source"]["path"]).read_bytes()
        assert part["source"]["sha256"] == hashlib.sha256(original).hexdigest()
        assert part["source"]["lines"] == original.count(b"\n")
        lines = files[part["path"]].splitlines(keepends=True)
        for record in part["records"]:
            at = record["source_offset"]
            text = b"".join(lines[record["line"] - 1 : record["line"] - 1 + record["lines"]])
            assert original[at : at + record["source_bytes"]] == text
            assert original[:at].count(b"\n") == record["source_line"] - 1
            cited += record["cited"]
    lines = sum(len(data.splitlines()) for name, data in files.items() if name.endswith(".log"))
    assert cited < lines < sum(c.lines.total for c in case.coverage) / 2
    again, _ = bundling.bundle(tmp_path / "case.sqlite", sharing=Sharing())
    assert again == made.read_bytes()


def test_logs_in_archives_and_packed_ones_are_found_again(tmp_path):
    """A bundle of an archive names the member and the archive's hash."""
    packed = tmp_path / "all.tar.xz"
    with tarfile.open(packed, "w:xz") as tar:
        for node in node_folders(RACE):
            tar.add(node, Path(node).name)
    case, made = bundled((str(packed),), tmp_path)
    assert judged(read_again(made)) == judged(case)
    part = json.loads(members(made)["MANIFEST.json"])["files"][0]
    assert part["source"]["member"] == "compute-01/nova-compute.log"
    assert part["source"]["sha256"] == hashlib.sha256(packed.read_bytes()).hexdigest()


def test_a_stated_zone_and_a_configuration_go_along(tmp_path):
    """Stamps mean in the bundle what they meant; of a nova.conf only the options that matter are in it."""
    logs = tmp_path / "logs"
    shutil.copytree(INCIDENT, logs)
    conf = logs / "scheduler-node" / "etc" / "nova" / "nova.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text(
        "[DEFAULT]\nram_allocation_ratio = 1.5\ntransport_url = rabbit://u:hunter22hunter@h/\n[database]\nconnection = x\n"
    )
    case, made = bundled((str(logs),), tmp_path, tz="Asia/Shanghai")
    again = read_again(made)
    assert [m.accepted_us for m in again.migrations] == [m.accepted_us for m in case.migrations]
    written = [data.decode() for name, data in members(made).items() if name.endswith("nova.conf")]
    assert written == ["[DEFAULT]\nram_allocation_ratio = 1.5\n"]
    assert [s.options for s in again.settings] == [s.options for s in case.settings]


def test_what_is_gone_is_told(novatrace, tmp_path):
    """A log that changed since is left out, named, and ends in exit code 3; with --strict nothing is written."""
    logs = tmp_path / "logs"
    shutil.copytree(RACE, logs)
    novatrace("correlate", logs, "-q")
    gone = logs / "ctl02" / "nova-scheduler.log"
    gone.write_text("another log\n")
    made = tmp_path / "bundle.tar.gz"
    done = novatrace("export", "--bundle", made, "--strict")
    assert (done.returncode, made.exists()) == (3, False)
    done = novatrace("export", "--bundle", made)
    assert done.returncode == 3
    assert f"W-BUNDLE-GONE: {gone}" in done.stderr.decode()
    files = members(made)
    assert json.loads(files["MANIFEST.json"])["missing"] == [str(gone)]
    assert "ctl02/nova-scheduler.log" not in files
    shutil.rmtree(logs)
    done = novatrace("export", "--bundle", tmp_path / "other.tar.gz")
    assert done.returncode == 4
    assert not (tmp_path / "other.tar.gz").exists()


def test_no_secret_goes_into_a_bundle(tmp_path):
    """A password in a line that is kept is masked, and where it comes again; the gate has the last look."""
    logs = tmp_path / "api1"
    shutil.copytree(RACE / "nova-api01", logs)
    api = logs / "nova-api.log"
    api.write_text(
        api.read_text().replace('{"migrate": null}', '{"migrate": null, "adminPass": "Cnry00001zQ7x"}', 1) + STRAY
    )
    _, made = bundled((str(logs),), tmp_path)
    everything = b"\n".join(members(made).values())
    assert b"Cnry" not in everything
    assert everything.count(b"[MASKED:") == 2


def test_a_bundle_that_would_leak_is_withheld(tmp_path, monkeypatch):
    """Fail closed, as every report does."""
    monkeypatch.setattr("novatrace.pipeline.sharing.leaks", lambda _text, _raw: [("raw value", 1)])
    with pytest.raises(LeakError, match=r"the bundle's compute-01/nova-compute\.log withheld"):
        bundled(node_folders(RACE), tmp_path)


def test_pasted_text_has_no_bundle(tmp_path, monkeypatch):
    """Standard input cannot be read again, and that is said."""
    text = (INCIDENT / "scheduler-node" / "nova-scheduler.log").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    with pytest.raises(NothingToAnalyseError):
        bundled(("-",), tmp_path)


def test_names_in_a_bundle_are_names_and_no_paths(tmp_path):
    """Whatever the log was called, its name in the archive stays below the archive, and no two are the same."""
    logs = tmp_path / "logs"
    text = (INCIDENT / "scheduler-node" / "nova-scheduler.log").read_text()
    for number, name in enumerate(("a b", "x\n", "y.md", "..z")):
        folder = logs / "ctl1" / str(number)
        folder.mkdir(parents=True)
        (folder / f"nova-scheduler {name}").write_text(text.replace("req-7", f"req-{number}"))
    _, made = bundled(tuple(str(p) for p in sorted(logs.rglob("*")) if p.is_file()), tmp_path)
    names = [name for name in members(made) if name.endswith((".log", "b", "z", "_"))]
    assert len(names) == 4
    assert all(".." not in name.split("/") and "\n" not in name for name in names)
    assert len(read_again(made).evidence) == 4
    assert replace(read_again(made), evidence=()).migrations
