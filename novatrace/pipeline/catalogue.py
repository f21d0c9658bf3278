"""``catalogue``: the messages that are understood, one kind with all its wordings, and what is wrong with a user's own file."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path

from novatrace.errors import UsageError
from novatrace.parsing import catalogue_check, definitions
from novatrace.parsing.definitions import Message
from novatrace.reports.neutralise import neutral


def listed() -> str:
    """The catalogue, one line a message."""
    messages = sorted(definitions.load_catalogue().messages, key=lambda m: (m.kind, m.origin, m.since))
    return "".join(
        f"{m.kind}  {m.since or '?'}..{m.until or '?'}  {', '.join(m.service) or 'any'}  {m.hint!r}\n" for m in messages
    )


def shown(kind: str) -> str:
    """A kind: what it means, and each wording with its releases, Nova's template and an example with what it gives.

    Raises:
        UsageError: there is no such kind.
    """
    messages = definitions.load_catalogue(samples=True).messages
    found = [message for message in messages if message.kind == kind]
    if not found:
        kinds = sorted({message.kind for message in messages})
        near = difflib.get_close_matches(kind, kinds, n=3)
        step = f"did you mean {' or '.join(near)}?" if near else "`novatrace catalogue list` has all kinds"
        raise UsageError(f"the catalogue has no kind {kind!r}", next_step=step)
    about = next((message.about for message in found if message.about), "")
    head = [kind, *([f"  {about}"] if about else [])]
    return "\n".join([*head, *(line for message in found for line in _wording(message))]) + "\n"


def _wording(message: Message) -> Iterator[str]:
    levels = f", {message.level}" if message.level else ""
    yield ""
    yield f"  {message.since or '?'}..{message.until or '?'}  {', '.join(message.service) or 'any service'}{levels}  ({message.origin})"
    for template in message.source:
        yield f"    Nova writes  {_one_line(template)}"
    yield f"    found by     {_one_line(message.hint)}"
    yield f"    pattern      {_one_line(repr(message.pattern))}"
    for sample in message.samples[:1]:
        yield f"    example      {_one_line(sample.text)}"
        yield f"    gives        {json.dumps(sample.expect, ensure_ascii=False, default=str)}"


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n")


def checked(path: Path) -> tuple[str, int]:
    """What is to be said of a user's catalogue file, and how many faults it has.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a message file: {error}") from error
    number, faults = catalogue_check.faults_of(text, str(path), definitions.load_catalogue())
    if not faults:
        return f"{path}: {number} message(s), every sample as expected\n", 0
    return "\n".join(line for fault in faults for line in _told(path, fault)), len(faults)


def _told(path: Path, fault: catalogue_check.Fault) -> Iterator[str]:
    yield f"error: {neutral(fault.what)}"
    yield f" --> {path}:{fault.line}"
    if fault.quoted:
        yield f"  |  {neutral(fault.quoted)}"
    yield f"  = why: {neutral(fault.why)}"
    yield f"  = to do: {fault.what_to_do}"
    yield ""
