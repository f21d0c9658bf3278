"""Makes a case fit to be shared: secrets masked in every text of it, names replaced by pseudonyms where that is asked for.

The whole case goes through here before any format sees it, so no sink can forget; quoted lines too. Fields that hold one
of a fixed set of words are left alone. An error in a rule withholds the text that it was about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from novatrace.model.capacity import Slots, View
from novatrace.model.case import Case
from novatrace.model.evidence import LineLedger, Notice, Provenance
from novatrace.model.kept import Kept
from novatrace.model.migration import Candidate, Citation, ClaimResource, FilterStep, HostNode, Link, Resources
from novatrace.model.parts import changed, fields_of
from novatrace.model.subject import Subject, WhyNot
from novatrace.reports.pseudonyms import Pseudonyms
from novatrace.reports.secrets import mask, recurring

if TYPE_CHECKING:
    from novatrace.model.replay import Replay  # only simulate needs it

_REMEMBERED = 200
_REMEMBERED_TEXTS = 100_000
_WITHHELD = "[WITHHELD: redaction error]"
_FIXED = frozenset([
    "action", "action_basis", "outcome", "outcome_basis", "instance_state", "stage", "what", "tier", "slug",
    "severity", "basis", "demand_basis", "selected_basis", "verdict", "effect", "whose", "source", "binding",
    "resource", "resource_class", "id", "kind", "service", "services", "layout", "layouts", "levels", "clock_basis",
    "head_hash", "tail_hash", "instance_uuid", "request_id", "global_request_id", "provider_uuid", "unit", "name",
])  # fmt: skip
_NAMES = {
    "host": "host",
    "node": "host",
    "api_node": "host",
    "scheduler_node": "host",
    "user_id": "user",
    "project_id": "project",
}
# Fields that map texts to numbers: what the texts are, where they are names.
_KEYS = {"also_in": "", "shapes": "", "nodes": "host"}
_WORD = re.compile(r"\w+")
_PLAIN = frozenset(["int", "float", "bool", "None", "tuple"])
_NO_TEXT = (Provenance, Resources, Link, Slots, LineLedger, ClaimResource, Citation)
_NAMES_ALONE = (
    HostNode,
    View,
    FilterStep,
    Candidate,
)  # what a pattern of the catalogue took for a name holds no secret


@dataclass(slots=True)
class Redaction:
    """What is done to a case, and what it did.

    Attributes:
        pseudonyms: replaces names; None leaves them.
        words: names beside those of the case, from the user.
        raw: the raw values that must not be seen again.
        counts: how many of each kind were masked or replaced.
    """

    pseudonyms: Pseudonyms | None = None
    words: tuple[str, ...] = ()
    raw: set[str] = field(default_factory=set)
    secrets: int = 0
    _done: dict[str, str] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def watched(self) -> set[str]:
        """What must not be in a report: secrets that are no common words, and names that were replaced."""
        return {*self._recurring(), *(self.pseudonyms.raw() if self.pseudonyms is not None else ())}

    def of(self, case: Case) -> Case:
        """The case, fit to be shared, with a notice that says what was done."""
        done = _walk(case, self._mask_text, None)
        if self.raw:
            self._known |= {name.lower() for _, name in _identifiers(case)}
            self._known |= {move.instance_uuid for move in case.migrations if move.instance_uuid}
        case = self._everywhere(done)
        if self.pseudonyms is None:
            return case if not self.secrets else replace(case, notices=(*case.notices, self._notice()))
        for kind, name in (*_identifiers(case), *(("word", word) for word in self.words)):
            self.pseudonyms.learn(kind, name)
        case = _walk(case, self._renamed, self.pseudonyms)
        return replace(case, notices=(*case.notices, self._notice()))

    def replay(self, replay: Replay) -> Replay:
        """A replay, fit to be shared: its hosts, and what it says of them."""
        if self.pseudonyms is not None:
            scenario = replay.scenario
            listed = [host.target for host in scenario.hosts]
            listed += [vm.source for vm in scenario.vms if vm.source is not None]
            for name in {name for each in listed for name in (each.host, each.node) if name is not None}:
                self.pseudonyms.learn("host", name)
            for word in self.words:
                self.pseudonyms.learn("word", word)
        done: Replay = self._again(replay)
        return done

    def subject(self, subject: Subject) -> Subject:
        """What ``explain`` was asked about, in the same manner; ``of`` was called before."""
        done: Subject = self._again(subject)
        if self.pseudonyms is not None and subject.kind == "host":
            return replace(done, id=self.pseudonyms.alias("host", subject.id))
        return done

    def why_not(self, answer: WhyNot) -> WhyNot:
        """See ``subject``."""
        done: WhyNot = self._again(answer)
        return done

    def texts(self, texts: Iterable[str]) -> list[str]:
        """Lines of logs and other texts that are no part of a case; ``of`` was called before."""
        masked = [self._masked_text(text) for text in texts]
        values = self._recurring()
        return [self._renamed(self._without(text, values)) for text in masked]

    def _again(self, thing: Any) -> Any:  # noqa: ANN401 - whatever the model has
        return (
            _walk(_walk(thing, self._mask_text, None), self._renamed, self.pseudonyms)
            if self.pseudonyms
            else self._masked(thing)
        )

    def _masked(self, thing: Any) -> Any:  # noqa: ANN401 - see _again
        """Every text masked; where a secret was found, wherever it comes again as well."""
        return self._everywhere(_walk(thing, self._mask_text, None))

    def _everywhere(self, thing: Any) -> Any:  # noqa: ANN401 - see _again
        values = self._recurring()
        return _walk(thing, lambda text: self._without(text, values), None) if values else thing

    def _recurring(self) -> list[str]:
        """What is masked wherever it comes; not the name of a host or a VM that once stood where a secret may stand."""
        return [value for value in recurring(self.raw) if value.lower() not in self._known]

    @staticmethod
    def _without(text: str, values: Iterable[str]) -> str:
        for value in values:
            if value in text:
                text = text.replace(value, "[MASKED:recurring]")
        return text

    def _mask_text(self, text: str) -> str:
        if text in self._done:  # steps of many moves are told in the same words
            return self._done[text]
        done = self._masked_text(text)
        if len(text) < _REMEMBERED and len(self._done) < _REMEMBERED_TEXTS:
            self._done[text] = done
        return done

    def _masked_text(self, text: str) -> str:
        try:
            found = mask(text)
        except Exception:  # noqa: BLE001 - fail closed, whatever the rule ran into
            return _WITHHELD
        self.raw |= found.raw
        self.secrets += found.count
        return found.text

    def _renamed(self, text: str) -> str:
        try:
            return self.pseudonyms.in_text(text) if self.pseudonyms is not None else text
        except Exception:  # noqa: BLE001 - see _mask_text
            return _WITHHELD

    def _notice(self) -> Notice:
        done = f"{self.secrets} secrets masked"
        if self.pseudonyms is not None:
            kinds: dict[str, int] = {}
            for alias in self.pseudonyms.known:
                kind = alias.split("-", 1)[0]
                kinds[kind] = kinds.get(kind, 0) + 1
            done += "".join(f", {number} {kind} names replaced" for kind, number in sorted(kinds.items()))
        return Notice(
            "I-REDACTED",
            "reports",
            "this report",
            f"{done}; look it through before you share it: no rule knows every secret",
        )


def _identifiers(case: Case) -> Iterator[tuple[str, str]]:
    """(kind, name) of every name in the case's own fields."""
    for evidence in case.evidence:
        if evidence.node:
            yield "host", evidence.node
    for coverage in case.coverage:
        yield from (("host", name) for name in coverage.nodes)
    for part in (case.migrations, case.bursts, case.views):
        for thing in part:
            yield from _names_in(thing)


def _names_in(thing: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever the model has
    if isinstance(thing, (tuple, Kept)):
        for item in thing:
            yield from _names_in(item)
    elif not isinstance(thing, _NO_TEXT):
        for name in fields_of(thing.__class__):
            value = getattr(thing, name)
            if isinstance(value, str):
                if name in _NAMES:
                    yield _NAMES[name], value
            elif name == "ignored":
                yield from (("host", host) for host in value)
            else:
                yield from _names_in(value)


def _walk(thing: Any, text: Callable[[str], str], names: Pseudonyms | None) -> Any:  # noqa: ANN401 - whatever the model has
    """The thing with ``text`` applied to its free texts and names replaced; the same object where nothing changed."""
    if isinstance(thing, str):
        return text(thing)
    if isinstance(thing, (tuple, list, Kept)):
        return _items(thing, text, names)
    if isinstance(thing, dict):
        return {text(key) if isinstance(key, str) else key: _walk(value, text, names) for key, value in thing.items()}
    changes = {}
    for name, fixed, kind in _fields_of(thing.__class__, names is None):
        old = getattr(thing, name)
        if old is None or (fixed and isinstance(old, (str, dict))):
            continue
        if isinstance(old, str):
            new: Any = names.alias(kind, old) if names is not None and kind else text(old)
        elif name in _KEYS and isinstance(old, dict):
            new = _keys(old, _KEYS[name], text, names)
        else:
            new = _walk(old, text, names)
        if new is not old and new != old:
            changes[name] = new
    return changed(thing, **changes) if changes else thing


def _keys(counts: dict[str, Any], kind: str, text: Callable[[str], str], names: Pseudonyms | None) -> dict[str, Any]:
    """Counts with their keys made fit; of two that look the same then, the first one's count stays."""
    done: dict[str, Any] = {}
    for key, value in counts.items():
        done.setdefault(names.alias(kind, key) if names is not None and kind else text(key), value)
    return done


def _items(things: Any, text: Callable[[str], str], names: Pseudonyms | None) -> Any:  # noqa: ANN401 - see _walk
    kind: Any = things.kind if isinstance(things, Kept) else None
    if kind is not None and not _fields_of(kind, names is None):
        return things  # what can hold no text need not be looked up
    new = None
    for number, old in enumerate(things):
        item = _walk(old, text, names)
        if item is not old:
            new = list(things) if new is None else new
            new[number] = item
    if new is None:
        return things
    return new if isinstance(things, list) else tuple(new)


@cache
def _fields_of(kind: Any, names_kept: bool) -> tuple[tuple[str, bool, str], ...]:  # noqa: ANN401 - a class
    """What of a class can hold text: (field, whether a text in it is one of a fixed set, kind of name)."""
    if issubclass(kind, _NO_TEXT) or (names_kept and issubclass(kind, _NAMES_ALONE)):
        return ()
    return tuple(
        (name, name in _FIXED, _NAMES.get(name, ""))
        for name, written in fields_of(kind).items()
        if not _textless(name, written, names_kept)
    )


def _textless(name: str, written: str, names_kept: bool) -> bool:
    """True when the type of a field says that it holds no text, or one of a fixed set."""
    if name in _FIXED and written in ("str", "str | None"):
        return True
    parts = {each.__name__ for each in (*_NO_TEXT, *(_NAMES_ALONE if names_kept else ()))}
    return (_PLAIN | parts).issuperset(_WORD.findall(written))
