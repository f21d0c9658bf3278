"""Which node and service an input belongs to, from its path.

Nodes come from the nearest folder that is not one of the usual containers, else from what the file name has
beside the service: ``compute-02/nova-compute.log``, ``var/log/nova/nova-api.log`` (none), ``ctl1-nova-api.log``.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from novatrace.sources.services import NAMED, is_called_after_service, service_of_file

# Folders that hold logs and are no machine: of the file system, of those who collect logs, of programs, of containers.
_CONTAINERS = frozenset(
    [
        *[
            "log",
            "logs",
            "var",
            "lib",
            "opt",
            "etc",
            "run",
            "usr",
            "tmp",
            "home",
            "root",
            "srv",
            "mnt",
            "media",
            "data",
        ],
        *["archive", "archives", "backup", "backups", "case", "cases", "collected", "current", "desktop", "documents"],
        *["downloads", "evidence", "extra", "extracted", "files", "fixtures", "incident", "old", "remote", "unpacked"],
        *["hosts", "nodes", "controllers", "computes", "rsyslog", "syslog", "journal", "system_logs", "service_logs"],
        *["sos", "sosreport", "sos_commands", "sos_logs", "sos_reports", "must-gather", "namespaces", "pods"],
        *["docker", "podman", "volumes", "_data", "containers", "kolla", "kolla_logs", "stdouts", "stdout", "juju"],
        *["api", "scheduler", "conductor", "compute", "openstack", "nova", "placement", "httpd", "apache2", "nginx"],
        *["aodh", "barbican", "ceilometer", "cinder", "cloudkitty", "cyborg", "designate", "glance", "gnocchi", "heat"],
        *["horizon", "ironic", "keystone", "magnum", "manila", "masakari", "mistral", "neutron", "octavia", "swift"],
        *["ceph", "haproxy", "keepalived", "libvirt", "qemu", "mariadb", "mysql", "memcached", "openvswitch", "ovn"],
        *["pacemaker", "rabbitmq", "redis", "supervisor", "upstart", "uwsgi"],
    ]
)
# What stands in a file's name beside the service and is no machine: kinds of a log, ways in which a service is run.
_NO_NAMES = re.compile(
    r"(?:[-_.]?(?:wsgi|uwsgi|os[-_]compute|osapi|access|error|ssl|debug|stdout|stderr|out|log|default|service|cell\d+|screen|devstack))+"
)
_NO_FOLDER = re.compile(r"\d+|[0-9a-f]{32}|\d{4}-\d\d-\d\d[\w:.\-]*|\d{8}[-_T]?\d{4,6}", re.IGNORECASE)
_COMMANDS = ("sos_commands", "sos_logs", "sos_reports")
# kubelet's files: pods/NAMESPACE_POD_UID/CONTAINER/0.log and containers/POD_NAMESPACE_CONTAINER-ID.log.
_POD_FOLDER = re.compile(r"[a-z0-9\-]+_(?P<pod>[a-z0-9.\-]+)_[0-9a-f\-]{32,36}")
_POD_FILE = re.compile(r"(?P<pod>[a-z0-9.\-]+)_[a-z0-9\-]+_[a-z0-9.\-]+-[0-9a-f]{64}\.log(?:[.\-]\S*)?")
_NUMBER = re.compile(r"\d{1,3}")
_KINDS = re.compile(r"(?:\.(?:tar|tgz|txz|tbz2?|gz|xz|bz2|zst|zip))+$")
_SOSREPORT = re.compile(
    r"sosreport-(?P<host>[\w.\-]+?)(?:[.\-]\d{5,9})?-(?:\d{4}-\d\d-\d\d-[a-z]{7}|\d{14})(?:-[0-9a-f]{4,})?"
)
_ROTATION = re.compile(
    r"(?:[.\-_]?(?:\d{8}(?:-\d+)?|\d{4}-\d\d-\d\d(?:_[\d\-]+)?|\d{1,3}))?(?:\.(?:log|txt|json))?"
    r"(?:[.\-](?:\d{8}(?:-\d+)?|\d{4}-\d\d-\d\d(?:_[\d\-]+)?|\d{1,3}))?(?:\.(?:gz|bz2|xz|zst|log))*$"
)


def node_of_path(path: str, root: str) -> str | None:
    """The node that wrote a file, or None when neither folders nor name tell.

    Args:
        path: the file.
        root: the path that the user gave; of the folders above it only one is looked at: that which holds a ``var/log``.
    """
    named = _node_of_file(PurePath(path).name)
    if named is not None:
        return named
    base = PurePath(root).parent
    relative = PurePath(path).relative_to(base) if PurePath(path).is_relative_to(base) else PurePath(path)
    found = _node_of_folders(relative.parts[:-1])
    if found is not None:
        return found
    parent = PurePath(path).parent.name
    if path == root and _is_node(parent):
        return _machine(parent)
    return _above_var(PurePath(path).parts[:-1])


def _node_of_folders(folders: tuple[str, ...]) -> str | None:
    """The nearest folder that may be a machine; of a pod's logs the pod, of a sosreport's commands what holds them."""
    if "pods" in folders[:-1]:
        return _machine(folders[folders.index("pods") + 1])
    cut = next((number for number, folder in enumerate(folders) if folder in _COMMANDS), len(folders))
    return next((_machine(folder) for folder in reversed(folders[:cut]) if _is_node(folder)), None)


def _above_var(folders: tuple[str, ...]) -> str | None:
    """The folder into which a machine's ``/var`` was copied."""
    for number in range(len(folders) - 1, 0, -1):
        if folders[number] == "var" and folders[number + 1 : number + 2] in (("log",), ("lib",)):
            return _machine(folders[number - 1]) if _is_node(folders[number - 1]) else None
    return None


def node_in_archive(archive: str, member: str) -> str | None:
    """The node of a member: by its folders or name, else by the name of the archive that holds it."""
    *outer, name = (PurePath(archive).name, *member.split("!"))
    node = node_of_path(name, "")
    if node is not None:
        return node
    for holder in reversed(outer):
        stem = _KINDS.sub("", PurePath(holder).name)
        if _SOSREPORT.fullmatch(stem) or (_is_node(stem) and not _is_of_service(stem)):
            return _machine(stem)
    return None


def _is_of_service(stem: str) -> bool:
    """True for an archive called after a service (``nova-compute-logs``); ``nova-api01`` is a machine."""
    match = NAMED.search(stem)
    return match is not None and _NUMBER.fullmatch(stem, match.end()) is None


def _machine(folder: str) -> str:
    """The machine that a folder is called after: a host, ``sosreport-HOST[-CASE]-2026-11-23-abcdefg``, a pod's folder."""
    match = _SOSREPORT.fullmatch(folder)
    if match is not None:
        return _text(match["host"])
    match = _POD_FOLDER.fullmatch(folder)
    return _text(folder if match is None else match["pod"])


def _text(name: str) -> str:
    r"""A name as text: bytes of it that are not UTF-8 are written ``\xff``."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def names_in(path: str) -> tuple[str | None, str | None]:
    """(node, service) of a path that stands in a line: of grep, of a collector."""
    return node_of_path(path, ""), service_of_file(PurePath(path).name)


def _is_node(folder: str) -> bool:
    plain = folder.strip("/.")
    if not plain or plain.lower() in _CONTAINERS or _NO_FOLDER.fullmatch(plain):
        return False
    return not is_called_after_service(plain)


def _node_of_file(name: str) -> str | None:
    pod = _POD_FILE.fullmatch(name)
    if pod is not None:
        return pod["pod"]
    match = NAMED.search(name)
    if match is None:
        return None
    before = name[: match.start()].strip("._-@")
    after = _ROTATION.sub("", name[match.end() :]).strip("._-@")
    return next((_text(rest) for rest in (before, after) if _is_node(rest) and not _NO_NAMES.fullmatch(rest)), None)
