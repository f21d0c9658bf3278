"""Faults of files, disks and surroundings that no other test brings about: one line, the right exit code, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import resource
import socket
import subprocess
from functools import partial
from pathlib import Path

import pytest
from cases import FIXTURES, INCIDENT, analysed

from novatrace.errors import CaseNotWritableError
from novatrace.parsing import events
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.run_options import RunOptions
from novatrace.store import case_writer
from novatrace.store.case_reader import CaseReader

LOG = (FIXTURES / "real-nova/a-single-migrate/ctl01/nova-scheduler.log").read_bytes()
GOOD = (
    '{"asctime": "2016-10-28 15:16:00", "created": 1477667760.5, "message": "Claim successful", '
    '"name": "nova.compute.claims", "levelname": "INFO"}'
)
LIMIT_BYTES = 16 << 10


def said(done) -> str:
    """What was said; single harmless lines, never a traceback."""
    text = done.stderr.decode()
    assert all(line.startswith("novatrace: ") for line in text.split("\n") if line), text
    assert not set(text) & {"\x1b", "\r", "\x00"}
    return text


def limited(novatrace, *arguments):
    """Runs the command where no file may grow beyond a few KiB, as on a full disk."""
    return subprocess.run(
        [novatrace.command, *map(str, arguments)], capture_output=True, env=novatrace.env, check=False,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES)),
    )  # fmt: skip


def test_a_disk_that_takes_no_case(novatrace, state):
    """14; the case that was there before is whole, and nothing of the new one stays."""
    novatrace("correlate", INCIDENT, "-q")
    before = novatrace("case", "show", "-f", "json").stdout
    done = limited(novatrace, "correlate", FIXTURES / "real-nova" / "b1-race-placement-room1")
    assert done.returncode == 14, done.stderr
    assert "E-CASE-WRITE" in said(done)
    assert novatrace("case", "show", "-f", "json").stdout == before
    assert len(list(state.rglob("*.sqlite"))) == 1
    assert not list(state.rglob("*.new"))


def test_a_disk_that_takes_no_report(novatrace, tmp_path):
    """15; the older report is whole, and no half of a new one stays."""
    novatrace("correlate", INCIDENT, "-q")
    out = tmp_path / "report.html"
    out.write_text("the older one")
    done = limited(novatrace, "case", "show", "-f", "html", "-o", out)
    assert done.returncode == 15, done.stderr
    assert "E-OUT-WRITE" in said(done)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("report.html", "the older one")]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_case_that_the_disk_does_not_keep_is_none(number, tmp_path, monkeypatch):
    """An error of fsync is an error: the older case stays."""
    path = tmp_path / "x.sqlite"

    def write(description: str) -> None:
        with case_writer.case_writer(path) as writer:
            writer.hand_over()
            writer.finish(analysed(INCIDENT), (), description, "run")

    def refused(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    write("old")
    monkeypatch.setattr(case_writer.os, "fsync", refused)
    with pytest.raises(CaseNotWritableError):
        write("new")
    assert CaseReader(path).description == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.lock", "x.sqlite"]


def test_a_socket_among_the_logs(tmp_path):
    """It is named and not opened."""
    (tmp_path / "nova-scheduler.log").write_bytes(LOG)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s.log"))
        read = ingest(plan_of(RunOptions((str(tmp_path),), jobs=1)))
    assert [notice.id for notice in read.notices] == ["W-IN-NOTREG"]


@pytest.mark.parametrize(
    "line",
    [
        '{"message": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"message": "x", "created": ' + "9" * 5000 + "}",
        '{"message": "x", "created": NaN, "created": -Infinity}',
        '{"message": "x", "message": {"a": 1}, "asctime": 7, "levelname": [], "name": null}',
        GOOD.replace("1477667760.5", "1e999"),
        '{"MESSAGE": [300, -1, 1e9, "x"], "__REALTIME_TIMESTAMP": "' + "9" * 400 + '", "_HOSTNAME": {}}',
        '{"log": "\\ud800\\udc00\\ud800 x", "stream": 7, "time": "0000-00-00T00:00:00Z"}',
    ],
    ids=["deep", "digits", "nan", "types", "infinite", "journal", "surrogates"],
)
def test_json_that_no_log_would_have_is_accounted_for(line, tmp_path):
    """Whatever stands in it, the lines beside it are read and every line is in the ledger."""
    path = tmp_path / "nova-compute.log"
    path.write_text(f"{GOOD}\n{line}\n{GOOD}\n", encoding="utf-8")
    read = ingest(plan_of(RunOptions((str(path),), jobs=1)))
    lines = read.coverage[0].lines
    assert lines.total == 3
    assert lines.balanced
    assert len([e for e in read.events if e.when_us == 1477667760_500000]) == 2


def test_names_that_are_no_text(novatrace, tmp_path):
    """Bytes that are no UTF-8, escapes and ends of lines in names: harmless everywhere, and the file is read."""
    folder = os.fsencode(tmp_path / "logs") + b"/cn\xff7"
    Path(os.fsdecode(folder)).mkdir(parents=True)
    with open(folder + b"/nova-scheduler \x1b[2J\n-rf.log", "wb") as file:  # noqa: PTH123 - a name of bytes
        file.write(LOG)
    for form in ("text", "json", "markdown", "html", "csv"):
        done = novatrace("inspect" if form == "text" else "correlate", tmp_path / "logs", "-f", form)
        assert done.returncode == 0, done.stderr
        said(done)
        assert b"\x1b" not in done.stdout
        done.stdout.decode("utf-8")
    assert json.loads(novatrace("correlate", tmp_path / "logs", "-f", "json").stdout)["coverage"]["lines"]["total"] > 0


@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "dumb", "COLUMNS": "1", "LINES": "1"},
        {"NO_COLOR": "1", "TERM": "", "HOME": "/nonexistent"},
    ],
    ids=["C", "posix", "dumb", "no-home"],
)
def test_surroundings_change_nothing(env, novatrace):
    """The same bytes whatever the locale, the terminal or the home."""
    plain = novatrace("correlate", INCIDENT)
    there = novatrace("correlate", INCIDENT, env_extra=env)
    assert (there.returncode, there.stdout) == (plain.returncode, plain.stdout)
    said(there)


USERS = r"""[[message]]
kind = "slow"
hint = "zap"
pattern = "(?:a|aa)+zap$"
[[message.sample]]
text = "aazap"
expect = {}
"""


def test_a_users_pattern_that_does_not_end_leaves_lines_undecided(tmp_path, monkeypatch):
    """They are counted, not taken for something else; after a while the pattern is not tried again; the rest is read."""
    mine = tmp_path / "mine.toml"
    mine.write_text(USERS)
    monkeypatch.setattr(events, "_UNDECIDED_AT_MOST", 3)
    head = "2016-10-28 15:16:01.000 1 INFO nova.compute.claims [req-acfad281-090d-4d37-831b-bdedeceff3d5 u p] "
    log = tmp_path / "nova-compute.log"
    log.write_text("".join(f"{head}{'a' * n}zap?\n" for n in range(60, 66)) + f"{head}aazap\n{head}Claim successful\n")
    read = ingest(plan_of(RunOptions((str(log),), jobs=1, messages=(mine,))))
    assert [(n.id, n.count, n.incomplete) for n in read.notices] == [("W-RX-TIMEOUT", 7, True)]
    assert [e.kind for e in read.events] == ["claim-granted"]


@pytest.mark.parametrize(
    "pattern", ["zap" + "(?:" * 4000 + ")" * 4000, "zap|" * 5000, "(zap", "zap(?P<a", "zap{99999999999}"], ids=len
)
def test_a_users_pattern_that_cannot_be_compiled_is_refused_at_once(pattern, novatrace, tmp_path):
    """2 and one line."""
    mine = tmp_path / "mine.toml"
    mine.write_text(USERS.replace("(?:a|aa)+zap$", pattern))
    done = novatrace("correlate", INCIDENT, "--messages", mine)
    assert done.returncode == 2
    assert "E-USAGE" in said(done)


def test_logs_that_are_rotated_while_they_are_read(tmp_path):
    """By renaming: what was found is read under its new name. By copying and cutting: it is told. Replaced: it is told."""
    log = tmp_path / "nova-scheduler.log"

    def read_after(change) -> tuple[int, set[str]]:
        log.write_bytes(LOG)
        plan = plan_of(RunOptions((str(log),), jobs=1))
        change()
        read = ingest(plan)
        return sum(c.lines.total for c in read.coverage), {notice.id for notice in read.notices}

    def renamed() -> None:
        log.rename(tmp_path / "nova-scheduler.log.1")
        log.write_bytes(LOG * 2)

    def replaced() -> None:
        (tmp_path / "new").write_bytes(LOG * 2)
        (tmp_path / "new").replace(log)

    lines = LOG.count(b"\n")
    assert read_after(lambda: None) == (lines, set())
    assert read_after(renamed) == (lines, set())
    told = read_after(lambda: os.truncate(log, len(LOG) // 2))
    assert told[0] < lines
    assert told[1] == {"W-IN-SHRUNK"}
    (tmp_path / "nova-scheduler.log.1").unlink()  # or it would be the copy that is read
    (tmp_path / "nova-api.log").write_bytes(LOG[: LOG.find(b"\n") + 1])
    log.write_bytes(LOG)
    plan = plan_of(RunOptions((str(tmp_path),), jobs=1))
    replaced()
    assert {notice.id for notice in ingest(plan).notices if notice.incomplete} == {"E-IN-IO"}
