"""Inputs that are odd and not broken, and what breaks while it is read: what is told, and what is kept."""

from __future__ import annotations

import errno
import gzip
import io
import json
import lzma
import os
import zipfile
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest
from cases import FIXTURES
from test_archives import tar_of

from novatrace.pipeline import readers, workers
from novatrace.pipeline.ingest import ingest, plan_of
from novatrace.pipeline.run_options import RunOptions
from novatrace.sources import archives, compression, files

SCHEDULER = FIXTURES / "real-nova/o15-b1-race-room1/ctl01/nova-scheduler.log"
LOG = SCHEDULER.read_bytes()
LINES = LOG.splitlines(keepends=True)


def text_of(number):
    """A part of the log that no other part holds."""
    return b"".join(LINES[10 * number : 10 * number + 10])


def told(folder, *only):
    """The notices about a folder's inputs, of these ids."""
    return [n for n in ingest(plan_of(RunOptions((str(folder),), jobs=1))).notices if not only or n.id in only]


def test_a_link_to_a_log_that_was_not_collected(tmp_path, novatrace):
    """It is missing: 3. A link of another name stands for no log, and one that leads somewhere is no loss."""
    (tmp_path / "nova-api.log").write_bytes(LOG)
    (tmp_path / "mtab").symlink_to("/proc/none/mounts")
    (tmp_path / "current.log").symlink_to("nova-api.log")
    assert [(n.id, n.incomplete, n.count) for n in told(tmp_path)] == [("I-IN-LINK", False, 2)]
    (tmp_path / "nova-compute.log").symlink_to("/data/none/nova-compute.log")
    done = novatrace("correlate", tmp_path)
    assert done.returncode == 3
    place = tmp_path / "nova-compute.log"
    expected = f"W-IN-LINK: {place}: a symbolic link to /data/none/nova-compute.log, which is not there"
    assert expected in done.stderr.decode()


def zip_of(members):
    """A zip of these members."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return data.getvalue()


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_names_that_lead_out_of_an_archive(pack, tmp_path):
    """They are read under their names, and told; nothing is written anywhere."""
    work = tmp_path / "in" / "deep"
    work.mkdir(parents=True)
    names = ("../../out/nova-api.log", "/etc/nova-scheduler.log", "C:\\logs\\nova-conductor.log", "ctl1/a..b.log")
    members = {name: text_of(number) for number, name in enumerate(names)}
    (work / "a.bin").write_bytes(pack(members))
    (notice,) = told(work, "I-ARC-NAME-ODD")
    assert (notice.count, notice.incomplete) == (3, False)
    assert "such as ../../out/nova-api.log: names only" in notice.text
    found = files.find((str(work),))
    assert len(found.sources) == 4
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["in", "in/deep", "in/deep/a.bin"]


def test_a_name_that_promises_something_else(tmp_path):
    """The content counts; the name is told."""
    (tmp_path / "nova-api.log.gz").write_bytes(LOG)
    (tmp_path / "nova-conductor.log.xz").write_bytes(gzip.compress(LOG[:50_000]))
    (tmp_path / "nova-compute.log.gz").write_bytes(gzip.compress(LOG[20_000:]))
    assert [n.text for n in told(tmp_path, "I-ARC-NAME")] == [
        "called a gzip file, and is not packed; read as what it is",
        "called a xz file, and is gzip; read as what it is",
    ]


def test_streams_without_a_checksum(tmp_path):
    """Told, in a folder and in an archive; those that have one are not."""
    zstandard = pytest.importorskip("zstandard")
    bare = zstandard.ZstdCompressor(write_checksum=False).compress(text_of(1))
    (tmp_path / "a.log.xz").write_bytes(lzma.compress(LOG, check=lzma.CHECK_NONE))
    (tmp_path / "b.log.xz").write_bytes(lzma.compress(text_of(2)))
    (tmp_path / "c.log.zst").write_bytes(zstandard.ZstdCompressor(write_checksum=True).compress(text_of(3)))
    (tmp_path / "d.tar").write_bytes(tar_of({"n1/nova-api.log.zst": bare}))
    places = [n.place.removeprefix(f"{tmp_path}/") for n in told(tmp_path, "I-ARC-NOCHECK")]
    assert sorted(places) == ["a.log.xz", "d.tar!n1/nova-api.log.zst"]


def lying_over(text: bytes, times: int) -> bytes:
    """A zip whose members are all the same bytes."""
    raw = zip_of({"n1/nova-api.log": text})
    start = raw.rindex(b"PK\x01\x02")
    end = raw.rindex(b"PK\x05\x06")
    entry = raw[start:end]
    entries = b"".join(entry.replace(b"n1/", b"%02d/" % number) for number in range(times))
    tail = bytearray(raw[end:])
    tail[8:12] = times.to_bytes(2, "little") * 2
    tail[12:16] = len(entries).to_bytes(4, "little")
    return raw[:start] + entries + bytes(tail)


def test_members_of_a_zip_that_lie_over_each_other(tmp_path):
    """A bomb of that kind is told and not read; what stands beside it is."""
    (tmp_path / "bomb.zip").write_bytes(lying_over(LOG, 40))
    (tmp_path / "sound.zip").write_bytes(zip_of({"n1/nova-api.log": LOG, "n2/nova-api.log": text_of(2)}))
    found = ingest(plan_of(RunOptions((str(tmp_path),), jobs=1)))
    (notice,) = (n for n in found.notices if n.incomplete)
    assert (notice.id, notice.place) == ("E-ARC-BOMB", str(tmp_path / "bomb.zip"))
    assert "lie over others" in notice.text
    assert {e.path for e in found.evidence} == {str(tmp_path / "sound.zip")}


def test_a_member_of_a_zip_that_unpacks_to_more_than_a_log(tmp_path, monkeypatch):
    """Stopped; what came before is read, and the next member, too."""
    monkeypatch.setattr(compression, "MAY_BE_BYTES", 300_000)
    monkeypatch.setattr(compression, "MOST_TIMES", 5)
    (tmp_path / "a.zip").write_bytes(zip_of({"n1/nova-api.log": LOG + bytes(5_000_000), "n2/nova-api.log": text_of(3)}))
    found = ingest(plan_of(RunOptions((str(tmp_path),), jobs=1)))
    assert {n.id for n in found.notices if n.incomplete} >= {"E-ARC-BOMB"}
    whole = ingest(plan_of(RunOptions((str(SCHEDULER),), jobs=1))).coverage[0].lines
    assert [c.lines.parsed for c in found.coverage] == [whole.parsed, 10]


def breaking(real, at):
    """Blocks of a disk that can be read up to a byte."""

    def blocks(*where):
        start = where[0] if where else 0
        for block in real(*where):
            if start + len(block) > at:
                yield block[: max(0, at - start)]
                raise OSError(errno.EIO, "Input/output error")
            yield block
            start += len(block)

    return blocks


@pytest.mark.parametrize("pieces", [False, True])
def test_a_disk_that_dies_in_the_middle_of_a_log(pieces, monkeypatch):
    """Up to there everything is kept; behind it no line could be cited by a number that is true."""
    if pieces:
        monkeypatch.setattr(workers, "_TAIL_FROM_BYTES", 50_000)
        monkeypatch.setattr(workers, "RANGE_BYTES", 40_000)
        monkeypatch.setattr(workers, "_TAIL_BYTES", 20_000)
    plan = plan_of(RunOptions((str(SCHEDULER),), jobs=1))
    assert len(plan.tasks) > 3 * pieces
    at = LOG.index(b"\n", 90_000) + 1
    source = plan.tasks[0].source
    broken = replace(source, open_blocks=breaking(source.open_blocks, at), read_range=breaking(source.read_range, at))
    found = ingest(replace(plan, tasks=tuple(replace(task, source=broken) for task in plan.tasks)))
    whole = ingest(plan)
    assert [(n.id, n.place, n.incomplete) for n in found.notices] == [("E-IN-IO", str(SCHEDULER), True)]
    assert f"input/output error at byte {at}; what was read before is kept" in found.notices[0].text
    assert found.coverage[0].lines.total == LOG[:at].count(b"\n")
    expected = {e.provenance for e in whole.events if e.provenance.byte_offset < at}
    assert {e.provenance for e in found.events} == expected
    assert expected


def test_a_disk_that_dies_in_an_archive(tmp_path, monkeypatch):
    """The members before are kept."""
    (tmp_path / "a.tar").write_bytes(tar_of({f"n{number}/nova-api.log": text_of(number) for number in range(5)}))
    real = archives.blocks
    at = (tmp_path / "a.tar").read_bytes().index(b"n3/nova-api.log")

    def dying(file):
        block = next(real(file))
        yield block[:at]
        if not isinstance(file, io.BytesIO):  # the head of it was read before
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(archives, "blocks", dying)
    found = files.find((str(tmp_path),))
    assert [source.evidence.node for source in found.sources] == ["n0", "n1", "n2"]
    assert [(n.id, n.incomplete) for n in found.notices] == [("E-IN-IO", True)]


def test_a_file_that_cannot_even_be_looked_at(tmp_path, monkeypatch):
    """Told as what it is: no right that is missing."""
    (tmp_path / "nova-api.log").write_bytes(LOG)

    def dying(*_given):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "_evidence", dying)
    assert [(n.id, n.text) for n in files.find((str(tmp_path),)).notices] == [
        ("E-IN-IO", "input/output error; skipped")
    ]


def test_a_disk_that_died_is_asked_again(tmp_path, monkeypatch):
    """The same command reads again what could not be read; it does not answer from the case."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    options = RunOptions((str(SCHEDULER),), jobs=1)
    from novatrace import pipeline  # noqa: PLC0415 - after the state's folder is set

    def dying(task, step=None):
        source = replace(task.source, open_blocks=breaking(task.source.open_blocks, 90_000))
        return workers.run(replace(task, source=source), step)

    with monkeypatch.context() as patch:
        patch.setattr(readers, "run", dying)
        assert [n.id for n in pipeline.correlate(options).notices if n.incomplete] == ["E-IN-IO"]
    case = pipeline.correlate(options)
    assert not [n for n in case.notices if n.incomplete]
    assert case.coverage[0].lines.total == LOG.count(b"\n")


def test_names_that_are_no_utf8_keep_their_bytes_in_json(tmp_path, novatrace):
    """``path_b64`` and ``member_b64`` stand beside what can be shown, and only there."""
    folder = os.fsencode(tmp_path) + b"/cn\xff7"
    Path(os.fsdecode(folder)).mkdir()
    member = os.fsdecode(b"n\xfe1/nova-api.log")
    for name, data in ((b"nova-scheduler.log", LOG), (b"a.tar", tar_of({member: text_of(2)}))):
        with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123 - a name of bytes
            file.write(data)
    (tmp_path / "cn8").mkdir()
    (tmp_path / "cn8" / "nova-scheduler.log").write_bytes(text_of(3))
    for command in ("correlate", "inspect"):
        done = novatrace(command, tmp_path, "-f", "json")
        assert done.returncode == 0, done.stderr
        inputs = json.loads(done.stdout)["coverage"]["inputs"]
        paths = {b64decode(row.get("path_b64", "")) for row in inputs}
        assert paths == {folder + b"/nova-scheduler.log", folder + b"/a.tar", b""}
        assert {b64decode(row.get("member_b64", "")) for row in inputs} == {b"n\xfe1/nova-api.log", b""}
    hidden = novatrace("correlate", tmp_path, "-f", "json", "--redact")
    assert hidden.returncode == 0, hidden.stderr
