"""Every message id of the code is explained in the guide and raised by a test; here those that no other test raises."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from functools import partial

import pytest
from cases import FIXTURES, INCIDENT, ROOT
from test_archives import tar_of

from novatrace import errors
from novatrace.errors import CaseNotWritableError
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.run_options import RunOptions
from novatrace.sources import files

ID = re.compile(r"\b[EWI]-[A-Z]+(?:-[A-Z0-9]+)*\b")
LOG = b"".join(
    (FIXTURES / "real-nova/o15-b1-race-room1/ctl01/nova-scheduler.log").read_bytes().splitlines(keepends=True)[:40]
)
CHAPTER = (ROOT / "novatrace" / "guide" / "warnings.md").read_text(encoding="utf-8")
CODE = sorted((ROOT / "novatrace").rglob("*.py"))
PLACEHOLDERS = {"E-ID"}  # stands for any id where the form of a message is told


def of_code() -> set[str]:
    """Every id that stands in the code."""
    return {found for path in CODE for found in ID.findall(path.read_text(encoding="utf-8"))} - PLACEHOLDERS


def test_every_id_is_explained_once_and_none_that_is_not():
    """The tables of the chapter are the ids of the code, each with its meaning."""
    rows = re.findall(rf"^\| `({ID.pattern})` \| (\S.*?) \| ", CHAPTER, flags=re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(of_code())
    assert all(len(meaning) > 10 for _, meaning in rows)


def test_every_id_is_raised_by_a_test():
    """Named where it is asserted: an id that no test knows may have stopped to be said."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").glob("*.py")))
    assert of_code() - set(ID.findall(tests)) == set()


def test_the_exit_codes_of_errors_are_those_of_the_chapter():
    """Each class of the error tree, by its id."""
    tree = [errors.NovatraceError]
    for cls in tree:
        tree += cls.__subclasses__()
        row = next(line for line in CHAPTER.splitlines() if line.startswith(f"| `{cls.error_id}` "))
        assert re.search(rf"\b{cls.exit_code}\b", row.rsplit("|", 2)[1]) or cls is errors.CaseError, cls


def said(done) -> str:
    """What was said; single lines, never a traceback."""
    text = done.stderr.decode()
    assert all(line.startswith("novatrace: ") for line in text.splitlines()), text
    return text


def ids(*paths) -> set[str]:
    """Ids of the notices of inputs."""
    return {notice.id for notice in ingest(plan_of(RunOptions(tuple(map(str, paths)), jobs=1))).notices}


@pytest.fixture
def as_nobody(novatrace, state, tmp_path):
    """Runs the installed command as a user whom permissions bind, for root they do not."""
    state.chmod(0o777)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    prefix = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root reads everything; setpriv is missing")
        prefix = ["setpriv", "--reuid=65534", "--clear-groups"]
    run = partial(subprocess.run, capture_output=True, env=novatrace.env, check=False)
    if run([*prefix, novatrace.command, "--version"]).returncode != 0:
        pytest.skip("another user cannot start the command where it is installed")
    return lambda *arguments: run([*prefix, novatrace.command, *map(str, arguments)])


def test_a_folder_that_may_not_be_listed(as_nobody, tmp_path):
    """What is in it is unknown: 3; what stands beside it is read."""
    logs = tmp_path / "logs"
    shutil.copytree(INCIDENT, logs / "a")
    shutil.copytree(INCIDENT, logs / "b")
    (logs / "b").chmod(0)
    done = as_nobody("correlate", logs)
    (logs / "b").chmod(0o755)
    assert done.returncode == 3, done.stderr
    assert f"W-IN-PERM-DIR: {logs / 'b'}: permission denied; its contents are unknown" in said(done)
    assert "VERDICT" in done.stdout.decode()


def test_a_state_directory_that_takes_nothing(as_nobody, state):
    """14, with where to go; the report is not written from what cannot be kept."""
    state.chmod(0o555)
    done = as_nobody("correlate", INCIDENT)
    state.chmod(0o777)
    assert done.returncode == 14, done.stderr
    assert "E-CASE-WRITE" in said(done)
    assert "--case" in said(done)


def test_a_state_directory_that_is_only_read(as_nobody, state):
    """What only reads a case needs no right to write there."""
    assert as_nobody("correlate", INCIDENT, "-q").returncode == 0
    asked = (("case", "show", "-f", "json"), ("explain", "32fc6596", "-f", "json"))
    told = [as_nobody(*words) for words in asked]
    folders = [state, *(path for path in state.rglob("*") if path.is_dir())]
    for path in (*state.rglob("*"), state):
        path.chmod(0o555 if path.is_dir() else 0o444)
    again = [as_nobody(*words) for words in asked]
    for path in folders:
        path.chmod(0o755)
    assert [d.returncode for d in told] == [0, 0]
    assert [(d.returncode, d.stdout) for d in again] == [(d.returncode, d.stdout) for d in told]


def test_a_case_of_a_full_disk_is_told_as_such():
    """The same id wherever the disk refuses."""
    assert CaseNotWritableError("x").error_id == "E-CASE-WRITE"


def encrypted(name: str) -> bytes:
    """A zip whose one member says that it is encrypted."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, LOG)
    raw = bytearray(data.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.find(mark) + offset] |= 1
    return bytes(raw)


def test_an_encrypted_member_of_a_zip(tmp_path):
    """It is named and not read; the other inputs are."""
    (tmp_path / "a.zip").write_bytes(encrypted("n/nova-api.log"))
    (tmp_path / "nova-scheduler.log").write_bytes(LOG)
    found = ingest(plan_of(RunOptions((str(tmp_path),), jobs=1)))
    (notice,) = found.notices
    assert (notice.id, notice.incomplete) == ("W-ARC-ENC", True)
    assert "n/nova-api.log: encrypted; not read" in notice.text
    assert len(found.evidence) == 1


@pytest.mark.parametrize("name", ["nova-api.log.zst", "logs.tar.zst", "logs.tar"])
def test_zstd_without_its_library(name, tmp_path, monkeypatch):
    """It says what to install; the logs beside it are read."""
    zstandard = pytest.importorskip("zstandard")
    text = LOG
    if name.endswith(".tar.zst"):
        text = tar_of({"n/nova-api.log": text})
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(text)
    (tmp_path / name).write_bytes(tar_of({"n/nova-api.log.zst": packed}) if name.endswith(".tar") else packed)
    (tmp_path / "nova-scheduler.log").write_bytes(LOG)
    assert ids(tmp_path) == {"I-IN-DUP"}
    monkeypatch.setitem(sys.modules, "zstandard", None)
    found = ingest(plan_of(RunOptions((str(tmp_path),), jobs=1)))
    assert {(n.id, n.incomplete) for n in found.notices} == {("W-ARC-NOCODEC", True)}
    assert all("install novatrace[zstd]" in n.text for n in found.notices)
    assert sum(c.lines.parsed for c in found.coverage) == 40


@pytest.mark.parametrize("where", ["folder", "archive"])
def test_a_packed_log_of_which_nothing_can_be_had_is_told(where, tmp_path):
    """Not taken for a file that is no log: 3."""
    broken = gzip.compress(LOG)[:12] + b"\xff" * 400
    name = "nova-api.log.1.gz" if where == "folder" else "a.tar"
    (tmp_path / name).write_bytes(broken if where == "folder" else tar_of({"n/nova-api.log.1.gz": broken}))
    (tmp_path / "nova-scheduler.log").write_bytes(LOG)
    found = ingest(plan_of(RunOptions((str(tmp_path),), jobs=1)))
    assert [(n.id, n.incomplete) for n in found.notices if n.id != "I-IN-NOTLOG"] == [("W-ARC-DATA", True)]


def test_what_is_no_log_is_named(tmp_path):
    """A file of another kind, in a folder and in an archive."""
    (tmp_path / "a.txt").write_text("shopping list: milk\n" * 50)
    (tmp_path / "nova-scheduler.log").write_bytes(LOG)
    assert ids(tmp_path) == {"I-IN-NOTLOG"}


def test_records_that_a_terminal_broke_are_told():
    """The incident was copied from a screen."""
    assert "I-TXT-WRAPPED" in ids(INCIDENT)


def test_a_file_that_goes_between_listing_and_opening(tmp_path, monkeypatch):
    """It is told as missing; the others are read."""
    (tmp_path / "nova-api.log").write_bytes(LOG)
    (tmp_path / "nova-scheduler.log").write_bytes(LOG)
    real = files._evidence

    def gone(path, *rest):
        if path.endswith("nova-api.log"):
            os.unlink(path)  # noqa: PTH108 - as the caller names it
        return real(path, *rest)

    monkeypatch.setattr(files, "_evidence", gone)
    found = files.find((str(tmp_path),))
    assert [n.id for n in found.notices] == ["E-IN-MISSING"]
    assert len(found.sources) == 1


@pytest.mark.parametrize("stage", ["novatrace.pipeline.correlated", "novatrace.reports.text_report._plain_sections"])
def test_a_mistake_of_ours_is_one_line(stage, novatrace, tmp_path):
    """1 and E-BUG, with what to send; the traceback only where it is asked for."""
    module, _, name = stage.rpartition(".")
    script = tmp_path / "broken.py"
    script.write_text(
        "import sys, importlib\n"
        f"module = importlib.import_module({module!r})\n"
        f"assert hasattr(module, {name!r})\n"
        f"def broken(*a, **k): raise ZeroDivisionError('a mistake\\x1b[2J')\nmodule.{name} = broken\n"
        "from novatrace.cli.main import main\n"
        f"sys.argv = ['novatrace', 'correlate', {str(INCIDENT)!r}]\nmain()\n"
    )
    run = partial(subprocess.run, [sys.executable, script], check=False)
    done = run(capture_output=True, env=novatrace.env)
    assert done.returncode == 1, done.stderr
    assert "E-BUG: ZeroDivisionError: a mistake" in said(done)
    assert b"\x1b" not in done.stderr
    assert b"Traceback" in run(capture_output=True, env={**novatrace.env, "NOVATRACE_DEBUG": "1"}).stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_run_in_one_line(number, code, novatrace, tmp_path):
    """128 + its number, as E-INTERRUPTED."""
    os.mkfifo(tmp_path / "in")
    running = subprocess.Popen(
        [novatrace.command, "correlate", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=novatrace.env,
    )  # fmt: skip
    running.stdin.write(b"x" * 200_000)  # more than a pipe holds: it reads
    time.sleep(0.3)
    running.send_signal(number)
    _, text = running.communicate(timeout=30)
    assert running.returncode == code, text
    assert text.startswith(b"novatrace: error: E-INTERRUPTED")


def test_the_errors_of_cases_by_name(novatrace, tmp_path):
    """Missing, damaged, of another version: as the command says it."""
    other = tmp_path / "other.sqlite"
    assert "E-CASE-MISSING" in said(novatrace("explain", "x", "--case", other))
    other.write_bytes(b"no database")
    assert "E-CASE-DAMAGED" in said(novatrace("explain", "x", "--case", other))
    novatrace("correlate", INCIDENT, "-q", "--case", tmp_path / "case.sqlite")
    import sqlite3  # noqa: PLC0415 - only of this case

    connection = sqlite3.connect(tmp_path / "case.sqlite")
    with connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    connection.close()
    done = novatrace("explain", "x", "--case", tmp_path / "case.sqlite")
    assert done.returncode == 12
    assert "E-CASE-VERSION" in said(done)


def test_a_redacted_report_says_so(novatrace):
    """I-REDACTED stands in the report; E-REDACT-LEAK is what a leak would be called."""
    shown = novatrace("correlate", INCIDENT, "--redact", "-f", "json")
    assert shown.returncode == 0, shown.stderr
    assert "I-REDACTED" in {notice["id"] for notice in json.loads(shown.stdout)["notices"]}
    assert errors.LeakError.error_id == "E-REDACT-LEAK"


def test_places_into_which_one_may_not_look(as_nobody, novatrace, tmp_path, state):
    """Under a folder of somebody else nothing can be asked for: each is told as what it is, none as a mistake of ours."""
    closed = tmp_path / "closed"
    shutil.copytree(INCIDENT, closed / "logs")
    (closed / "state").mkdir()
    closed.chmod(0)
    try:
        done = as_nobody("correlate", closed / "logs")
        assert done.returncode == 4
        assert "permission denied" in said(done)
        assert as_nobody("correlate", INCIDENT, "-o", closed / "report.txt").returncode == 15
        novatrace.env["XDG_STATE_HOME"] = str(closed / "state")
        for words, code in (
            (("correlate", INCIDENT), 14),
            (("correlate", INCIDENT, "-f", "markdown", "--redact"), 14),
            (("explain", "x"), 10),
            (("case", "list"), 0),
            (("case", "show"), 10),
            (("case", "reveal", "host-aaaaaaaaaa"), 2),
        ):
            done = as_nobody(*words)
            assert done.returncode == code, (words, done.stderr)
            said(done)
    finally:
        closed.chmod(0o755)
        novatrace.env["XDG_STATE_HOME"] = str(state)
