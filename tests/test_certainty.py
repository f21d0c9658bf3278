"""How sure ``inspect`` is of a layout: the share of lines read, and whether another layout reads them as well."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC

import pytest
from cases import FIXTURES
from reading import evidence_of

from novatrace.model.evidence import Rival
from novatrace.parsing.certainty import rival_of
from novatrace.parsing.layouts import load_layouts
from novatrace.parsing.log_format import layout_of_format
from novatrace.parsing.manner import Zone, manner_of

FOLDER = FIXTURES / "layouts"
LINES = (FOLDER / "quirks-of-compute.log").read_bytes()


@pytest.mark.parametrize(
    ("rival", "share", "word"),
    [
        (Rival(None, 0, 16), 1.0, "sure"),
        (Rival(None, 0, 16), 0.994, "likely"),
        (Rival(None, 0, 16), 0.89, "guess"),
        (Rival("oslo", 8, 16), 1.0, "sure"),
        (Rival("oslo", 9, 16), 1.0, "likely"),
        (Rival("oslo", 16, 16), 1.0, "guess"),
        (Rival(None, 0, 16, guessed=True), 1.0, "likely"),
    ],
)
def test_the_word_follows_from_the_figures(rival, share, word):
    """Thresholds as the guide has them."""
    assert rival.word(share) == word


def rival(data: bytes, *formats: str) -> Rival | None:
    """Of an input, with formats of the user's own."""
    own = tuple(layout_of_format(text) for text in formats)
    return rival_of(data, manner_of(data, evidence_of(data), Zone(UTC, "UTC"), layouts=own))


def test_a_format_that_says_little_has_a_rival():
    """A stated format that takes the rest of the line as one text is read by oslo's layout as well, line for line."""
    found = rival(LINES, "%(asctime)s.%(msecs)03d %(message)s")
    assert found is not None
    assert (found.layout, found.lines) == ("oslo", found.probed)
    assert found.word(1.0) == "guess"


def test_the_layout_that_nobody_rivals_is_sure():
    """oslo's own layout, whose more general ones are no rivals."""
    assert rival(LINES) == Rival(None, 0, 16)
    assert rival(b"") is None
    assert rival(b"nothing that is a log\n") is None


def test_inspect_says_how_sure_it_is(installed):
    """In its JSON for every fixture; a layout that guesses is never sure."""
    guesses = {layout.name for layout in load_layouts() if layout.guess}
    assert {"json-any", "site-format", "words-prefix"} < guesses
    done = subprocess.run([installed, "inspect", str(FOLDER), "-f", "json", "-q"], capture_output=True, check=True)
    for one in json.loads(done.stdout)["coverage"]["inputs"]:
        sure = one["layout_certainty"]
        guessed = guesses & {part for name in one["layout"].split("+") for part in name.split("/")}
        assert sure["word"] == ("likely" if guessed else "sure"), one["path"]
        assert sure["share"] == 1
