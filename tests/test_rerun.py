"""`correlate` with nothing new prints what it printed, and looks again as soon as anything is new."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from cases import INCIDENT

from novatrace.cli.options import FORMATS
from novatrace.sources.fingerprint import fingerprint
from novatrace.store import kept_reports
from novatrace.store.kept_reports import KeptReport

PRINTED = (
    "import sys\nfrom novatrace.cli import main\n"
    "code = main.cli.main(sys.argv[1:], standalone_mode=False)\n"
    "print(code, 'novatrace.pipeline' not in sys.modules and 'sqlite3' not in sys.modules)"
)


@pytest.fixture
def logs(tmp_path):
    """A copy of the incident."""
    return shutil.copytree(INCIDENT, tmp_path / "logs")


@pytest.fixture
def runs(logs, state):
    """Runs `correlate`: (report, stderr, code, True when a kept report was printed)."""

    def run(*options):
        output = state / "report"
        done = subprocess.run(
            [sys.executable, "-P", "-c", PRINTED, "correlate", str(logs), *map(str, options), "-o", str(output)],
            capture_output=True,
            env={**os.environ, "XDG_STATE_HOME": str(state)},
            check=True,
        )
        code, kept = done.stdout.split()
        return output.read_bytes(), done.stderr, int(code), kept == b"True"

    return run


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_bytes_again(runs, novatrace, logs, name):
    """In every format, with the same summary and exit code, and without importing what reads and analyses."""
    first = novatrace("correlate", logs, "-f", name)
    assert first.stdout, first.stderr
    assert runs("-f", name) == (first.stdout, first.stderr, first.returncode, True)


def test_a_terminal_has_a_report_of_its_own(novatrace, logs):
    """What was kept for a pipe is not shown in colour, nor the other way round."""
    plain = novatrace("correlate", logs).stdout
    coloured = novatrace("correlate", logs, env_extra={"FORCE_COLOR": "1"}).stdout
    assert b"\x1b[" in coloured
    assert novatrace("correlate", logs).stdout == plain
    assert novatrace("correlate", logs, env_extra={"FORCE_COLOR": "1"}).stdout == coloured


def test_options_that_matter_have_reports_of_their_own(runs):
    """Another zone, another bound and another exit code are no repetition; --quiet and --jobs are."""
    plain = runs()
    assert not plain[3]
    assert runs("--jobs", 2) == (*plain[:3], True)
    assert runs("--quiet")[1] == b""
    later = runs("--tz", "+05:00")
    assert later[0] != plain[0]
    assert runs("--since", "2030-01-01")[0] != plain[0]
    assert runs("--fail-on", "info")[2] == 20
    assert runs() == plain  # its case has been another one's since


@pytest.mark.parametrize("change", ["bytes", "more", "new file", "gone", "unreadable name"])
def test_anything_new_is_read(runs, logs, change):
    """Also other bytes of the same length at the same time: the time of a change cannot be set back."""
    before = runs()[0]
    log = next(logs.rglob("nova-scheduler.log"))
    data, status = log.read_bytes(), log.stat()
    if change == "bytes":
        log.write_bytes(data.replace(b"CephFilter", b"ZephFilter"))
        os.utime(log, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "more":
        log.write_bytes(data + data.replace(b"CephFilter", b"ZephFilter"))
    elif change == "new file":
        (log.parent / "nova-conductor.log").write_bytes(data)
    elif change == "gone":
        log.unlink()
    else:
        log.rename(log.with_name(os.fsdecode(b"nova-\xff.log")))
    assert runs()[0] != before


def test_files_of_options_count_with_their_content(runs, tmp_path):
    """A changed inventory gives another report."""
    known = tmp_path / "known.toml"
    text = '[[host]]\nhost = "pri1-nova181"\nfree_ram_mb = 1\n'
    known.write_text(text)
    runs("--inventory", known)
    assert runs("--inventory", known)[3]
    known.write_text(text + '[[host]]\nhost = "pri1-nova182"\nfree_ram_mb = 1\n')
    assert not runs("--inventory", known)[3]


@pytest.mark.parametrize("options", [("--redact",), ("--strict", "--fail-on", "info")])
def test_redaction_and_strictness_hold(runs, options):
    """A redacted report is always made anew; a strict run ends with the same code."""
    first, second = runs(*options), runs(*options)
    assert second[:3] == first[:3]
    assert second[3] == ("--redact" not in options)


def test_the_case_is_made_anew_once_it_is_found_damaged(novatrace, logs, state):
    """A kept report does not hide that the case can no longer be read."""
    before = novatrace("correlate", logs)
    (case,) = (state / "novatrace" / "cases").glob("*.sqlite")
    whole, vm = case.read_bytes(), b"32fc6596-d4ab-4ca8-91c3-1c8578ca9fbf"
    with case.open("r+b") as file:
        file.write(whole.replace(b'"HH', b'"ZZ').replace(b"request_id", b"request_ID"))
    damaged = novatrace("explain", vm.decode())
    assert damaged.returncode == 13
    after = novatrace("correlate", logs)
    assert (after.stdout, after.returncode) == (before.stdout, 0)
    assert novatrace("explain", vm.decode()).returncode == 0


def test_a_removed_case_has_no_reports(novatrace, logs, state):
    """Nothing of it stays in the state directory, and a report is made with a case again."""
    assert novatrace("correlate", logs).stderr.endswith(b"exit 0\n")
    (case,) = (state / "novatrace" / "cases").glob("*.sqlite")
    assert list((state / "novatrace" / "reports").rglob("*"))
    novatrace("case", "remove", case)
    assert not list((state / "novatrace" / "reports").iterdir())
    novatrace("correlate", logs)
    assert case.exists()


def test_what_is_kept_is_whole_or_not_there(tmp_path, monkeypatch):
    """A flipped byte, another case and a full folder give no wrong report; only the owner reads it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    case = tmp_path / "x.sqlite"
    case.write_bytes(b"1")
    given = ([b"text ", b"of a report\n\n"], "said\n", 3)
    kept_reports.keep(case, "key", *given)
    assert kept_reports.find(case, "key") == KeptReport(b"text of a report\n\n", "said\n", 3)
    (path,) = (path for path in (tmp_path / "novatrace" / "reports").rglob("*") if path.is_file())
    assert path.stat().st_mode & 0o77 == 0
    path.write_bytes(path.read_bytes().replace(b"of a", b"of b"))
    assert kept_reports.find(case, "key") is None
    for number in range(40):
        kept_reports.keep(case, f"{number}", *given)
    assert len(list(path.parent.iterdir())) < 20
    monkeypatch.setattr(kept_reports, "MOST_BYTES", 10)
    kept_reports.keep(case, "long", *given)
    assert kept_reports.find(case, "long") is None
    assert not list(path.parent.glob("long*"))
    case.write_bytes(b"12")
    assert kept_reports.find(case, "39") is None


def test_a_fingerprint_sees_what_is_there(tmp_path):
    """Links, folders without permission and missing paths count; standard input has none."""
    assert fingerprint(("-",)) is None
    seen = {fingerprint((str(tmp_path / "a"),))}
    (tmp_path / "a" / "b").mkdir(parents=True)
    seen.add(fingerprint((str(tmp_path / "a"),)))
    (tmp_path / "a" / "b" / "c.log").symlink_to("nowhere")
    seen.add(fingerprint((str(tmp_path / "a"),)))
    os.mkfifo(tmp_path / "a" / "d.log")
    seen.add(fingerprint((str(tmp_path / "a"),)))
    assert len(seen) == 4
    assert fingerprint((str(tmp_path / "a"),)) in seen
