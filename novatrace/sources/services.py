"""Which service a file, a folder or a container is called after: packages, Kolla, TripleO, Juju, DevStack, Kubernetes."""

from __future__ import annotations

import re
from pathlib import PurePath

# In this order: the metadata API and placement's API in Nova's tree have other services' names in theirs.
_NAMES = (
    ("nova-api-metadata", r"nova[-_](?:api[-_])?metadata|(?<!\w)n-api-meta"),
    ("placement-api", r"nova[-_]placement[-_]api|placement[-_](?:api|wsgi)"),
    ("nova-api", r"nova[-_](?:api|osapi)|(?<!\w)n-api"),
    ("nova-scheduler", r"nova[-_]scheduler|(?<!\w)n-sch"),
    ("nova-conductor", r"nova[-_](?:super[-_]|cell\d*[-_])?conductor|(?<!\w)n-(?:super-)?cond(?:-cell\d+)?"),
    ("nova-compute", r"nova[-_]compute(?:[-_]ironic)?|(?<!\w)n-cpu"),
)
NAMED = re.compile("|".join(f"(?:{pattern})" for _, pattern in _NAMES))
_EACH = tuple((service, re.compile(pattern)) for service, pattern in _NAMES)


def service_of_file(name: str) -> str | None:
    """The service that a file name names, or None."""
    return next((service for service, pattern in _EACH if pattern.search(name)), None)


def service_of_path(path: str) -> str | None:
    """The service that a path names: by the file's name, else by a folder of its own (a pod's container, httpd's)."""
    *folders, name = PurePath(path).parts or ("",)
    named = service_of_file(name)
    if named is not None:
        return named
    own = [folder for folder in folders if is_called_after_service(folder)]
    if "pods" in folders:
        own[:0] = folders[folders.index("pods") + 2 :]
    return next((service for folder in reversed(own) if (service := service_of_file(folder)) is not None), None)


def is_called_after_service(folder: str) -> bool:
    """True for a folder that has a service's name and nothing else."""
    return NAMED.fullmatch(folder) is not None
