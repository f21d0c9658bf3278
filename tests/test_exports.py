"""Exports: each format read back by its own rules, with nothing secret in it."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import replace
from datetime import datetime

import pytest
from cases import FIXTURES, INCIDENT, analysed, case_folders
from test_redaction import CORPUS

from novatrace import pipeline
from novatrace.errors import LeakError, UsageError
from novatrace.model.parts import changed
from novatrace.pipeline import exporting
from novatrace.pipeline.sharing import Sharing
from novatrace.reports import tables
from novatrace.reports.exports import interface, otlp_export, parquet_export

RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
FORMATS = interface.names()
FOLDERS = [INCIDENT, *case_folders()]


def exported(format_name, case, asked=(), sharing=None) -> dict[str, bytes]:
    """The files of an export by name."""
    files = exporting.export(case, format_name, asked, sharing=sharing or Sharing())
    return {file.name: file.data for file in files}


def everything(format_name, case, sharing=None) -> str:
    """All that an export tells, as text."""
    found = exported(format_name, case, sharing=sharing)
    if format_name != "parquet":
        return "\n".join(data.decode() for data in found.values())
    parquet = pytest.importorskip("pyarrow.parquet")
    return "\n".join(str(parquet.read_table(io.BytesIO(data)).to_pylist()) for data in found.values())


def test_formats_are_found_by_walking_the_folder():
    """A format is a file; an unknown one is a KeyError; what each is for is said in the help."""
    assert FORMATS == ("csv", "jsonl", "otlp", "parquet", "perfetto", "timesketch")
    assert all(exporting.formats().values())
    with pytest.raises(KeyError):
        interface.load("xlsx")


def test_csv_has_every_table_and_is_what_correlate_writes():
    """A file for each table; the table of moves is the report's own."""
    case = analysed(RACE)
    found = exported("csv", case)
    assert set(found) == {f"{name}.csv" for name in tables.names()}
    assert found["migrations.csv"].decode() == pipeline.render("csv", "correlate", case)
    assert found["inputs.csv"].decode() == pipeline.render("csv", "inspect", case)
    for name, data in found.items():
        header, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
        assert tuple(header) == tables.TABLES[name.removesuffix(".csv")].columns
        assert all(len(row) == len(header) for row in rows)


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd", "-1-1", "@SUM(A1)", "\t=1", "|calc", "＝1", " =1"])
def test_no_cell_is_a_formula(text):
    """Whoever can name a VM could otherwise run a spreadsheet's functions."""
    case = analysed(RACE)
    case = replace(case, migrations=tuple(replace(m, fault=text) for m in case.migrations))
    rows = csv.DictReader(io.StringIO(exported("csv", case, ["migrations"])["migrations.csv"].decode(), newline=""))
    assert {row["fault"][0] for row in rows} <= {"'", "\\"}


def test_json_lines_have_every_row():
    """A line for each row, with the table's name; unknown is null; asked-for tables alone where some are asked for."""
    case = analysed(RACE)
    (data,) = exported("jsonl", case).values()
    rows = [json.loads(line) for line in data.decode().splitlines()]
    for name in tables.names():
        table = tables.table(name, case)
        mine = [tuple(row[column] for column in table.columns) for row in rows if row["table"] == name]
        assert mine == table.rows
    (some,) = exported("jsonl", case, ["bursts", "attempts"]).values()
    assert [json.loads(line)["table"] for line in some.decode().splitlines()] == ["attempts"] * 16 + ["bursts"] * 2


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_parquet_keeps_types_and_values(folder):
    """What is read back is what was written; a column has one type in all cases, also where all is unknown."""
    parquet = pytest.importorskip("pyarrow.parquet")
    case = analysed(folder)
    for name, data in exported("parquet", case).items():
        table = tables.table(name.removesuffix(".parquet"), case)
        read = parquet.read_table(io.BytesIO(data))
        assert tuple(read.column_names) == table.columns
        assert [tuple(row.values()) for row in read.to_pylist()] == table.rows
        wanted = [parquet_export.type_name(c).replace("float64", "double") for c in table.columns]
        assert [str(kind) for kind in read.schema.types] == wanted


def test_without_its_library_parquet_says_what_to_install(monkeypatch):
    """The extra is named; nothing breaks."""
    monkeypatch.setattr("novatrace.reports.exports.parquet_export.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UsageError) as caught:
        exported("parquet", analysed(RACE))
    assert "pip install 'novatrace[parquet]'" in caught.value.next_step


def with_binary_ids(value):
    """OTLP writes ids in hexadecimal where protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [with_binary_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode() if key in ids else with_binary_ids(item)
        for key, item in value.items()
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_otlp_is_what_the_protocol_says(folder):
    """Every field is one of opentelemetry-proto's; ids have their sizes, parents exist, times are in order."""
    json_format = pytest.importorskip("google.protobuf.json_format")
    trace_pb2 = pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2")
    case = analysed(folder)
    (data,) = exported("otlp", case).values()
    assert data.count(b"\n") == 1
    value = json.loads(data)
    told = json_format.ParseDict(with_binary_ids(value), trace_pb2.TracesData(), ignore_unknown_fields=False)
    spans = [s for resource in told.resource_spans for scope in resource.scope_spans for s in scope.spans]
    ids = {(s.trace_id, s.span_id) for s in spans}
    assert len(ids) == len(spans) > 0
    for span in spans:
        assert (len(span.trace_id), len(span.span_id)) == (16, 8)
        assert any(span.trace_id)
        assert any(span.span_id)
        assert span.start_time_unix_nano <= span.end_time_unix_nano
        assert not span.parent_span_id or (span.trace_id, span.parent_span_id) in ids
        assert all(span.start_time_unix_nano <= e.time_unix_nano <= span.end_time_unix_nano for e in span.events)
    roots = [s for s in spans if not s.parent_span_id]
    timed = [m for m in case.migrations if m.accepted_us or any(e.when_us for e in m.timeline)]
    assert len(roots) == len(timed)


def test_a_request_is_a_trace_of_its_services():
    """The trace id is the request's own; services, pass and refused claim are where they happened."""
    case = analysed(RACE)
    lost = next(m for m in case.migrations if m.stage == "placement-conflict")
    value = json.loads(next(iter(exported("otlp", case).values())))
    mine = {}
    for resource in value["resourceSpans"]:
        about = {a["key"]: a["value"]["stringValue"] for a in resource["resource"]["attributes"]}
        for span in resource["scopeSpans"][0]["spans"]:
            if span["traceId"] == lost.request_id.removeprefix("req-").replace("-", ""):
                mine.setdefault(about["service.name"], []).append((about.get("host.name"), span))
    assert set(mine) == {"nova", "nova-api", "nova-conductor", "nova-scheduler", "placement-api"}
    (_, root), *_ = mine["nova"]
    assert root["status"]["code"] == 2
    assert "parentSpanId" not in root
    passes = [span for _, span in mine["nova-scheduler"] if span["name"].startswith("pass 1: ")]
    (claim,) = [event for event in passes[0]["events"] if event["name"] == "placement claim refused"]
    attributes = {a["key"]: a["value"] for a in claim["attributes"]}
    assert attributes["novatrace.amounts"] == {"stringValue": "needed 4096, used 4096, capacity 6656"}
    assert re.fullmatch(r"\d{19}", claim["timeUnixNano"])


def test_ids_are_made_where_a_request_has_none():
    """A request id that is no UUID, or none at all, still gives a trace id, never all zeros."""
    move = analysed(RACE).migrations[0]
    odd = (None, "req-1", "req-00000000-0000-0000-0000-000000000000", "\udcff")
    made = [otlp_export.trace_id(replace(move, request_id=name)) for name in odd]
    assert all(re.fullmatch("[0-9a-f]{32}", name) and name.strip("0") for name in made)
    assert len(set(made)) == len(odd)


PHASES = {
    "M": {"args"},
    "X": {"ts", "dur", "cat", "args"},
    "i": {"ts", "s", "cat", "args"},
    "C": {"ts", "args"},
    "s": {"ts", "cat", "id"},
    "f": {"ts", "cat", "id", "bp"},
}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_perfetto_reads_every_event(folder):
    """Trace-event JSON: known phases with their fields, whole numbers, one slice a thread, each thread and process named."""
    case = analysed(folder)
    (data,) = exported("perfetto", case).values()
    value = json.loads(data)
    assert set(value) == {"traceEvents", "displayTimeUnit", "otherData"}
    slices, named = [], set()
    for event in value["traceEvents"]:
        assert set(event) == {"ph", "name", "pid", "tid", *PHASES[event["ph"]]}, event
        assert all(isinstance(event[key], int) for key in ("pid", "tid", "ts", "dur") if key in event)
        assert all(0 <= event[key] < 2**53 for key in ("ts", "dur") if key in event)
        if event["ph"] == "X":
            slices.append((event["pid"], event["tid"]))
        elif event["ph"] == "M" and event["name"] in ("process_name", "thread_name"):
            named.add((event["pid"], event["tid"]))
        elif event["ph"] == "C":
            assert event["args"]["VMs"] >= 0
    assert len(set(slices)) == len(slices)
    assert {*slices, *((pid, 0) for pid, _ in slices)} <= named
    targets = [
        e["args"]["name"] for e in value["traceEvents"] if e["name"] == "process_name" and e["pid"] <= len(case.bursts)
    ]
    assert len(targets) == len(case.bursts)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_perfetto_can_draw_every_track_and_arrow(folder):
    """What its reader drops without a word is not in it: slices that cross, a counter out of order, a flow without slices."""
    case = analysed(folder)
    (data,) = exported("perfetto", case).values()
    events = json.loads(data)["traceEvents"]
    spans = {(e["pid"], e["tid"]): (e["ts"], e["ts"] + e["dur"]) for e in events if e["ph"] == "X"}
    assert all(start <= end for start, end in spans.values())
    for event in (e for e in events if e["ph"] in "isf"):
        start, end = spans.get((event["pid"], event["tid"]), (event["ts"], event["ts"]))
        assert start <= event["ts"] <= end, event
    for pid in {e["pid"] for e in events if e["ph"] == "C"}:
        times = [e["ts"] for e in events if e["ph"] == "C" and e["pid"] == pid]
        assert times == sorted(times)
    arrows = {phase: {e["id"]: e for e in events if e["ph"] == phase} for phase in "sf"}
    assert arrows["s"].keys() == arrows["f"].keys()
    for number, start in arrows["s"].items():
        end = arrows["f"][number]
        assert (end["bp"], end["ts"], end["name"]) == ("e", start["ts"], start["name"])
        assert (start["pid"], start["tid"]) in spans
        assert spans[end["pid"], end["tid"]][0] == end["ts"]
    drawn = [a for b in case.bursts for a in b.arrivals if a.ended_us is not None and a.selected_us is not None]
    if folder == RACE:
        assert len(arrows["s"]) == len(drawn) == 16


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_timesketch_takes_every_line(folder):
    """The three fields that it asks for, stamps with a zone that agree, in the order of time."""
    case = analysed(folder)
    (data,) = exported("timesketch", case).values()
    rows = [json.loads(line) for line in data.decode().splitlines()]
    assert rows
    for row in rows:
        assert row["message"]
        assert row["timestamp_desc"]
        assert round(datetime.fromisoformat(row["datetime"]).timestamp() * 1e6) == row["timestamp"]
        assert row["datetime"].endswith("+00:00")
    assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)
    steps = sum(step.when_us is not None for m in case.migrations for step in m.timeline)
    assert len(rows) == steps + sum(b.first_us is not None for b in case.bursts)


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_same_case_gives_the_same_bytes(format_name):
    """An export can be compared."""
    if not interface.load(format_name).available():
        pytest.skip("its library is not installed")
    case = analysed(INCIDENT)
    assert exported(format_name, case) == exported(format_name, case)


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_canary_comes_out_of_any_export(format_name):
    """Faults, reasons and steps full of secrets are masked in every format."""
    case = analysed(RACE)
    texts = [text for _, text in CORPUS[::7]]
    part = -(-len(texts) // len(case.migrations))
    moves = []
    for number, move in enumerate(case.migrations):
        own = texts[number * part : (number + 1) * part]
        steps = tuple(changed(move.timeline[0], text=text) for text in own)
        moves.append(replace(move, fault=" ".join(own), timeline=(*move.timeline, *steps)))
    shown = everything(format_name, replace(case, migrations=tuple(moves)))
    assert "Cnry" not in shown
    assert "MASKED" in shown


@pytest.mark.parametrize("format_name", FORMATS)
def test_pseudonyms_hide_names_in_every_export(format_name, tmp_path, monkeypatch):
    """No host, user or project of the case is left; what happened is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    case = analysed(RACE)
    shown = everything(format_name, case, Sharing(redact=True, case_file=tmp_path / "mine.sqlite"))
    names = {m.user_id for m in case.migrations} | {m.project_id for m in case.migrations}
    names |= {e.node for e in case.evidence} - {None}
    assert not [name for name in names if name in shown]
    assert re.search(r"host-[a-z2-7]{10}", shown)


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_export_that_would_leak_is_withheld(format_name, monkeypatch):
    """The gate looks at every file before any of them is handed out."""
    if not interface.load(format_name).available():
        pytest.skip("its library is not installed")
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    monkeypatch.setattr("novatrace.reports.redaction.Redaction.of", lambda _self, case: case)
    case = analysed(RACE)
    step = changed(case.migrations[0].timeline[0], text=f"with {key}")
    moves = (replace(case.migrations[0], fault=key, timeline=(step,)), *case.migrations[1:])
    with pytest.raises(LeakError) as caught:
        exported(format_name, replace(case, migrations=moves))
    assert key not in caught.value.message


def test_export_on_the_command_line(novatrace, tmp_path):
    """The newest case, to a pipe, a file, a folder; what cannot be is said."""
    novatrace("correlate", RACE, "-q")
    done = novatrace("export", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.splitlines()[0])["table"] == "migrations"
    done = novatrace("export", "-f", "csv", "--table", "attempts", "-o", tmp_path / "a.csv", "--fail-on", "error")
    assert done.returncode == 20
    assert (tmp_path / "a.csv").read_text().startswith("migration,attempt,")
    assert "exit 20" in done.stderr.decode()
    done = novatrace("export", "-f", "csv", "-o", tmp_path / "all", "-q")
    assert {p.stem for p in (tmp_path / "all").iterdir()} == set(tables.names())
    for wrong in (
        ("-f", "csv"), ("--table", "nothing"), ("-f", "otlp", "--table", "bursts"), ("--bundle", "x.tar.gz", "-f", "csv"),
    ):  # fmt: skip
        done = novatrace("export", *wrong, cwd=tmp_path)
        assert done.returncode == 2, wrong
        assert done.stderr.decode().count("E-USAGE") == 1
