"""What stands between a case and a report that leaves the house: masks, pseudonyms, and the gate that withholds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from novatrace.errors import LeakError
from novatrace.reports.leak_gate import leaks
from novatrace.reports.pseudonyms import Pseudonyms
from novatrace.reports.redaction import Redaction
from novatrace.store import redaction_keys

SHAREABLE = ("markdown", "jira", "html")
_WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Sharing:
    """How much of the names a report may show.

    Attributes:
        redact: replace names by pseudonyms.
        case_file: whose key and map are used.
        key_file: a key of the user's own, so that several cases share their pseudonyms.
        words_file: further names, one a line.
    """

    redact: bool = False
    case_file: Path | None = None
    key_file: Path | None = None
    words_file: Path | None = None


def redaction_of(sharing: Sharing) -> Redaction:
    """The redaction for one report: secrets are always masked, names replaced where that was asked for."""
    if not sharing.redact:
        return Redaction()
    if sharing.key_file is not None:
        key = redaction_keys.key_from(sharing.key_file)
    else:
        key = redaction_keys.key_of(sharing.case_file or Path("no-case"))
    text = sharing.words_file.read_text(encoding="utf-8") if sharing.words_file is not None else ""
    words = tuple(word.strip() for word in text.splitlines() if word.strip())
    return Redaction(Pseudonyms(key, _vocabulary()), words)


def _vocabulary() -> frozenset[str]:
    """The plain words of the manual: a host of such a name cannot be told from a sentence."""
    chapters = (e for e in (resources.files("novatrace") / "guide").iterdir() if e.name.endswith(".md"))
    return frozenset(word.lower() for e in chapters for word in _WORD.findall(e.read_text(encoding="utf-8")))


def passed(text: str, redaction: Redaction, sharing: Sharing, *, what: str) -> str:
    """The text, when nothing in it leaks; what its pseudonyms stand for is kept on this machine.

    Raises:
        LeakError: it would show what was to be hidden; nothing of it is written.
    """
    found = leaks(text, redaction.watched())
    if found:
        kind, at = found[0]
        raise LeakError(
            f"{what} withheld: it would show a {kind} near character {at}, and {len(found) - 1} more",
            next_step="look at it with `-f text`, name what is missing in --redact-words FILE, and report it as a bug",
        )
    if redaction.pseudonyms is not None:
        redaction_keys.remember(sharing.case_file or Path("no-case"), redaction.pseudonyms.known)
    return text
