"""Logs as deployment tools lay them down, each with its own folders, names and settings: the same nodes, services and verdicts."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cases import FIXTURES, analysed
from test_mutations import summary

from novatrace import pipeline
from novatrace.model.case import Case

FOLDER = FIXTURES / "real-nova" / "b1-race-placement-room1"
LOGS = {(p.parent.name, p.stem): p.read_bytes() for p in sorted(FOLDER.glob("*/*.log"))}
NODES = sorted({node for node, _ in LOGS})
CONF = b"[DEFAULT]\ndebug = true\ncpu_allocation_ratio = 4.0\n[filter_scheduler]\nhost_subset_size = 1\n"
TIMEDATECTL = b"      Local time: Mon 2026-11-23 00:30:00 UTC\n       Time zone: Etc/UTC (UTC, +0000)\n"
OTHER = b'2026-11-23 00:10:33.100 8 INFO neutron.wsgi [-] 10.0.0.1 "GET / HTTP/1.1" status: 200  len: 3 time: 0.0010\n'
Laid = dict[str, bytes]


def packages(node: str, logs: Laid) -> Laid:
    """RPM and Debian: one folder for each project."""
    project = {service: "placement" if service.startswith("placement") else "nova" for service in logs}
    files = {f"{node}/var/log/{project[service]}/{service}.log": data for service, data in logs.items()}
    return files | {f"{node}/etc/nova/nova.conf": CONF, f"{node}/var/log/neutron/server.log": OTHER}


def kolla(node: str, logs: Laid) -> Laid:
    """Kolla: a volume of Docker's, and a folder of settings for each container."""
    top = f"{node}/var/lib/docker/volumes/kolla_logs/_data"
    files = {f"{top}/{'placement' if s.startswith('placement') else 'nova'}/{s}.log": data for s, data in logs.items()}
    files |= {f"{node}/etc/kolla/{service}/nova.conf": CONF for service in logs}
    return files | {f"{top}/neutron/neutron-server.log": OTHER}


def tripleo(node: str, logs: Laid) -> Laid:
    """TripleO: placement's WSGI log under httpd's name, settings as puppet generated them."""
    names = {"placement-api": "httpd/placement/placement_wsgi_error_ssl.log"}
    files = {f"{node}/var/log/containers/{names.get(s, f'nova/{s}.log')}": data for s, data in logs.items()}
    conf = f"{node}/var/lib/config-data/puppet-generated/nova/etc/nova/nova.conf"
    return files | {conf: CONF, f"{node}/var/log/containers/neutron/server.log": OTHER}


def osa(node: str, logs: Laid) -> Laid:
    """OpenStack-Ansible: the logs of a host's containers, a folder for each; here one container a node."""
    return {f"openstack/log/{node}/{'placement' if s.startswith('p') else 'nova'}/{s}.log": d for s, d in logs.items()}


def juju(node: str, logs: Laid) -> Laid:
    """Juju: a crashdump with a folder for each unit."""
    files = {f"juju-crashdump-42/{node}/var/log/nova/{service}.log": data for service, data in logs.items()}
    return files | {f"juju-crashdump-42/{node}/etc/nova/nova.conf": CONF}


def sosreport(node: str, logs: Laid) -> Laid:
    """A sosreport that was unpacked: the node's own files beside the logs, and many that are none."""
    top = f"sosreport-{node}-0012345-2026-11-23-abcdefg"
    files = {f"{top}/{path.partition('/')[2]}": data for path, data in tripleo(node, logs).items()}
    return files | {
        f"{top}/sos_commands/host/hostname": node.encode() + b"\n",
        f"{top}/sos_commands/systemd/timedatectl": TIMEDATECTL,
        f"{top}/sos_commands/openstack_nova/nova-manage_cell_v2_list_cells": b"+-------+\n| Name  |\n+-------+\n",
        f"{top}/sos_logs/sos.log": b"2026-11-23 00:30:00,123 INFO: [plugin:openstack_nova] collecting\n" * 9,
        f"{top}/sos_reports/sos.txt": b"openstack_nova\n==============\n  commands executed:\n",
        f"{top}/version.txt": b"sosreport: 4.8.2\n",
        f"{top}/proc/meminfo": b"MemTotal:       16384 kB\n",
    }


def packed(node: str, logs: Laid) -> Laid:
    """A sosreport as it is handed in."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, data in sosreport(node, logs).items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo(f"sosreport-{node}-0012345-2026-11-23-abcdefg/hostname")
        link.type, link.linkname = tarfile.SYMTYPE, "sos_commands/host/hostname"
        archive.addfile(link)
    return {f"sosreport-{node}-0012345-2026-11-23-abcdefg.tar.xz": lzma.compress(out.getvalue(), preset=0)}


def laid(way: Callable[[str, Laid], Laid]) -> Laid:
    """All nodes' files."""
    files: Laid = {}
    for node in NODES:
        files |= way(node, {service: data for (of, service), data in LOGS.items() if of == node})
    return files


def analysed_in(folder: Path, files: Laid) -> Case:
    """The case of files below a folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return pipeline.analyse(pipeline.RunOptions((str(folder),)))


def said(case: Case) -> list:
    """Moves and bursts, in an order of their own."""
    moves, bursts = summary(case)
    return [sorted(map(repr, moves)), sorted(map(repr, bursts))]


@pytest.mark.parametrize("way", [packages, kolla, tripleo, osa, juju, sosreport, packed], ids=lambda way: way.__name__)
def test_each_tools_tree_gives_nodes_services_and_verdicts(way, tmp_path):
    """Without an option; other projects' logs and what is no log add nothing."""
    files = laid(way)
    if way is packed:  # and all of them in one archive
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as archive:
            for path, data in files.items():
                info = tarfile.TarInfo(f"from-the-customer/{path}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        files = {"upload.tar.gz": out.getvalue()}
    case = analysed_in(tmp_path / "logs", files)
    own = {(case.evidence[c.evidence_id].node, s) for c in case.coverage for s in c.services if s}
    assert own == set(LOGS)
    assert said(case) == said(analysed(FOLDER))
    if way is not osa:
        options = [dict(one.options)["DEFAULT/cpu_allocation_ratio"] for one in case.settings]
        assert set(options) == {"4.0"}
        assert {one.node for one in case.settings} == set(NODES)
    if way in (sosreport, packed):
        assert {c.clock_basis.partition(" (")[0] for c in case.coverage if c.lines.parsed} == {"Etc/UTC"}


def tar_of(files: Laid, mode: str = "w") -> bytes:
    """A tar of files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zip_of_gz() -> Laid:
    """What a browser packs of logs that logrotate had packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for (node, service), data in LOGS.items():
            archive.writestr(f"{node}/{service}.log.1.gz", gzip.compress(data))
    return {"logs.zip": out.getvalue()}


def tar_zst() -> Laid:
    """A tar packed with zstd."""
    zstandard = pytest.importorskip("zstandard")
    return {"a.tar.zst": zstandard.compress(tar_of({f"{n}/{s}.log": data for (n, s), data in LOGS.items()}))}


def tar_of_tars() -> Laid:
    """A tar of one archive for each node, each packed in another way."""
    ways = [("gz", "w:gz"), ("xz", "w:xz"), ("bz2", "w:bz2"), ("tar", "w")]
    inner: Laid = {}
    for number, node in enumerate(NODES):
        ending, mode = ways[number % len(ways)]
        logs = {f"var/log/nova/{service}.log": data for (of, service), data in LOGS.items() if of == node}
        inner[f"{node}.tar.{ending}" if ending != "tar" else f"{node}.tar"] = tar_of(logs, mode)
    return {"all.tar": tar_of(inner)}


@pytest.mark.parametrize("way", [zip_of_gz, tar_zst, tar_of_tars], ids=lambda way: way.__name__)
def test_whatever_they_are_packed_in_logs_say_the_same(way, tmp_path):
    """Nodes, services, moves and bursts; each copy beside it adds nothing."""
    files = way()
    (node, service), data = next(iter(LOGS.items()))
    case = analysed_in(tmp_path / "logs", files | {f"copy/{node}/{service}.log": data})
    assert {(case.evidence[c.evidence_id].node, s) for c in case.coverage for s in c.services if s} == set(LOGS)
    assert len(case.coverage) == len(LOGS)
    assert said(case) == said(analysed(FOLDER))


def kubelet(node: str, service: str) -> str:
    """Where kubelet keeps a container's log."""
    pod = f"openstack_{service}-{node}_0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f"
    return f"{node}/var/log/pods/{pod}/{service}/0.log"


def must_gather(node: str, service: str) -> str:
    """Where must-gather puts it."""
    return f"must-gather.local.1/quay-io-sha256-abc/namespaces/openstack/pods/{service}-{node}/logs/{service}.log"


@pytest.mark.parametrize("place", [kubelet, must_gather], ids=lambda place: place.__name__)
def test_pods_logs_give_services_moves_and_bursts(place, tmp_path):
    """A pod is who wrote them; that the hosts have other names changes nothing."""
    case = analysed_in(tmp_path / "logs", {place(node, service): data for (node, service), data in LOGS.items()})
    own = {(case.evidence[c.evidence_id].node, s) for c in case.coverage for s in c.services if s}
    assert own == {(f"{service}-{node}", service) for node, service in LOGS}
    ours, theirs = summary(case), summary(analysed(FOLDER))
    assert len(ours[0]) == len(theirs[0])
    assert [b.verdict for b in case.bursts] == [b.verdict for b in analysed(FOLDER).bursts]
    assert [m.outcome for m in case.migrations] == [m.outcome for m in analysed(FOLDER).migrations]
