"""Finds texts inside others, however they are spelled there.

Known are: as it is; percent-encoded, also twice; escaped as JSON, JavaScript, Python or HTML, also only in part; in
hexadecimal digits, also spaced; in base64, also twice, and in base32, wherever the text begins in what was encoded.
"""

from __future__ import annotations

import html
import re
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from urllib.parse import unquote

LONG_ENOUGH = 6
"""Characters from which on a text is looked for inside of words and encoded; shorter ones stand anywhere by chance."""
_ESCAPE = re.compile(r"\\+u([0-9A-Fa-f]{4})|\\+u\{([0-9A-Fa-f]{1,6})\}|\\+U([0-9A-Fa-f]{8})|\\+x([0-9A-Fa-f]{2})")
_SPACED = re.compile(r"(?:[0-9A-Fa-f]{2}[\s:,._-]{1,3}(?:0x|\\x)?){5}|(?:\\x[0-9A-Fa-f]{2}){5}")
_SPACE = re.compile(r"[\s:,._-]+(?:0x|\\x)?|0x|\\x")
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos", "/": "sol", "+": "plus", "=": "equals"}
_BACKSLASH = r"(?:\\|%(?:25){0,2}5c)+"
_ROUNDS = 3
"""Times that a text may be escaped within an escaped one."""


class Spelled:
    """One text, and how to find it."""

    def __init__(self, literal: str) -> None:
        self.literal = literal
        self._lowered = literal.lower()
        self._plain = _without_escapes(literal)
        self._is_long = len(literal) >= LONG_ENOUGH
        self.encoded = tuple(dict.fromkeys(_encoded(literal))) if self._is_long else ()
        """Its forms in base64, base32 and hexadecimal digits."""

    def is_in(self, text: Text) -> bool:
        """Tell whether it may be found in `text`."""
        return (
            self._lowered in text.lowered
            or self._plain in text.unescaped
            or any(form in text.raw for form in self.encoded)
            or (self._is_long and self.literal.encode("utf-8", "surrogatepass").hex() in text.unspaced)
        )

    @cached_property
    def pattern(self) -> str:
        """A regular expression for all its spellings."""
        escaped = "".join(f"(?:{_character(each)})" for each in self.literal)
        if not self._is_long:
            return rf"(?<![A-Za-z0-9])(?i:{escaped})(?![A-Za-z0-9])"
        octets = self.literal.encode("utf-8", "surrogatepass")
        spaced = r"(?:[\s:,._-]{0,3}(?:0x|\\x)?)".join(f"{octet:02x}" for octet in octets)
        forms = sorted(self.encoded, key=len, reverse=True)
        return "|".join([f"(?i:{escaped})", f"(?i:{spaced})", *map(re.escape, forms)])


class Text:
    """A text that is searched, and what it is when read; each reading is made once, when it is needed."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.lowered = raw.lower()

    @cached_property
    def unescaped(self) -> str:
        """The text without escapes, in lower case; a plus may be a space."""
        return _without_escapes(f"{self.raw}\0{self.raw.replace('+', ' ')}" if "+" in self.raw else self.raw)

    @cached_property
    def unspaced(self) -> str:
        """The text as hexadecimal digits without what parts them, in lower case."""
        return _SPACE.sub("", self.lowered) if _SPACED.search(self.raw) else self.lowered


def replace_spelled(text: str, literals: Iterable[Spelled], replacement: Callable[[Spelled], str]) -> str:
    """Replace all spellings of the literals, of which the longer ones come first: one may be in another."""
    if not text:
        return text
    searched = Text(text)
    for each in literals:
        if each.is_in(searched):
            text = re.sub(each.pattern, lambda _, it=each: replacement(it), text)  # type: ignore[misc]
    return text


@lru_cache(maxsize=512)
def spelled(literal: str) -> Spelled:
    """The spellings of a text."""
    return Spelled(literal)


def _without_escapes(text: str) -> str:
    """Return a text in lower case, every escape and every backslash taken out: enough to tell whether to look closer."""
    for _ in range(_ROUNDS):
        before = text
        if "%" in text:
            text = unquote(text, errors="surrogateescape")
        if "\\" in text:
            text = _ESCAPE.sub(_unescaped, text).replace("\\", "")
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if "&" in text:
            text = html.unescape(text)
        if text == before:
            break
    return text.lower()


def _unescaped(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3] or found[4]
    code = int(digits, 16)
    return chr(code) if code <= 0x10FFFF else found[0]


def _character(character: str) -> str:
    """A regular expression for the spellings of one character."""
    code = ord(character)
    percent = "".join(f"%(?:25){{0,2}}{octet:02x}" for octet in character.encode("utf-8", "surrogatepass"))
    units = character.encode("utf-16-be", "surrogatepass")
    unicode = "".join(rf"{_BACKSLASH}u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    ways = [
        re.escape(character),
        percent,
        unicode,
        rf"{_BACKSLASH}u\{{0*{code:x}\}}",
        rf"{_BACKSLASH}U{code:08x}",
        f"&(?:amp;)?#0*{code};?",
        f"&(?:amp;)?#x0*{code:x};?",
    ]
    if code < 256:
        ways.append(rf"{_BACKSLASH}x{code:02x}")
    if character in "\\\"/'":
        ways.append(f"{_BACKSLASH}(?:{re.escape(character)}|{percent})")
    if character in _ENTITIES:
        ways.append(f"&(?:amp;)?{_ENTITIES[character]};")
    if character == " ":
        ways.append(r"\+")
    return "|".join(ways)


def _encoded(literal: str) -> Iterator[str]:
    octets = literal.encode("utf-8", "surrogatepass")
    yield octets.hex()
    yield octets.hex().upper()
    for form in _in_base_64(octets):
        yield form
        yield from _in_base_64(form.encode())
    for before in range(5):
        first, last = (before * 8 + 4) // 5, (before + len(octets)) * 8 // 5
        form = b32encode(b"\0" * before + octets).decode()[first:last]
        yield form
        yield form.lower()


def _in_base_64(octets: bytes) -> Iterator[str]:
    """What is always there of the octets, wherever they begin in what was encoded."""
    for before in range(3):
        first, last = (before * 8 + 5) // 6, (before + len(octets)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + octets).decode()[first:last]
