"""Layouts and messages prove themselves, and none takes another's lines."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest
import regex
from nova_source import rendered

from novatrace.errors import UsageError
from novatrace.model.releases import position
from novatrace.parsing import definitions, layouts
from novatrace.parsing.events import MessageMatcher
from novatrace.parsing.layout_reader import LayoutReader

FOLDER = resources.files("novatrace") / "messages"
FILES = sorted(entry.name for entry in FOLDER.iterdir() if entry.name.endswith(".toml"))
MESSAGES = definitions.load_catalogue(samples=True).messages
GOOD = """
[[message]]
kind = "mine"
hint = "hello "
pattern = '''hello (?P<who>\\w+)'''
[[message.sample]]
text = '''hello you'''
expect = { who = "you" }
"""


@pytest.mark.parametrize("name", FILES)
def test_every_message_of_a_file_gives_its_samples_whole_result(name):
    """A built-in definition file loads with every sample checked."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert definitions.parse_messages(text, name, trusted=True)


def test_no_sample_is_matched_by_two_messages():
    """Each sample belongs to exactly one message of the whole catalogue."""
    assert definitions.ambiguities(MESSAGES) == []


@pytest.mark.parametrize("message", [m for m in MESSAGES if m.source], ids=lambda m: f"{m.kind}-{m.since}-{m.until}")
def test_samples_are_what_the_templates_of_the_source_give(message):
    """Each sample comes from a template that the message names, and each template gives a sample."""
    patterns = {template: rendered(template) for template in message.source}
    texts = [sample.text for sample in message.samples]
    assert [t for t in texts if not any(p.search(t) for p in patterns.values())] == []
    assert [template for template, p in patterns.items() if not any(p.search(t) for t in texts)] == []


def test_marks_are_met_by_samples_and_lie_within_their_message():
    """A mark that no sample meets proves nothing; its range is a part of its message's."""
    for message in MESSAGES:
        alike = [other for other in MESSAGES if other.marks == message.marks]
        met = {other.releases(sample.text) for other in alike for sample in other.samples}
        for mark in message.marks:
            assert (mark.since, mark.until) in met, (message.kind, mark)
            assert position(message.since) <= position(mark.since) <= position(mark.until) <= position(message.until)


def test_every_kind_says_what_it_means():
    """Who uses a kind finds its meaning in the catalogue, once."""
    kinds = {message.kind for message in MESSAGES}
    told = [message.kind for message in MESSAGES if message.about]
    assert sorted(told) == sorted(kinds)


def test_hints_are_ascii_and_releases_are_named():
    """A hint feeds a byte scanner; a message of nova says since when it exists."""
    for message in MESSAGES:
        assert message.hint.isascii()
        assert message.since or message.service == ("operator",)


def test_the_matcher_finds_what_a_plain_loop_finds():
    """The automaton changes nothing: it finds the message that trying all of them finds."""
    matcher = MessageMatcher(definitions.load_catalogue())
    for message in MESSAGES:
        for sample in message.samples:
            plain = {m.kind for m in MESSAGES if m.hint in sample.text and m.values(sample.text) is not None}
            found = matcher.match(sample.text)
            assert found is not None
            assert {found[0].kind} == plain


@pytest.mark.parametrize("hint", sorted({message.hint for message in MESSAGES if message.sole}))
def test_nothing_else_begins_as_a_sole_message_does(hint):
    """What the matcher does not look for where a text begins so can match no such text, whatever follows."""
    for message in MESSAGES:
        if message.hint != hint and not message.open:
            pattern = regex.compile(repr(message.pattern), regex.DOTALL)
            assert pattern.match(hint, partial=True) is None, f"{message.kind} can begin with {hint!r}"


def test_a_users_message_may_match_what_a_sole_message_does(tmp_path):
    """Beside messages of the user everything is looked for again: theirs have not been proved against ours."""
    path = tmp_path / "own.toml"
    path.write_text(
        """[[message]]
kind = "own"
about = "ours"
hint = "Filtered [(odd"
pattern = 'Filtered \\[\\(odd (?P<what>\\w+)\\)'
sample = [{ text = "Filtered [(odd one)", expect = { what = "one" } }]
""",
        "utf-8",
    )
    found = MessageMatcher(definitions.load_catalogue((path,))).match("Filtered [(odd one)")
    assert found is not None
    assert found[0].kind == "own"


@pytest.mark.parametrize("layout", layouts.load_layouts(), ids=lambda layout: layout.name)
def test_every_layout_gives_its_samples_whole_result(layout):
    """A layout's samples match it with every field as expected."""
    assert layouts.self_test(layout) == ""


@pytest.mark.parametrize("layout", layouts.load_layouts(), ids=lambda layout: layout.name)
def test_no_layout_takes_anothers_samples(layout):
    """A sample is read with its own layout alone, whatever order the layouts are tried in."""
    for order in (layouts.load_layouts(), tuple(reversed(layouts.load_layouts()))):
        for sample in layout.samples:
            reader = LayoutReader(order)
            line = reader.read(sample.text)
            if layout.inner_only:
                assert line is None or line.layout != layout.name, "an inner layout counts only inside an envelope"
            elif layout.ignored:
                assert line is None or (line.bare and line.strict)
                assert reader.rule(sample.text, first=layout.before_records) == layout.name
            else:
                assert line is not None
                assert line.layout.split("/")[0] == layout.name


def test_where_two_layouts_take_a_line_one_is_more_specific():
    """No order is kept by hand: of two layouts that take a sample, the trial of samples tells which one is meant."""
    known = layouts.load_layouts()
    for layout in known:
        for other in known:
            if other is not layout and other.inner_only == layout.inner_only and other.ignored == layout.ignored:
                taken = any(other.fields(sample.text) is not None for sample in layout.samples)
                assert not taken or layouts.beats(layout, other), (layout.name, other.name)


def test_a_sound_user_file_is_taken():
    """A file of the user's own adds its messages."""
    assert [m.kind for m in definitions.parse_messages(GOOD, "mine.toml", trusted=False)] == ["mine"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("hello you", "goodbye you"), "hint is not in sample"),
        (('who = "you"', 'who = "me"'), "gives"),
        (("hello (?P<who>", "hello there (?P<who>"), "does not match"),
        (("(?P<who>", "(?P<who"), "does not compile"),
        (('kind = "mine"', "kind = mine"), "not valid TOML"),
        (('hint = "hello "\n', ""), "'hint' is missing"),
        (("[[message.sample]]", "[[message.other]]"), "has no sample"),
        (('kind = "mine"', 'kind = "mine"\ntypes = { who = "nonsense" }'), "unknown type"),
    ],
)
def test_a_faulty_user_file_is_refused_with_its_name_and_fault(change, fault):
    """Each fault is told in one line that names the file."""
    with pytest.raises(UsageError, match=r"mine\.toml.*") as caught:
        definitions.parse_messages(GOOD.replace(*change), "mine.toml", trusted=False)
    assert fault in caught.value.message


def test_an_exploding_user_pattern_ends_in_time():
    """A pattern that explodes on a line is given up on that line."""
    text = GOOD.replace("hello (?P<who>\\w+)", "hello (?P<who>(?:a|aa)+)$").replace("hello you", "hello aa")
    message = definitions.parse_messages(text.replace('"you"', '"aa"'), "mine.toml", trusted=False)[0]
    assert message.values("hello " + "a" * 200 + "b") is None


def test_the_messages_are_the_same_without_their_samples():
    """Samples are cut out of the text of the built-in files, and nothing else is."""
    lean = definitions.load_catalogue().messages
    assert not any(message.samples for message in lean)
    assert [repr(replace(message, samples=())) for message in MESSAGES] == [repr(message) for message in lean]
