"""Renders a real case, which Nova wrote in oslo.log's default layout, in every other layout that operators have.

Nothing here knows how the tool reads: each renderer writes what the system that it is named after writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{3}) (\d+) ([A-Z]+) (\S+) ?"
    r"(?:\[([^\]]*req-[^\]]*|-)\] ?)?(?:\[instance: ([0-9a-f\-]{36})\] ?)?(.*)"
)
_CUT = 700


@dataclass(frozen=True)
class Said:
    """One line that Nova wrote, or one that goes on the record before it (``head`` False)."""

    text: str
    node: str
    service: str
    head: bool
    when: datetime
    pid: str
    level: str = ""
    logger: str = ""
    context: str | None = None
    instance: str | None = None
    message: str = ""

    @property
    def ids(self) -> dict[str, str | None]:
        """The ids of the bracket, by name."""
        words = (self.context or "-").split()
        at = next((i for i, word in reversed(list(enumerate(words[:2]))) if word.startswith("req-")), None)
        if at is None:
            return {}
        user, project = words[at + 1 : at + 3]
        named = {"request_id": words[at], "user_id": user, "project_id": project}
        if at and words[0].startswith("req-"):
            named["global_request_id"] = words[0]
        return {name: value for name, value in named.items() if value not in ("-", "None")}

    @property
    def prefix(self) -> str:
        """Nova's prefix of the instance."""
        return f"[instance: {self.instance}] " if self.instance else ""

    @property
    def epoch_us(self) -> int:
        """Microseconds since 1970."""
        return (self.when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    def stamped(self, form: str, hours: int = 0) -> str:
        """The stamp in a form, so many hours ahead of UTC."""
        return (self.when + timedelta(hours=hours)).strftime(form)


@cache
def said(folder: Path) -> dict[str, list[Said]]:
    """The lines of a case by ``node/service.log``."""
    return {f"{p.parent.name}/{p.name}": list(_lines(p)) for p in sorted(folder.glob("*/*.log"))}


def _lines(path: Path) -> Iterator[Said]:
    last: Said | None = None
    service = path.name.removesuffix(".log")
    for text in path.read_text(encoding="utf-8").splitlines():
        match = _LINE.fullmatch(text)
        if match is None:
            assert last is not None
            yield replace(last, text=text, head=False, message=text)
            continue
        date, time, ms, pid, level, logger, context, instance, message = match.groups()
        when = datetime.fromisoformat(f"{date}T{time}.{ms}+00:00")
        last = Said(text, path.parent.name, service, True, when, pid, level, logger, context, instance, message)
        yield last


Line = Callable[[Said], str]


def every(line: Line, end: str = "\n") -> Callable[[list[Said]], bytes]:
    """A file with each line rendered alone."""
    return lambda lines: "".join(line(one) + end for one in lines).encode()


def joined(line: Line, glue: str) -> Callable[[list[Said]], bytes]:
    """A file with one line for each record; the lines that go on it, and its traceback, are glued to it."""

    def write(lines: list[Said]) -> bytes:
        out: list[list[Said]] = []
        for one in lines:
            goes_on = not one.head or (out and one.context is None and one.level == "ERROR" and _same(out[-1][0], one))
            if out and goes_on:
                out[-1].append(one)
            else:
                out.append([one])
        return "".join(line(replace(r[0], text=glue.join(o.text for o in r))) + "\n" for r in out).encode()

    return write


def _same(head: Said, one: Said) -> bool:
    return (head.logger, head.pid, head.when, head.level) == (one.logger, one.pid, one.when, one.level)


def devstack(one: Said) -> str:
    """DevStack's line of the systemd era."""
    if not one.head:
        return one.text
    ids = one.ids
    bracket = f"[{_devstack_ids(one)}] " if ids else ""
    return f"{one.level} {one.logger} {bracket or ('[-] ' if one.context else '')}{one.prefix}{one.message}"


def _devstack_ids(one: Said, colour: str = "") -> str:
    ids = one.ids
    names = f"{ids.get('project_id', 'None')} {ids.get('user_id', 'None')}"
    return f"{ids.get('global_request_id', 'None')} {ids['request_id']} {colour}{names}"


def coloured(one: Said, escape: str = "\x1b", *, screen: bool = False) -> str:
    """DevStack's line in colours."""
    if not one.head:
        return one.text
    ids = one.ids
    colour, end = f"{escape}[00;32m", f"{escape}[00m"
    names = ""
    if ids and not screen:
        names = _devstack_ids(one, f"{escape}[00;36m")
    elif ids:
        names = f"{ids['request_id']} {escape}[00;36m{ids.get('project_id', 'None')} {ids.get('user_id', 'None')}"
    bracket = f"[{escape}[01;36m{names}{colour}] " if ids else ("[-] " if one.context else "")
    stamp = one.stamped("%Y-%m-%d %H:%M:%S.") + f"{one.when.microsecond // 1000:03} " if screen else ""
    return f"{stamp}{colour}{one.level} {one.logger} {bracket}{escape}[01;35m{one.prefix}{colour}{one.message}{end}"


def short(inner: Line, fraction: str = "") -> Line:
    """`journalctl` short around a line."""
    return lambda o: f"{o.stamped('%b %d %H:%M:%S' + fraction)} {o.node} {o.service}[{o.pid}]: {inner(o)}"


def journal_json(inner: Line, *, as_bytes: bool = False, native: bool = False) -> Line:
    """`journalctl -o json`."""

    def line(one: Said) -> str:
        message = inner(one)
        entry = {
            "__CURSOR": "s=1;i=2",
            "__REALTIME_TIMESTAMP": str(one.epoch_us),
            "_HOSTNAME": one.node,
            "SYSLOG_IDENTIFIER": one.service,
            "_PID": one.pid,
            "PRIORITY": "6",
            "MESSAGE": list(message.encode()) if as_bytes else message,
        }
        if native and one.head:
            entry |= {"LOGGER_NAME": one.logger, "LOGGER_LEVEL": one.level} | {k.upper(): v for k, v in one.ids.items()}
        return json.dumps(entry)

    return line


def journal_export(inner: Line, *, binary: bool = False) -> Callable[[list[Said]], bytes]:
    """`journalctl -o export`."""

    def write(lines: list[Said]) -> bytes:
        out = b""
        for one in lines:
            message = inner(one).encode()
            size = len(message).to_bytes(8, "little")
            field = b"MESSAGE\n" + size + message if binary else b"MESSAGE=" + message
            head = f"__CURSOR=s=1\n__REALTIME_TIMESTAMP={one.epoch_us}\n_HOSTNAME={one.node}\nSYSLOG_IDENTIFIER={one.service}\n"
            out += head.encode() + field + f"\n_PID={one.pid}\n\n".encode()
        return out

    return write


def containers(line: Callable[[Said, str, bool], str], wide: int) -> Callable[[list[Said]], bytes]:
    """A container runtime's log: long lines come in pieces."""

    def write(lines: list[Said]) -> bytes:
        out = []
        for one in lines:
            pieces = [one.text[i : i + wide] for i in range(0, len(one.text), wide)] or [""]
            out += [line(one, piece, piece is pieces[-1]) for piece in pieces]
        return "".join(f"{row}\n" for row in out).encode()

    return write


def _cri(one: Said, piece: str, last: bool) -> str:
    return f"{one.stamped('%Y-%m-%dT%H:%M:%S.%f')}123Z stderr {'F' if last else 'P'} {piece}"


def _docker(one: Said, piece: str, last: bool) -> str:
    end = "\n" if last else ""
    return json.dumps({"log": piece + end, "stream": "stderr", "time": one.stamped("%Y-%m-%dT%H:%M:%S.%f") + "123Z"})


def formatter(one: Said) -> dict:
    """What oslo.log's JSONFormatter writes."""
    return {
        "message": one.message, "asctime": one.stamped("%Y-%m-%d %H:%M:%S"), "name": one.logger, "msg": one.message,
        "args": [], "levelname": one.level, "created": one.epoch_us / 1e6, "msecs": one.when.microsecond / 1000,
        "process": int(one.pid), "traceback": None, "hostname": one.node,
        "context": one.ids, "extra": {"instance_uuid": one.instance} if one.instance else {},
    }  # fmt: skip


def old_formatter(one: Said) -> dict:
    """The same before oslo.log knew a context: the ids stand in extra."""
    extra = {**one.ids, "instance": one.prefix.strip() and {"uuid": one.instance}}
    row = formatter(one)
    return {key: value for key, value in row.items() if key not in ("context", "hostname")} | {"extra": extra}


def fluent(one: Said) -> dict:
    """What oslo.log's FluentFormatter writes."""
    return {
        "message": one.message, "time": one.stamped("%Y-%m-%d %H:%M:%S"), "name": one.logger, "level": one.level,
        "process_name": one.service, "hostname": one.node, "traceback": None, "error_summary": "",
        "context": one.ids, "extra": {"instance_uuid": one.instance} if one.instance else {},
    }  # fmt: skip


def kolla(one: Said) -> dict:
    """What Kolla's fluentd makes of a line."""
    ids = {("tenant_id" if k == "project_id" else k): v for k, v in one.ids.items()}
    return {
        "@timestamp": one.stamped("%Y-%m-%dT%H:%M:%S.%f000+00:00"), "Hostname": one.node, "programname": one.service,
        "Logger": "openstack.nova", "log_level": one.level, "python_module": one.logger, "Pid": one.pid,
        "Payload": one.prefix + one.message, **ids,
    }  # fmt: skip


def beats(one: Said) -> dict:
    """What Filebeat makes of a line: it stays whole."""
    stamp = one.stamped("%Y-%m-%dT%H:%M:%S.") + f"{one.when.microsecond // 1000:03}Z"
    path = f"/var/log/nova/{one.service}.log"
    return {"@timestamp": stamp, "host": {"name": one.node}, "log": {"file": {"path": path}}, "message": one.text}


def apart(one: Said) -> dict:
    """What a Logstash filter makes of a line: it is taken apart."""
    stamp = one.stamped("%Y-%m-%dT%H:%M:%S.") + f"{one.when.microsecond // 1000:03}Z"
    row = {
        "@timestamp": stamp,
        "hostname": one.node,
        "program": one.service,
        "pid": one.pid,
        "message": one.prefix + one.message,
    }
    if one.head:
        row |= {"loglevel": one.level, "module": one.logger}
        row |= {k.replace("project", "tenant"): v for k, v in one.ids.items()}
    return row


def dumped(
    row: Callable[[Said], dict], *, hit: bool = False, before: Line = lambda _: ""
) -> Callable[[list[Said]], bytes]:
    """Documents, one a line; a record's further lines stand in its message, as formatters write them."""

    def write(lines: list[Said]) -> bytes:
        records: list[Said] = []
        for one in lines:
            if one.head:
                records.append(one)
            else:
                last = records[-1]
                records[-1] = replace(last, message=f"{last.message}\n{one.text}", text=f"{last.text}\n{one.text}")
        rows = [(before(one), {"_index": "flog", "_source": row(one)} if hit else row(one)) for one in records]
        return "".join(f"{front}{json.dumps(document)}\n" for front, document in rows).encode()

    return write


def header(stamp: Callable[[Said], str], *, pid: bool = True) -> Line:
    """oslo.log's line with another stamp, with or without the process."""

    def line(one: Said) -> str:
        if not one.head:
            return one.text
        rest = one.text.split(" ", 2)[2]
        return f"{stamp(one)} {rest if pid else rest.split(' ', 1)[1]}"

    return line


def _ms(one: Said, dot: str = ".") -> str:
    return f"{one.stamped('%Y-%m-%d %H:%M:%S')}{dot}{one.when.microsecond // 1000:03}"


def _plain(one: Said) -> str:
    return one.text


def _apache(one: Said) -> str:
    stamp = one.stamped("%a %b %d %H:%M:%S.%f %Y")
    return f"[{stamp}] [wsgi:error] [pid {one.pid}:tid 140] [remote 10.0.0.5:48022] {one.text}"


_US = "%Y-%m-%dT%H:%M:%S.%f"
LAYOUTS: dict[str, Callable[[list[Said]], bytes]] = {
    "journalctl-short": every(short(_plain)),
    "journalctl-short-precise-devstack": every(short(devstack, ".%f")),
    "journalctl-iso": every(lambda o: f"{o.stamped('%Y-%m-%dT%H:%M:%S')}+0000 {o.node} {o.service}[{o.pid}]: {o.text}"),
    "journalctl-iso-precise-devstack": every(
        lambda o: f"{o.stamped(_US, 1)}+01:00 {o.node} {o.service}[{o.pid}]: {devstack(o)}"
    ),
    "journalctl-full": every(
        lambda o: f"{o.stamped('%a %Y-%m-%d %H:%M:%S')} UTC {o.node} {o.service}[{o.pid}]: {o.text}"
    ),
    "journalctl-local": every(
        lambda o: f"{o.when.month}月 {o.stamped('%d %H:%M:%S.%f')} {o.node} {o.service}[{o.pid}]: {devstack(o)}"
    ),
    "journalctl-no-hostname": every(lambda o: f"{o.stamped('%b %d %H:%M:%S.%f')} {o.service}[{o.pid}]: {devstack(o)}"),
    "journalctl-monotonic": every(lambda o: f"[ 4711.123456] {o.node} {o.service}[{o.pid}]: {o.text}"),
    "journalctl-unix": every(
        lambda o: f"{o.epoch_us // 10**6}.{o.when.microsecond:06} {o.node} {o.service}[{o.pid}]: {devstack(o)}"
    ),
    "journalctl-json": every(journal_json(_plain)),
    "journalctl-json-native": every(journal_json(_plain, native=True)),
    "journalctl-json-coloured": every(journal_json(coloured, as_bytes=True)),
    "journalctl-export": journal_export(_plain),
    "journalctl-export-coloured": journal_export(coloured, binary=True),
    "syslog-rfc3164": joined(lambda o: f"<14>{o.stamped('%b %e %H:%M:%S')} {o.node} {o.service}: {o.text}", "#012"),
    "syslog-untagged": every(lambda o: f"{o.stamped('%b %e %H:%M:%S')} {o.node} {o.text}"),
    "syslog-named": every(lambda o: f"{o.stamped('%b %e %H:%M:%S')} {o.node} {o.service} {o.text}"),
    "syslog-iso-named": every(lambda o: f"{o.stamped(_US)}+00:00 {o.node} {o.service} {o.text}" if o.head else o.text),
    "syslog-severity": every(lambda o: f"{o.stamped(_US)}+00:00 {o.level.lower()}:  {o.text}"),
    "syslog-rfc5424": joined(
        lambda o: f"<14>1 {o.stamped(_US)}+00:00 {o.node} {o.service} {o.pid} - - {o.text}", "#012"
    ),
    "cri": containers(_cri, _CUT),
    "docker-json": containers(_docker, _CUT),
    "kubectl-timestamps": every(lambda o: f"{o.stamped(_US)}999Z {o.text}"),
    "kubectl-prefix": every(lambda o: f"[pod/{o.service}-{o.node}/{o.service}] {o.text}"),
    "compose-prefix": every(lambda o: f"{o.service.replace('-', '_')}-1  | {o.text}"),
    "container-prefix": every(lambda o: f"{o.service}-{o.node} {o.service} {o.text}" if o.head else o.text),
    "host-prefix": every(lambda o: f"{o.node}: {o.text}" if o.head else o.text),
    "indented": every(lambda o: f"    {o.text}"),
    "indented-quotation": every(lambda o: f"> {o.text}" if o.head else o.text),
    "indented-numbers": every(lambda o: f"  4711\t{o.text}" if o.head else o.text),
    "stamp-of-a-tool": every(lambda o: f"{o.stamped('%H:%M:%S')} {o.text}" if o.head else o.text),
    "gelf": dumped(lambda o: {"host": o.node, "short_message": o.text, "timestamp": o.epoch_us / 1e6, "level": 6}),
    "grep-file": every(lambda o: f"{o.node}/{o.service}.log:{o.text}"),
    "grep-file-number": every(lambda o: f"{o.node}/{o.service}.log:17:{o.text}"),
    "grep-number": every(lambda o: f"4711:{o.text}"),
    "file-name-prefix": every(lambda o: f"{o.service}.log.1.2017-05-16_13:55:31 {o.text}" if o.head else o.text),
    "loki": every(lambda o: f'{o.stamped(_US)}Z {{container="{o.service}", host="{o.node}"}} {o.text}'),
    "fluentd-file": dumped(formatter, before=lambda o: f"{o.stamped('%Y-%m-%dT%H:%M:%S')}+00:00\topenstack.nova\t"),
    "oslo-json": dumped(formatter),
    "oslo-json-old": dumped(old_formatter),
    "oslo-fluent": dumped(fluent),
    "kolla-fluentd": dumped(kolla),
    "opensearch-hits": dumped(kolla, hit=True),
    "filebeat": dumped(beats),
    "logstash": dumped(apart),
    "apache-error": every(_apache),
    "ci-console": every(lambda o: f"{o.stamped('%Y-%m-%d %H:%M:%S.%f')} | {o.node} | {o.text}"),
    "journalctl-cat": every(devstack),
    "kolla-apache-error": every(lambda o: f"{o.stamped('%Y-%m-%d %H:%M:%S.%f')} {o.text}" if o.head else o.text),
    "devstack-screen": every(lambda o: coloured(o, screen=True)),
    "colour-octal": every(lambda o: coloured(o, "#033", screen=True)),
    "colour-caret": every(lambda o: coloured(o, "^[", screen=True)),
    "colour-literal": every(lambda o: coloured(o, "\\x1b", screen=True)),
    "colour-lost-escape": every(lambda o: coloured(o, "", screen=True)),
    "oslo-zoned": every(header(lambda o: f"{o.stamped('%Y-%m-%dT%H:%M:%S', 2)}.{o.when.microsecond // 1000:03}+02:00")),
    "oslo-no-date": every(header(lambda o: _ms(o).split(" ")[1])),
    "oslo-no-milliseconds": every(header(lambda o: o.stamped("%Y-%m-%d %H:%M:%S"))),
    "oslo-no-process": every(header(_ms, pid=False)),
    "oslo-comma": every(header(lambda o: _ms(o, ","))),
    "oslo-nanoseconds": every(header(lambda o: _ms(o) + "000000")),
    "crlf": every(_plain, "\r\n"),
    "blank-lines-between": every(_plain, "\n\n"),
    "byte-order-mark": lambda lines: b"\xef\xbb\xbf" + every(_plain)(lines),
    "utf-16": lambda lines: every(_plain)(lines).decode().encode("utf-16"),
    "utf-16-big-endian": lambda lines: every(_plain)(lines).decode().encode("utf-16-be"),
}
# What a layout does not have, by name; everything else must come out the same.
LOSES = {
    "oslo-fluent": "milliseconds and process",
    "journalctl-cat": "date, time and milliseconds",
    "oslo-no-milliseconds": "milliseconds",
    "oslo-no-process": "process",
    "devstack-screen": "process and global request id",
    "colour-octal": "process and global request id",
    "colour-caret": "process and global request id",
    "colour-literal": "process and global request id",
    "colour-lost-escape": "process and global request id",
}
