"""Bad input: a clear line, what was kept, the right exit code, and nothing lost."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from cases import FIXTURES, INCIDENT
from markdown_it import MarkdownIt

from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.run_options import RunOptions

SCHEDULER = INCIDENT / "scheduler-node" / "nova-scheduler.log"
LINE = "2016-10-28 15:16:00.335 7 INFO nova.compute.claims [req-7a578ff5-2e78-410b-8168-5219efa84f9b u p] "
VM = "32fc6596-d4ab-4ca8-91c3-1c8578ca9fbf"


def stderr(done) -> str:
    """What was said; always single, harmless lines, never a traceback."""
    text = done.stderr.decode()
    assert "Traceback" not in text
    assert all(line.startswith("novatrace: ") for line in text.split("\n") if line)
    return text


def test_a_missing_path_alone(novatrace, tmp_path):
    """Nothing to analyse: 4, with the path."""
    done = novatrace("correlate", tmp_path / "nowhere")
    assert done.returncode == 4
    assert "E-NOTHING" in stderr(done)
    assert "nowhere: no such file or directory" in stderr(done)


def test_a_missing_path_beside_good_ones(novatrace, tmp_path):
    """The rest is analysed; the coverage is incomplete: 3."""
    done = novatrace("correlate", INCIDENT, tmp_path / "nowhere")
    assert done.returncode == 3
    assert "E-IN-MISSING" in stderr(done)
    assert "VERDICT" in done.stdout.decode()


@pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="root reads everything; setpriv is missing"
)
def test_an_unreadable_file(novatrace, state, tmp_path):
    """It is named, the rest is read: 3."""
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o755)
    shutil.copy(SCHEDULER, folder / "nova-scheduler.log")
    (folder / "nova-api.log").write_text(LINE + "x\n")
    (folder / "nova-api.log").chmod(0)
    state.chmod(0o777)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    command = [novatrace.command, "correlate", str(folder)]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--clear-groups", *command]
    probe = subprocess.run([*command[:-3], novatrace.command, "--version"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("another user cannot start the command where it is installed")
    done = subprocess.run(command, capture_output=True, env=novatrace.env, check=False)
    assert done.returncode == 3, done.stderr
    assert "W-IN-PERM" in stderr(done)
    assert "CephFilter" in done.stdout.decode()


def test_a_folder_without_logs(novatrace, tmp_path):
    """4, and what to give instead."""
    (tmp_path / "readme.txt").write_text("nothing here\n")
    done = novatrace("correlate", tmp_path)
    assert done.returncode == 4
    assert "give folders or files with nova logs" in stderr(done)


def test_binary_data_called_a_log(novatrace, tmp_path):
    """Found in a folder it is named and not read; the logs beside it are."""
    shutil.copy(SCHEDULER, tmp_path / "nova-scheduler.log")
    (tmp_path / "core.log").write_bytes(bytes(range(256)) * 500)
    done = novatrace("correlate", tmp_path, "-f", "json")
    assert done.returncode == 0
    assert "W-IN-BINARY" in stderr(done)
    assert json.loads(done.stdout)["coverage"]["lines"]["total"] == 12


def test_a_truncated_gzip_keeps_what_it_has(novatrace, tmp_path):
    """Every decodable line is read; the cut is said: 3."""
    text = (FIXTURES / "real-nova/o15-b1-race-room1/ctl01/nova-scheduler.log").read_bytes()
    packed = gzip.compress(text)
    (tmp_path / "nova-scheduler.log.1.gz").write_bytes(packed[: len(packed) * 2 // 3])
    done = novatrace("correlate", tmp_path, "-f", "json")
    assert done.returncode == 3
    assert "W-ARC-TRUNC" in stderr(done)
    lines = json.loads(done.stdout)["coverage"]["lines"]
    assert lines["total"] > 50
    assert lines["total"] == sum(number for key, number in lines.items() if key != "total")


def test_a_whole_gzip_gives_what_the_plain_file_gives(novatrace, tmp_path):
    """Compression changes nothing."""
    (tmp_path / "ctl1").mkdir()
    (tmp_path / "ctl1" / "nova-scheduler.log.gz").write_bytes(gzip.compress(SCHEDULER.read_bytes()))
    done = novatrace("correlate", tmp_path, "-f", "json")
    (move,) = json.loads(done.stdout)["migrations"]
    assert [f["after"] for f in move["attempts"][0]["filters"]] == [36, 8, 1]


def test_invalid_utf8_loses_no_line(novatrace, tmp_path):
    """Bad bytes are shown as escapes, the line is read, the number of such lines is said."""
    (tmp_path / "nova-compute.log").write_bytes(
        (LINE + f"[instance: {VM}] Failed to claim: caf").encode() + b"\xe9 \xff\n" + (LINE + "fine\n").encode()
    )
    done = novatrace("correlate", tmp_path, "-f", "json")
    report = json.loads(done.stdout)
    assert report["coverage"]["lines"]["parsed"] == 2
    assert report["migrations"][0]["attempts"][0]["claim"]["reasons"] == ["caf\\xe9 \\xff"]
    assert [n["id"] for n in report["notices"]] == ["W-TXT-UTF8"]


def test_a_50_mb_line_is_counted_not_kept(novatrace, tmp_path):
    """Its neighbours are read, its existence is said: 3."""
    with (tmp_path / "nova-compute.log").open("wb") as file:
        file.write((LINE + "before\n").encode())
        for _ in range(50):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + (LINE + "after\n").encode())
    done = novatrace("inspect", tmp_path, "-f", "json")
    assert done.returncode == 3
    assert "W-TXT-LONG" in stderr(done)
    lines = json.loads(done.stdout)["coverage"]["lines"]
    assert (lines["total"], lines["parsed"], lines["too_long"]) == (3, 2, 1)


def test_an_id_that_nobody_knows(novatrace):
    """2, with what the case has."""
    novatrace("correlate", INCIDENT, "-q")
    done = novatrace("explain", "ffffffff-0000-4000-8000-000000000000")
    assert done.returncode == 2
    assert "E-ID-UNKNOWN" in stderr(done)
    assert "10 migration(s)" in stderr(done)


def test_a_prefix_that_fits_several(novatrace):
    """2, with the ids that it fits."""
    novatrace("correlate", FIXTURES / "real-nova" / "b4-race-hugepages-1sched", "-q")
    done = novatrace("explain", "0")
    assert done.returncode == 2
    assert "E-ID-AMBIGUOUS" in stderr(done)
    assert "05da61cc-9407-42c4-8f44-3d5eb5208caa" in stderr(done)


def test_no_case_yet(novatrace):
    """10, and what to run first."""
    done = novatrace("explain", VM)
    assert done.returncode == 10
    assert "run `novatrace correlate PATH…` first" in stderr(done)


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"\0" * 200])
def test_a_damaged_case_file(novatrace, tmp_path, content):
    """13, never a traceback."""
    path = tmp_path / "case.sqlite"
    path.write_bytes(content)
    done = novatrace("explain", VM, "--case", path)
    assert done.returncode in (12, 13)
    assert "E-CASE" in stderr(done)


def test_the_case_is_never_written_into_the_evidence(novatrace, tmp_path):
    """A case file inside of a given folder is refused: 2; nothing of the evidence changes."""
    folder = shutil.copytree(INCIDENT, tmp_path / "logs")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    done = novatrace("correlate", folder, "--case", folder / "case.sqlite")
    assert done.returncode == 2
    assert "E-USAGE-SELF" in stderr(done)
    novatrace("correlate", folder)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


HOSTILE = "x\x1b[31mred\x1b]0;title\x07 \u202eevil [/nope] [bold]b[/bold] `code` |pipe| <b>h</b> ![i](u) @who http://e.vil \x9b2J"


@pytest.mark.parametrize("name", ["text", "markdown", "jira", "html", "json", "csv"])
@pytest.mark.parametrize("command", ["correlate", "explain", "inspect"])
def test_log_text_never_acts_on_the_terminal(novatrace, tmp_path, name, command):
    """Control, bidi and escape characters are shown, not sent; markup of rich stays text."""
    (tmp_path / "nova-compute.log").write_text(
        LINE + f"[instance: {VM}] Failed to claim: {HOSTILE}\n2016-10-28 15:16:00 {HOSTILE}\n", encoding="utf-8"
    )
    what = [VM, tmp_path] if command == "explain" else [tmp_path]
    for colour in ({}, {"FORCE_COLOR": "1"}):
        done = novatrace(command, *what, "-f", name, env_extra=colour)
        assert done.returncode in (0, 3), done.stderr
        text = done.stdout.decode()
        bare = text
        if colour and name == "text":
            bare = re.sub(r"\x1b\[[\d;]*m", "", text)
        for bad in ("\x1b", "\x07", "\u202e", "\x9b"):
            assert bad not in bare, (name, repr(bad))
            assert bad not in done.stderr.decode()
        if command == "explain" and name == "text":
            assert "[/nope]" in text
        if name == "markdown":
            tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
            kinds = {t.type for token in tokens for t in (token, *(token.children or ()))}
            assert not {kind for kind in kinds if kind.startswith(("html", "link", "image", "code"))}, kinds
            outside = re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", text)
            assert "<b>" not in outside
            assert "![i]" not in outside
        if name == "html":
            assert "<b>" not in text
            assert "http://e.vil" not in re.findall(r'(?:href|src)="([^"]*)"', text)


def test_a_closed_pipe_is_no_error(novatrace):
    """`| head -1` ends quietly with 0."""
    folder = FIXTURES / "real-nova" / "b4-race-hugepages-1sched"
    shell = (
        f"set -o pipefail; {novatrace.command} correlate {folder} -f json -q | head -1; echo code ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", shell], capture_output=True, env=novatrace.env, check=False)
    assert done.stdout.decode().rstrip().endswith("code 0")
    assert done.stderr == b""


@pytest.mark.parametrize("sink", ["> /dev/full", ">&-"])
def test_a_sink_that_takes_nothing_is_told(novatrace, sink):
    """A full disk and a closed standard output end with 15."""
    shell = f"{novatrace.command} correlate {INCIDENT} -q {sink}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, env=novatrace.env, check=False)
    assert done.returncode == 15
    assert "E-OUT-WRITE" in stderr(done)


def test_an_output_file_that_cannot_be_written(novatrace, tmp_path):
    """15, and an older report stays."""
    done = novatrace("correlate", INCIDENT, "-o", tmp_path / "no" / "such" / "report.txt")
    assert done.returncode == 15
    assert "E-OUT-WRITE" in stderr(done)


def test_a_device_stays_a_device(novatrace, tmp_path):
    """A report written to a pipe goes through it; nothing takes its place in the folder."""
    fifo = tmp_path / "out"
    os.mkfifo(fifo)
    reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE)
    done = novatrace("correlate", INCIDENT, "-q", "-o", fifo)
    assert done.returncode == 0
    assert reader.communicate(timeout=60)[0].startswith(b"VERDICT")
    assert fifo.is_fifo()


def test_a_fifo_does_not_hang(novatrace, tmp_path):
    """It is named and skipped."""
    os.mkfifo(tmp_path / "nova-api.log")
    shutil.copy(SCHEDULER, tmp_path / "nova-scheduler.log")
    done = novatrace("correlate", tmp_path, timeout=20)
    assert done.returncode == 0
    assert "W-IN-NOTREG" in stderr(done)


@pytest.fixture
def heeding_interrupts():
    """What is started in a shell's background ignores them, and hands that on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_interrupts")
def test_an_interrupted_run_leaves_the_old_case(novatrace, state, tmp_path):
    """Ctrl-C in the middle: 130, the case of before is whole, and nothing half-written stays."""
    big = tmp_path / "logs"
    big.mkdir()
    shutil.copy(SCHEDULER, big / "nova-scheduler.log")
    novatrace("correlate", big, "-q")
    text = (FIXTURES / "real-nova/b1-race-placement-room1/ctl01/placement-api.log").read_bytes()
    with (big / "nova-api.log").open("wb") as file:
        for _ in range(400):
            file.write(text)
    running = subprocess.Popen(
        [novatrace.command, "correlate", str(big)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=novatrace.env
    )
    give_up = time.monotonic() + 30
    while not any(state.rglob("*.new")) and time.monotonic() < give_up:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130, said
    assert b"interrupted" in said
    shown = novatrace("case", "show", "-f", "json")
    assert json.loads(shown.stdout)["coverage"]["lines"]["total"] == 12
    left = [path.suffix for path in state.rglob("cases/*") if path.is_file()]
    assert sorted(left) == [".lock", ".sqlite"]


def test_two_runs_on_one_case_exclude_each_other(novatrace, tmp_path):
    """The second is told that the first writes: 11."""
    case = tmp_path / "case.sqlite"
    with (tmp_path / "case.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = novatrace("correlate", INCIDENT, "--case", case)
    assert done.returncode == 11
    assert "E-CASE-LOCKED" in stderr(done)


@pytest.mark.parametrize(
    "options",
    [
        ["--tz", "Mars/Olympus"],
        ["--since", "whenever"],
        ["--format", "pdf"],
        ["--inventory", "README.md"],
        ["--fail-on", "maybe"],
        [],
    ],
)
def test_unusable_options_start_nothing(novatrace, options, state):
    """2, one line, no case."""
    paths = [INCIDENT] if options else []
    done = novatrace("correlate", *paths, *options, cwd=str(FIXTURES.parent))
    assert done.returncode == 2, done.stderr
    stderr(done)
    assert not list(state.rglob("*.sqlite"))


def ids(*paths, while_reading=None):
    """Ids of the notices of inputs, read in this process; ``while_reading`` is called when they are found."""
    plan = plan_of(RunOptions(tuple(map(str, paths)), jobs=1))
    if while_reading is not None:
        while_reading()
    read = ingest(plan)
    return {n.id: n for n in read.notices}, read


def test_a_file_that_is_cut_or_gone_when_it_is_read(tmp_path):
    """What was read is kept; that it is not all is told."""
    log = tmp_path / "nova-compute.log"
    log.write_text((LINE + "Claim successful\n") * 2000)
    seen, read = ids(log, while_reading=lambda: os.truncate(log, 50_000))
    assert seen["W-IN-SHRUNK"].incomplete
    assert 0 < read.coverage[0].lines.total < 2000
    log.write_text((LINE + "Claim successful\n") * 2000)
    with log.open("a") as more:
        seen, read = ids(log, while_reading=lambda: more.write(LINE))
    assert seen == {}
    assert read.coverage[0].lines.total == 2000
    (tmp_path / "nova-api.log").write_text(LINE + "x\n")
    seen, _ = ids(tmp_path, while_reading=log.unlink)
    assert seen["E-IN-IO"].incomplete


def test_what_a_crash_and_a_busy_journal_leave_is_told(tmp_path):
    """NUL bytes, lines that the journal dropped, lines of no layout: each by its id; the lines around them are read."""
    log = tmp_path / "cn7" / "messages"
    log.parent.mkdir()
    log.write_text(
        f"Oct 28 15:16:00 cn7 nova-compute[7]: {LINE}Claim successful\n\0\0\0Oct 28 15:16:01 cn7 nova-compute[7]: {LINE}Claim successful\n"
        "Oct 28 15:16:02 cn7 systemd-journald[1]: Suppressed 4711 messages from nova-compute.service\n"
        "Oct 28 15:16:03 cn7 nova-compute[7]: message repeated 2 times: [ INFO nova.compute.claims [-] Claim successful]\n"
        "2016-10-28 15:16:04 of no layout\n"
    )
    seen, read = ids(log)
    assert {"W-TXT-NUL", "W-TXT-LOST", "W-FMT-UNKNOWN"} <= set(seen)
    ledger = read.coverage[0].lines
    assert (ledger.parsed, ledger.ignored, ledger.unparsed) == (2, 2, 1)
    assert read.coverage[0].ignored == {"lines-lost": 1, "notes-of-syslog": 1}
