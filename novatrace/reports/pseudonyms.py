"""Names that stand for names: the same within a case, and of no use to anybody without the case's key.

An alias depends on the key and the name alone, not on order, files or runs: ``host-`` and ten characters of the keyed hash
of the name. The parts of an address and of a full host name have aliases of their own, so that it stays visible which
hosts share a domain or a network.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable

_LENGTH = 10
_TOKEN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SPLIT = re.compile(r"([._-])")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_MAC = re.compile(r"(?<![\w:])[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?![\w:])")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_HOME = re.compile(r"(?<=/home/)[\w.-]+|(?<=/Users/)[\w.-]+")
_IQN = re.compile(r"\biqn\.\d{4}-\d{2}\.[\w.:-]{3,200}", re.IGNORECASE)
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?$")
# A name that is a word of the logs' or the report's own language is replaced where it stands as a name, not in sentences.
_WORDS = frozenset([
    "admin", "api", "cinder", "cell0", "cell1", "compute", "conductor", "controller", "demo", "default", "glance",
    "host", "keystone", "localhost", "neutron", "node", "nova", "nova-api", "nova-compute", "nova-conductor",
    "nova-scheduler", "operator", "placement", "placement-api", "root", "scheduler", "server", "service", "target",
    "unknown", "user", "project", "migrate", "resize", "create", "active", "error", "default-domain",
])  # fmt: skip
_SHORTEST = 2


class Pseudonyms:
    """Aliases under one key; ``known`` is what has been replaced: alias → name."""

    def __init__(self, key: bytes, vocabulary: frozenset[str] = frozenset()) -> None:
        self._key = key
        self._vocabulary = _WORDS | vocabulary
        self.known: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._domains: set[str] = set()
        self._longest = 1

    def learn(self, kind: str, name: str) -> None:
        """Takes a name in, so that it is replaced in sentences too."""
        if kind == "host" and "." in name and not _is_address(name):
            short, domain = name.split(".", 1)
            self._domains.add(domain.lower())
            self._remember("domain", domain)
            self._remember("host", short)
        else:
            self._remember(kind, name)

    def _remember(self, kind: str, name: str) -> None:
        canonical = _canonical(name)
        if not self._telling(canonical):
            return
        self._names.setdefault(canonical, kind)
        self._longest = max(self._longest, len(_SPLIT.findall(canonical)) + 1)

    def raw(self) -> set[str]:
        """Every name that must not be seen again."""
        return {name for name in self.known.values() if self._telling(_canonical(name)) or _is_address(name)}

    def _telling(self, canonical: str) -> bool:
        """True for a name that can be told from the words around it."""
        if canonical in self._vocabulary or canonical.isdigit() or _is_address(canonical):
            return False
        return len(canonical) > _SHORTEST or (len(canonical) == _SHORTEST and not canonical.isalpha())

    def alias(self, kind: str, name: str) -> str:
        """The alias of a name that stands alone."""
        if not name or name == "-":
            return name
        if _is_address(name):
            return self._address(name)
        if kind == "host" and "." in name:
            short, domain = name.split(".", 1)
            return f"{self.alias('host', short)}.{self.alias('domain', domain)}"
        return self._hashed(kind, _canonical(name), name)

    def _hashed(self, kind: str, canonical: str, name: str) -> str:
        digest = hmac.new(self._key, f"{kind}\0{canonical}".encode(), hashlib.sha256).digest()
        alias = f"{kind}-{base64.b32encode(digest).decode()[:_LENGTH].lower()}"
        known = self.known.setdefault(alias, name)
        if _canonical(known) != _canonical(name) and not (_is_address(known) and _is_address(name)):
            raise ValueError(f"two names share the alias {alias}")
        return alias

    def in_text(self, text: str) -> str:
        """A sentence with every name of it replaced."""
        text = _MAIL.sub(lambda m: self.alias("mail", m[0]), text)
        text = _IQN.sub(lambda m: self.alias("iqn", m[0]), text)
        text = _MAC.sub(lambda m: self.alias("mac", m[0]), text)
        text = _IPV4.sub(lambda m: self._address(m[0]), text)
        text = _IPV6.sub(lambda m: self._address(m[0]), text)
        text = _HOME.sub(lambda m: self.alias("user", m[0]), text)
        return _TOKEN.sub(lambda m: self._token(m[0]), text)

    def _address(self, text: str) -> str:
        if _TIME.match(text):
            return text
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return text
        bits = 24 if address.version == 4 else 64  # noqa: PLR2004 - the usual size of a network
        network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
        return f"{self.alias('net', f'net {network}')}.{self._hashed('ip', str(address), text)}"

    def _token(self, token: str) -> str:
        kind = self._names.get(_canonical(token))
        if kind is not None:
            return self.alias(kind, token)
        lowered = token.lower()
        domain = max((d for d in self._domains if lowered.endswith(f".{d}")), key=len, default=None)
        if domain is not None:
            topic, dot, host = token[: -len(domain) - 1].rpartition(".")
            if topic.lower() in _WORDS:  # ``compute.cn1.dc.example``: a queue of that host
                return f"{topic}{dot}{self.alias('host', f'{host}.{domain}')}"
            return self.alias("host", token)
        parts = _SPLIT.split(token)
        if len(parts) == 1:
            return token
        return "".join(self._parts(parts))

    def _parts(self, parts: list[str]) -> Iterable[str]:
        """Parts of a token, with the longest run of them that is a name replaced."""
        at = 0
        while at < len(parts):
            for length in range(min(2 * self._longest - 1, len(parts) - at), 0, -2):
                name = "".join(parts[at : at + length])
                kind = self._names.get(_canonical(name)) if name else None
                if kind is not None:
                    yield self.alias(kind, name)
                    at += length
                    break
            else:
                yield parts[at]
                at += 1


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
