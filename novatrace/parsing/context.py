"""The bracket of a line: who asked, under which request ids; and which service a logger belongs to."""

from __future__ import annotations

import re
from functools import lru_cache

_REQUEST_ID = re.compile(r"req-[0-9a-fA-F-]{8,}|req-\S+")
_ABSENT = ("-", "None", "")

# Loggers that only one service uses; nova.scheduler.utils, nova.scheduler.client, nova.virt.hardware,
# nova.compute.utils and the oslo libraries are used by several and say nothing.
_SERVICE_OF_LOGGER = (
    ("nova.api.openstack.placement", "placement-api"),
    ("placement.", "placement-api"),
    ("nova.osapi_compute", "nova-api"),
    ("nova.api.", "nova-api"),
    ("nova.compute.api", "nova-api"),
    ("nova.scheduler.filter_scheduler", "nova-scheduler"),
    ("nova.scheduler.filters", "nova-scheduler"),
    ("nova.scheduler.host_manager", "nova-scheduler"),
    ("nova.scheduler.manager", "nova-scheduler"),
    ("nova.scheduler.request_filter", "nova-scheduler"),
    ("nova.filters", "nova-scheduler"),
    ("nova.weights", "nova-scheduler"),
    ("nova.conductor", "nova-conductor"),
    ("nova.compute.claims", "nova-compute"),
    ("nova.compute.manager", "nova-compute"),
    ("nova.compute.resource_tracker", "nova-compute"),
    ("nova.compute.resources", "nova-compute"),
    ("nova.virt.libvirt", "nova-compute"),
)

# Loggers of other services beside Nova: they use Nova's words ("Filter X returned 3 host(s)" is Cinder's, too).
_FOREIGN = frozenset(
    [
        *["aodh", "barbican", "blazar", "ceilometer", "cinder", "cloudkitty", "congress", "cyborg", "designate"],
        *["freezer", "glance", "glance_store", "gnocchi", "heat", "horizon", "ironic", "ironic_inspector", "keystone"],
        *["magnum", "manila", "masakari", "mistral", "monasca", "murano", "neutron", "octavia", "panko", "sahara"],
        *["senlin", "solum", "swift", "tacker", "tempest", "trove", "vitrage", "watcher", "zaqar", "zun"],
    ]
)
_IDENTS = tuple(
    (re.compile(pattern), service)
    for pattern, service in (
        (r"(?:nova[-_])(?:api[-_])?metadata|n-api-meta", "nova-api-metadata"),
        (r"nova[-_]placement[-_]api|placement(?:[-_]api)?(?:[-_]wsgi)?(?![\w.])", "placement-api"),
        (r"nova[-_](?:api|osapi)|n-api", "nova-api"),
        (r"nova[-_]scheduler|n-sch", "nova-scheduler"),
        (r"nova[-_](?:super[-_]|cell\d*[-_])?conductor|n-(?:super-)?cond", "nova-conductor"),
        (r"nova[-_]compute|n-cpu", "nova-compute"),
    )
)


def is_foreign(logger: str) -> bool:
    """True for a logger of another service than Nova or placement."""
    return logger.partition(".")[0] in _FOREIGN


@lru_cache(maxsize=1024)
def service_of_ident(name: str) -> str | None:
    """The service that a program, a unit or a container is called after, or None."""
    return next((service for pattern, service in _IDENTS if pattern.search(name)), None)


@lru_cache(maxsize=1024)
def service_of(logger: str) -> str | None:
    """The service that writes under this logger, or None when several do."""
    return next((service for prefix, service in _SERVICE_OF_LOGGER if logger.startswith(prefix)), None)


@lru_cache(maxsize=4096)
def identity(bracket: str, order: tuple[str, ...]) -> tuple[str | None, str | None, str | None, str | None]:
    """(request id, global request id, user, project) of a bracket.

    Forms, Folsom to 2026.2: ``-``; ``req-U user project …`` (2, 5 or 6 identity fields); ``None req-U …``;
    ``req-GLOBAL req-LOCAL …``; a leading blank where the global id is empty.
    """
    words = bracket.split()
    ids = [word for word in words[:2] if _REQUEST_ID.fullmatch(word)]
    if not ids:
        return None, None, None, None
    local = ids[-1]
    rest = words[words.index(local) + 1 :] if len(ids) == 1 else words[2:]
    named = dict(zip(order, rest, strict=False))
    global_id = ids[0] if len(ids) == 2 else None  # noqa: PLR2004 - global and local
    return local, global_id, _present(named.get("user")), _present(named.get("project"))


def _present(word: str | None) -> str | None:
    return None if word is None or word in _ABSENT else word
