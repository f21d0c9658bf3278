"""Secrets wherever a log has a place for them, read as logs are read, in no output of any command."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace

import pytest
from cases import FIXTURES
from test_exports import everything
from test_redaction import CORPUS

from novatrace import pipeline
from novatrace.pipeline.run_options import RunOptions

FORMATS = ("text", "markdown", "jira", "html", "json", "csv")
SOURCE = FIXTURES / "real-nova" / "b4-race-hugepages-1sched"
VM = "733a4217-e97a-4542-8a5f-02336a222483"
REQUEST = "req-31dc591a-5204-430c-882b-13e47f3afabc"
TEXTS = [text for _, text in CORPUS[:: len(CORPUS) // 20]] + [text for _, text in CORPUS[-76:]]


def head(number: int, level: str = "ERROR") -> str:
    """The beginning of a line of the VM's request."""
    return f"2026-11-23 00:08:36.{number % 800:03} 62557 {level} nova.compute.manager [None {REQUEST} u p - - default default]"


def lines_of(texts):
    """Every place of a compute log: messages, faults, tracebacks, requests, claims, warnings, broken lines."""
    for number, text in enumerate(texts):
        yield f"{head(number)} [instance: {VM}] Setting instance vm_state to ERROR: {text}"
        yield f"2026-11-23 00:08:36.900 62557 ERROR nova.compute.manager [instance: {VM}] Traceback (most recent call last):"
        yield f"2026-11-23 00:08:36.900 62557 ERROR nova.compute.manager [instance: {VM}]   File x, in y: {text}"
        yield f"{head(number, 'INFO')} [instance: {VM}] Claim unsuccessful on node compute-02: {text}"
        yield f"{head(number, 'DEBUG')} {text}"
        url = f'10.0.0.1 "GET /v2.1/{text} HTTP/1.1"'
        yield f"2026-11-23 00:08:36.800 1 INFO nova.osapi_compute.wsgi.server [{REQUEST} u p - - -] {url} status: 202 len: 1 time: 0.1"
        yield f"?? {number} {text}"


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """The case with canaries in its logs, a log in JSON, a journal, a nova.conf and an operator's notes beside it."""
    folder = tmp_path_factory.mktemp("canaries") / "logs"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("truth.json"))
    with (folder / "compute-02" / "nova-compute.log").open("a", encoding="utf-8") as log:
        log.writelines(line.replace("\n", " ") + "\n" for line in lines_of(TEXTS))
    row = {
        "asctime": "2026-11-23 00:08:37",
        "msecs": 1.0,
        "levelname": "ERROR",
        "name": "nova.compute.manager",
        "process": 7,
    }
    rows = [
        {**row, "message": text, "traceback": [text], "context": {"request_id": REQUEST, "auth_token": text}}
        for text in TEXTS
    ]
    (folder / "ctl01" / "nova-api.json.log").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    entry = {"__REALTIME_TIMESTAMP": "1795392517000000", "SYSLOG_IDENTIFIER": "nova-compute"}
    fields = [{**entry, "MESSAGE": text, "_CMDLINE": text} for text in TEXTS]
    (folder / "ctl01" / "journal.json").write_text("".join(json.dumps(r) + "\n" for r in fields), encoding="utf-8")
    options = "\n".join(f"transport_url = rabbit://nova:{'Cnry'}{n:05d}zQ7x@h{n}:5672/" for n in range(3))
    conf = f"[DEFAULT]\n{options}\n[keystone_authtoken]\npassword = Cnry00000zQ7x\n[neutron]\nmetadata_proxy_shared_secret = Cnry0zQ7x\n"
    (folder / "ctl01" / "nova.conf").write_text(conf, encoding="utf-8")
    (folder / "notes.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    return folder


def test_no_report_shows_a_secret_of_the_logs(logs):
    """correlate, inspect and explain in every format, exports of every table; the quoted lines with them."""
    case = pipeline.analyse(RunOptions((str(logs),), jobs=1))
    subject = pipeline.subject_of(case, VM)
    for name in FORMATS:
        for kind in ("correlate", "inspect", "explain") if name in ("text", "html", "json") else ("correlate",):
            shown = pipeline.render(name, kind, case, subject)
            assert "Cnry" not in shown, (name, kind)
            assert "CANARY" not in shown, (name, kind)
    assert "MASKED" in pipeline.render("json", "explain", case, subject)
    for name in ("csv", "jsonl", "otlp", "perfetto", "timesketch"):
        assert "Cnry" not in everything(name, case), name


def test_places_of_doubled_inputs_are_masked():
    """The name of a file is text like any other, also where it is a key."""
    case = pipeline.analyse(RunOptions((str(SOURCE),), jobs=1))
    first = replace(case.coverage[0], also_in={"logs/password=Cnry00000zQ7x.log": 3})
    case = replace(case, coverage=(first, *case.coverage[1:]))
    shown = json.loads(pipeline.render("json", "inspect", case))
    assert "Cnry" not in json.dumps(shown)
    assert [row["also_in"] for row in shown["coverage"]["inputs"] if row.get("also_in")] == [
        [{"path": "logs/password=[MASKED:password]", "events": 3}]
    ]


def test_no_command_shows_a_secret_of_the_logs(novatrace, logs, tmp_path):
    """Neither on standard output nor beside it; pseudonyms change nothing of that."""
    assert b"Cnry" in (logs / "compute-02" / "nova-compute.log").read_bytes()
    charts = tmp_path / "charts"
    for arguments in (
        ("correlate", logs, "--redact", "--charts", charts),
        ("filters",),
        ("inspect", logs, "-f", "json"),
        ("simulate", "--plan", "--runs", "20"),
        ("simulate", "-f", "html", "--runs", "20"),
        ("export", "-f", "parquet", "-o", tmp_path / "tables"),
        ("export", "--bundle", tmp_path / "bundle.tar.gz"),
    ):
        done = novatrace(*arguments)
        assert done.returncode in (0, 3), done.stderr
        assert b"Cnry" not in done.stdout + done.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in written} == {".svg", ".png", ".parquet", ".gz"}
    for path in written:
        data = path.read_bytes()
        assert b"Cnry" not in (gzip.decompress(data) if path.suffix == ".gz" else data), path
