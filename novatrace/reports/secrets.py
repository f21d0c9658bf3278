r"""Masks secrets in text: ``[MASKED:kind]`` takes the place of a value, delimiters survive.

A secret is recognised by the key before it (``adminPass``, ``X-Auth-Token``, ``*_secret`` …), by its place in a URL, or by
its shape (Fernet, JWT, PEM, access key ids). Keys, quotes and separators may be escaped as JSON, URL, HTML or Python escape
them, several times over; runs of base64 and hex are looked into. Text is looked for literal words, then only forward from
each: the time is linear in the text, whatever stands in it. When it is not clear where a value ends, more is masked.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from novatrace.reports.secret_shapes import SHAPES, Hit, logins, nested_end, shaped, spelled, told

_QUOTE = (
    r"(?:\\{0,8}[\"']|&(?:amp;){0,3}(?:quot|apos|\#3[49]|\#x2[27]);|%(?:25){0,3}2[27]|\\{1,8}u002[27]|\\{1,8}x2[27])"
)
_EQUALS = r"(?:={1,3}>|-{1,2}>|:=|[=:：＝→]|%(?:25){0,3}3[DdAa]|&(?:amp;){0,3}\#(?:61|58|x3[dDaA]);|\\{1,8}u003[dDaA]|\\{1,8}x3[dDaA])"
_CLOSE = r"(?:>|&(?:amp;){0,3}gt;|%(?:25){0,3}3[eE]|\\{1,8}u003[eE]|\\{1,8}x3[eE])"
_COMMA = r"(?:,|%(?:25){0,3}2[cC])"
_BLANK = (
    r"(?:[ \t\xa0\u200b-\u200f\u2060\ufeff]|\x1b\[[\d;]{0,12}m|"
    r"%(?:25){0,3}(?:20|0[9aAdD]|5[cC][nrt])|\+|\\{1,8}u0020|\\{1,8}[nt](?![a-z]))"
)
_NEXT = re.compile(
    rf"[\w\-]{{0,32}}+(?P<key_end>{_QUOTE})?{_BLANK}{{0,64}}+"
    rf"(?:(?P<equals>{_EQUALS})(?:\s{{1,64}}(?={_QUOTE})|{_BLANK}{{0,6}}+)|(?P<xml>{_CLOSE})|(?P<tuple>{_COMMA}){_BLANK}{{0,6}}+(?={_QUOTE}|[ub]{_QUOTE}))",
)
_OPTION = re.compile(r"[\w\-]{0,32}+(?:(?P<equals>%(?:25){0,3}20)|[ \t]){1,6}+(?=[^\s\-])")
_BRACKET = r"(?:[\[({]|%(?:25){0,3}(?:5[bB]|28|7[bB]))"
_OPENING = re.compile(
    rf"(?:[A-Za-z]\w{{0,24}}(?=\())?(?P<list>{_BRACKET}{_BLANK}{{0,3}}+){{0,3}}(?:[ubrUBR]{{0,2}}(?P<quote>{_QUOTE}))?",
)
_MORE = re.compile(rf"{_BLANK}{{0,4}}{_COMMA}{_BLANK}{{0,4}}[ubrUBR]{{0,2}}(?P<quote>{_QUOTE})")
_BARE_END = re.compile(r"[\s<>\"'|`]|&|[,;](?=\s|$)|[)\]}](?=[\s,;)\]}.]|$)|\\+[\"'nrt]|\\{1,8}(?:u00|x)2[267]")
_ENCODED_END = re.compile(
    r"[\s<>\"'|`&]|%(?:25){0,3}(?:2[0267cC]|0[aAdD]|3[bBcC])|\\{1,8}u00(?:2[0267]|3[cCeE])|[)\]}](?=[\s,;)\]}.]|$)"
)
_XML_END = re.compile(r"<|&(?:amp;){0,3}lt;|%(?:25){0,3}3[cC]|\\{1,8}u003[cC]|\\{1,8}x3[cC]")
_CDATA_END = re.compile(r"(?<=\]\]>)")
_BLOCK = re.compile(r"[|>][+\-]?[ \t]*\n(?:[ \t]+[^\n]*\n?)+")
_TAG = re.compile(r"(?:!!?\w{1,12}|[|>][+\-]?) +")
_LINE_END = re.compile(rf"[\r\n]|\\{{1,8}}[nr]|{_QUOTE}(?=\s*(?:[,}}\]):]|$|-))|[\"']")
_WORD_BEFORE = re.compile(r"\s|%(?:25){0,3}20")
_INSIDE = re.compile(r"\s*(?:[ub]?[\"'\\]|\w{1,40}\s?[:=])")
_NOTHING = re.compile(r"(?:None|null|[Tt]rue|[Ff]alse)(?=[,;)\]}&\s]|$)")
_PAIR = re.compile(rf"(?:(?:\(|%(?:25){{0,3}}28)[ub]?{_QUOTE}[\w\-]*|--[\w\-]*)$")
_SCHEME = re.compile(r"(?:Basic|Bearer|Digest|Negotiate|Token)[ \t]+", re.IGNORECASE)
_CLOSING_TAG = re.compile(r"(?:<|&lt;|%3[cC]|\\u003[cC]|\\x3[cC])(?:/|%(?:25){0,3}2[fF]|\\/)[\w:\-]*$")
_SEVERAL = re.compile(r"[^:@,/]+:([^@,]+)@[^,@:/]+(?::\d+)?(?:,|$)")
_NEW_LINE = re.compile(r"[\r\n]|\\{1,8}[nr]")
_HARMLESS = re.compile(
    r"(?:None|null|nil|true|false|undefined|\*{3,}|<SANITIZED>|\[?REDACTED|\[MASKED:\w+\]|\{SHA\d+\}\S*|0|1)?(?![\w\-+/.=])",
    re.IGNORECASE,
)
_SKIPPED_KEYS = re.compile(r"(?i)(?:public|routing|sort|primary|foreign|cache|partition|index)_key$")

# Words that a key ends with or holds; the kind is what the mask says.
_WORDS = {
    "password": "password", "passwd": "password", "passphrase": "password", "adminpass": "password", "admin_pass": "password",
    "passcode": "password", "_pass": "password", "pwd": "password", "secret": "secret", "token": "token", "apikey": "key",
    "api_key": "key", "api-key": "key", "accesskey": "key", "privatekey": "key", "_key": "key",
    "_pw": "password", "'pass": "password", '"pass': "password",
    "sessionid": "token", "session_id": "token",
    "sessid": "token", "?sig": "key", "&sig": "key", "injected_files": "body", "credential": "secret",
    "auth_username": "secret", "auth_data": "secret", "user_data": "body", "userdata": "body", "contents": "body",
    "configdrive": "body", "signature": "key", "_sig": "key",
}  # fmt: skip
_HEADERS = {"authorization": "header", "cookie": "header"}
_TO_LINE_END = frozenset(_HEADERS)
_URLS = ("://", ":\\/\\/", "%3a%2f%2f", "%253a%252f%252f", "%3a//", "\\u003a\\u002f\\u002f")
_PEM = "-----begin"
_PEM_HEAD = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]{20,}={0,2}|(?:[A-Za-z0-9+/]{20,}%3[dD](?:%3[dD])?)")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")
_PRINTABLE = re.compile(r"[\x09\x0a\x0d\x20-\x7e]+")
_USERINFO = re.compile(r"[^\s\"'<>`]++")
_AT = re.compile(r"@|%(?:25){0,3}40")
_COLON = re.compile(r":|%(?:25){0,3}3[aA]")
_PORT = re.compile(r"\d{1,5}/")
_TELLING = 4  # a value this short is masked where its key stands, and too common to look for elsewhere
_RECURRING = 8
_TOO_COMMON = frozenset(["password", "required", "disabled", "undefined", "sanitized", "unchanged", "redacted"])
_ANY = (*_WORDS, *_HEADERS, *_URLS, *SHAPES, _PEM)


@dataclass(slots=True)
class Masked:
    """Text without its secrets, how many were masked, and the raw values, which nobody must see again."""

    text: str
    count: int = 0
    raw: set[str] = field(default_factory=set)


def mask(text: str, *, depth: int = 0) -> Masked:
    """The text with every secret that can be recognised masked."""
    found = Masked(text)
    lowered = _lowered(text)
    places = sorted(_places(lowered))
    at = 0
    pieces: list[str] = []
    for hit in _hits(text, lowered, places, depth):
        if hit.start < at:
            if hit.end > at:  # a longer secret around one that is masked already
                found.raw.add(text[at : hit.end])
                at = hit.end
            continue
        found.raw.add(text[hit.start : hit.end])
        found.count += 1
        pieces += [text[at : hit.start], f"[MASKED:{hit.kind}]"]
        at = hit.end
    if found.count:
        found.text = "".join([*pieces, text[at:]])
        found.raw = {value for raw in found.raw if len(value := raw.strip()) >= _TELLING}
    return found


def recurring(values: set[str]) -> list[str]:
    """Those of the raw values that are masked wherever they come again, the longest first."""
    return sorted(
        (v for v in values if len(v) >= _RECURRING and v.lower() not in _TOO_COMMON), key=lambda v: (-len(v), v)
    )


def _lowered(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _places(lowered: str) -> Iterator[tuple[int, str]]:
    """(offset, word) of every word that may announce a secret."""
    for word in _ANY:
        at = lowered.find(word)
        while at >= 0:
            yield at, word
            at = lowered.find(word, at + len(word))


def _hits(text: str, lowered: str, places: list[tuple[int, str]], depth: int) -> list[Hit]:
    hits: list[Hit] = []
    urls = _Urls(text)
    behind = {"": 0, "header": 0, "pem": 0}
    for start, word in places:
        # What goes on over lines is looked for inside of what ends with its line: it goes on behind that.
        longer = "header" if word in _HEADERS else "pem" if word == _PEM else ""
        if start < behind[longer] or (longer != "pem" and start < behind[""]):
            continue
        for hit in _at(text, lowered, start, word, urls):
            hits.append(hit)
            behind[longer] = max(behind[longer], hit.end)
            if longer == "pem":
                behind[""] = max(behind[""], hit.end)
    if depth < 2:  # noqa: PLR2004 - base64 in base64 is looked into, no deeper
        hits += _encoded(text, depth)
    hits += logins(text)
    return sorted(hits, key=lambda hit: (hit.start, -hit.end))


def _at(text: str, lowered: str, start: int, word: str, urls: _Urls) -> Iterator[Hit]:
    if word in _URLS:
        yield from urls.userinfo(start + len(word))
    elif word in SHAPES:
        yield from shaped(text, start, word)
    elif word == _PEM:
        if _PEM_HEAD.match(text, start):
            end = lowered.find("-----end", start)
            stop = len(text) if end < 0 else text.find("-----", end + len("-----end")) + len("-----")
            yield Hit(start, stop if stop > start + len("-----") else len(text), "pem")
    else:
        yield from _keyed(text, start, word)


def _keyed(text: str, start: int, word: str) -> Iterator[Hit]:
    """The value of a key that holds the word."""
    after = start + len(word)
    following = _NEXT.match(text, after)
    if following is None:
        option = _OPTION.match(text, after)
        if option is None or "--" not in _WORD_BEFORE.split(text[max(0, start - 40) : start])[-1]:
            yield from told(text, start, after, word, _WORDS.get(word) or _HEADERS[word])
            return
        following = option
    if _SKIPPED_KEYS.search(text[max(0, start - 12) : after]):
        return
    if following.re is _NEXT and following["tuple"] and not _PAIR.search(text[max(0, start - 60) : start]):
        yield from told(text, start, after, word, _WORDS.get(word) or _HEADERS[word])  # else a name in a list of names
        return
    if _NOTHING.match(text, following.end()):
        return
    kind = _WORDS.get(word) or _HEADERS[word]
    groups = following.groupdict()
    begin = following.end()
    if word == "pwd" and text.startswith("/", begin):
        return
    if word in _TO_LINE_END:
        yield from _line(text, begin, kind)
    elif groups.get("xml"):
        if not _CLOSING_TAG.search(text[max(0, start - 40) : start]):
            cdata = text.startswith("<![CDATA[", begin)
            yield from _until(text, begin, _CDATA_END if cdata else _XML_END, kind)
    else:
        bare = _ENCODED_END if (groups.get("equals") or "=")[0] in "%&\\" else _BARE_END
        yield from _value(text, begin, bare, kind)


def _value(text: str, begin: int, bare_end: re.Pattern[str], kind: str) -> Iterator[Hit]:
    if text.startswith("[MASKED:", begin):
        return
    block = _BLOCK.match(text, begin)
    if block:
        yield Hit(begin, block.end(), kind)
        return
    tag = _TAG.match(text, begin)
    begin = tag.end() if tag else begin
    if text.startswith("[MASKED:", begin):
        return
    opening = _OPENING.match(text, begin)
    quote = opening["quote"] if opening else None
    if _is_nested(text, begin, opening):
        yield Hit(begin, nested_end(text, begin), kind)
        return
    if opening is None or quote is None:
        yield from _until(text, begin, bare_end, kind)
        return
    start = opening.end()
    while True:
        end = _closing(text, start, quote)
        if end > start and not _HARMLESS.fullmatch(text, start, end):
            yield Hit(start, end, kind)
        more = _MORE.match(text, end + len(quote)) if opening["list"] else None
        if more is None:
            return
        start, quote = more.end(), more["quote"]


def _is_nested(text: str, begin: int, opening: re.Match[str] | None) -> bool:
    """True for the value of a key that has keys or lists inside: no one quote ends it."""
    if text.startswith("{", begin):
        return bool(_INSIDE.match(text, begin + 1))
    return opening is not None and text[begin : opening.start("quote")].count("[") + text.startswith("([", begin) > 1


def _until(text: str, begin: int, pattern: re.Pattern[str], kind: str) -> Iterator[Hit]:
    match = pattern.search(text, begin)
    end = match.start() if match else len(text)
    if end > begin and not _HARMLESS.fullmatch(text, begin, end):
        yield Hit(begin, end, kind)


def _line(text: str, begin: int, kind: str) -> Iterator[Hit]:
    """A header's value, to the end of its line or of its quotes; the scheme of an Authorization is kept."""
    if text.startswith("[MASKED:", begin):
        return
    opening = _OPENING.match(text, begin)
    start = opening.end() if opening else begin
    scheme = _SCHEME.match(text, start)
    start = scheme.end() if scheme else start
    if opening and opening["quote"]:
        end = _closing(text, start, opening["quote"])
    else:
        quoted_inside = scheme is not None and scheme[0].lower().startswith("digest")
        match = (_NEW_LINE if quoted_inside else _LINE_END).search(text, start)
        end = match.start() if match else len(text)
    if end > start and not text.startswith("[MASKED:", start) and not _HARMLESS.fullmatch(text, start, end):
        yield Hit(start, end, kind)


def _closing(text: str, start: int, quote: str) -> int:
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


class _Urls:
    """Finds user-info in URLs; remembers the stretch that it looked through, so that none is searched twice."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self._last_at = -1

    def userinfo(self, start: int) -> Iterator[Hit]:
        """Passwords between ``scheme://`` and the last ``@`` of a URL, also of one with several hosts."""
        if start >= self._end:
            token = _USERINFO.match(self._text, start)
            self._end = token.end() if token else start
            found = _AT.finditer(self._text, start, self._end)
            self._last_at = max((match.start() for match in found), default=-1)
        colon = _COLON.search(self._text, start, self._last_at) if self._last_at > start else None
        if colon is None or _PORT.match(self._text, colon.end()) or colon.end() == self._last_at:
            return
        hosts = list(_SEVERAL.finditer(f"{self._text[start : self._last_at]}@x"))
        if len(hosts) > 1 and sum(len(host[0]) for host in hosts) == self._last_at + 2 - start:
            yield from (Hit(start + host.start(1), start + host.end(1), "url") for host in hosts)
        else:
            yield Hit(colon.end(), self._last_at, "url")


def _encoded(text: str, depth: int) -> Iterator[Hit]:
    """Runs of base64 or hex that hold a secret when decoded."""
    for pattern, decode in ((_BASE64, _from_base64), (_HEX, _from_hex)):
        for match in pattern.finditer(text):
            decoded = decode(match[0])
            if decoded is not None and mask(decoded, depth=depth + 1).count:
                yield Hit(match.start(), match.end(), "encoded")
    for start, end, decoded in spelled(text):
        if mask(decoded, depth=depth + 1).count:
            yield Hit(start, end, "encoded")


def _from_base64(run: str) -> str | None:
    data = run.replace("%3D", "=").replace("%3d", "=").rstrip("=").replace("-", "+").replace("_", "/")
    data = data[: len(data) - 1] if len(data) % 4 == 1 else data
    return _printable(lambda: base64.b64decode(data + "=" * (-len(data) % 4)))


def _from_hex(run: str) -> str | None:
    return _printable(lambda: binascii.unhexlify(run))


def _printable(decode: Callable[[], bytes]) -> str | None:
    try:
        text = decode().decode("ascii")
    except (ValueError, UnicodeDecodeError):
        return None
    return text if _PRINTABLE.fullmatch(text) else None
