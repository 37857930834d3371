"""Finds a text, such as a secret, in other texts in any of its usual spellings.

The spellings are: as it is; percent-encoded, also twice; escaped as JSON, JavaScript, Python or HTML, also in part;
hexadecimal digits, also spaced; base64, also twice, and base32, at any offset of what was encoded.
"""

from __future__ import annotations

import html
import re
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple
from urllib.parse import unquote

LONG_ENOUGH = 6
"""Texts of at least this many characters are also found within words and encoded; shorter ones match by chance."""
_LONGEST_ENCODED = 4096
"""The bytes of a text that are searched for in encodings."""
_LONGEST_SPACED = 64
"""The bytes of a text that are compared with spaced hexadecimal digits; all digits after them count as part of it."""
_ESCAPE = re.compile(
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
    r"|\\+u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})\\+u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})"
    r"|\\+(?:u(?P<u>[0-9A-Fa-f]{4})|u\{(?P<braces>[0-9A-Fa-f]{1,6})\}|U(?P<U>[0-9A-Fa-f]{8})|x(?P<x>[0-9A-Fa-f]{2}))"
    r"|\\+(?P<control>[nrt])"
    r"|(?P<backslashes>\\+)"
    r"|(?P<entity>&(?:#[0-9]{1,8}|#[xX][0-9A-Fa-f]{1,8}|[A-Za-z]{2,8});?)"
)
_ESCAPED_IN_CODE = re.compile(_ESCAPE.pattern.replace("(?P<percent>(?:%[0-9A-Fa-f]{2})+)", "(?P<percent>(?!))"))
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
_ROUNDS = 3
"""How many layers of escapes are removed."""
_SPACED = re.compile(r"(?:[0-9A-Fa-f]{2}[\s:,._-]{1,3}(?:0x|\\x)?){5}|(?:\\x[0-9A-Fa-f]{2}){5}")
_DIGITS = re.compile(r"[0-9A-Fa-f](?:[\s:,._-]{0,3}+(?:0x|\\x)?+[0-9A-Fa-f])+")
"""Hexadecimal digits, with or without separators."""
_DIGIT = re.compile(r"(?:0x|\\x)?+([0-9A-Fa-f])")


class Place(NamedTuple):
    """The place of a spelling in a text."""

    start: int
    end: int


class Spelled:
    """A text to find, with its spellings."""

    def __init__(self, literal: str) -> None:
        self.literal = literal
        self._is_long = len(literal) >= LONG_ENOUGH
        self._lowered = _lowered(Text(literal).read)
        self._loosely = _loosely(literal)
        self.encoded = tuple(dict.fromkeys(_encoded(literal))) if self._is_long else ()
        """Its forms in base64, base32 and hexadecimal digits."""
        self._forms = tuple(each.replace("+", " ") for each in self.encoded)

    def may_be_in(self, text: Text) -> bool:
        """Return whether a thorough search, which takes longer, is worthwhile."""
        if self._loosely.lower() in text.loosely_lowered or any(form in text.loosely for form in self._forms):
            return True
        return self._is_long and text.is_spaced

    def places_in(self, text: Text) -> Iterator[Place]:
        """Yield its places in `text`."""
        for place in text.places(self._lowered, text.lowered):
            if self._is_long or text.is_word(place):
                yield place
        for form in self._forms:
            if form in text.read:
                yield from text.places(form, text.read)
        if self._is_long and text.is_spaced:
            encoded = self.literal.encode("utf-8", "surrogatepass")
            yield from text.digit_places(encoded[:_LONGEST_SPACED].hex(), whole=len(encoded) <= _LONGEST_SPACED)


class Text:
    """A text that is searched: as written, and without its escapes."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self._starts: list[int] | None = None

    @cached_property
    def read(self) -> str:
        """The text without escapes and backslashes, and with a space for each plus: in forms it may be one."""
        read = self.raw
        for _ in range(_ROUNDS):
            before = read
            read = self._unescape(read)
            if read is before:
                break
        return read.replace("+", " ")

    @cached_property
    def loosely(self) -> str:
        """Nearly the same as `read`; faster, but without places."""
        return _loosely(self.raw)

    @cached_property
    def loosely_lowered(self) -> str:
        """`loosely` in lower case."""
        return self.loosely.lower()

    @cached_property
    def lowered(self) -> str:
        """`read` in lower case, with every character in its place."""
        return _lowered(self.read)

    @cached_property
    def is_spaced(self) -> bool:
        """Whether there may be hexadecimal digits with separators."""
        return _SPACED.search(self.raw) is not None

    @cached_property
    def _digits(self) -> tuple[str, Sequence[int]]:
        """All sequences of hexadecimal digits, also separated ones, in lower case, and the place of each digit."""
        digits: list[str] = []
        starts: list[int] = []
        for together in _DIGITS.finditer(self.raw):
            for found in _DIGIT.finditer(self.raw, *together.span()):
                digits.append(found[1])
                starts.append(found.start(1))
            digits.append("\n")
            starts.append(together.end())
        return "".join(digits).lower(), starts

    def digit_places(self, spelling: str, *, whole: bool) -> Iterator[Place]:
        """Yield the places of these digits with separators; unless `whole`, with all digits that follow."""
        digits, starts = self._digits
        at = digits.find(spelling) if spelling else -1
        while at >= 0:
            last = at + len(spelling) - 1 if whole else digits.index("\n", at) - 1
            yield Place(starts[at], starts[last] + 1)
            at = digits.find(spelling, last + 1)

    def places(self, spelling: str, read: str) -> Iterator[Place]:
        """Yield the places of `spelling` in `read`, as places in the text as written."""
        at = read.find(spelling) if spelling else -1
        while at >= 0:
            end = at + len(spelling)
            yield Place(self._start(at), self._start(end))
            at = read.find(spelling, end)

    def is_word(self, place: Place) -> bool:
        """Return whether neither a letter nor a digit is next to a place."""
        return not (self.raw[place.start - 1 : place.start].isalnum() or self.raw[place.end : place.end + 1].isalnum())

    def _start(self, at: int) -> int:
        return at if self._starts is None else self._starts[at]

    def _unescape(self, read: str) -> str:
        """Remove one layer of escapes, if there is any."""
        if not ("%" in read or "\\" in read or "&" in read):
            return read
        starts: list[int] = []
        parts: list[str] = []
        at, skipped = 0, 0  # backslashes belong to the character after them
        for found in _ESCAPE.finditer(read):
            starts += _after(at - skipped, at, found.start())
            parts.append(read[at : found.start()])
            if found.start() > at:
                skipped = 0
            for character, offset in _unescaped(found):
                parts.append(character)
                starts.append(found.start() + offset - (skipped if not offset else 0))
            skipped = skipped + len(found[0]) if found["backslashes"] else 0
            at = found.end()
        if not at:
            return read
        starts += _after(at - skipped, at, len(read))
        parts.append(read[at:])
        starts.append(len(read))
        self._starts = starts if self._starts is None else [self._starts[each] for each in starts]
        return "".join(parts)


def replace_spelled(text: str, literals: Iterable[Spelled], replacement: Callable[[Spelled], str]) -> str:
    """Replace all spellings of the literals. Of those that overlap, the first and longest one is replaced."""
    if not text:
        return text
    searched = Text(text)
    found = sorted(
        ((place, each) for each in literals if each.may_be_in(searched) for place in each.places_in(searched)),
        key=lambda it: (it[0].start, -it[0].end),
    )
    if not found:
        return text
    parts: list[str] = []
    at = 0
    for (start, end), each in found:
        if start >= at:
            parts += [text[at:start], replacement(each)]
        at = max(at, end)
    return "".join([*parts, text[at:]])


@lru_cache(maxsize=512)
def spelled(literal: str) -> Spelled:
    """Return the spellings of a text."""
    return Spelled(literal)


def _after(start: int, at: int, end: int) -> list[int]:
    """Return the starts of the characters from `at` to `end`; the first one begins at `start`."""
    return [start, *range(at + 1, end)] if at < end else []


def _unescaped(found: re.Match[str]) -> Iterator[tuple[str, int]]:
    """Yield the characters of an escape, each with its offset in the escape."""
    if found["percent"]:
        offset = 0
        encoded = bytes.fromhex(found["percent"].replace("%", ""))
        for character in encoded.decode("utf-8", "surrogateescape"):
            yield character, offset
            offset += 3 * len(character.encode("utf-8", "surrogateescape"))
    elif found["high"]:
        units = bytes.fromhex(found["high"] + found["low"])
        yield units.decode("utf-16-be"), 0
    elif found["control"]:
        yield _CONTROLS[found["control"]], 0
    elif found["entity"]:
        yield from ((character, 0) for character in html.unescape(found["entity"]))
    elif digits := found["u"] or found["braces"] or found["U"] or found["x"]:
        code = int(digits, 16)
        yield (chr(code) if code <= 0x10FFFF else "\ufffd"), 0


def _loosely(text: str) -> str:
    """Return a text without escapes, without backslashes, and with a space for each plus."""
    for _ in range(_ROUNDS):
        before = text
        if "%" in text:
            text = unquote(text, errors="surrogateescape")
        if "\\" in text:
            text = _ESCAPED_IN_CODE.sub(lambda found: "".join(it for it, _ in _unescaped(found)), text)
        if "&" in text:
            text = html.unescape(text)
        if text == before:
            break
    return text.replace("+", " ")


def _lowered(text: str) -> str:
    """Return a text in lower case, of the same length."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := each.lower()) == 1 else each for each in text)


def _encoded(literal: str) -> Iterator[str]:
    content = literal.encode("utf-8", "surrogatepass")[:_LONGEST_ENCODED]
    yield content.hex()
    yield content.hex().upper()
    for form in _in_base_64(content):
        yield form
        yield from _in_base_64(form.encode())
    for before in range(5):
        first, last = (before * 8 + 4) // 5, (before + len(content)) * 8 // 5
        form = b32encode(b"\0" * before + content).decode()[first:last]
        yield form
        yield form.lower()


def _in_base_64(content: bytes) -> Iterator[str]:
    """Yield the digits that encode `content` wherever it begins in what was encoded."""
    for before in range(3):
        first, last = (before * 8 + 5) // 6, (before + len(content)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + content).decode()[first:last]
