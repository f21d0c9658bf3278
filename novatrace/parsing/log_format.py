"""A layout made of ``logging_context_format_string``: as given with ``--log-format``, or found in a nova.conf.

The names are those of Python's LogRecord and of oslo.log's context (oslo_log/_options.py, oslo_log/formatters.py).
"""

from __future__ import annotations

import hashlib
import re

from novatrace.errors import UsageError
from novatrace.parsing.layout_reader import COLOUR
from novatrace.parsing.layouts import USER_FIRST, Layout, compiled

_FIELD = re.compile(r"%\((\w+)\)[-#0 +]?\d*(?:\.\d+)?[sdrif]|%%")
_ID = r"(?:req-)?[\w\-]*"
_PARTS = {
    "msecs": r"(?P<fraction>\d{1,3})",
    "process": r"(?P<pid>\d+)",
    "levelname": r"(?P<level>%LEVEL%) *",
    "name": r"(?P<logger>[A-Za-z_][\w.\-]*)",
    "request_id": rf"(?P<request_id>{_ID})",
    "global_request_id": rf"(?P<global_request_id>{_ID})",
    "user": r"(?P<user_id>[^\s\]]*)",
    "user_id": r"(?P<user_id>[^\s\]]*)",
    "user_name": r"(?P<user_id>[^\s\]]*)",
    "tenant": r"(?P<project_id>[^\s\]]*)",
    "project": r"(?P<project_id>[^\s\]]*)",
    "project_id": r"(?P<project_id>[^\s\]]*)",
    "project_name": r"(?P<project_id>[^\s\]]*)",
    "user_identity": r"(?P<user_id>\S*) (?P<project_id>[^\s\]]*)(?: [^\s\]]*)*",
    "instance": r"(?:\[instance: (?P<instance>%UUID%)\] ?)?",
    "instance_uuid": r"(?P<instance>%UUID%|None|-|)",
    "hostname": r"(?P<host>[\w.\-]+)",
    "message": r"(?P<message>.*)",
}
_DATE = {
    "Y": r"\d{4}", "m": r"\d\d", "d": r"\d\d", "H": r"\d\d", "M": r"\d\d", "S": r"\d\d", "b": r"[A-Z][a-z]{2}",
    "z": r"[+-]\d{4}", "e": r"[ \d]\d", "f": r"\d{6}", "a": r"[A-Z][a-z]{2}", "Z": r"[A-Z]{1,5}", "%": "%",
}  # fmt: skip
DEFAULT_DATE_FORMAT = "%Y-%m-%d %H:%M:%S"
_GROUPS = (
    ("%Y-%m-%d", r"(?P<date>\d{4}-\d\d-\d\d)"),
    ("%F", r"(?P<date>\d{4}-\d\d-\d\d)"),
    ("%H:%M:%S", r"(?P<time>\d\d:\d\d:\d\d)"),
    ("%T", r"(?P<time>\d\d:\d\d:\d\d)"),
    ("%z", r"(?P<zone>[+-]\d{4})"),
    ("%f", r"(?P<fraction>\d{6})"),
    ("%b", r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"),
    ("%m", r"(?P<month>\d\d)"),
    ("%Y", r"(?P<year>\d{4})"),
    ("%d", r"(?P<day>\d\d)"),
    ("%e", r"(?P<day>[ \d]\d)"),
)


def layout_of_format(text: str, date_format: str = DEFAULT_DATE_FORMAT) -> Layout:
    """The layout of a format string.

    Args:
        text: such as ``%(asctime)s.%(msecs)03d %(levelname)s %(name)s [%(request_id)s] %(instance)s%(message)s``.
        date_format: what ``%(asctime)s`` is written with (``log_date_format``).

    Raises:
        UsageError: it has no ``%(message)s``, or no stamp.
    """
    plain = COLOUR.sub("", text.replace("\\033", "\x1b"))
    if "%(message)s" not in plain or ("%(asctime)s" not in plain and "%(created)" not in plain):
        raise UsageError(
            f"--log-format {text!r}: it needs %(asctime)s and %(message)s",
            next_step="give the value of logging_context_format_string as it stands in nova.conf",
        )
    seen: set[str] = set()
    pattern, at = "", 0
    for field in _FIELD.finditer(plain):
        pattern += re.escape(plain[at : field.start()]) + _part(field, date_format, seen)
        at = field.end()
    pattern += re.escape(plain[at:])
    name = f"format-{hashlib.blake2b(text.encode(), digest_size=3).hexdigest()}"
    return Layout(
        name, "the format that was given", "text", compiled(pattern), {}, (), envelope=False, strict=False, whole_file=False,
        inner_only=False, ignored=False, before_records=False, of_logs=False, identity=USER_FIRST, service=None, writer=(),
        partial=None, whole_ends="", escapes=None, samples=(),
    )  # fmt: skip


def _part(field: re.Match[str], date_format: str, seen: set[str]) -> str:
    name = field[1]
    if name is None:
        return "%"
    if name == "asctime":
        pattern = _date(date_format)
    elif name == "created":
        pattern = r"(?P<created>\d{9,10}\.\d+)"
    else:
        pattern = _PARTS.get(name, r"\S*")
    for group in re.findall(r"\(\?P<(\w+)>", pattern):
        if group in seen:
            pattern = pattern.replace(f"(?P<{group}>", "(?:")
        seen.add(group)
    return pattern


def _date(date_format: str) -> str:
    pattern = re.escape(date_format).replace(r"\%", "%").replace(r"\ ", " ").replace(r"\-", "-").replace(r"\:", ":")
    for literal, group in _GROUPS:
        pattern = pattern.replace(literal, group, 1)
    return re.sub(r"%([A-Za-z%])", lambda m: _DATE.get(m[1], r"\S+"), pattern)
