"""What one log record says, once the catalogue has understood it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from novatrace.model.evidence import Provenance

PLACEMENT = "placement-api"


class Event(Struct, frozen=True, gc=False, array_like=True):
    """A record whose message the catalogue knows.

    A ``Struct``, because there are many of them: it is made in a tenth of a dataclass's time.

    Attributes:
        kind: the message kind of the catalogue, such as ``filter-result``.
        when_us: µs since 1970 UTC; None when the stamp cannot be read.
        node: the machine that wrote the line.
        service: ``nova-api``, ``nova-scheduler``, ``nova-conductor``, ``nova-compute``,
            ``placement-api``, ``operator``; None when neither file nor logger says.
        pid: process id, where the layout has one.
        level: the level word as logged.
        request_id: the local request id of the record's context.
        global_request_id: the caller's id, where the layout prints it.
        user_id: user of the context (an id, or a name in DevStack's layouts).
        project_id: project of the context.
        instance_uuid: from the ``[instance: …]`` prefix, or the only one named in the text.
        values: typed values of the message; the catalogue file of the kind lists them.
        inherited: True when the context was taken from the record before it (traceback lines
            carry none).
        provenance: where it stands.
    """

    kind: str
    when_us: int | None
    node: str | None
    service: str | None
    pid: int | None
    level: str
    request_id: str | None
    global_request_id: str | None
    user_id: str | None
    project_id: str | None
    instance_uuid: str | None
    values: dict[str, Any]
    inherited: bool
    provenance: Provenance

    @property
    def origin(self) -> str | int:
        """Who wrote the line: the node, whatever file of a rotated set it stands in; else the input."""
        return self.node if self.node is not None else self.provenance.evidence_id

    @property
    def key(self) -> str:
        """What it belongs to: a request, a call of placement, or (without a request id) a VM."""
        if self.service == PLACEMENT:
            at = self.provenance
            return f"placement {self.request_id or f'{at.evidence_id}:{at.byte_offset}'}"
        return self.request_id if self.request_id is not None else f"vm {self.instance_uuid}"

    def later(self, by_us: int) -> Event:
        """The same event so many µs later; one whose time is unknown stays as it is."""
        return self if self.when_us is None else replace(self, when_us=self.when_us + by_us)

    @property
    def sort_key(self) -> tuple[int, int, int]:
        """The one order of events: time, input, offset. Unknown times come first."""
        when = -1 if self.when_us is None else self.when_us
        return (when, self.provenance.evidence_id, self.provenance.byte_offset)
