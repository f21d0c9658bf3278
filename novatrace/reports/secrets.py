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

from novatrace.reports.secret_disguises import uncovered
from novatrace.reports.secret_places import PEMS, URLS, places
from novatrace.reports.secret_shapes import SHAPES, Hit, closing, logins, nested_end, shaped, spelled, told
from novatrace.reports.secret_urls import Urls
from novatrace.reports.secret_words import ALONE, HEADERS, KINDS, LIKELY_ALONE, OPTION_KEY

_QUOTE = (
    r"(?:\\{0,8}[\"']|&(?:amp;){0,3}(?:quot|apos|\#3[49]|\#x2[27]);|%(?:25){0,3}2[27]|\\{1,8}u002[27]|\\{1,8}x2[27])"
)
_EQUALS = (
    r"(?:={1,3}>|-{1,2}>|:=|[=!]==?|[=:：＝→]|%(?:25){0,3}3[DdAa]|"
    r"&(?:amp;){0,3}\#(?:61|58|x3[dDaA]);|\\{1,8}u003[dDaA]|\\{1,8}x3[dDaA])"
)
_CLOSE = r"(?:>|&(?:amp;){0,3}gt;|%(?:25){0,3}3[eE]|\\{1,8}u003[eE]|\\{1,8}x3[eE])"
_COMMA = r"(?:,|%(?:25){0,3}2[cC])"
_BLANK = (
    r"(?:[ \t\xa0\u200b-\u200f\u2060\ufeff]|\x1b\[[\d;]{0,12}m|"
    r"%(?:25){0,3}(?:20|0[9aAdD]|5[cC][nrt])|\+|\\{1,8}u0020|\\{1,8}[nt](?![a-z]))"
)
_NEXT = re.compile(
    rf"[\w\-]{{0,32}}+(?P<key_end>{_QUOTE}{{1,2}})?(?:\]|\[[^\]\n]{{0,20}}\]|[.*?]{{1,40}}|[ \t]?\([A-Za-z ]{{1,20}}\))?{_BLANK}{{0,64}}+"
    rf"(?:(?P<equals>{_EQUALS})(?:\s{{1,64}}(?={_QUOTE})|{_BLANK}{{0,6}}+)|(?P<xml>{_CLOSE})|(?P<tuple>{_COMMA}){_BLANK}{{0,6}}+(?={_QUOTE}|[ub]{_QUOTE}|<<{_QUOTE}))",
)
_OPTION = re.compile(r"[\w\-]{0,32}+(?:(?P<equals>%(?:25){0,3}20)|[ \t]){1,6}+(?=[^\s\-])")
_BRACKET = r"(?:[\[({]|%(?:25){0,3}(?:5[bB]|28|7[bB]))"
_OPENING = re.compile(
    rf"(?:[A-Za-z]\w{{0,24}}(?=\())?(?P<list>{_BRACKET}{_BLANK}{{0,3}}+){{0,3}}(?:\w{{1,20}}=|<<(?={_QUOTE}))?"
    rf"(?:[ubrfUBRF]{{0,2}}(?P<quote>\"\"\"|'''|\"\"(?=[^\s,\"}}\])])|{_QUOTE}|`|<(?!SANITIZED|(?i:redacted))(?=[^<>\s]{{4,200}}>)))?",
)
_MORE = re.compile(rf"{_BLANK}{{0,4}}{_COMMA}{_BLANK}{{0,4}}[ubrUBR]{{0,2}}(?P<quote>{_QUOTE})")
_BARE_END = re.compile(r"[\s<>\"'|`]|&|[,;](?=\s|$)|[)\]}](?=[\s,;)\]}.]|$)|\\+[\"'nrt]|\\{1,8}(?:u00|x)2[267]")
_ENCODED_END = re.compile(
    r"[\s<>\"'|`&]|%(?:25){0,3}(?:2[0267cC]|0[aAdD]|3[bBcC])|\\{1,8}u00(?:2[0267]|3[cCeE])|[)\]}](?=[\s,;)\]}.]|$)"
)
_XML_END = re.compile(r"<|&(?:amp;){0,3}lt;|%(?:25){0,3}3[cC]|\\{1,8}u003[cC]|\\{1,8}x3[cC]")
_INNER_ELEMENT = re.compile(r"\s{0,20}<\w[\w:\-]{0,40}>(?=[^<])")
_CDATA_END = re.compile(r"(?<=\]\]>)")
_BLOCK = re.compile(r"(?:(?:![\w!]{1,16} )?[|>][+\-]?[ \t]*\n(?:[ \t]+[^\n]*\n?)+|\n(?:[ \t]*- [^\n]*\n?)+)")
_TAG = re.compile(r"(?:!!?[\w/:.]{1,40}|[|>][+\-]?) +")
_LINE_END = re.compile(rf"[\r\n]|\\{{1,8}}[nr]|{_QUOTE}(?=\s*(?:[,}}\]):]|$|-))|[\"']")
_WORD_BEFORE = re.compile(r"\s|%(?:25){0,3}20")
_INSIDE = re.compile(r"\s*(?:[ub]?[\"'\\]|\w{1,40}\s?[:=])")
_NOTHING = re.compile(r"(?:None|null|[Tt]rue|[Ff]alse)(?=[,;)\]}&\s]|$)")
_POLICY = re.compile(r"[\"']is_admin[\\\"']")  # who asks, as Nova's policy checks show it, under "credentials"
_PAIR = re.compile(rf"(?:(?:\(|%(?:25){{0,3}}28)[ub]?{_QUOTE}[\w\-]*|--[\w\-]*|\{{\s?[\w\-]*)$")
_SCHEME = re.compile(r"(?:Basic|Bearer|Digest|Negotiate|Token|Hawk|OAuth|NTLM)[ \t]+", re.IGNORECASE)
_QUOTED_INSIDE = ("digest", "hawk", "oauth")
_CLOSING_TAG = re.compile(r"(?:<|&lt;|%3[cC]|\\u003[cC]|\\x3[cC])(?:/|%(?:25){0,3}2[fF]|\\/)[\w:\-]*$")
_NEW_LINE = re.compile(r"[\r\n]|\\{1,8}[nr]")
_HARMLESS = re.compile(
    r"(?:None|null|nil|true|false|undefined|\*{3,}|<SANITIZED>|\[?REDACTED|\[MASKED:\w+\]|\{SHA\d+\}\S*|\d{1,2})?(?![\w\-+/.=])",
    re.IGNORECASE,
)
_SKIPPED_KEYS = re.compile(r"(?i)(?:public|routing|sort|primary|foreign|cache|partition|index|unique|lookup)[_\-]key$")
_OPTION_KEY = re.compile(r"(?:--|(?<![A-Za-z0-9])[xX]-)[\w\-]*$")
_FILE = re.compile(r"[\"']?(?:~|\.{0,2})/[\w.\-]+/[\w./\-]*(?=[\s\"',]|$)")
_ACCOUNTS = re.compile(r"/(?:etc|pam\.d)/$")  # /etc/passwd is a file; user/passwd is a login
_CALL = re.compile(r"\w{0,40}\(")  # the signature of a function
_LIKELY = re.compile(r"[\"'`]|(?=[^\s\"',;)]{0,100}[\d!@#$%^&*+~])[^\s\"',;)]{4,}")
_NUMBERED = re.compile(r"[\"']?(?=[^\s,;)]{0,12}\d)[^\s\"',;)]{4,}")

_PEM_HEAD = re.compile(r"-{4,5}[ +]?BEGIN[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?[ +]?-{4,5}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]{20,}={0,2}|(?:[A-Za-z0-9+/]{20,}%3[dD](?:%3[dD])?)")
_HEX = re.compile(r"[0-9a-fA-F]{24,}")
_DUMP = re.compile(r"(?:[ :][0-9a-fA-F]{2}){11,}(?![0-9a-fA-F])")  # with the pair before its first sign
_PAIR_OF_HEX = re.compile(r"[0-9a-fA-F]{2}")
_PRINTABLE = re.compile(r"[\x09\x0a\x0d\x20-\x7e]+")
_MASK = "[MASKED:"
_TELLING = 4  # a value this short is masked where its key stands, and too common to look for elsewhere
_RECURRING = 8
_TOO_COMMON = frozenset(["password", "required", "disabled", "undefined", "sanitized", "unchanged", "redacted"])


@dataclass(slots=True)
class Masked:
    """Text without its secrets, how many were masked, and the raw values, which nobody must see again."""

    text: str
    count: int = 0
    raw: set[str] = field(default_factory=set)


def mask(text: str, *, depth: int = 0) -> Masked:
    """The text with every secret that can be recognised masked."""
    found = Masked(text)
    at = 0
    pieces: list[str] = []
    for hit in _all_hits(text, depth):
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


def _all_hits(text: str, depth: int) -> list[Hit]:
    """What is found in the text as it stands, and as it is read where the two differ."""
    hits = _hits(text, depth)
    read = uncovered(text)
    if read is not None:
        plain, origins = read
        hits += [Hit(origins[hit.start], origins[hit.end - 1] + 1, hit.kind) for hit in _hits(plain, depth)]
    return sorted(hits, key=lambda hit: (hit.start, -hit.end))


def recurring(values: set[str]) -> list[str]:
    """Those of the raw values that are masked wherever they come again, the longest first."""
    return sorted(
        (v for v in values if len(v) >= _RECURRING and v.lower() not in _TOO_COMMON), key=lambda v: (-len(v), v)
    )


def _lowered(text: str) -> str:
    """In small letters, each character where it was; what is no text (a byte that is not UTF-8) is none here either."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _hits(text: str, depth: int) -> list[Hit]:
    hits: list[Hit] = []
    lowered = _lowered(text)
    urls = Urls(text)
    behind = {"": 0, "header": 0, "pem": 0}
    begun = -1
    for start, word in places(lowered):
        # What goes on over lines is looked for inside of what ends with its line: it goes on behind that.
        longer = "header" if word in HEADERS else "pem" if word in PEMS else ""
        inside = max(behind[longer], behind[""] if longer != "pem" else 0)
        if start < inside and start != begun:
            continue
        for hit in _at(text, lowered, start, word, urls):
            hits.append(hit)
            begun = start
            behind[longer] = max(behind[longer], hit.end)
            if longer == "pem":
                behind[""] = max(behind[""], hit.end)
    if depth < 2:  # noqa: PLR2004 - base64 in base64 is looked into, no deeper
        hits += _encoded(text, depth)
    hits += logins(text)
    return hits


def _at(text: str, lowered: str, start: int, word: str, urls: Urls) -> Iterator[Hit]:
    if word in SHAPES:
        yield from shaped(text, start, word)
    if word in URLS:
        yield from urls.userinfo(start + len(word))
    elif word in PEMS:
        if _PEM_HEAD.match(text, start):
            end = lowered.find("-----end", start)
            stop = len(text) if end < 0 else text.find("-----", end + len("-----end")) + len("-----")
            yield Hit(start, stop if stop > start + len("-----") else len(text), "pem")
    elif word in KINDS and _is_key(text, start, start + len(word), word):
        yield from _keyed(text, start, word)


def _is_key(text: str, start: int, after: int, word: str) -> bool:
    """False for a short word inside of a longer one, and for what a ``-key`` of no option and no header is."""
    if text.startswith(_MASK, start - len(_MASK)):
        return False
    if word == OPTION_KEY:
        return _OPTION_KEY.search(text[max(0, start - 40) : start]) is not None
    if word == "passwd" and _ACCOUNTS.search(text[max(0, start - 8) : start]):
        return False
    if word not in ALONE:
        return True
    inside = (start > 0 and text[start - 1].isalnum()) or text[after : after + 1].isalnum()
    return not inside and text[after : after + 1] not in ("_", "-")


def _keyed(text: str, start: int, word: str) -> Iterator[Hit]:
    """The value of a key that holds the word."""
    after = start + len(word)
    following = _NEXT.match(text, after)
    if following is None:
        option = _OPTION.match(text, after)
        if option is None or "--" not in _WORD_BEFORE.split(text[max(0, start - 40) : start])[-1]:
            yield from told(text, start, after, word, KINDS[word])
            return
        following = option
    if _SKIPPED_KEYS.search(text[max(0, start - 12) : after]):
        return
    if (
        following.re is _NEXT
        and following["tuple"]
        and (word[0] in "'\"" or not _PAIR.search(text[max(0, start - 60) : start]))
    ):
        yield from told(text, start, after, word, KINDS[word])  # else a name in a list of names
        return
    if _NOTHING.match(text, following.end()):
        return
    kind = KINDS[word]
    groups = following.groupdict()
    begin = following.end()
    if _is_no_secret(text, begin, word):
        return
    if word in HEADERS:
        yield from _line(text, begin, kind)
    elif groups.get("xml"):
        if not _CLOSING_TAG.search(text[max(0, start - 40) : start]):
            inner = _INNER_ELEMENT.match(text, begin)
            begin = inner.end() if inner else begin
            cdata = text.startswith("<![CDATA[", begin)
            yield from _until(text, begin, _CDATA_END if cdata else _XML_END, kind)
    else:
        bare = _ENCODED_END if (groups.get("equals") or "=")[0] in "%&\\" else _BARE_END
        yield from _value(text, begin, bare, kind)


def _is_no_secret(text: str, begin: int, word: str) -> bool:
    """True where a file's name, or an ordinary word, follows a key that has other uses."""
    if word == "pwd":
        return text.startswith("/", begin)
    if word == "signature":
        return _CALL.match(text, begin) is not None
    if word == OPTION_KEY:
        return _FILE.match(text, begin) is not None
    if word == "pin":
        return _NUMBERED.match(text, begin) is None
    return word in LIKELY_ALONE and _LIKELY.match(text, begin) is None


def _value(text: str, begin: int, bare_end: re.Pattern[str], kind: str) -> Iterator[Hit]:
    if text.startswith(_MASK, begin):
        return
    block = _BLOCK.match(text, begin)
    if block:
        yield Hit(begin, block.end(), kind)
        return
    tag = _TAG.match(text, begin)
    begin = tag.end() if tag else begin
    if text.startswith(_MASK, begin):
        return
    opening = _OPENING.match(text, begin)
    quote = opening["quote"] if opening else None
    if _is_nested(text, begin, opening):
        end = nested_end(text, begin)
        if kind != "secret" or _POLICY.search(text, begin, end) is None:
            yield Hit(begin, end, kind)
        return
    if opening is None or quote is None:
        yield from _until(text, begin, bare_end, kind)
        return
    start = opening.end()
    while True:
        end = closing(text, start, ">" if quote == "<" else quote)
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
    if opening is None:
        return False
    stop = opening.start("quote") if opening["quote"] else opening.end()
    return text.count("[", begin, stop) + text.startswith("([", begin) > 1


def _until(text: str, begin: int, pattern: re.Pattern[str], kind: str) -> Iterator[Hit]:
    match = pattern.search(text, begin)
    end = match.start() if match else len(text)
    if end > begin and not _HARMLESS.fullmatch(text, begin, end):
        yield Hit(begin, end, kind)


def _line(text: str, begin: int, kind: str) -> Iterator[Hit]:
    """A header's value, to the end of its line or of its quotes; the scheme of an Authorization is kept."""
    if text.startswith(_MASK, begin):
        return
    opening = _OPENING.match(text, begin)
    start = opening.end() if opening else begin
    scheme = _SCHEME.match(text, start)
    start = scheme.end() if scheme else start
    if opening and opening["quote"]:
        end = closing(text, start, opening["quote"])
    else:
        quoted_inside = scheme is not None and scheme[0].lower().startswith(_QUOTED_INSIDE)
        match = (_NEW_LINE if quoted_inside else _LINE_END).search(text, start)
        end = match.start() if match else len(text)
    if end > start and not text.startswith(_MASK, start) and not _HARMLESS.fullmatch(text, start, end):
        yield Hit(start, end, kind)


def _encoded(text: str, depth: int) -> Iterator[Hit]:
    """Runs of base64 or hex that hold a secret when decoded."""
    for pattern, decode in ((_BASE64, _from_base64), (_HEX, _from_hex), (_DUMP, _from_hex)):
        for match in pattern.finditer(text):
            start = match.start()
            if pattern is _DUMP:
                start += -2 if _PAIR_OF_HEX.match(text, max(0, start - 2)) else 1
            decoded = decode(text[start : match.end()])
            if decoded is not None and mask(decoded, depth=depth + 1).count:
                yield Hit(start, match.end(), "encoded")
    for start, end, decoded in spelled(text):
        if mask(decoded, depth=depth + 1).count:
            yield Hit(start, end, "encoded")


def _from_base64(run: str) -> str | None:
    data = run.replace("%3D", "=").replace("%3d", "=").rstrip("=").replace("-", "+").replace("_", "/")
    data = data[: len(data) - 1] if len(data) % 4 == 1 else data
    return _printable(lambda: base64.b64decode(data + "=" * (-len(data) % 4)))


def _from_hex(run: str) -> str | None:
    digits = run.replace(" ", "").replace(":", "")
    return _printable(lambda: binascii.unhexlify(digits[: len(digits) - len(digits) % 2]))


def _printable(decode: Callable[[], bytes]) -> str | None:
    try:
        text = decode().decode("ascii")
    except (ValueError, UnicodeDecodeError):
        return None
    return text if _PRINTABLE.fullmatch(text) else None
