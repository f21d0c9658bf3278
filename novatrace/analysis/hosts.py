"""Which host is meant: service hosts, hypervisor nodes, provider uuids and the machines that wrote the logs.

Nova names the same machine in four ways. A provider uuid is a host where a line says so: ``Compute node record created
for H:N with uuid``, ``ComputeNode(… uuid=…)``. A compute log belongs to the host that it names itself, else to the folder.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from novatrace.model.event import Event
from novatrace.model.migration import HostNode

_NAMES_NODE = ("resource-view", "claim-granted", "claim-attempt", "hypervisor-view")
_DISPATCHES = ("move-dispatch", "boot-dispatch", "unshelve-dispatch")
_STATE_LISTS = ("hosts-filtered", "hosts-weighed")


class HostMap:
    """What the evidence says about the identity of hosts."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._host_of_node: dict[str, str] = {}
        self._node_of_host: dict[str, set[str]] = defaultdict(set)
        self._provider: dict[str, HostNode] = {}
        self._node_of_provider: dict[str, str] = {}
        self._machine_names: dict[str | int, Counter[tuple[str | None, str | None]]] = defaultdict(Counter)
        self._computes: dict[int, Event] = {}
        inventories: list[Event] = []
        for event in events:
            if event.service == "nova-compute":
                self._computes.setdefault(event.provenance.evidence_id, event)
            self._learn(event)
            if event.kind == "inventory":
                inventories.append(event)
        for event in inventories:
            self._learn_provider_of_tracker(event)

    def host(self, host: str, node: str | None = None) -> HostNode:
        """The host with its node, when the evidence pairs them without doubt."""
        known = self._node_of_host.get(host)
        if node is None and known and len(known) == 1:
            node = next(iter(known))
        return HostNode(host, node)

    def of_provider(self, provider_uuid: str | None) -> HostNode | None:
        """The host of a placement resource provider, or None when no line says."""
        if provider_uuid in self._provider:
            return self._provider[provider_uuid]
        node = self._node_of_provider.get(provider_uuid or "")
        return self.of_node(node) if node is not None else None

    def of_node(self, node: str) -> HostNode:
        """The host of a hypervisor node; its own name where no line pairs it with a host."""
        return HostNode(self._host_of_node.get(node, node), node)

    def of_machine(self, event: Event) -> HostNode | None:
        """The compute host whose log this event stands in."""
        names = self._machine_names.get(event.origin)
        if names:
            (host, node), _ = min(names.items(), key=lambda item: (-item[1], str(item[0])))
            if host is not None:
                return self.host(host, node)
            if node is not None:
                return self._of_named_node(node, event.node)
        return self._of_folder(event.node) if event.node else None

    def machine_of_input(self, evidence_id: int) -> str | None:
        """The compute host whose log an input is, or None when it is no compute log."""
        event = self._computes.get(evidence_id)
        host = self.of_machine(event) if event is not None else None
        return host.host if host is not None else None

    def _of_named_node(self, node: str, folder: str | None) -> HostNode:
        if node in self._host_of_node:
            return HostNode(self._host_of_node[node], node)
        same = folder is not None and (node == folder or node.startswith(f"{folder}."))
        return HostNode(folder if same and folder else node, node)

    def _of_folder(self, folder: str) -> HostNode:
        if folder in self._node_of_host:
            return self.host(folder)
        if folder in self._host_of_node:
            return self.of_node(folder)
        longer = [name for name in self._node_of_host if name.startswith(f"{folder}.")]
        return self.host(longer[0]) if len(longer) == 1 else HostNode(folder)

    def _learn(self, event: Event) -> None:
        values = event.values
        if event.kind == "compute-node-identity":
            self._learn_identity(event)
        elif event.kind == "provider-created":
            self._node_of_provider[values["provider_uuid"]] = values["node"]
        elif event.kind == "host-state-updated":
            self._learn_compute_node(values.get("compute_node") or {})
        elif event.kind in _STATE_LISTS:
            for state in values.get("hosts", ()):
                self._pair(state.get("host"), state.get("node"))
        elif event.kind == "host-selected":
            self._pair(values["host"].get("host"), values["host"].get("node"))
        elif event.kind in _DISPATCHES:
            self._pair(values.get("host"), values.get("node"))
        elif event.kind in _NAMES_NODE and values.get("node"):
            self._machine_names[event.origin][(None, values["node"])] += 1

    def _learn_identity(self, event: Event) -> None:
        host, node = event.values.get("host"), event.values.get("node")
        self._pair(host, node)
        if event.service in (None, "nova-compute"):
            self._machine_names[event.origin][(host, node)] += 2 if host else 1
        if host and event.values.get("provider_uuid"):
            self._provider[event.values["provider_uuid"]] = HostNode(host, node)

    def _learn_compute_node(self, fields: dict[str, Any]) -> None:
        host, node = fields.get("host"), fields.get("node")
        self._pair(host, node)
        if host and fields.get("uuid"):
            self._provider[fields["uuid"]] = HostNode(host, node)

    def _learn_provider_of_tracker(self, event: Event) -> None:
        """A tracker reports inventory for its own providers; with one node in the log it is that one."""
        names = self._machine_names.get(event.origin)
        provider = event.values.get("provider_uuid")
        if names and provider and provider not in self._provider and len({node for _, node in names if node}) == 1:
            host = self.of_machine(event)
            if host is not None:
                self._provider[provider] = host

    def _pair(self, host: str | None, node: str | None) -> None:
        if host and node:
            self._host_of_node.setdefault(node, host)
            self._node_of_host[host].add(node)
        elif host:
            self._node_of_host.setdefault(host, set())
