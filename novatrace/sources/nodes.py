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
            return folder
    parent = PurePath(path).parent.name
    return parent if path == root and _is_node(parent) else None


def names_in(path: str) -> tuple[str | None, str | None]:
    """(node, service) of a path that stands in a line: of grep, of a collector."""
    return node_of_path(path, ""), service_of_file(PurePath(path).name)


def _is_node(folder: str) -> bool:
    plain = folder.strip("/.")
    return bool(plain) and plain.lower() not in _CONTAINERS and not _SERVICE.fullmatch(plain)


def _node_of_file(name: str) -> str | None:
    match = _SERVICE.search(name)
    if match is None:
        return None
    before = name[: match.start()].strip("._-@")
    after = _ROTATION.sub("", name[match.end() :]).strip("._-@")
    rest = before or after
    return rest if rest and _is_node(rest) and not rest.isdigit() else None
