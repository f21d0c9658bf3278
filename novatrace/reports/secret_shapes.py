"""Secrets that no ``key=value`` announces: told by shape, by a command, a sentence, a pair or an element.

Arguments of commands, pairs of a name and a value, elements of XML with attributes and nested values are among them.
Each rule starts at a literal word and looks forward over a bounded stretch, so that ``secrets`` stays linear in the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from novatrace.reports.secret_commands import ARGUMENT, Rule
from novatrace.reports.secret_commands import RULES as COMMANDS
from novatrace.reports.secret_words import SAYING


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch of the text to mask."""

    start: int
    end: int
    kind: str


_HALF = r"[A-Za-z0-9+/_\-]"
_MIXED = r"(?=[^\s'\",;&)\]}|]{0,100}\d)(?=[^\s'\",;&)\]}|]{0,100}[A-Za-z])"
_ITEM = rf"{_MIXED}[^\s'\",;&)\]}}|]{{6,}}"
_INSERTED = r"(?i:insert into)[^()]{1,120}\([^()]{0,400}(?i:passw|secret|token)[^()]{0,400}\)\s{0,4}(?i:values)\s{0,4}\((?P<a>[^()]+)\)"
_PREFIXES = (
    "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "glsa_", "npm_", "dckr_pat_", "sk_live_", "rk_live_", "sk-",
    "pypi-", "dop_v1_", "shpat_", "lin_api_", "whsec_", "nrak-", "atatt3x", "age-secret-key-", "xapp-", "ya29.", "hvb.", "hvs.",
    "eaacedeose0cba",
)  # fmt: skip
_OWN_RULES: tuple[Rule, ...] = (
    (("gaaaaa",), r"(?P<a>gAAAAA[\w\-=%]{20,})", "token"),
    (("eyj",), r"(?P<a>eyJ[\w\-]{6,400}+\.[\w\-]{6,}\.?[\w\-]*)", "token"),
    (("akia", "asia"), r"(?P<a>A[KS]IA[0-9A-Z]{12,}(?::[A-Za-z0-9/+]{30,})?)", "key"),
    (_PREFIXES, rf"(?P<a>(?<![\w\-])(?i:{'|'.join(map(re.escape, _PREFIXES))})(?=[\w\-.]{{0,100}}\d)[\w\-.]{{16,}})", "token"),
    (("sg.",), r"(?P<a>(?<![\w.])SG\.[\w\-]{16,}\.[\w\-]{16,})", "token"),
    (("1//0",), r"(?P<a>(?<![\w/])1//0[\w\-]{20,})", "token"),
    (("s.",), r"(?P<a>(?<![\w.])s\.(?=[A-Za-z]{0,31}\d)(?=[a-z\d]{0,31}[A-Z])[A-Za-z0-9]{24,32}(?![\w.]))", "token"),
    (("xox",), r"(?P<a>xox[abeprs]-[\w\-]{10,})", "token"),
    (("hooks.slack.com/",), r"hooks\.slack\.com/services/\w{1,20}/\w{1,20}/(?P<a>\w{16,})", "token"),
    (("/bot",), r"/bot\d{6,12}:(?P<a>[\w\-]{20,})", "token"),
    (("aiza",), r"(?P<a>AIza[\w\-]{30,})", "key"),
    (("aq",), r"(?P<a>AQ[A-Za-z0-9+/]{36,38}==)", "key"),  # a key of Ceph
    (("$1$", "$5$", "$6$", "$y$", "$2a$", "$2b$", "$2y$"), r"(?P<a>\$(?:[156y]|2[aby])\$[\w./$,=]{8,})", "password"),
    (("/tokens/",), r"/tokens/(?P<a>[^\s/?\"'&<>]{8,})", "token"),
    (("secret,id=",), r"secret,id=[^\s]{0,200}?,data=(?P<a>[^\s,'\"]+)", "secret"),
    (("pass=", "pw="), r"(?<![A-Za-z0-9])(?:pass|pw)=['\"]?(?P<a>(?!\d{1,3}\b|(?i:true|false|none|null)\b)[^\s'\"&,;)]{3,})", "password"),
    (("bearer ", "basic "), rf"(?i:bearer|basic)\s{{1,4}}(?P<a>(?=[A-Za-z+/_.\-]{{0,100}}\d){_HALF[:-1]}.~=]{{8,}})", "header"),
    (("response=",), r"response=\\{0,8}[\"'](?P<a>[^\s\"'\\]{8,})(?=\\{0,8}[\"'])", "header"),
    (("?key=", "&key=", "?auth=", "&auth=", "?code=", "&code="), rf"[?&](?:key|auth|code)=(?P<a>{_ITEM})", "key"),
    (('"auth"', "'auth'"), r"[\"']auth[\"']:\s{0,4}[ub]?[\"'](?P<a>(?=[^\s\"']{0,200}[\d=])[^\s\"':]{8,})[\"']", "key"),
    (("auth ",), rf"AUTH\s{{1,4}}(?:\w{{1,32}}\s{{1,4}}|\$\d{{1,3}}\s{{1,4}})?(?P<a>{_ITEM})", "password"),
    (
        ("creds", "credentials", "userpass", "user/pass", "user:pass", "login", "auth=", "basic auth"),
        (
            r"(?i:creds|credentials|userpass|user[/:]pass(?:word)?|login(?:/password)?|(?:basic )?auth)"
            rf"(?:\s{{0,3}}[=:])?\s{{0,3}}(?P<a>[\w.\-]{{1,32}}\s?[/:]\s?{_ITEM})"
        ),
        "password",
    ),
    (
        ("auth=(", "credentials("),
        r"(?:auth=|credentials)\(\s?[ub]?['\"][^'\"]{0,64}['\"],\s?[ub]?['\"](?P<a>[^'\"]+)",
        "password",
    ),
    (("identified by",), r"(?i:identified by(?: password)?)\s{0,4}\\?(?:'(?P<a>[^']+)'|\"(?P<b>[^\"]+)\")", "password"),
    (("insert into",), _INSERTED, "password"),
    (("chpasswd:",), r"chpasswd:\s{0,8}list:\s{0,4}[|>][+\-]?[ \t]*\n(?P<a>(?:[ \t]+[^\s:]{1,64}:[^\n]*\n?)+)", "password"),
    (("[client.",), r"\[client\.[\w.\-]{1,40}\](?:\s|\\{1,8}[nrt]){0,8}key\s?=\s?(?P<a>[^\s'\"\\]+)", "key"),
    (("private-lines:",), r"Private-Lines:(?P<a>.*)", "pem"),
)  # fmt: skip
_RULES = (*_OWN_RULES, *COMMANDS)
SHAPES = {
    word: tuple((pattern, kind) for words, pattern, kind in _RULES if word in words)
    for word in sorted({word for words, _, _ in _RULES for word in words})
}
_SAID = re.compile(
    r"(?:_?id|\skey)?(?:\s(?:for|of)\s\S{1,64}?(?=\s(?:is|was|set)\b|:\s))?(?:\s(?i:is|was|set|reset|changed|to|now|been|has)){0,4}"
    r"(?:\s\d(?=\s))?(?:\s?[.:=]{0,40}\s{1,4}|[|~]\s?)['\"`\[(<]{0,2}(?P<v>(?=[^\s'\"`\])>,;]{0,100}\d)(?=[^\s'\"`\])>,;]{0,100}[A-Za-z])[^\s'\"`\])>,;]{6,})"
)
_CALLED = re.compile(
    r"\((?:[^()'\"]{0,60}[,=]\s?)?(?:[ub]?(?P<q>['\"])(?P<w>(?:(?!(?P=q)).){4,200})(?P=q)|(?P<v>[^\s'\"()]{6,}))",
    re.DOTALL,
)
_INNER = re.compile(r"[^<>]{0,4}</[\w:\-]{1,40}>\s{0,20}(?:<[\w:\-]{1,40}>\s{0,20}){1,2}(?P<v>[^<\s][^<]*)")
_NO_SECRET = re.compile(r"req-|/|\w+://|\[MASKED|\d{1,3}(?:\.\d{1,3}){3}|\d{4}-\d\d-\d\d|.*[0-9a-f]{8}-[0-9a-f]{4}-")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}$")
_ARGUMENT_AFTER = re.compile(rf"(?:_in)?['\"]?[,\s]{{1,3}}['\"]?(?:-v|--value)['\"]?[,=\s]{{1,3}}{ARGUMENT}")
_VALUE_AFTER = re.compile(
    rf"['\"]?\s{{0,3}}[,;]?\s{{0,3}}[ub]?['\"]?(?:value|default|val|data|content)['\"]?\s{{0,3}}(?:=>|[:=])\s{{0,3}}[ub]?{ARGUMENT}",
    re.IGNORECASE,
)
_NAME_BEFORE = re.compile(
    r"(?:name|key|property|option|param|type)['\"]?\s{0,3}(?:=>|[:=])\s{0,3}[ub]?['\"]?[\w.\-]*$", re.IGNORECASE
)
_VALUE_ATTRIBUTE = re.compile(
    r"(?:\s{1,3}[\w:\-]{1,40}=(?:\"[^\"<>]{0,200}\"|'[^'<>]{0,200}')){0,8}?\s{1,3}value=(?:\"(?P<a>[^\"<>]+)\"|'(?P<b>[^'<>]+)')"
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
    r"|\\{1,4}u00(?:3\d|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])|\\{1,4}(?:0[67]\d|1[0-7]\d)"
    r"|&\#(?:4[89]|5[0-7]|6[5-9]|[78]\d|9[07-9]|1[01]\d|12[0-2]|x(?:3\d|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]));)"
)
_SPELLED = re.compile(_LETTER, re.IGNORECASE)
_ESCAPES = re.compile(r"\\{1,4}(?:x([0-9a-fA-F]{2})|u00([0-9a-fA-F]{2})|([01][0-7]{2}))")
_BRACKETS = re.compile(r"[\[\](){}\"'\\]")
_BEFORE_A_QUOTE = frozenset(" \t[({:,=ub")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern of a rule, made ready when its word is first met: most reports meet few of them."""
    return re.compile(pattern, re.DOTALL)


def shaped(text: str, start: int, word: str) -> Iterator[Hit]:
    """What has the shape that the word announces, or is the argument of the command that it names."""
    for pattern, kind in SHAPES[word]:
        match = compiled(pattern).match(text, start)
        if match is not None:
            yield from _named(match, kind)


def _named(match: re.Match[str], kind: str) -> Iterator[Hit]:
    """What the groups of a rule caught."""
    for name in match.re.groupindex:
        start, end = match.span(name)
        if end > start and not match.string.startswith("[MASKED", start):
            yield Hit(start, end, kind)


def told(text: str, start: int, after: int, word: str, kind: str) -> Iterator[Hit]:
    """What a word gives away that no sign of equality follows: in a sentence, a pair, an argument, an element."""
    before = text[max(0, start - 80) : start]
    match = _ARGUMENT_AFTER.match(text, after) or (
        _VALUE_AFTER.match(text, after) if _NAME_BEFORE.search(before) else None
    )
    if match is not None:
        yield from _named(match, kind)
        return
    match = _INNER.match(text, after) if before.endswith((">", ">os_")) else None
    if match is None and _ELEMENT.search(before):
        match = _ATTRIBUTES.match(text, after) or _VALUE_ATTRIBUTE.match(text, after)
    if match is not None:
        yield from _named(match, kind)
        return
    match = _SAID.match(text, after) if word in SAYING else None
    if match is not None and (not _NO_SECRET.match(match["v"]) or (word == "token" and _UUID.match(match["v"]))):
        yield Hit(*match.span("v"), kind)
        return
    match = _CALLED.match(text, after) if word in SAYING else None
    if match is not None and not _NO_SECRET.match(match["w"] or match["v"]):
        yield Hit(*match.span("w" if match["w"] else "v"), kind)


def logins(text: str) -> Iterator[Hit]:
    """``user:password@host`` without the scheme of a URL."""
    if "@" in text:
        yield from (Hit(*match.span("v"), "url") for match in _LOGIN.finditer(text))


def spelled(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, decoded) of the words in which letters are written as escapes, as no encoder does."""
    if not any(sign in text for sign in "%\\&"):
        return
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
    word = _ESCAPES.sub(
        lambda match: chr(int(match[1] or match[2], 16) if match[3] is None else int(match[3], 8)), word
    )
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


def closing(text: str, start: int, quote: str) -> int:
    """Where a quoted value ends: at the same quote, not escaped once more; at the end of the text when there is none."""
    at = text.find(quote, start)
    while at > 0 and text[at - 1] == "\\":
        backslashes = at - len(text[start:at].rstrip("\\")) - start if at - start < 64 else _run(text, at)  # noqa: PLR2004 - short first
        if quote[0] != "\\" and backslashes % 2 == 0:
            break
        at = text.find(quote, at + 1)
    return len(text) if at < 0 else at


def _run(text: str, at: int) -> int:
    """How many backslashes stand before a place."""
    low = at
    while low > 0 and text[low - 1] == "\\":
        low -= 1
    return at - low
