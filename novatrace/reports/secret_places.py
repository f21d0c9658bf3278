"""Where the words stand that may announce a secret: all of them are searched for in one walk over the text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ahocorasick_rs import AhoCorasick

from novatrace.reports.secret_shapes import SHAPES
from novatrace.reports.secret_words import KINDS

URLS = ("://", ":\\/\\/", "%3a%2f%2f", "%253a%252f%252f", "%3a//", "\\u003a\\u002f\\u002f")
PEMS = ("-----begin", "---- begin")
_WORDS = tuple(dict.fromkeys((*KINDS, *URLS, *SHAPES, *PEMS)))


def places(lowered: str) -> Iterable[tuple[int, str]]:
    """(offset, word) of every word that may announce a secret, in their order; the text in small letters."""
    found = _searched().find_matches_as_indexes(lowered, overlapping=True)
    return sorted((start, _WORDS[number]) for number, start, _ in found)


@cache
def _searched() -> AhoCorasick:
    return AhoCorasick(_WORDS)
