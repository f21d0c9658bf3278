"""Which host is meant: service hosts, hypervisor nodes, provider uuids and the machines that wrote the logs.

Nova names the same machine in four ways. A provider uuid is a host where a line says so: ``Compute node record created
for H:N with uuid``, ``ComputeNode(… uuid=…)``. A compute log belongs to the host that it names itself, else to the folder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from novatrace.model.event import Event
from novatrace.model.host_states import HostStates
from novatrace.model.migration import HostNode

_NAMES_NODE = ("resource-view", "claim-granted", "claim-attempt", "hypervisor-view")
_DISPATCHES = ("move-dispatch", "boot-dispatch", "unshelve-dispatch")
_STATE_LISTS = ("hosts-filtered", "hosts-weighed")


_Process = tuple[str | int, int | None]


class HostMap:
    """What the evidence says about the identity of hosts, once it has heeded all events and is ``settled``."""

    def __init__(self) -> None:
        self._host_of_node: dict[str, str] = {}
        self._node_of_host: dict[str, set[str]] = defaultdict(set)
        self._provider: dict[str, HostNode] = {}
        self._node_of_provider: dict[str, str] = {}
        self._machine_names: dict[_Process, set[tuple[str | None, str | None]]] = defaultdict(set)
        self._computes: dict[int, dict[int | None, Event]] = defaultdict(dict)
        # Answers; what is learnt while the last pieces fall into place (providers) changes none of them.
        self._machines: dict[tuple[str | int, int | None, str | None], HostNode | None] = {}
        self._inputs: dict[int, set[str]] = {}
        # One object for each: a scheduler names every host for every request.
        self._places: dict[tuple[str, str | None], HostNode] = {}
        self._listed: set[tuple[str | None, str | None]] = set()
        self._marks: set[str] = set()
        self._inventories: dict[tuple[str | int, int | None, str | None, str | None], Event] = {}

    def heed(self, event: Event) -> None:
        """Learns from an event; of each input in the order of lines."""
        if event.service == "nova-compute":
            self._computes[event.provenance.evidence_id].setdefault(event.pid, event)
        self._learn(event)
        if event.kind == "inventory":
            provider = event.values.get("provider_uuid")
            self._inventories.setdefault((event.origin, event.pid, event.node, provider), event)

    def settled(self) -> HostMap:
        """All events were heeded: now it can be asked."""
        for event in self._inventories.values():
            self._learn_provider_of_tracker(event)
        self._inventories.clear()
        return self

    def host(self, host: str, node: str | None = None) -> HostNode:
        """The host with its node, when the evidence pairs them without doubt."""
        known = self._node_of_host.get(host)
        if node is None and known and len(known) == 1:
            node = next(iter(known))
        place = self._places.get((host, node))
        if place is None:
            place = self._places[host, node] = HostNode(host, node)
        return place

    def room(self, place: HostNode) -> str:
        """Whose resources a place has: the host's, or the node's where a host has several (Ironic, VMware)."""
        return place.node if place.node is not None and self.several(place.host) else place.host

    def several(self, host: str) -> bool:
        """True when a service host manages several nodes, each with resources of its own."""
        return len(self._node_of_host.get(host, ())) > 1

    def named(self) -> tuple[HostNode, ...]:
        """Every host that a line names."""
        return tuple(self.host(name) for name in sorted(self._node_of_host))

    def heard(self) -> tuple[str, ...]:
        """The hosts whose own compute log is there."""
        return tuple(sorted({name for number in self._computes for name in self.machines_of_input(number)}))

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
        """The compute host whose log this event stands in.

        A process names its host somewhere in its log; the folder counts only where no process of it does. None
        where the lines of several hosts are mixed and the process is not known.
        """
        key = (event.origin, event.pid, event.node)
        if key not in self._machines:
            self._machines[key] = self._machine(*key)
        return self._machines[key]

    def _machine(self, origin: str | int, pid: int | None, folder: str | None) -> HostNode | None:
        for process in ((origin, pid), (origin, None)):
            names = self._machine_names.get(process)
            if names:
                places = {self._named(host, node, folder) for host, node in names}
                hosts = {place.host for place in places}
                if len(hosts) == 1:
                    return self.host(hosts.pop(), places.pop().node if len(places) == 1 else None)
                if process[1] is None:
                    return None
        return self._of_folder(folder) if folder else None

    def of_named(self, event: Event) -> HostNode | None:
        """The host that a compute line itself names by its node, else the host whose log it stands in."""
        node = event.values.get("node")
        machine = self.of_machine(event)
        if node is None:
            return machine
        named = self.of_node(node)
        # Where nothing pairs the node with a host, the host is the machine's: host and node are two things.
        return HostNode(machine.host, node) if machine is not None and named.host == node else named

    def machines_of_input(self, evidence_id: int) -> set[str]:
        """The compute hosts whose lines an input has."""
        if evidence_id not in self._inputs:
            found = (self.of_machine(event) for event in self._computes.get(evidence_id, {}).values())
            self._inputs[evidence_id] = {place.host for place in found if place is not None}
        return self._inputs[evidence_id]

    def _named(self, host: str | None, node: str | None, folder: str | None) -> HostNode:
        if host is not None:
            return HostNode(host, node)
        return self._of_named_node(node or "", folder)

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
            for pair in self._new_pairs(values.get("hosts", ())):
                self._pair(*pair)
        elif event.kind == "host-selected":
            self._pair(values["host"].get("host"), values["host"].get("node"))
        elif event.kind in _DISPATCHES:
            self._pair(values.get("host"), values.get("node"))
        elif event.kind in _NAMES_NODE and values.get("node"):
            self._learn_machine(event, None, values["node"])

    def _new_pairs(self, listed: Sequence[dict[str, Any]]) -> list[tuple[str | None, str | None]]:
        """The (host, node) of a list that no list before it had; a scheduler prints the same ones again and again."""
        if isinstance(listed, HostStates):
            marks = listed.marks()
            if marks and self._marks.issuperset(marks):
                return []
            pairs: list[tuple[str | None, str | None]] = [*listed.pairs()]
            if len(pairs) == len(marks):
                self._marks.update(marks)
        else:
            pairs = [(state.get("host"), state.get("node")) for state in listed]
        new = [pair for pair in pairs if pair not in self._listed]
        self._listed.update(new)
        return new

    def _learn_identity(self, event: Event) -> None:
        host, node = event.values.get("host"), event.values.get("node")
        self._pair(host, node)
        if event.service in (None, "nova-compute"):
            self._learn_machine(event, host, node)
        if host and event.values.get("provider_uuid"):
            self._provider[event.values["provider_uuid"]] = HostNode(host, node)

    def _learn_machine(self, event: Event, host: str | None, node: str | None) -> None:
        """What a process says of itself; a node's name alone adds nothing once its host is known."""
        for key in {(event.origin, event.pid), (event.origin, None)}:
            names = self._machine_names[key]
            if host is not None:
                names.discard((None, node))
            elif any(known == node for _, known in names):
                continue
            names.add((host, node))

    def _learn_compute_node(self, fields: dict[str, Any]) -> None:
        host, node = fields.get("host"), fields.get("node")
        self._pair(host, node)
        if host and fields.get("uuid"):
            self._provider[fields["uuid"]] = HostNode(host, node)

    def _learn_provider_of_tracker(self, event: Event) -> None:
        """A tracker reports inventory for its own providers; with one node in the log it is that one."""
        names = self._machine_names.get((event.origin, event.pid))
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
