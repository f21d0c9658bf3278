"""One log record, made of the fields that layouts found."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from novatrace.parsing.context import identity, service_of, service_of_ident
from novatrace.parsing.layout_reader import Line
from novatrace.parsing.layouts import USER_FIRST, compiled
from novatrace.parsing.suffixes import without_suffix
from novatrace.parsing.timestamps import Clock

Naming = Callable[[str], tuple[str | None, str | None]]
# What a collector that took the header apart left at the front of the message.
_FRONT = compiled(
    r"(?:\[(?P<context>-|(?:[\w\-]+ |None | )?req-[^\]\[]*)\](?: |$))?"
    r"(?:\[instance: (?P<instance>%UUID%)\](?: |$))?(?P<message>.*)"
)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_PRIORITIES = ("CRITICAL", "CRITICAL", "CRITICAL", "ERROR", "WARNING", "INFO", "INFO", "DEBUG")
_LEVELS = {"ERR": "ERROR", "CRIT": "CRITICAL", "FATAL": "CRITICAL"}
_NAMED_BY = ("ident", "container", "unit", "tag")


class Record(Struct, gc=False):
    """One log record. ``message`` has no header, no instance prefix and no DEBUG suffix; ``unasked``: its bracket says that no
    request is behind it (``[-]``)."""  # noqa: D205, D209

    layout: str
    when_us: int | None
    node: str | None
    service: str | None
    pid: int | None
    level: str
    logger: str
    request_id: str | None
    global_request_id: str | None
    user_id: str | None
    project_id: str | None
    instance_uuid: str | None
    message: str
    line_no: int
    offset: int
    length: int
    inherited: bool = False
    unasked: bool = False
    traceback: tuple[str, ...] = ()


def record_of(
    line: Line, more: str, clock: Clock, service: str | None, naming: Naming | None, place: tuple[int, int, int]
) -> Record:
    """The record of a line.

    Args:
        line: its fields.
        more: what goes on its message.
        clock: reads its stamp.
        service: that the name of the input tells.
        naming: (node, service) of a file's name that stands in the line.
        place: line number, offset and length.
    """
    fields = line.fields
    message = f"{fields.get('message', '')}{more}"
    if "context" not in fields and message.startswith("["):
        fields, message = _with_front(fields, message)
    request_id, global_id, user, project = _ids(fields, line.identity)
    logger = str(fields.get("logger", ""))
    named = naming(str(fields["file"])) if naming is not None and "file" in fields else (None, None)
    return Record(
        layout=line.layout,
        when_us=clock.when_us(fields),
        node=node_of(fields, naming),
        service=line.service or _service_of_line(fields) or named[1] or service or service_of(logger),
        pid=_pid(fields.get("pid")),
        level=_level(fields),
        logger=logger,
        request_id=request_id,
        global_request_id=global_id,
        user_id=user,
        project_id=project,
        instance_uuid=_instance(fields.get("instance")),
        message=without_suffix(message),
        line_no=place[0],
        offset=place[1],
        length=place[2],
        unasked=fields.get("context") == "-",
        traceback=() if line.more else _traceback(fields.get("traceback")),
    )


def node_of(fields: dict[str, Any], naming: Naming | None) -> str | None:
    """The machine (or pod) that a line itself names."""
    named = naming(str(fields["file"]))[0] if naming is not None and "file" in fields else None
    return host_of(fields) or _text(fields, "pod") or named


def host_of(fields: dict[str, Any]) -> str | None:
    """The machine that a line names as the one that wrote it; not the pod on it, nor whose file was searched."""
    return _text(fields, "host")


def _with_front(fields: dict[str, Any], message: str) -> tuple[dict[str, Any], str]:
    match = _FRONT.fullmatch(message)
    if match is None:
        return fields, message
    found = {k: v for k, v in match.groupdict().items() if v is not None}
    rest = found.pop("message", "")
    if fields.get("request_id"):
        named = identity(found.pop("context", "-"), USER_FIRST)[0]
        if named not in (None, fields["request_id"]):
            return fields, message  # the id of another request, with which some messages begin
    return {**fields, **found}, rest


def _ids(fields: dict[str, Any], order: tuple[str, ...]) -> tuple[str | None, str | None, str | None, str | None]:
    if "context" in fields:
        found = identity(fields["context"], order)
        if found[0] is not None:
            return found
    return tuple(_text(fields, key) for key in ("request_id", "global_request_id", "user_id", "project_id"))  # type: ignore[return-value]


def _text(fields: dict[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if isinstance(value, list):
        value = value[-1] if value else None
    return str(value) if value not in (None, "", "-", "None") else None


def _service_of_line(fields: dict[str, Any]) -> str | None:
    names = (str(fields[name]) for name in _NAMED_BY if name in fields)
    return next((service for name in names if (service := service_of_ident(name)) is not None), None)


def _level(fields: dict[str, Any]) -> str:
    level = str(fields.get("level", "")).upper()
    if not level:
        priority = str(fields.get("priority", ""))
        return _PRIORITIES[int(priority)] if priority.isdigit() and int(priority) < len(_PRIORITIES) else ""
    return _LEVELS.get(level, level)


def _pid(value: Any) -> int | None:  # noqa: ANN401 - text or number, by layout
    return int(value) if isinstance(value, (int, str)) and str(value).isdigit() and len(str(value)) < 20 else None  # noqa: PLR2004 - 64 bits


def _instance(value: Any) -> str | None:  # noqa: ANN401 - an id, or nova's whole prefix, by layout
    match = _UUID.search(value) if isinstance(value, str) else None
    return match[0] if match else None


def _traceback(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - a list or a text, by oslo.log release
    if isinstance(value, str):
        return tuple(value.splitlines())
    if isinstance(value, list):
        return tuple(line for item in value if isinstance(item, str) for line in item.splitlines())
    return ()
