"""Secrets that no ``key=value`` announces: told by shape, by a command, a sentence, a pair or an element.

Arguments of commands, pairs of a name and a value, elements of XML with attributes and nested values are among them.
Each rule starts at a literal word and looks forward over a bounded stretch, so that ``secrets`` stays linear in the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch of the text to mask."""

    start: int
    end: int
    kind: str


_ARGUMENTS = r"\b[^\n|]{0,300}?\s"
_ARGUMENT = r"(?:'(?P<a>[^']+)'|\"(?P<b>[^\"]+)\"|(?P<c>[^\s'\"]+))"
_RULES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("gaaaaa",), r"(?P<a>gAAAAA[\w\-=%]{20,})", "token"),
    (("eyj",), r"(?P<a>eyJ[\w\-]{6,400}+\.[\w\-]{6,}\.?[\w\-]*)", "token"),
    (("akia", "asia"), r"(?P<a>A[KS]IA[0-9A-Z]{12,})", "key"),
    (("ghp_", "gho_", "ghs_"), r"(?P<a>gh[pos]_[A-Za-z0-9]{20,})", "token"),
    (("glpat-",), r"(?P<a>glpat-[\w\-]{16,})", "token"),
    (("xox",), r"(?P<a>xox[abeprs]-[\w\-]{10,})", "token"),
    (("aiza",), r"(?P<a>AIza[\w\-]{30,})", "key"),
    (("hvs.",), r"(?P<a>hvs\.[\w\-]{20,})", "token"),
    (("aq",), r"(?P<a>AQ[A-Za-z0-9+/]{36,38}==)", "key"),  # a key of Ceph
    (("$1$", "$5$", "$6$", "$y$", "$2a$", "$2b$", "$2y$"), r"(?P<a>\$(?:[156y]|2[aby])\$[\w./$,=]{8,})", "password"),
    (("/tokens/",), r"/tokens/(?P<a>[^\s/?\"'&<>]{8,})", "token"),
    (("sshpass",), r"sshpass {1,4}-p {0,4}" + _ARGUMENT, "password"),
    (("curl",), rf"curl{_ARGUMENTS}(?:-u|--user)[ =]?['\"]?[^\s:'\"]{{1,64}}:(?P<a>[^\s'\"]+)", "password"),
    (("mysql",), rf"mysql(?:dump|admin)?(?=\s){_ARGUMENTS}-p{_ARGUMENT}", "password"),
    (("ldap",), rf"ldap(?:search|modify|add|passwd|whoami){_ARGUMENTS}-w ?{_ARGUMENT}", "password"),
    (("redis-cli",), rf"redis-cli{_ARGUMENTS}-a {_ARGUMENT}", "password"),
    (("openssl",), rf"openssl{_ARGUMENTS}-k {_ARGUMENT}", "password"),
    (("-pass",), rf"-pass(?:in|out)? pass:{_ARGUMENT}", "password"),
    (("set-user-password",), rf"set-user-password +\S+ +\S+ +{_ARGUMENT}", "password"),
    (("secret,id=",), r"secret,id=[^\s]{0,200}?,data=(?P<a>[^\s,'\"]+)", "secret"),
    (("pass=", "pw="), r"(?<![A-Za-z0-9])(?:pass|pw)=['\"]?(?P<a>(?!\d{1,3}\b)[^\s'\"&,;)]{3,})", "password"),
    (
        ("auth=(", "credentials("),
        r"(?:auth=|credentials)\(\s?[ub]?['\"][^'\"]{0,64}['\"],\s?[ub]?['\"](?P<a>[^'\"]+)",
        "password",
    ),
)
SHAPES = {word: (re.compile(pattern), kind) for words, pattern, kind in _RULES for word in words}
_CASELESS = {
    word: re.compile(pattern, re.IGNORECASE) for words, pattern, _ in _RULES for word in words if word[0] in "acp"
}

_SAID = re.compile(
    r"(?:_?id)?(?:\s(?:for|of)\s\S{1,64}(?=\s(?:is|was|set)\b))?(?:\s(?:is|was|set|reset|changed|to|now|been|has)){0,4}"
    r"\s{1,4}['\"`\[(<]{0,2}(?P<v>(?=[^\s'\"`\])>,;]{0,100}\d)(?=[^\s'\"`\])>,;]{0,100}[A-Za-z])[^\s'\"`\])>,;]{6,})"
)
_CALLED = re.compile(r"\((?P<v>[^\s'\"()]{6,})\)")
_NO_SECRET = re.compile(r"req-|/|\w+://|\[MASKED|\d{1,3}(?:\.\d{1,3}){3}|\d{4}-\d\d-\d\d|.*[0-9a-f]{8}-[0-9a-f]{4}-")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}$")
_SAYING = frozenset(["password", "passwd", "passphrase", "passcode", "adminpass", "token", "secret"])
_ARGUMENT_AFTER = re.compile(rf"['\"]?[,\s]{{1,3}}['\"]?(?:-v|--value)['\"]?[,=\s]{{1,3}}{_ARGUMENT}")
_VALUE_AFTER = re.compile(
    rf"['\"]?\s{{0,3}}[,;]?\s{{0,3}}[ub]?['\"]?(?:value|default|val|data|content)['\"]?\s{{0,3}}(?:=>|[:=])\s{{0,3}}[ub]?{_ARGUMENT}"
)
_NAME_BEFORE = re.compile(
    r"(?:name|key|property|option|param)['\"]?\s{0,3}(?:=>|[:=])\s{0,3}[ub]?['\"]?[\w.\-]*$", re.IGNORECASE
)
_ATTRIBUTES = re.compile(
    r"(?:\s{1,3}[\w:\-]{1,40}=(?:\"[^\"<>]{0,200}\"|'[^'<>]{0,200}')){1,8}\s*>\s*(?P<v>[^<\s][^<]*)"
)
_ELEMENT = re.compile(r"<[\w:\-]*$")
_LOGIN = re.compile(
    r"(?<![\w/:.%@\-])(?!mailto:|host:)[A-Za-z][\w.\-]{0,31}:(?P<v>[^\s:/@'\"<>,;\[\]]{4,64})@(?=[A-Za-z0-9\[])"
)
_LETTER = (
    r"(?:%(?:25){0,3}(?:3\d|4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])|\\{1,4}x(?:3\d|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])"
    r"|\\{1,4}u00(?:3\d|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])|&\#(?:4[89]|5[0-7]|6[5-9]|[78]\d|9[07-9]|1[01]\d|12[0-2]);)"
)
_SPELLED = re.compile(_LETTER, re.IGNORECASE)
_ESCAPES = re.compile(r"\\{1,4}(?:x([0-9a-fA-F]{2})|u00([0-9a-fA-F]{2}))")
_BRACKETS = re.compile(r"[\[\](){}\"'\\]")
_BEFORE_A_QUOTE = frozenset(" \t[({:,=ub")


def shaped(text: str, start: int, word: str) -> Iterator[Hit]:
    """What has the shape that the word announces, or is the argument of the command that it names."""
    pattern, kind = SHAPES[word]
    match = pattern.match(text, start)
    if match is None and word in _CASELESS and word not in ("akia", "asia", "aq", "aiza"):
        match = _CASELESS[word].match(text, start)
    if match is not None and not text.startswith("[MASKED", match.start(match.lastgroup or 0)):
        yield Hit(*match.span(match.lastgroup or 0), kind)


def told(text: str, start: int, after: int, word: str, kind: str) -> Iterator[Hit]:
    """What a word gives away that no sign of equality follows: in a sentence, a pair, an argument, an element."""
    before = text[max(0, start - 80) : start]
    match = _ARGUMENT_AFTER.match(text, after) or (
        _VALUE_AFTER.match(text, after) if _NAME_BEFORE.search(before) else None
    )
    if match is not None:
        if not text.startswith("[MASKED", match.start(match.lastgroup or 0)):
            yield Hit(*match.span(match.lastgroup or 0), kind)
        return
    match = _ATTRIBUTES.match(text, after) if _ELEMENT.search(before) else None
    if match is not None:
        yield Hit(*match.span("v"), kind)
        return
    match = (_SAID.match(text, after) or _CALLED.match(text, after)) if word in _SAYING else None
    if match is not None and (not _NO_SECRET.match(match["v"]) or (word == "token" and _UUID.match(match["v"]))):
        yield Hit(*match.span("v"), kind)


def logins(text: str) -> Iterator[Hit]:
    """``user:password@host`` without the scheme of a URL."""
    if "@" in text:
        yield from (Hit(*match.span("v"), "url") for match in _LOGIN.finditer(text))


def spelled(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, decoded) of the words in which letters are written as escapes, as no encoder does."""
    done = 0
    for found in _SPELLED.finditer(text):
        if found.start() < done:
            continue
        start, end = found.start(), found.end()
        while start > done and not text[start - 1].isspace():
            start -= 1
        while end < len(text) and not text[end].isspace():
            end += 1
        done = end
        yield start, end, _decoded(text[start:end])


def _decoded(word: str) -> str:
    for _ in range(3):
        word = unquote(word)
    word = _ESCAPES.sub(lambda match: chr(int(match[1] or match[2], 16)), word)
    return html.unescape(word)


def nested_end(text: str, begin: int) -> int:
    """Where the bracket that stands at ``begin`` closes, quotes respected; the end of the text when it does not."""
    depth, quote, skipped = 0, "", -1
    for match in _BRACKETS.finditer(text, begin):
        at, char = match.start(), match[0]
        if at == skipped:
            continue
        if char == "\\":
            skipped = at + 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char if text[at - 1] in _BEFORE_A_QUOTE else ""
        else:
            depth += 1 if char in "[({" else -1
            if depth <= 0:
                return at + 1
    return len(text)
