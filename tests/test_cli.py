"""The installed command end to end, as a new user would type it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cases import FIXTURES, INCIDENT, ROOT, node_folders

from novatrace import pipeline

RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
COMMANDS = ["correlate", "explain", "inspect", "case", "catalogue", "schema", "guide"]
VM = "32fc6596-d4ab-4ca8-91c3-1c8578ca9fbf"
REPORTS = [("text", "VERDICT"), ("markdown", "# novatrace correlate"), ("json", '"schema": "novatrace/correlate/1"')]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["case", "list"], ["catalogue", "check"]])
def test_help_ends_with_examples(novatrace, command):
    """Every command explains itself and shows how it is used."""
    done = novatrace(*command, "--help")
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "Example" in text
    assert text.rstrip().split("\n")[-1].strip().startswith(("novatrace ", "pbpaste "))


def test_version(novatrace):
    """--version names the program and its version."""
    assert novatrace("--version").stdout.decode().startswith("novatrace 0.")


@pytest.mark.parametrize(("name", "sign"), REPORTS)
def test_correlate_in_every_format(novatrace, name, sign):
    """Standard output has the report and nothing else; the summary is the last line of standard error."""
    done = novatrace("correlate", INCIDENT, "-f", name)
    assert done.returncode == 0
    assert sign in done.stdout.decode()
    assert "\x1b" not in done.stdout.decode()
    last = done.stderr.decode().rstrip().split("\n")[-1]
    assert last.startswith("novatrace: summary: files 3 · lines 24 (parsed 17, continuation 7")


def test_explain_needs_no_path_after_correlate(novatrace):
    """The newest case is used and named; a prefix is enough; the logs may be gone."""
    assert novatrace("correlate", INCIDENT, "-q").stderr == b""
    done = novatrace("explain", VM[:6])
    assert done.returncode == 0
    assert f"INSTANCE {VM}" in done.stdout.decode()
    assert "novatrace: case: " in done.stderr.decode()


def test_explain_reads_pasted_text(novatrace):
    """Text from a clipboard is evidence as well."""
    text = (INCIDENT / "scheduler-node" / "nova-scheduler.log").read_bytes()
    done = novatrace("explain", "req-7a578ff5", "-", "--node", "ctl1", stdin=text)
    assert "CephFilter" in done.stdout.decode()
    assert "ctl1/-:5" in done.stdout.decode()


def test_why_not_names_the_filters_that_may_have_removed_a_host(novatrace):
    """Counts without names narrow it down and say so; a weighed host gets its rank."""
    novatrace("correlate", INCIDENT, "-q")
    done = novatrace("explain", "req-7a578ff5", "--why-not", "pri1-nova181", "-f", "json")
    why = json.loads(done.stdout)["why_not"]
    assert why["basis"] == "inferred"
    assert "AggregateCoreFilter, CephFilter" in why["text"]
    novatrace("correlate", *node_folders(FIXTURES / "real-nova" / "a-single-migrate"), "-q")
    done = novatrace("explain", "65cca1b7", "--why-not", "compute-02", "-f", "json")
    assert "weighed 2 of 2" in json.loads(done.stdout)["why_not"]["text"]


def test_inventory_changes_the_verdict(novatrace):
    """What the user knows turns contended into over-committed by arithmetic, marked as assumed."""
    done = novatrace("correlate", INCIDENT, "--inventory", INCIDENT / "inventory.toml", "-f", "json")
    (burst,) = json.loads(done.stdout)["bursts"]
    assert (burst["verdict"], burst["basis"], burst["binding"]) == ("overcommitted", "computed", ["vcpus"])
    assert burst["capacity"]["basis"] == "assumed"


def test_fail_on_tells_a_script(novatrace):
    """Findings at or above the level end with 20; below, with 0."""
    assert novatrace("correlate", RACE, "--fail-on", "error", "-q").returncode == 20
    assert novatrace("correlate", INCIDENT, "--fail-on", "critical", "-q").returncode == 0


def test_fail_on_of_explain_counts_what_concerns_the_subject(novatrace):
    """A target's own finding, from the kept case and from paths; a host without one does not fail."""
    novatrace("correlate", RACE, "-q")
    assert novatrace("explain", "compute-02", "--fail-on", "critical", "-q").returncode == 20
    assert novatrace("explain", "compute-01", "--fail-on", "info", "-q").returncode == 0
    assert novatrace("explain", "compute-02", RACE, "--fail-on", "critical", "-q").returncode == 20
    assert novatrace("explain", "e7db70c0", "--fail-on", "error", "-q").returncode == 20


@pytest.mark.parametrize("command", [["correlate"], ["inspect"], ["filters"], ["explain", "65cca1b7"]])
def test_strict_writes_nothing_from_a_part(novatrace, tmp_path, command):
    """What could not be read ends in 3; with --strict before anything is written."""
    shutil.copytree(FIXTURES / "real-nova" / "a-single-migrate", tmp_path / "logs")
    missing = tmp_path / "logs" / "gone"
    done = novatrace(*command, tmp_path / "logs", missing, "-q")
    assert (done.returncode, bool(done.stdout)) == (3, True)
    (tmp_path / "report").write_text("of the last run")
    for words in (("-q", "--strict"), ("-q", "--strict", "-o", tmp_path / "report")):
        done = novatrace(*command, tmp_path / "logs", missing, *words)
        assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (3, b"", 1)
        assert b"error: E-STRICT: " in done.stderr  # an error, which --quiet does not hide
    assert (tmp_path / "report").read_text() == "of the last run"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["correlate"], "correlate"),
        (["case", "nothing"], "case"),
        (["explain", "--nothing"], "explain"),
        (["--nothing"], ""),
    ],
)
def test_wrong_use_names_the_help_that_tells(novatrace, words, shown):
    """One line, exit code 2, and the help of the command that was meant."""
    done = novatrace(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("novatrace: error: E-USAGE: ")
    assert line.endswith(f"; see `{' '.join(['novatrace', *shown.split()])} --help`")


def test_since_and_until_bound_the_actions(novatrace):
    """Actions outside of the bounds are left out; the ledger still covers all lines."""
    done = novatrace("correlate", INCIDENT, "--since", "2016-10-28 15:16:03", "-f", "json")
    report = json.loads(done.stdout)
    assert len(report["migrations"]) == 7
    assert report["coverage"]["lines"]["total"] == 24
    done = novatrace("correlate", INCIDENT, "--until", "2016-10-28 15:16:03", "-f", "json")
    assert len(json.loads(done.stdout)["migrations"]) == 3


def test_what_the_bounds_leave_out_is_told(novatrace):
    """A report on a part of the time never says that nothing else is in the logs."""
    done = novatrace("correlate", RACE, "--since", "2027-01-01", "-q")
    text = done.stdout.decode()
    assert "No migration began in the time that was asked for." in text
    assert "I-TIME-OUTSIDE --since 2027-01-01: 16 of the actions in these logs began outside of it; left out" in text
    assert "I-TIME-OUTSIDE" not in novatrace("correlate", RACE, "--since", "2001-01-01", "-q").stdout.decode()


def test_no_command_shows_the_help(novatrace):
    """It is as easy to read as with --help, and goes to standard error with the code of wrong usage."""
    for group in ([], ["case"]):
        done = novatrace(*group)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode().strip() == novatrace(*group, "--help").stdout.decode().strip()


def test_the_zone_shifts_every_time(novatrace):
    """--tz is applied and named."""
    done = novatrace("correlate", INCIDENT, "--tz", "Asia/Shanghai", "-f", "json")
    report = json.loads(done.stdout)
    assert report["migrations"][0]["accepted_us"] == 1477667758563000 - 8 * 3_600_000_000
    assert "Asia/Shanghai (--tz)" in report["coverage"]["inputs"][0]["clock_basis"]


def test_output_goes_to_a_file_whole(novatrace, tmp_path):
    """-o writes the same report; standard output stays empty."""
    plain = novatrace("correlate", INCIDENT).stdout
    done = novatrace("correlate", INCIDENT, "-o", tmp_path / "report.txt")
    assert done.stdout == b""
    assert (tmp_path / "report.txt").read_bytes() == plain
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["report.txt"]


def test_inspect_shows_layouts_and_the_account(novatrace):
    """Layout, node, service and ledger of each input."""
    done = novatrace("inspect", INCIDENT, "-f", "json")
    inputs = {row["node"]: row for row in json.loads(done.stdout)["coverage"]["inputs"]}
    assert inputs["scheduler-node"]["service"] == "nova-scheduler"
    assert inputs["operator"]["layout"] == "operator-script"
    assert inputs["scheduler-node"]["lines"]["continuation"] == 7


def test_cases_are_listed_shown_and_removed(novatrace):
    """A case lives until it is removed; showing it reads no log."""
    report = novatrace("correlate", INCIDENT, "-q").stdout
    listed = novatrace("case", "list").stdout.decode()
    assert "10 migrations, 0 over-committed targets" in listed
    assert novatrace("case", "show", "-q").stdout == report
    path = listed.split("  ")[0]
    assert novatrace("case", "remove", path).returncode == 0
    assert novatrace("explain", VM).returncode == 10


def test_a_user_catalogue_is_checked_and_used(novatrace, tmp_path):
    """A patched Nova's own wording is added with --messages, after a check."""
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[[message]]\nkind = "claim-refused"\nhint = "NO ROOM: "\n'
        "pattern = '''NO ROOM: (?P<reasons>.*)'''\ntypes = { reasons = \"reasons\" }\n"
        "[[message.sample]]\ntext = '''NO ROOM: memory'''\nexpect = { reasons = [\"memory\"] }\n"
    )
    assert "1 message(s)" in novatrace("catalogue", "check", mine).stdout.decode()
    log = tmp_path / "cn1"
    log.mkdir()
    (log / "nova-compute.log").write_text(
        "2016-10-28 15:16:01.000 1 INFO nova.compute.claims [req-acfad281-090d-4d37-831b-bdedeceff3d5 u p] "
        f"[instance: {VM}] NO ROOM: memory\n"
    )
    done = novatrace("correlate", log, "--messages", mine, "-f", "json")
    (move,) = json.loads(done.stdout)["migrations"]
    assert move["attempts"][0]["claim"] == {"granted": False, "reasons": ["memory"], "node": None}
    mine.write_text("nonsense")
    assert novatrace("catalogue", "check", mine).returncode == 2


WRONG = {
    "a = [": ["not valid TOML", ":1"],
    "": ["no message", ":1"],
    '[[message]]\nkind = "a"\nhint = "zap"\npatern = "x"\n': ["unknown key 'patern'", "no pattern", "no sample", ":4"],
    '[[message]]\nkind = "a"\nhint = "zap"\npattern = "(zap"\nsince = "xx"\n': [
        "pattern cannot be used", "unknown release 'xx'", "no sample", ":4", ":5",
    ],
    '[[message]]\nkind = "a"\nhint = "zap"\npattern = "zap"\nsince = "train"\nuntil = "pike"\n[[message.sample]]\ntext = "zip"\n': [
        "ends before it begins", "the hint is not in sample 1", ":6", ":7",
    ],
    '[[message]]\nkind = "a"\nhint = "zap"\npattern = "zap (?P<n>.*)"\ntypes = { n = "int" }\n[[message.sample]]\n'
    'text = "zap 5"\nexpect = { n = "5" }\n': ["does not prove itself", "{'n': 5}", ":6"],
    '[[message]]\nkind = "a"\nhint = "zap"\npattern = "zap (?P<n>.*)"\ntypes = { n = "inch" }\n[[message.sample]]\ntext = "zap 5"\n': [
        "unknown type 'inch'", "known types: ", ":5",
    ],
    '[[message]]\nkind = "b"\nhint = "Claim successful"\npattern = "Claim successful"\n[[message.sample]]\ntext = "Claim successful"\n': [
        "has a meaning already", "claim-granted", ":5",
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_catalogue_file_is_told_what_where_why_and_what_to_do(text, novatrace, tmp_path):
    """Every fault at once, each with its line; the exit code is that of a usage error."""
    mine = tmp_path / "mine.toml"
    mine.write_text(text)
    done = novatrace("catalogue", "check", mine)
    assert done.returncode == 2
    told = done.stdout.decode()
    for part in WRONG[text]:
        assert (f" --> {mine}{part}\n" if part.startswith(":") else part) in told
    faults = told.count("error: ")
    assert told.count("  = why: ") == told.count("  = to do: ") == told.count(" --> ") == faults
    assert f"{faults} fault" in done.stderr.decode()


def test_catalogue_show_has_every_wording_of_a_kind(novatrace):
    """Releases, Nova's templates, an example and what it gives; a kind that is not there is told its neighbours."""
    text = novatrace("catalogue", "show", "claim-attempt").stdout.decode()
    assert "folsom..icehouse  nova-compute, AUDIT  (nova.compute.claims.toml)" in text
    assert '{"memory_mb": 4096, "disk_gb": 20, "vcpus": 2}' in text
    done = novatrace("catalogue", "show", "claim-atempt")
    assert done.returncode == 2
    assert "did you mean claim-attempt" in done.stderr.decode()


def test_catalogue_list_names_every_kind(novatrace):
    """The list has kinds, releases and hints."""
    text = novatrace("catalogue", "list").stdout.decode()
    assert "filter-result  havana..2026.2  nova-scheduler  ' returned '" in text


def test_the_same_input_gives_the_same_bytes(novatrace):
    """Hash seed, zone and locale of the machine change nothing."""
    first = novatrace("correlate", RACE, "-f", "json", env_extra={"PYTHONHASHSEED": "1", "TZ": "UTC"})
    other = novatrace(
        "correlate", RACE, "-f", "json", env_extra={"PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    )
    assert first.stdout == other.stdout


def test_colour_only_where_it_is_wanted(novatrace):
    """FORCE_COLOR colours a pipe, NO_COLOR wins; without colour codes the words are the same."""
    forced = novatrace("explain", "req-7a57", INCIDENT, "-q", env_extra={"FORCE_COLOR": "1"}).stdout.decode()
    both = novatrace(
        "explain", "req-7a57", INCIDENT, "-q", env_extra={"FORCE_COLOR": "1", "NO_COLOR": "1"}
    ).stdout.decode()
    assert "\x1b[" in forced
    assert "\x1b[" not in both


@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is a real terminal; without it there is none to try")
def test_on_a_terminal_of_80_columns_no_id_is_broken(novatrace, tmp_path):
    """In a real terminal every id of the report stands whole on a line."""
    out = tmp_path / "screen"
    session = f"novatrace-{os.getpid()}"
    env = {"XDG_STATE_HOME": novatrace.env["XDG_STATE_HOME"]}
    shell = f"{novatrace.command} correlate {RACE} -q; echo finished; sleep 60"
    subprocess.run(
        ["tmux", "-L", session, "new-session", "-d", "-x", "80", "-y", "200", shell],
        env={**os.environ, **env},
        check=True,
    )
    try:
        for _ in range(100):
            subprocess.run(["sleep", "0.1"], check=True)
            out.write_bytes(
                subprocess.run(["tmux", "-L", session, "capture-pane", "-p"], capture_output=True, check=True).stdout
            )
            if b"finished" in out.read_bytes():
                break
    finally:
        subprocess.run(["tmux", "-L", session, "kill-server"], check=False)
    screen = out.read_text()
    report = json.loads(novatrace("correlate", RACE, "-q", "-f", "json").stdout)
    for move in report["migrations"]:
        if move["action"] != "create":
            assert move["instance_uuid"] in screen
    assert "proven" in screen


def test_the_module_is_installed_with_its_data():
    """The wheel carries catalogue, layouts, schemas, guide and py.typed."""
    folder = Path(pipeline.__file__).parent.parent
    assert (folder / "py.typed").exists()
    for data in (
        "messages/nova.filters.toml",
        "layouts/oslo.toml",
        "reports/schemas/correlate.json",
        "guide/quick-start.md",
    ):
        assert (folder / data).exists(), data
    assert sys.version_info >= (3, 11)
    assert ROOT.exists()


def test_case_verify_tells_what_became_of_each_log(novatrace, tmp_path):
    """Unchanged at first; then one has grown, one is another, one is gone."""
    logs = tmp_path / "logs"
    shutil.copytree(FIXTURES / "real-nova" / "a-single-migrate", logs, ignore=shutil.ignore_patterns("*.json"))
    novatrace("correlate", logs, "-q")
    first = novatrace("case", "verify")
    files = sorted(path for path in logs.rglob("*.log"))
    assert (first.returncode, first.stderr) == (0, b"")
    assert first.stdout.decode().splitlines()[-1].endswith(f": {len(files)} unchanged")
    grown, other, gone = files[:3]
    grown.write_bytes(grown.read_bytes() + b"2026-11-23 00:11:00.000 1 INFO nova.compute.manager [-] more\n")
    other.write_bytes(other.read_bytes().replace(b"nova", b"NOVA"))
    gone.unlink()
    second = novatrace("case", "verify")
    states = {line.split()[1]: line.split()[0] for line in second.stdout.decode().splitlines()[:-1]}
    assert second.returncode == 3
    assert [states[str(path)] for path in (grown, other, gone)] == ["grown", "changed", "gone"]
    assert all(states[str(path)] == "unchanged" for path in files[3:])


def test_case_verify_knows_a_log_that_was_written_anew_from_one_that_has_grown(novatrace, tmp_path):
    """A longer file with the same beginning is another one where the old end does not stand in it any more."""
    log = tmp_path / "ctl1" / "nova-scheduler.log"
    log.parent.mkdir()
    line = b"2026-11-23 00:11:%02d.000 1 INFO nova.scheduler.manager [-] said %d times\n"
    told = b"".join(line % (n % 60, n) for n in range(3000))
    log.write_bytes(told)
    novatrace("correlate", log, "-q")
    log.write_bytes(told[: len(told) // 2] + told[len(told) // 2 :].replace(b"times", b"TIMES") + line % (1, 1))
    done = novatrace("case", "verify")
    assert (done.returncode, done.stdout.decode().split()[0]) == (3, "changed")
    assert "1 input of " in done.stdout.decode()
