"""Case files: what goes in comes out, and a case is whole or not there."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest
from cases import FIXTURES, INCIDENT, analysed

from novatrace import pipeline
from novatrace.errors import CaseDamagedError, CaseMissingError, CaseVersionError
from novatrace.model.kept import Kept
from novatrace.pipeline import exporting
from novatrace.pipeline.sharing import Sharing
from novatrace.store import case_reader, case_rows, places
from novatrace.store.case_reader import CaseReader
from novatrace.store.case_writer import case_writer
from novatrace.store.codec import decode, encode


def write_case(path, case, description=""):
    """A case file without pieces."""
    with case_writer(path) as writer:
        writer.hand_over()
        writer.finish(case, (), description, "run")


FOLDERS = [INCIDENT, *sorted((FIXTURES / "real-nova").iterdir())]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_a_case_comes_back_as_it_was(folder, tmp_path):
    """Writing and reading gives an equal case."""
    case = analysed(folder)
    write_case(tmp_path / "x.sqlite", case, "about")
    reader = CaseReader(tmp_path / "x.sqlite")
    assert reader.case() == case
    assert reader.description == "about"


def test_parts_come_back_one_by_one():
    """Encoding leaves out what is unknown; decoding puts it back."""
    for migration in analysed(INCIDENT).migrations:
        assert decode(type(migration), encode(migration)) == migration
    with pytest.raises(ValueError, match="attempts"):
        decode(type(migration), '{"attempts": 7}')


def test_a_name_that_is_no_text_comes_back(tmp_path):
    """A file's name may have any bytes; they are kept as they are."""
    case = analysed(INCIDENT)
    named = replace(case, evidence=tuple(replace(e, path=f"{e.path}\udcff") for e in case.evidence))
    write_case(tmp_path / "x.sqlite", named, "from \udcff")
    assert CaseReader(tmp_path / "x.sqlite").case() == named


def test_only_the_owner_reads_a_case(tmp_path):
    """The folder is 0700, the file 0600."""
    path = tmp_path / "new" / "x.sqlite"
    write_case(path, analysed(INCIDENT))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_missing_other_or_damaged_case_is_told(tmp_path):
    """Each has its own error."""
    with pytest.raises(CaseMissingError):
        CaseReader(tmp_path / "none.sqlite")
    path = tmp_path / "x.sqlite"
    write_case(path, analysed(INCIDENT))
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    connection.close()
    with pytest.raises(CaseVersionError):
        CaseReader(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(CaseDamagedError):
        CaseReader(path)


def test_a_flipped_byte_gives_the_same_case_or_an_error(tmp_path):
    """Whatever byte is damaged: an error of ours, or the case as it was written; never another one."""
    path = tmp_path / "x.sqlite"
    case = analysed(INCIDENT)
    write_case(path, case)
    whole = path.read_bytes()
    errors = 0
    for position in range(0, len(whole), max(1, len(whole) // 400)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            assert CaseReader(path).case() == case
        except (CaseDamagedError, CaseVersionError):
            errors += 1
    assert errors > 50


def test_the_same_paths_give_the_same_case(monkeypatch, tmp_path):
    """The name comes from the paths, whatever their order; the newest is the one written last."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert places.case_path(("a", "b")) == places.case_path(("b", "a"))
    assert places.case_path(("a",)) != places.case_path(("b",))
    with pytest.raises(CaseMissingError):
        places.newest_case()
    for number, name in enumerate(("a", "b")):
        path = places.case_path((name,))
        write_case(path, analysed(INCIDENT), name)
        os.utime(path, (number, number))
    assert CaseReader(places.newest_case()).description == "b"


@pytest.mark.slow
def test_killed_at_any_moment_the_old_case_stays(tmp_path):
    """SIGKILL while a case is written: the older one is whole each time, and the next run needs no repair."""
    path = tmp_path / "x.sqlite"
    write_case(path, analysed(INCIDENT), "old")
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2])\n"
        "from cases import analysed, FIXTURES\nfrom test_store import write_case\n"
        "case = analysed(FIXTURES / 'real-nova' / 'b1-race-placement-room1')\nprint('ready', flush=True)\n"
        "while True: write_case(pathlib.Path(sys.argv[1]), case, 'new')\n"
    )
    for delay_ms in range(2, 60, 6):
        arguments = [sys.executable, "-c", code, str(path), str(FIXTURES.parent / "tests")]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as running:
            running.stdout.readline()
            time.sleep(delay_ms / 1000)
            running.send_signal(signal.SIGKILL)
        assert CaseReader(path).case().migrations
    write_case(path, analysed(INCIDENT), "after")
    assert CaseReader(path).description == "after"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_a_long_case_is_the_same_case(folder, tmp_path, monkeypatch):
    """What stays in the file is looked up there, in any order, also when the file has got another one in its place."""
    path, case = tmp_path / "x.sqlite", analysed(folder)
    write_case(path, case)
    whole = CaseReader(path).case()
    monkeypatch.setattr(case_reader, "LONG_MOVES", 0)
    monkeypatch.setattr(case_rows, "_TOGETHER", 3)
    kept = CaseReader(path).case()
    assert isinstance(kept.views, Kept)
    assert any(isinstance(m.timeline, Kept) for m in kept.migrations) == any(m.timeline for m in case.migrations)
    write_case(path, analysed(INCIDENT))
    assert kept == case == whole
    assert [view.when_us for view in kept.views[::-1]] == [view.when_us for view in case.views[::-1]]
    assert encode(kept.migrations) == encode(whole.migrations)


@pytest.mark.parametrize("folder", FOLDERS[::9], ids=lambda p: p.name)
def test_a_long_case_is_told_in_the_same_words(folder, tmp_path, monkeypatch):
    """Every report and export that a kept case may be asked for."""
    path = tmp_path / "x.sqlite"
    write_case(path, analysed(folder))
    whole = list(told(CaseReader(path).case()))
    monkeypatch.setattr(case_reader, "LONG_MOVES", 0)
    assert list(told(CaseReader(path).case())) == whole


def told(case):
    """All that is told of a case."""
    for name in pipeline.formats():
        for kind in ("correlate", "filters"):
            yield pipeline.render(name, kind, case)
        for sharing in (Sharing(), Sharing(redact=True)):
            yield "".join(pipeline.report(name, case, sharing=sharing))
    yield [file.data for file in exporting.export(case, "jsonl", (), sharing=Sharing())]
    yield [file.data for file in exporting.export(case, "otlp", (), sharing=Sharing(redact=True))]


def test_a_damaged_row_of_a_long_case_is_told(tmp_path, monkeypatch):
    """When the case is read, and not as something else when it is looked up."""
    monkeypatch.setattr(case_reader, "LONG_MOVES", 0)
    case = analysed(next(f for f in FOLDERS if analysed(f).views))
    for part in ("migrations", "views", "findings"):
        for change in ("SET json = json || ' '", "SET position = position + 7"):
            path = tmp_path / "x.sqlite"
            write_case(path, case)
            with closing(sqlite3.connect(path)) as connection, connection:
                changed = connection.execute(f"UPDATE parts {change} WHERE part = ?", (part,)).rowcount
            if changed:
                with pytest.raises(CaseDamagedError):
                    CaseReader(path).case()
