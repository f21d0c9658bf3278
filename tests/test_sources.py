"""Paths, nodes, services, rotated sets, and streams that are damaged."""

# ruff: noqa: E501 - paths are as long as they are

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
from io import BytesIO
from pathlib import Path

import pytest

from novatrace.sources import files, ranges
from novatrace.sources.compression import Damage, blocks
from novatrace.sources.nodes import node_of_path
from novatrace.sources.services import service_of_path

CODECS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}
TEXT = b"".join(b"2026-11-23 00:00:%02d.000 1 INFO nova.filters [-] line %d\n" % (i % 60, i) for i in range(60))


@pytest.mark.parametrize(
    ("path", "root", "node", "service"),
    [
        ("logs/compute-02/nova-compute.log", "logs", "compute-02", "nova-compute"),
        ("compute-02/nova-compute.log", "compute-02", "compute-02", "nova-compute"),
        ("sos-ctl1/var/log/nova/nova-scheduler.log", "sos-ctl1", "sos-ctl1", "nova-scheduler"),
        ("x/ctl2/var/log/kolla/nova/nova-super-conductor.log", "x", "ctl2", "nova-conductor"),
        ("x/ctl2/placement/placement-api.log", "x", "ctl2", "placement-api"),
        ("logs/ctl1-nova-api.log", "logs", "ctl1", "nova-api"),
        ("logs/nova-compute.cn7.example.org.log", "logs", "cn7.example.org", "nova-compute"),
        ("logs/cn7_nova-compute.log.1.gz", "logs", "cn7", "nova-compute"),
        ("logs/nova-compute.log.2.gz", "logs", None, "nova-compute"),
        ("logs/nova-compute.log-20261123", "logs", None, "nova-compute"),
        ("cn9/nova-compute.log", "cn9/nova-compute.log", "cn9", "nova-compute"),
        ("logs/nova-placement-api.log", "logs", None, "placement-api"),
        ("logs/compute-02/messages", "logs", "compute-02", None),
        # a machine's /var, given as a whole, from inside, or with the logs of other programs
        ("x/cn7/var/log/nova/nova-compute.log", "x/cn7/var/log/nova", "cn7", "nova-compute"),
        ("/var/log/nova/nova-compute.log", "/var/log/nova", None, "nova-compute"),
        ("logs/cn7/var/log/neutron/server.log", "logs", "cn7", None),
        ("var/log/journal/0123456789abcdef0123456789abcdef/a.txt", "var", None, None),
        ("logs/remote/cn7/nova-compute.log", "logs", "cn7", "nova-compute"),
        ("2026-11-23/nova-api.log", "2026-11-23", None, "nova-api"),
        # Kolla: the volume as Docker keeps it
        ("d/ctl1/var/lib/docker/volumes/kolla_logs/_data/nova/nova-api.log", "d", "ctl1", "nova-api"),
        # TripleO
        ("logs/oc-ctl-0/var/log/containers/nova/nova-api.log", "logs", "oc-ctl-0", "nova-api"),
        ("logs/oc-ctl-0/var/log/containers/httpd/nova-api/error_log", "logs", "oc-ctl-0", "nova-api"),
        ("logs/oc-ctl-0/var/log/containers/httpd/placement/placement_wsgi_error_ssl.log", "logs", "oc-ctl-0", "placement-api"),
        ("logs/oc-cmp-1/var/log/containers/stdouts/nova_compute.log", "logs", "oc-cmp-1", "nova-compute"),
        # OpenStack-Ansible
        ("openstack/log/aio1_nova_api_container-de72d1a5/nova/nova-api.log", "openstack", "aio1_nova_api_container-de72d1a5", "nova-api"),
        # Juju
        ("crashdump/juju-3f8d6e-0-lxd-5/var/log/nova/nova-api-wsgi.log", "crashdump", "juju-3f8d6e-0-lxd-5", "nova-api"),
        ("crashdump/nova-cloud-controller_0/var/log/apache2/nova-api_error.log", "crashdump", "nova-cloud-controller_0", "nova-api"),
        # Debian's packages
        ("logs/nova-api-os-compute.log", "logs", None, "nova-api"),
        # sosreports
        ("sosreport-cn7-2024-07-11-rujznhs/var/log/messages", ".", "cn7", None),
        ("sosreport-cn7-2024-07-11-rujznhs/sos_commands/logs/journalctl_--no-pager", ".", "cn7", None),
        # DevStack
        ("logs/controller/logs/screen-n-sch.txt", "logs", "controller", "nova-scheduler"),
        ("logs/screen-n-cond-cell1.txt.gz", "logs", None, "nova-conductor"),
        ("logs/devstack@n-cpu.service.log", "logs", None, "nova-compute"),
        # Kubernetes
        ("pods/openstack_nova-scheduler-6d8f_0b1c2d3e-1111-2222-3333-444455556666/nova-scheduler/0.log", "pods", "nova-scheduler-6d8f", "nova-scheduler"),
        (f"containers/nova-compute-fc5s4_openstack_nova-compute-{'0a' * 32}.log", "containers", "nova-compute-fc5s4", "nova-compute"),
        ("mg/namespaces/openstack/pods/nova-scheduler-0/nova-scheduler-scheduler/logs/current.log", "mg", "nova-scheduler-0", "nova-scheduler"),
    ],
)  # fmt: skip
def test_node_and_service_from_the_path(path, root, node, service):
    """Folders and file names tell who wrote a log; containers of logs do not."""
    assert node_of_path(path, root) == node
    assert service_of_path(path) == service


def test_a_rotated_set_is_read_oldest_first(tmp_path):
    """Dates ascending, then numbers descending, then the live file."""
    names = [
        "nova-api.log",
        "nova-api.log.1",
        "nova-api.log.2.gz",
        "nova-api.log.10",
        "nova-api.log-20260101",
        "nova-api.log-20260201.gz",
    ]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(TEXT + b"%d\n" % number)
    found = files.find((str(tmp_path),))
    assert [Path(s.evidence.path).name for s in found.sources] == [
        "nova-api.log-20260101", "nova-api.log-20260201.gz", "nova-api.log.10", "nova-api.log.2.gz", "nova-api.log.1", "nova-api.log",
    ]  # fmt: skip


def test_what_is_no_log_is_not_followed_nor_opened(tmp_path):
    """Links are not followed, a FIFO does not hang, a file reached twice is read once, a copy is said."""
    (tmp_path / "a.log").write_bytes(TEXT)
    (tmp_path / "copy.log").write_bytes(TEXT)
    os.link(tmp_path / "a.log", tmp_path / "hard.log")
    (tmp_path / "link.log").symlink_to("a.log")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "notes.md").write_bytes(TEXT)
    found = files.find((str(tmp_path),))
    assert [Path(s.evidence.path).name for s in found.sources] == ["a.log"]
    assert sorted(n.id for n in found.notices) == ["I-IN-DUP", "I-IN-DUP", "I-IN-LINK", "W-IN-NOTREG"]
    assert [n.count for n in found.notices if n.id == "I-IN-LINK"] == [2]


@pytest.fixture
def deep(tmp_path, monkeypatch):
    """A log fifteen hundred folders down; taken away again by a program that does not call itself for each."""
    monkeypatch.chdir(tmp_path)
    for _ in range(1500):
        os.mkdir("d")  # noqa: PTH102 - the whole path is longer than any call takes
        os.chdir("d")
    Path("nova-api.log").write_bytes(TEXT)
    os.chdir(tmp_path)
    yield tmp_path
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_folders_deeper_than_python_calls_itself(deep):
    """A tree is walked however deep it is; what the system gives no name for is told."""
    found = files.find((".",))
    assert [s.evidence.size_bytes for s in found.sources] == [len(TEXT)]
    found = files.find((str(deep / ("x" * 250) / "nova-api.log"),))
    assert [n.id for n in found.notices] == ["E-IN-MISSING"]


def test_standard_input_and_the_named_node():
    """`-` is an input; --node names who wrote it."""
    source = files.find(("-",), node="cn1", stdin=BytesIO(TEXT)).sources[0]
    assert (source.evidence.path, source.evidence.node) == ("-", "cn1")
    assert b"".join(source.open_blocks()) == TEXT


def read(data: bytes) -> tuple[bytes, str | None]:
    """What can be decoded, and the damage."""
    out = []
    try:
        out.extend(blocks(BytesIO(data)))
    except Damage as damage:
        return b"".join(out), damage.kind
    return b"".join(out), None


@pytest.mark.parametrize("codec", CODECS)
def test_a_stream_cut_anywhere_keeps_what_can_be_decoded(codec):
    """At every offset: a prefix of the text comes out, and the cut is said; the whole stream is clean."""
    packed = CODECS[codec](TEXT)
    assert read(packed) == (TEXT, None)
    longest = 0
    for cut in range(8, len(packed)):
        text, damage = read(packed[:cut])
        assert TEXT.startswith(text)
        assert damage == "W-ARC-TRUNC", cut
        assert len(text) >= longest
        longest = len(text)


@pytest.mark.parametrize("codec", CODECS)
def test_streams_in_a_row_zeros_and_garbage(codec):
    """Concatenated streams are read whole, zero padding is harmless, garbage is said and loses nothing."""
    packed = CODECS[codec](TEXT)
    assert read(packed + packed) == (TEXT + TEXT, None)
    assert read(packed + b"\0" * 512) == (TEXT, None)
    assert read(packed + b"garbage") == (TEXT, "W-ARC-TRAILING")


def test_a_missing_gzip_trailer_loses_no_byte():
    """The last 8 bytes are a checksum: every byte of the text is there before them."""
    assert read(gzip.compress(TEXT)[:-8]) == (TEXT, "W-ARC-TRUNC")


@pytest.mark.parametrize("codec", CODECS)
def test_a_flipped_bit_is_never_silent(codec):
    """A damaged stream is either said to be damaged or gives the very text."""
    packed = bytearray(CODECS[codec](TEXT))
    for position in range(12, len(packed), 3):
        broken = bytes(packed[:position]) + bytes([packed[position] ^ 0x10]) + bytes(packed[position + 1 :])
        text, damage = read(broken)
        assert damage is not None or text == TEXT, position


def test_the_content_decides_not_the_name():
    """A plain text called .gz is a plain text."""
    assert read(TEXT) == (TEXT, None)


@pytest.mark.parametrize("cut", [False, True])
def test_what_was_given_back_comes_again_even_where_no_more_can_be_read(tmp_path, monkeypatch, cut):
    """With the next block; alone where the file was cut meanwhile, or the disk fails."""
    monkeypatch.setattr(ranges, "BLOCK_BYTES", 10)
    (tmp_path / "x").write_bytes(b"0123456789abcdefghij")
    blocks = ranges.Range(os.open(tmp_path / "x", os.O_RDONLY), 0, 20)
    assert next(blocks) == b"0123456789"
    blocks.again(b"789")
    assert next(blocks) == b"789abcdefg"
    blocks.again(b"fg")
    if cut:
        os.truncate(tmp_path / "x", 5)
        assert list(blocks) == [b"fg"]
    else:
        monkeypatch.setattr(ranges.os, "pread", _fails)
        assert next(blocks) == b"fg"
        with pytest.raises(OSError, match="I/O"):
            next(blocks)


def _fails(*_args: object) -> bytes:
    raise OSError(5, "I/O error")
