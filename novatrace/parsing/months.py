"""Months as programs shorten them: in English, and as journalctl does in the languages that operators work in.

journalctl prints the month by the locale of who calls it (systemd, journalctl(1); the words are those of glibc's locales).
"""

from __future__ import annotations

import re

MONTHS = {
    m: i for i, m in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}
# Each line: the twelve months in one language; where two words are in use, both stand there.
_LANGUAGES = (
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "janv|janv. févr|févr. mars avril|avr. mai juin juil|juil. août sept|sept. oct|oct. nov|nov. déc|déc.",
    "ene feb mar abr may jun jul ago sep|sept oct nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
    "jan|jan. febr|febr. márc|márc. ápr|ápr. máj|máj. jún|jún. júl|júl. aug|aug. szept|szept. okt|okt. nov|nov. dec|dec.",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "led úno bře dub kvě čen čec srp zář říj lis pro",
    "oca şub mar nis may haz tem ağu eyl eki kas ara",
    "янв фев мар апр май|мая июн июл авг сен окт ноя дек",
    "січ лют бер кві тра чер лип сер вер жов лис гру",
)
_LOCAL = {
    word: number
    for language in _LANGUAGES
    for number, words in enumerate(language.split(), 1)
    for word in words.split("|")
} | {f"{number}{month}": number for number in range(1, 13) for month in "月월"}
#: A month in any of those languages, in lower case or capitalised.
LOCAL_MONTH = "|".join(
    sorted(
        {re.escape(form) for word in _LOCAL for form in (word, word.capitalize()) if form not in MONTHS},
        key=lambda word: (-len(word), word),
    )
)


def month_of(word: str) -> int:
    """The number of a month, which may be written as one.

    Raises:
        KeyError: no month of any known language is called so.
    """
    if word.isdecimal():
        return int(word)
    number = MONTHS.get(word)
    return _LOCAL[word.lower()] if number is None else number
