"""Archives are read as streams: the same case out of any packing, damage told and what is sound kept, nothing extracted."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard
from cases import FIXTURES, analysed
from test_mutations import read, summary

from novatrace.sources import archives, compression, files
from novatrace.sources.tar import TarReader

CASE = FIXTURES / "real-nova" / "a-single-migrate"
LOGS = sorted(CASE.glob("*/*.log"))
PACKED = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


def tar_of(entries: dict[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1795392800
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zip_of(entries: dict[str, bytes]) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def sosreports() -> dict[str, bytes]:
    """One sosreport for each node of the case."""
    nodes = sorted({p.parent.name for p in LOGS})
    return {node: sosreport(node) for node in nodes}


def sosreport(node: str) -> bytes:
    """A sosreport of a node; one of its logs is rotated and packed."""
    top = f"sosreport-{node}-2026-11-23-abcdefg"
    entries = {f"{top}/var/log/nova/{p.name}": p.read_bytes() for p in LOGS if p.parent.name == node}
    entries |= {f"{top}/sos_commands/process/ps": b"PID COMMAND\n1 init\n", f"{top}/etc/nova/nova.conf": b"[DEFAULT]\n"}
    return lzma.compress(tar_of(entries), preset=0)


@pytest.mark.parametrize("ending", PACKED)
def test_a_case_out_of_a_tar_is_the_case(ending, tmp_path):
    """In every compression; places are `archive!member`."""
    entries = {f"logs/{p.parent.name}/{p.name}": p.read_bytes() for p in LOGS}
    (tmp_path / f"case.tar{ending}").write_bytes(PACKED[ending](tar_of(entries)))
    case = read(tmp_path)
    assert summary(case) == summary(analysed(CASE))
    assert {e.place for e in case.evidence} == {f"{tmp_path}/case.tar{ending}!{name}" for name in entries}
    assert not [n for n in case.notices if n.incomplete]


def test_a_case_out_of_a_zip_is_the_case(tmp_path):
    """With packed members, too."""
    entries = {f"{p.parent.name}/{p.name}.gz": gzip.compress(p.read_bytes()) for p in LOGS}
    (tmp_path / "case.zip").write_bytes(zip_of(entries))
    assert summary(read(tmp_path / "case.zip")) == summary(analysed(CASE))


def test_sosreports_in_an_archive_tell_their_nodes(tmp_path):
    """Archives in an archive: the node is in the sosreport's name, the provenance names every level."""
    (tmp_path / "all.tar").write_bytes(tar_of({f"{node}.tar.xz": data for node, data in sosreports().items()}))
    case = read(tmp_path / "all.tar")
    assert summary(case) == summary(analysed(CASE))
    place = case.evidence[0].place
    assert place.startswith(
        f"{tmp_path}/all.tar!compute-01.tar.xz!sosreport-compute-01-2026-11-23-abcdefg/var/log/nova/"
    )


def test_what_does_not_fit_in_memory_is_found_again(tmp_path, monkeypatch):
    """Big members are read from the archive when their turn comes."""
    monkeypatch.setattr(archives, "HELD_BYTES", 1000)
    monkeypatch.setattr(archives.Walk, "__init__", _small(archives.Walk.__init__))
    (tmp_path / "all.tar").write_bytes(tar_of({f"{node}.tar.xz": data for node, data in sosreports().items()}))
    (tmp_path / "z.zip").write_bytes(
        zip_of({"x.tar.gz": gzip.compress(tar_of({"n9/nova-api.log": LOGS[0].read_bytes()[:5000]}))})
    )
    case = read(tmp_path / "all.tar")
    assert summary(case) == summary(analysed(CASE))
    assert read(tmp_path / "z.zip").coverage[0].bytes_decoded == 5000


def _small(init):
    def smaller(self, *arguments, **options):
        init(self, *arguments, **options)
        self.room_bytes = 1000

    return smaller


def told(data: bytes) -> tuple[list[str], list[str]]:
    """(names, notice ids) of a tar."""
    reader = TarReader(iter([data[i : i + 700] for i in range(0, len(data), 700)]))
    names = [member.name for member in reader.members()]
    return names, [kind for kind, _ in reader.notices]


def test_a_tar_that_is_cut_anywhere_is_told():
    """Between members, in a header, in a body, before the end mark: never silent, and no sound member is lost."""
    data = tar_of({f"m{i}": b"x" * 700 for i in range(5)})
    assert told(data) == ([f"m{i}" for i in range(5)], [])
    for cut in range(0, 5 * 1536 + 512, 256):
        names, notices = told(data[:cut])
        assert notices, cut
        assert len(names) >= cut // 1536


def test_damage_in_the_middle_costs_one_member():
    """A damaged header, or zeros where a member was: told, and the members behind are read."""
    data = bytearray(tar_of({f"m{i}": b"x" * 700 for i in range(5)}))
    header = bytes(data)
    data[1536 + 3] ^= 0xFF
    assert told(bytes(data)) == (["m0", "m2", "m3", "m4"], ["W-TAR-END"])
    zeroed = header[:1536] + bytes(1536) + header[3072:]
    assert told(zeroed) == (["m0", "m2", "m3", "m4"], ["W-TAR-END"])
    garbage = header + b"garbage" * 100
    assert told(garbage)[1] == ["W-TAR-END"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_odd_names(form):
    """Names over 100 characters in each format; a name that leads out of the archive is only a name."""
    long = "/".join(["folder"] * 20) + "/nova-api.log"
    names, notices = told(tar_of({long: b"a", "../../etc/nova-api.log": b"b"}, form))
    assert names == [long, "../../etc/nova-api.log"]
    assert notices == []


def test_links_and_devices_are_no_members():
    """Nothing in an archive is followed."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("nova-api.log")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert told(out.getvalue()) == ([], [])


def test_a_packed_tar_that_is_cut_says_so_and_keeps_the_rest(novatrace, tmp_path):
    """Exit code 3; the sound members are read."""
    data = gzip.compress(tar_of({f"n{i}/nova-compute.log": LOGS[0].read_bytes() for i in range(3)}))
    (tmp_path / "c.tgz").write_bytes(data[: len(data) * 2 // 3])
    done = novatrace("inspect", tmp_path / "c.tgz", "-f", "json")
    assert done.returncode == 3
    assert "W-ARC-TRUNC" in done.stderr.decode()
    assert json.loads(done.stdout)["coverage"]["inputs"][0]["member"] == "n0/nova-compute.log"


def test_a_bomb_is_stopped(tmp_path, monkeypatch):
    """What unpacks to more than any log could is cut off and told; what came before is kept."""
    monkeypatch.setattr(compression, "MAY_BE_BYTES", 1 << 20)
    monkeypatch.setattr(compression, "MOST_TIMES", 10)
    text = LOGS[0].read_bytes()
    (tmp_path / "nova-compute.log.bz2").write_bytes(bz2.compress(text + b"0" * (64 << 20)))
    (tmp_path / "b.tar.bz2").write_bytes(bz2.compress(tar_of({"n/nova-compute.log": text[:-2] + b"0" * (64 << 20)})))
    case = read(tmp_path)
    assert {n.id for n in case.notices} >= {"E-ARC-BOMB"}
    assert all(c.lines.parsed > 50 for c in case.coverage)
    assert all(c.bytes_decoded < 8 << 20 for c in case.coverage)


def test_encrypted_and_damaged_zips_are_told(tmp_path):
    """What a zip does not give is said by name."""
    data = bytearray(
        zip_of({"n/nova-api.log": LOGS[0].read_bytes(), "n/nova-compute.log": LOGS[0].read_bytes()[:9000]})
    )
    data[data.find(b"nova-api.log") + 400] ^= 0xFF
    (tmp_path / "d.zip").write_bytes(data)
    assert "W-ARC-CRC" in {n.id for n in read(tmp_path / "d.zip").notices}
    (tmp_path / "e.zip").write_bytes(bytes(data)[:2000])
    found = files.find((str(tmp_path / "e.zip"),))
    assert [n.id for n in found.notices] == ["W-ARC-DATA"]


def test_archives_in_archives_end_somewhere(tmp_path):
    """Five levels, then it is told."""
    data = LOGS[0].read_bytes()
    for level in range(8):
        data = tar_of({f"l{level}.tar" if level else "n/nova-api.log": data})
    (tmp_path / "deep.tar").write_bytes(data)
    found = files.find((str(tmp_path / "deep.tar"),))
    assert [n.id for n in found.notices] == ["W-ARC-DEPTH"]


def test_a_copy_is_read_once_however_it_is_packed(tmp_path):
    """A plain file, its compressed copy, an older state of it, and the same in an archive: the lines count once."""
    text = LOGS[0].read_bytes()
    (tmp_path / "nova-compute.log").write_bytes(text)
    (tmp_path / "nova-compute.log.1.gz").write_bytes(gzip.compress(text))
    (tmp_path / "older-nova-compute.log").write_bytes(text[: text.rfind(b"\n", 0, len(text) // 2) + 1])
    (tmp_path / "a.tar.xz").write_bytes(lzma.compress(tar_of({"cn7/nova-compute.log": text})))
    case = read(tmp_path)
    assert len(case.evidence) == 1
    assert len([n for n in case.notices if n.id == "I-IN-DUP"]) == 3


def test_evidence_is_left_as_it_is(tmp_path):
    """Nothing is written beside or over an archive."""
    path = tmp_path / "x.tar"
    path.write_bytes(tar_of({"../escaped/nova-api.log": LOGS[0].read_bytes()}))
    before = (zlib.crc32(path.read_bytes()), path.stat().st_mtime_ns)
    read(path)
    assert (zlib.crc32(path.read_bytes()), path.stat().st_mtime_ns) == before
    assert sorted(p.name for p in Path(tmp_path).iterdir()) == ["x.tar"]
