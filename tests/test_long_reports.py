"""A report may be longer than memory: it is made, written and kept in pieces, and is the same text."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace

import pytest
from cases import FIXTURES, analysed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from novatrace import pipeline
from novatrace.cli import writing
from novatrace.reports import json_text
from novatrace.reports.neutralise import json_safe

RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text()
    | st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
)
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the report
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), _VALUES, min_size=1))
def test_json_is_written_as_python_writes_it(value):
    """The layout is a contract: people compare reports of two days; lists made item by item look the same."""
    expected = json_safe(json.dumps(value, ensure_ascii=False, indent=1)) + "\n"
    assert json_text.whole(value) == expected
    lazily = {name: iter(each) if isinstance(each, list) else each for name, each in value.items()}
    assert "".join(json_text.pieces(lazily)) == expected


def test_a_name_that_is_no_text_is_told():
    """A file's name may have any byte; JSON shows it as an escape."""
    assert json.loads(json_text.whole({"path": "log\udcff", "paths": ["log\udcff"]}))["path"] == "log\udcff"


def test_a_long_report_is_never_in_memory_as_a_whole(tmp_path, monkeypatch):
    """What it takes does not grow with its length, and what is read of it again is the same."""
    monkeypatch.setattr(writing, "_IN_MEMORY_BYTES", 1 << 16)
    monkeypatch.setattr(writing, "_BLOCK_BYTES", 1 << 12)
    case = analysed(RACE)
    many = replace(case, migrations=case.migrations * 100)
    length = len(pipeline.render("json", "correlate", many))
    assert length > 4_000_000
    tracemalloc.start()
    try:
        text = writing.write(lambda _width, _colour: pipeline.report("json", many), str(tmp_path / "report"))
        assert tracemalloc.get_traced_memory()[1] < length / 4
    finally:
        tracemalloc.stop()
    written = (tmp_path / "report").read_bytes()
    assert len(written) == length
    assert b"".join(text.blocks()) == written
    assert json.loads(written)["migrations"][:1] * 2 == json.loads(written)["migrations"][:: len(case.migrations)][:2]


@pytest.mark.parametrize("format_name", ["text", "json", "markdown"])
def test_in_pieces_it_is_the_same(format_name):
    """Whatever the format, and with names replaced as well."""
    case = analysed(RACE)
    assert "".join(pipeline.report(format_name, case)) == pipeline.render(format_name, "correlate", case)
