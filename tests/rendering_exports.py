"""More layouts to render a case in: exports of collectors that nobody described, tables, and lines that people carried about."""

from __future__ import annotations

import json
import quopri
from collections.abc import Callable
from dataclasses import replace

from rendering import Line, Said, beats, devstack, dumped, every, formatter, header, journal_json, short


def _records(lines: list[Said]) -> list[Said]:
    """One for each record; further lines stand in its text."""
    found: list[Said] = []
    for one in lines:
        if one.head:
            found.append(one)
        else:
            last = found[-1]
            found[-1] = replace(last, text=f"{last.text}\n{one.text}", message=f"{last.message}\n{one.text}")
    return found


def _iso(one: Said) -> str:
    return one.stamped("%Y-%m-%dT%H:%M:%S.") + f"{one.when.microsecond // 1000:03}"


def site(one: Said) -> dict:
    """A document with a site's own names for the fields."""
    ids = one.ids
    row = {"logTime": _iso(one) + "Z", "logLevel": one.level, "loggerName": one.logger, "hostName": one.node}
    row |= {"processName": one.service, "procId": one.pid, "logMessage": one.prefix + one.message}
    row |= {"requestId": ids.get("request_id"), "globalRequestId": ids.get("global_request_id")}
    return row | {"userId": ids.get("user_id"), "tenantId": ids.get("project_id")}


def collected(one: Said) -> dict:
    """An HTTP event collector's document around the whole line."""
    return {"time": one.epoch_us / 1e6, "host": one.node, "source": one.service, "event": one.text}


def table(lines: list[Said]) -> bytes:
    """Graylog's table: a record of several lines is several rows here, as its input had them."""
    rows = [f'"{_iso(one)}Z","{one.node}","{one.text.replace(chr(34), chr(34) * 2)}"' for one in lines if one.head]
    return ("timestamp,source,message\n" + "".join(f"{row}\n" for row in rows)).encode()


def streams(lines: list[Said]) -> bytes:
    """What Loki answers: streams with their values, a few in each line."""
    records, out = _records(lines), []
    for at in range(0, len(records), 7):
        some = records[at : at + 7]
        labels = {"host": some[0].node, "container": some[0].service.replace("-", "_")}
        values = [[str(one.epoch_us * 1000), one.text] for one in some]
        out.append(json.dumps({"stream": labels, "values": values}) + "\n")
    return "".join(out).encode()


def logfmt(one: Said) -> str:
    """Pairs with the fields of a record, as the old JSON formatter names them."""
    ids = one.ids
    pairs = {
        "time": _iso(one) + "Z",
        "level": one.level.lower(),
        "host": one.node,
        "service": one.service,
        "pid": one.pid,
    }
    pairs |= {"logger": one.logger, **ids, "instance": one.instance, "msg": one.message}
    return " ".join(f"{name}={json.dumps(str(value))}" for name, value in pairs.items() if value is not None)


def forum(lines: list[Said]) -> bytes:
    """A paste in a forum: its marks around the whole."""
    return ("[code]\n" + "".join(f"{one.text}\n" for one in lines) + "[/code]\n").encode()


def numbered(one: Said) -> str:
    """HP's builds: a number of their own before each message."""
    head = one.text.removesuffix(one.prefix + one.message)
    return f"{head}{one.prefix}NV-3AB798A {one.message}" if one.head and one.context and head != one.text else one.text


def _after(one: Said) -> str:
    """What follows the logger in a record's line."""
    return one.text.split(f" {one.logger} ", 1)[-1]


def own_format(one: Said) -> str:
    """A site's own logging_context_format_string that nobody stated."""
    if not one.head:
        return one.text
    stamp = one.stamped("%Y/%m/%d %H:%M:%S") + f",{one.when.microsecond // 1000:03}"
    bracket = f"[{one.context}] " if one.context else ""
    return f"[{stamp}] [{one.pid}] [{one.level}] {one.logger}: {bracket}{one.prefix}{one.message}"


def headed(line: Line) -> Line:
    """The prefix on a record's first line only."""
    return lambda one: line(one) if one.head else one.text


def pretty(row: Callable[[Said], str]) -> Callable[[list[Said]], bytes]:
    """Documents laid out over several lines."""
    return lambda lines: "".join(json.dumps(json.loads(row(one)), indent=8) + "\n" for one in lines).encode()


def broken(lines: list[Said]) -> bytes:
    """Records whose bracket an editor broke, here inside the project's id, wherever the others go on."""
    out = []
    for one in lines:
        at = one.text.find("- default default]") if one.head else -1
        out.append(one.text if at < 0 else f"{one.text[: at - 7]}\n{one.text[at - 7 :]}")
    return "".join(f"{text}\n" for text in out).encode()


EXPORTS: dict[str, Callable[[list[Said]], bytes]] = {
    "json-any": dumped(collected),
    "json-any-own-names": dumped(site),
    "json-pack": streams,
    "json-prefixed": dumped(beats, before=lambda _: "@cee: "),
    "json-prefixed-fluentd": dumped(
        formatter, before=lambda o: f"{o.stamped('%Y-%m-%d %H:%M:%S.%f')}000 +0000 openstack.nova: "
    ),
    "journalctl-json-pretty": pretty(journal_json(lambda o: o.text)),
    "wrapped-inside-the-ids": broken,
    "csv": table,
    "quoted": every(headed(lambda o: f"`{o.text}`")),
    "json-string": every(headed(lambda o: f"        {json.dumps(o.text, ensure_ascii=False)},")),
    "quoted-pane": every(lambda o: f"│{o.stamped('%b %d %H:%M:%S')} {o.node} {o.service}[{o.pid}]: {o.text}   │"),
    "name-prefix": every(headed(lambda o: f"[{o.service}-{o.node}] {o.text}")),
    "grep-any": every(
        lambda o: f"{o.service}:17:{o.stamped('%b %d %H:%M:%S')} {o.node} {o.service}[{o.pid}]: {o.text}"
    ),
    "cloudwatch-tail": every(lambda o: f"{_iso(o)}000+00:00 {o.node}/{o.service} {o.text}"),
    "site-format": every(own_format),
    "journalctl-no-stamp": every(lambda o: f"{o.service}[{o.pid}]: {devstack(o)}"),
    "logfmt": lambda lines: "".join(f"{logfmt(one)}\n" for one in _records(lines)).encode(),
    "logfmt-around": every(
        lambda o: f"ts={_iso(o)}Z level=info host={o.node} app={o.service} msg={json.dumps(o.text)}"
    ),
    "python-basic": every(headed(lambda o: f"{o.level}:{o.logger}:{_after(o)}")),
    "words-prefix": every(headed(lambda o: f"  finding 17: {o.text}")),
    "torn-head": every(headed(lambda o: o.text[2:] if o.when.microsecond % 7000 < 1000 else o.text)),
    "oslo-mailed": lambda lines: quopri.encodestring("".join(f"{one.text}\n" for one in lines).encode()),
    "quoted-forum": forum,
    "logger-first": every(short(lambda o: f"{o.logger} {_after(o)}" if o.head and o.context else o.text)),
    "site-format-day-first": every(header(lambda o: o.stamped("%d/%m/%Y %H:%M:%S,") + _iso(o)[-3:])),
    "oslo-numbered-messages": every(numbered),
    "indented-editor": every(headed(lambda o: f"937474 {o.text}")),
    "stamp-of-a-tool-multilog": every(headed(lambda o: f"@4000000065ab12cd2f1e3a4c {o.text}")),
}
# What a layout does not have, by name.
EXPORTS_LOSE = {
    "journalctl-no-stamp": "date, time and milliseconds",
    "logger-first": "milliseconds",
    "python-basic": "date, time and milliseconds, and process",
}
