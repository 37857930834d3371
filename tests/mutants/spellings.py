"""Bugs in reading a request that is spelled in an unusual way: its JSON, its headers, its path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from tests.servers.wire import Json, Request


class ExponentsRefused(Mutant):
    """A reader of numbers written by hand knows no exponents."""

    kills = frozenset({"STA-17", "STA-32"})

    def parse(self, data: bytes) -> Json:
        without_strings = re.sub(rb'"([^"\\]|\\.)*"', b"", data)
        if re.search(rb"[0-9][Ee]", without_strings):
            raise ValueError("a number goes on after its last digit")
        return super().parse(data)


class CapitalEscapesRefused(Mutant):
    """An escape has to have its hexadecimal digits in small letters."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        if re.search(rb"(?<!\\)(\\\\)*\\u[0-9A-Fa-f]{0,3}[A-F]", data):
            raise ValueError("an escape is wrong")
        return super().parse(data)


class EscapedSolidusKept(Mutant):
    """The escape of a slash is none that the reader of strings knows, and stays in the value."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        return super().parse(re.sub(rb"(?<!\\)((?:\\\\)*)\\/", rb"\1\\\\/", data))


class EscapedNamesUnknown(Mutant):
    """The names of members are compared as they are written, escapes and all."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        return super().parse(
            re.sub(rb'"(?:\\u[0-9A-Fa-f]{4})+"(?=:)', lambda name: name[0].replace(b"\\u", b"u"), data)
        )


class SpaceBehindTheTextRefused(Mutant):
    """The body has to end where its JSON text ends: white space behind it is refused."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        if data != data.rstrip(b" \t\r\n"):
            raise ValueError("something stands behind the last value")
        return super().parse(data)


class QuotedCharsetRefused(Mutant):
    """A charset in quotes is compared quotes and all, and is unknown."""

    kills = frozenset({"STA-16"})

    def reject_media_type(self, content_type: str) -> None:
        super().reject_media_type(content_type)
        if '"' in content_type:
            raise HttpError(415, f'Unsupported media type "{content_type}" in request.')


class MalformedPercentBreaksTheRouter(Mutant):
    """The path is percent-decoded once more, by a function that raises at what is malformed."""

    kills = frozenset({"STA-03"})

    def name_in(self, path: str) -> str:
        if re.search("%(?![0-9A-Fa-f]{2})", path):
            raise ValueError("URI malformed")
        return super().name_in(path)


class WordsBehindTheTokenIgnored(Mutant):
    """The header is split at its spaces, and what stands behind the token never looked at."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        scheme, *words = request.header("Authorization").split() or [""]
        return words[0] if words and self.is_bearer(scheme) else None


class SchemesThatBeginAlikeTaken(Mutant):
    """A scheme is taken that begins with `Bearer`, however it goes on."""

    kills = frozenset({"AUT-02"})

    def is_bearer(self, scheme: str) -> bool:
        return scheme.lower().startswith("bearer")


class BodyCutAt2048Octets(Mutant):
    """The body is read in one piece of 2,048 octets; what is more of it is not read."""

    kills = frozenset({"STA-32"})

    def read_body(self, request: Request) -> bytes:
        return super().read_body(request)[:2048]
