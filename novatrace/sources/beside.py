"""What stands beside logs and tells of them: a node's name, its zone, Nova's configuration; as sosreports hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Where these files stand on a node, in sosreports and in what deployment tools lay down.
_KINDS = (
    ("hostname", re.compile(r"(?:^|/)(?:etc/hostname|sos_commands/(?:general|host)/hostname(?:_-f)?|hostname)$")),
    ("timedatectl", re.compile(r"(?:^|/)(?:sos_commands/[\w\-]+/)?timedatectl(?:_status|_show)?$")),
    ("timezone", re.compile(r"(?:^|/)etc/timezone$")),
    ("nova.conf", re.compile(r"(?:^|/)nova\.conf$")),
)
_ROOTS = re.compile(
    r"(?:/|^)(?:etc/(?:hostname|timezone|nova/nova\.conf|kolla/[\w\-]+/nova\.conf)|sos_commands/.*|hostname|timedatectl\w*"
    r"|var/lib/(?:config-data|kolla|openstack)/.*|nova\.conf)$"
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A file beside logs: its path (``archive!member`` in an archive), kind and content."""

    path: str
    kind: str
    data: bytes

    @property
    def root(self) -> str:
        """The folder that it tells of."""
        return _ROOTS.sub("", self.path)

    @property
    def text(self) -> str:
        """Its content."""
        return self.data.decode("utf-8", "replace")


def beside_of(name: str) -> str | None:
    """The kind of a file that tells of logs, or None."""
    return next((kind for kind, pattern in _KINDS if pattern.search(name)), None)
