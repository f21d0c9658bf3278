"""``novatrace simulate`` as it is typed: every format, the wave plan as a script that runs, scenario files that are off."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import stat
import subprocess
from dataclasses import replace as but
from pathlib import Path

import pytest
from cases import FIXTURES, INCIDENT, ROOT, analysed, case_folders
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from novatrace import pipeline
from novatrace.analysis.replay import batch as batches
from novatrace.analysis.replay.study import study
from novatrace.errors import NothingToAnalyseError, UsageError
from novatrace.model.parts import changed, fields_of
from novatrace.model.replay import ListedBatch
from novatrace.pipeline import replay
from novatrace.reports import chart_specs, plan_script, text_report, view_simulate
from novatrace.reports.document import Figure

TEN = INCIDENT / "ten-nodes.toml"
GOLDEN = Path(__file__).parent / "golden_simulate"
RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
SUFFIX = {"text": "txt", "markdown": "md", "json": "json", "shell": "sh", "csv": "csv"}
VALIDATOR = Draft202012Validator(json.loads(pipeline.schema("simulate")))
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def rendered(name, found):
    """A report with its plan, without the version."""
    text = replay.script(found) if name == "shell" else replay.render(name, found, plan=True)
    return text.replace(f'"tool_version": "{replay.__version__}"', '"tool_version": "x"').replace(
        f"novatrace {replay.__version__}", "novatrace x"
    )


@pytest.fixture(scope="module")
def ten():
    """The thought experiment, replayed."""
    return replay.simulate(TEN, None, runs=1000, seed=1)[0]


@pytest.mark.parametrize("name", SUFFIX)
@pytest.mark.parametrize("subject", ["ten-nodes", "race"])
def test_golden_reports(ten, subject, name):
    """Byte for byte as it was looked at; NOVATRACE_UPDATE_GOLDEN=1 writes them anew."""
    found = ten if subject == "ten-nodes" else replay.replayed(analysed(RACE), runs=1000, seed=1)
    text = rendered(name, found)
    path = GOLDEN / f"{subject}.{SUFFIX[name]}"
    if os.environ.get("NOVATRACE_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    assert text.encode() == path.read_bytes()


def test_no_golden_report_is_left_over():
    """Each golden file belongs to a test."""
    assert {p.name for p in GOLDEN.iterdir()} == {f"{s}.{x}" for s in ("ten-nodes", "race") for x in SUFFIX.values()}


@pytest.mark.parametrize("folder", case_folders(), ids=lambda p: f"{p.parent.parent.name}/{p.name}")
def test_json_keeps_its_contract(folder):
    """Every JSON report validates, with and without the plan; logs without a host cannot be replayed."""
    try:
        found = replay.replayed(analysed(folder), runs=5, seed=1)
    except NothingToAnalyseError:
        return
    for plan in (True, False):
        assert list(VALIDATOR.iter_errors(json.loads(replay.render("json", found, plan=plan)))) == []


def test_the_report_opens_with_the_backtest(novatrace):
    """Whatever the format; standard error names the case."""
    assert novatrace("correlate", RACE, "-q").returncode == 0
    for name, sign in (
        ("text", "BACKTEST\n"),
        ("markdown", "# novatrace simulate\n\n## BACKTEST"),
        ("jira", "h1. novatrace simulate"),
    ):
        done = novatrace("simulate", "-f", name)
        assert done.returncode == 0
        assert done.stdout.decode().startswith(sign)
        assert b"novatrace: case: " in done.stderr
    page = novatrace("simulate", "-f", "html", "--plan").stdout.decode()
    assert page.index(">Backtest<") < page.index(">Batch<") < page.index(">Wave plan<")


def test_the_same_seed_gives_the_same_bytes_under_any_hash_seed(novatrace):
    """And another seed other figures."""
    runs = [
        novatrace("simulate", TEN, "-f", "json", "--plan", "--seed", seed, env_extra={"PYTHONHASHSEED": hashed}).stdout
        for seed, hashed in ((5, "0"), (5, "1"), (6, "0"))
    ]
    assert runs[0] == runs[1] != runs[2]


def test_markdown_parses_as_meant(ten):
    """Nothing of it was born from data, though a host may have any name."""
    text = replay.render("markdown", ten, plan=True)
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    inline = {child.type for token in tokens if token.children for child in token.children}
    assert inline <= {"text", "text_special", "softbreak", "strong_open", "strong_close", "em_open", "em_close"}


def test_eighty_columns_break_no_id():
    """On a narrow terminal names and numbers stay whole."""
    found = replay.replayed(analysed(RACE), runs=10, seed=1)
    plain = replay.render("text", found, plan=True)
    narrow = replay.render("text", found, plan=True, width=80)
    assert sorted(re.findall(UUID, plain)) == sorted(re.findall(UUID, narrow))
    assert max(len(line) for line in replay.render("text", found, plan=False, width=80).split("\n")) <= 80


def test_the_distribution_is_drawn(ten):
    """A figure for each random policy whose runs differ, with its numbers in words; where pictures can be made, a picture."""
    figures = [b for s in view_simulate.document(ten, plan=False).sections for b in s.blocks if isinstance(b, Figure)]
    assert [figure.name for figure in figures] == [
        "errors-host-subset-size-2", "errors-host-subset-size-5", "errors-weighted-by-slots",
    ]  # fmt: skip
    for figure in figures:
        assert sum(runs for _, runs in figure.data.steps) == 1000
        assert max(len(line) for line in figure.drawing) <= 78
        assert str(figure.data.steps[0][1]) in figure.alternative
        assert chart_specs.spec(figure.data)["data"]["values"][0]["runs"] == figure.data.steps[0][1]
    many = dict.fromkeys(range(3, 400), 2)
    steps = view_simulate._grouped(many)
    assert len(steps) <= 12
    assert sum(runs for _, runs in steps) == 2 * len(many)


def fake_openstack(folder, script):
    """An ``openstack`` that notes what it was asked and answers as told."""
    path = folder / "openstack"
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$*\" >> {folder}/asked\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def test_the_plan_is_a_script_that_runs(tmp_path, novatrace):
    """A shell runs it: each wave is sent, then awaited, before the next."""
    novatrace("simulate", TEN, "--plan", "-f", "shell", "-o", tmp_path / "waves.sh")
    env = fake_openstack(tmp_path, 'case "$*" in *task_state*) echo None ;; *status*) echo VERIFY_RESIZE ;; esac')
    done = subprocess.run(["sh", str(tmp_path / "waves.sh")], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text().split("\n")
    moved = [line.split()[-1] for line in asked if line.startswith("server migrate")]
    assert moved == [f"vm-{i}" for i in range(1, 11)]
    first_wait = next(i for i, line in enumerate(asked) if line.startswith("server show"))
    assert asked[first_wait - 1].endswith("vm-5")


def test_the_script_stops_when_a_vm_is_in_error(tmp_path, novatrace):
    """The second wave is not sent."""
    novatrace("simulate", TEN, "--plan", "-f", "shell", "-o", tmp_path / "waves.sh")
    env = fake_openstack(tmp_path, 'case "$*" in *task_state*) echo None ;; *status*) echo ERROR ;; esac')
    done = subprocess.run(["sh", str(tmp_path / "waves.sh")], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 1
    assert "vm-1 is in ERROR" in done.stderr
    assert (tmp_path / "asked").read_text().count("server migrate") == 5


def test_names_cannot_leave_their_quotes(tmp_path, novatrace):
    """A VM or host named like a command is a name, in the shell and in the comments."""
    scenario = tmp_path / "odd.toml"
    scenario.write_text(
        '[[vm]]\nname = "a; touch pwned; \'`touch pwned`$(touch pwned)"\nvcpus = 1\n[[vm]]\nname = "--force"\nvcpus = 1\n'
        '[[host]]\nname = "h # $(touch pwned)"\nfree_vcpus = 9\nfree_ram_mb = 9\n'
    )
    done = novatrace("simulate", scenario, "--plan", "-f", "shell", "-o", tmp_path / "waves.sh")
    assert done.returncode == 0, done.stderr
    env = fake_openstack(tmp_path, 'case "$*" in *task_state*) echo None ;; *status*) echo ACTIVE ;; esac')
    done = subprocess.run(["sh", "waves.sh"], capture_output=True, text=True, env=env, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "pwned").exists()
    asked = (tmp_path / "asked").read_text().split("\n")
    assert asked[:2] == ["server migrate -- a; touch pwned; '`touch pwned`$(touch pwned)", "server migrate -- --force"]


@pytest.mark.parametrize(
    ("action", "wanted"),
    [
        ("migrate", ["server migrate -- vm-1", "2.56 server migrate --host", "server migrate confirm"]),
        ("live-migrate", ["server migrate --live-migration -- vm-1", "2.30 server migrate --live-migration --host"]),
        ("evacuate", ["server evacuate -- vm-1", "client 5.5"]),
        ("unshelve", [": unshelve -- vm-1", "fill it in"]),
    ],
)
def test_the_commands_fit_the_action_and_say_which_client_has_them(ten, action, wanted):
    """A shell takes every script; what it needs stands in its comments."""
    text = replay.script(but(ten, scenario=but(ten.scenario, action=action)))
    assert all(each in text for each in wanted)
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0


def test_a_vm_that_did_not_move_is_told(tmp_path, novatrace):
    """Nova says ACTIVE again where no host was found: the next wave is sent, with a warning."""
    novatrace("simulate", TEN, "--plan", "-f", "shell", "-o", tmp_path / "waves.sh")
    env = fake_openstack(tmp_path, 'case "$*" in *task_state*) echo None ;; *status*) echo ACTIVE ;; esac')
    done = subprocess.run(["sh", str(tmp_path / "waves.sh")], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0
    assert "warning: vm-1 is ACTIVE, not VERIFY_RESIZE" in done.stderr


def test_a_report_with_pseudonyms_names_no_host_and_is_never_a_script(novatrace):
    """Every format, the list too; figures stay; a script would not run, so there is none."""
    assert novatrace("correlate", RACE, "-q").returncode == 0
    plain = novatrace("simulate", "--plan").stdout.decode()
    assert "compute-02" in plain
    for name in ("text", "markdown", "jira", "html", "json", "csv"):
        done = novatrace("simulate", "--plan", "--redact", "-f", name)
        assert done.returncode == 0, done.stderr
        assert b"compute-0" not in done.stdout
    text = novatrace("simulate", "--plan", "--redact").stdout.decode()
    assert "host-" in text
    assert re.findall(r"^ +\d+ .*  as-observed .*", text, re.MULTILINE) == re.findall(
        r"^ +\d+ .*  as-observed .*", plain, re.MULTILINE
    )
    listed = novatrace("simulate", "--batches", "--redact").stdout
    assert b"compute-0" not in listed
    assert b"host-" in listed
    done = novatrace("simulate", "--plan", "--redact", "-f", "shell")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"could not be run" in done.stderr


def later(migrations, by_us):
    """The same moves at another time."""

    def moved(thing):
        if isinstance(thing, tuple):
            return tuple(moved(each) for each in thing)
        if not fields_of(thing.__class__):
            return thing
        return changed(thing, **{
            name: value + by_us if name.endswith("_us") and value is not None else moved(value)
            for name in fields_of(thing.__class__) for value in [getattr(thing, name)]
        })  # fmt: skip

    return tuple(but(moved(m), request_id=f"{m.request_id}-{by_us}") for m in migrations)


def test_the_newest_batch_is_replayed_unless_another_is_asked_for():
    """Two batches an hour apart: by number, by target, by time; what there is not is told."""
    case = analysed(RACE)
    hour = 3_600_000_000
    six = [m for m in case.migrations if m.action != "create"][:6]
    case = but(case, migrations=(*case.migrations, *later(six, hour)))
    whole = replay.replayed(case, runs=1, seed=1).scenario
    assert (whole.batch, len(whole.vms)) == ((2, 2), 6)
    assert replay.replayed(case, replay.Choice(number=1), runs=1, seed=1).scenario.batch == (1, 2)
    assert replay.replayed(case, replay.Choice(target="compute-02"), runs=1, seed=1).scenario.batch[1] == 2
    first = replay.replayed(case, replay.Choice(until="2026-11-23 00:30"), runs=1, seed=1).scenario
    assert (first.batch, len(first.vms)) == ((1, 1), 8)
    last = replay.replayed(case, replay.Choice(since="2026-11-23 00:30Z"), runs=1, seed=1).scenario
    assert last.first_us - first.first_us > hour - 60_000_000
    for choice in (replay.Choice(number=3), replay.Choice(target="nowhere"), replay.Choice(since="2030-01-01")):
        with pytest.raises(UsageError, match="no such batch"):
            replay.replayed(case, choice, runs=1, seed=1)
    listed = batches.listed(case.migrations)
    rows = text_report.FORMAT.batches(listed).split("\n")
    assert [row.split()[0] for row in rows if row] == ["BATCHES", "batch", "1", "2"]
    assert "2026-11-23 01:10:4" in rows[3]
    text = replay.render("text", replay.replayed(case, runs=1, seed=1), plan=False)
    assert "batch 2 of 2, the newest:" in text
    assert "--batches" in text


def test_the_list_of_batches(novatrace):
    """It replays nothing; a scenario file has none to choose from."""
    assert novatrace("correlate", RACE, "-q").returncode == 0
    done = novatrace("simulate", "--batches")
    assert done.stdout.decode().split("\n")[2].split()[-1] == "compute-02"
    assert novatrace("simulate", "--batch", "2").returncode == 2
    assert novatrace("simulate", TEN, "--batch", "1").returncode == 2
    assert novatrace("simulate", "--since", "once upon a time").returncode == 2


def test_the_list_of_batches_fits_a_terminal():
    """Many long names, several kinds: no line is wider, no name is broken or lost."""
    hosts = tuple(f"compute-{i:03d}.rack{i}.region-one.cloud.example.org" for i in range(3))
    found = [
        ListedBatch(n, 10**15, 10**15 + n, 1000, 17, ("evacuate", "live-migrate", "migrate"), hosts) for n in (1, 12)
    ]
    text = text_report.TextFormat(width=80).batches(found)
    assert max(map(len, text.split("\n"))) <= 80
    assert all(text.count(host) == 2 for host in hosts)
    assert text.count("live-migrate, migrate") == 2


def test_a_case_of_which_a_part_could_not_be_read_ends_with_3(novatrace, tmp_path):
    """As for the other commands: the report is written, says so, and the exit code tells a script."""
    for node in RACE.iterdir():
        if node.is_dir():
            shutil.copytree(node, tmp_path / "logs" / node.name)
    log = tmp_path / "logs" / "ctl01" / "nova-conductor.log"
    log.with_suffix(".log.gz").write_bytes(gzip.compress(log.read_bytes())[:-20])
    log.unlink()
    assert novatrace("correlate", tmp_path / "logs", "-q").returncode == 3
    done = novatrace("simulate", "--plan")
    assert done.returncode == 3
    assert b"missing: a part of the logs that could not be read" in done.stdout
    assert novatrace("simulate", "--batches").returncode == 3
    assert novatrace("simulate", TEN).returncode == 0


def test_a_plan_that_leaves_vms_out_says_who_would_take_them_though_full_and_what_mends_it(ten):
    """No filter looks at vCPU: all go to the host with most RAM. With limits every VM is in a wave."""
    rules, loose = but(ten.scenario.rules, max_attempts=3), ("ram_mb", "disk_gb")
    scenario = but(ten.scenario, guarded=loose, filtered=loose, claims_in_placement=False, rules=rules)
    found = study(scenario, (), runs=200, seed=1)
    assert (len(found.plan.waves[0].vms), len(found.plan.unplaceable)) == (5, 5)
    assert "node01 all the same, which is full, for no filter looks at vCPU" in found.plan.unplaceable_because
    assert (found.results[found.advised].variant.name, found.later_plan.unplaceable) == ("limits-enforced", ())
    text, value = (replay.render(name, found, plan=True) for name in ("text", "json"))
    assert "5 VMs in no wave: they would be sent to node01 all the same" in text
    assert "Once what is advised above is set: 2 waves with a host for 10 of 10 VMs." in text
    assert json.loads(value)["plan"]["unplaceable_because"] == found.plan.unplaceable_because
    assert replay.script(found).count("# In no wave: they would be sent to node01") == 1
    assert (ten.plan.unplaceable_because, ten.later_plan) == (None, None)


def test_a_plan_without_a_good_backtest_is_no_script_to_run_as_it_is(tmp_path):
    """More failures than the model explains: no advice, the plan says so, and its script stops before the first command."""
    case = analysed(RACE)
    lost = tuple(but(m, outcome="failed") if m.action != "create" else m for m in case.migrations)
    found = replay.replayed(but(case, migrations=lost), runs=1, seed=1)
    assert (found.backtest.good, found.advice) == (False, None)
    assert "Not to be relied on: the replay ends with 7 failures, 8 were observed." in replay.render(
        "text", found, plan=True
    )
    (tmp_path / "waves.sh").write_text(replay.script(found))
    env = fake_openstack(tmp_path, "")
    done = subprocess.run(["sh", str(tmp_path / "waves.sh")], capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the backtest of this plan is not good" in done.stderr
    assert not (tmp_path / "asked").exists()


def test_a_comment_stays_on_its_line():
    """Whatever is in it."""
    assert "\n" not in plan_script._comment("a\nrm -rf /\r\nb\x1b[2J\u2028c")


BAD = {
    "not toml": "not a scenario",
    "[batch]\nvms = 1\nvcpus = 1": "no [[host]]",
    "[batch]\nvms = 1\n[[host]]\nname = 'a'": "asks for nothing",
    "[batch]\nvms = 0\nvcpus = 1\n[[host]]\nname = 'a'": "vms: not a whole number of at least 1",
    "[batch]\nvms = 1.5\nvcpus = 1\n[[host]]\nname = 'a'": "vms: not a whole number",
    "[batch]\nvms = 999999999\nvcpus = 1\n[[host]]\nname = 'a'": "a number from 1 to",
    "[batch]\nvms = 1\nvcpus = 'x'\n[[host]]\nname = 'a'": "vcpus: not a number",
    "[batch]\nvms = 1\nvcpus = nan\n[[host]]\nname = 'a'": "vcpus: out of range",
    "[batch]\nvms = 1\nvcpu = 1\n[[host]]\nname = 'a'": "unknown key vcpu; known: action",
    "[batch]\nvms = 1\nvcpus = 1\n[[host]]\nfree_vcpus = 1": "a [[host]] without a name",
    "[batch]\nvms = 1\nvcpus = 1\n[[host]]\nname = 'a'\n[[host]]\nname = 'a'": "have one name",
    '[batch]\nvms = 1\nvcpus = 1\n[[host]]\nname = "a\\u001b[2J"': "cannot be printed",
    "[batch]\nvcpus = 1\n[[vm]]\nhosts = ['b']\n[[host]]\nname = 'a'": "there is no [[host]] 'b'",
    "batch = 3\n[[host]]\nname = 'a'": "[batch] is not a table",
    "[batch]\nvms = 1\nvcpus = 1\nweighers = { numa = 1 }\n[[host]]\nname = 'a'": "weighers: unknown key numa",
}


@pytest.mark.parametrize("text", BAD)
def test_a_scenario_that_is_off_is_told_in_one_line(novatrace, tmp_path, text):
    """Exit code 2, what is wrong, and where the form is described."""
    path = tmp_path / "off.toml"
    path.write_text(text)
    done = novatrace("simulate", path)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().strip().split("\n")
    assert BAD[text] in line
    assert "novatrace guide simulating" in line


def test_what_cannot_be_asked(novatrace):
    """No case yet; a file and a case; a script without a plan."""
    assert novatrace("simulate").returncode == 10
    assert novatrace("simulate", TEN, "--case", TEN).returncode == 2
    done = novatrace("simulate", TEN, "-f", "shell")
    assert (done.returncode, b"--plan" in done.stderr) == (2, True)
    assert novatrace("simulate", TEN, "--runs", "0").returncode == 2


def test_different_vms_and_where_they_may_go(novatrace, tmp_path):
    """[[vm]] tables: sizes, counts and hosts are respected."""
    path = tmp_path / "mixed.toml"
    path.write_text(
        "[batch]\nram_mb = 1\n[[vm]]\nname = 'big'\nvcpus = 4\ncount = 2\n[[vm]]\nname = 'small'\nvcpus = 1\nhosts = ['b']\n"
        "[[host]]\nname = 'a'\nfree_vcpus = 4\nfree_ram_mb = 99\n[[host]]\nname = 'b'\nfree_vcpus = 4\nfree_ram_mb = 50\n"
    )
    found = json.loads(novatrace("simulate", path, "-f", "json", "--plan").stdout)
    assert found["policies"][0]["errors"]["mean"] == 1
    assert {t["host"]: t["placed_mean"] for t in found["policies"][0]["per_target"]} == {"a": 1, "b": 1}
    assert [[vm["name"] for vm in wave["vms"]] for wave in found["plan"]["waves"]] == [["big-1"], ["big-2"]]
    assert found["plan"]["unplaceable"] == ["small"]


def test_the_shipped_scenario_is_found_from_the_repository(novatrace):
    """The command of the README, from where it is typed."""
    done = novatrace("simulate", TEN.relative_to(ROOT), cwd=str(ROOT))
    assert done.returncode == 0
    assert done.stderr == b""
