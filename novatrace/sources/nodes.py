"""Which node and service an input belongs to, from its path.

Nodes come from the nearest folder that is not one of the usual containers, else from what the file name has
beside the service: ``compute-02/nova-compute.log``, ``var/log/nova/nova-api.log`` (none), ``ctl1-nova-api.log``.
"""

from __future__ import annotations

import re
from pathlib import PurePath

SERVICES = (
    "nova-api-metadata", "nova-metadata", "nova-api", "nova-scheduler", "nova-super-conductor", "nova-conductor",
    "nova-compute-ironic", "nova-compute", "nova-placement-api", "placement-api",
)  # fmt: skip
_SAME = {
    "nova-placement-api": "placement-api",
    "nova-super-conductor": "nova-conductor",
    "nova-compute-ironic": "nova-compute",
    "nova-metadata": "nova-api-metadata",
}
_CONTAINERS = frozenset(
    [
        "log",
        "logs",
        "var",
        "nova",
        "placement",
        "kolla",
        "containers",
        "httpd",
        "apache2",
        "openstack",
        "sosreport",
        "sos",
        "api",
        "scheduler",
        "conductor",
        "compute",
        "controllers",
        "computes",
        "nodes",
        "hosts",
        "docker",
        "volumes",
        "kolla_logs",
        "_data",
        "tmp",
        "data",
        "evidence",
        "fixtures",
        "home",
        "srv",
        "mnt",
    ]
)
_KINDS = re.compile(r"(?:\.(?:tar|tgz|txz|tbz2?|gz|xz|bz2|zst|zip))+$")
_SOSREPORT = re.compile(
    r"sosreport-(?P<host>[\w.\-]+?)(?:[.\-]\d{5,9})?-(?:\d{4}-\d\d-\d\d-[a-z]{7}|\d{14})(?:-[0-9a-f]{4,})?"
)
_SERVICE = re.compile("|".join(re.escape(name) for name in SERVICES))
_ROTATION = re.compile(
    r"(?:[.\-_]?(?:\d{8}(?:-\d+)?|\d{4}-\d\d-\d\d(?:_[\d\-]+)?|\d{1,3}))?(?:\.(?:log|txt|json))?"
    r"(?:[.\-](?:\d{8}(?:-\d+)?|\d{4}-\d\d-\d\d(?:_[\d\-]+)?|\d{1,3}))?(?:\.(?:gz|bz2|xz|zst|log))*$"
)


def service_of_file(name: str) -> str | None:
    """The service that a file name names, or None."""
    match = _SERVICE.search(name)
    return _SAME.get(match[0], match[0]) if match else None


def node_of_path(path: str, root: str) -> str | None:
    """The node that wrote a file, or None when neither folders nor name tell.

    Args:
        path: the file.
        root: the path that the user gave; folders above it are not looked at, its own name is.
    """
    named = _node_of_file(PurePath(path).name)
    if named is not None:
        return named
    base = PurePath(root).parent
    relative = PurePath(path).relative_to(base) if PurePath(path).is_relative_to(base) else PurePath(path)
    for folder in reversed(relative.parts[:-1]):
        if _is_node(folder):
            return _of_sosreport(folder) or folder
    parent = PurePath(path).parent.name
    return (_of_sosreport(parent) or parent) if path == root and _is_node(parent) else None


def service_of_path(path: str) -> str | None:
    """The service that a path names: by the file's name, else by a folder of its own (a pod's container, Kolla's)."""
    named = service_of_file(PurePath(path).name)
    if named is not None:
        return named
    return next((_SAME.get(f, f) for f in reversed(PurePath(path).parts[:-1]) if f in SERVICES), None)


def node_in_archive(archive: str, member: str) -> str | None:
    """The node of a member: by its folders or name, else by the name of the archive that holds it."""
    *outer, name = (PurePath(archive).name, *member.split("!"))
    node = node_of_path(name, "")
    if node is not None:
        return node
    for holder in reversed(outer):
        stem = _KINDS.sub("", PurePath(holder).name)
        if _of_sosreport(stem) is not None or (_is_node(stem) and not _SERVICE.search(stem)):
            return _of_sosreport(stem) or stem
    return None


def _of_sosreport(folder: str) -> str | None:
    """The host in the name of a sosreport: ``sosreport-HOST[-CASE]-2026-11-23-abcdefg``, ``sosreport-HOST[.CASE]-20161123101500``."""
    match = _SOSREPORT.fullmatch(folder)
    return match["host"] if match else None


def names_in(path: str) -> tuple[str | None, str | None]:
    """(node, service) of a path that stands in a line: of grep, of a collector."""
    return node_of_path(path, ""), service_of_file(PurePath(path).name)


def _is_node(folder: str) -> bool:
    plain = folder.strip("/.")
    return bool(plain) and plain.lower() not in _CONTAINERS and not _SERVICE.fullmatch(plain) and not plain.isdigit()


def _node_of_file(name: str) -> str | None:
    match = _SERVICE.search(name)
    if match is None:
        return None
    before = name[: match.start()].strip("._-@")
    after = _ROTATION.sub("", name[match.end() :]).strip("._-@")
    rest = before or after
    return rest if rest and _is_node(rest) and not rest.isdigit() else None
