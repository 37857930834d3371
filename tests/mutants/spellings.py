"""Bugs in parsing unusual spellings of JSON, headers and paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from tests.servers.wire import Json, Request


class ExponentRejected(Mutant):
    """The number parser does not know exponents."""

    kills = frozenset({"STA-17", "STA-32"})

    def parse(self, data: bytes) -> Json:
        without_strings = re.sub(rb'"([^"\\]|\\.)*"', b"", data)
        if re.search(rb"[0-9][Ee]", without_strings):
            raise ValueError("a number goes on after its last digit")
        return super().parse(data)


class CapitalEscapeRejected(Mutant):
    """A Unicode escape with capital hexadecimal digits is rejected."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        if re.search(rb"(?<!\\)(\\\\)*\\u[0-9A-Fa-f]{0,3}[A-F]", data):
            raise ValueError("an escape is wrong")
        return super().parse(data)


class EscapedSlashNotDecoded(Mutant):
    """An escaped slash is not decoded: the backslash stays in the value."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        return super().parse(re.sub(rb"(?<!\\)((?:\\\\)*)\\/", rb"\1\\\\/", data))


class EscapedMemberNameUnknown(Mutant):
    """Member names are compared as written: an escaped one is unknown."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        return super().parse(
            re.sub(rb'"(?:\\u[0-9A-Fa-f]{4})+"(?=:)', lambda name: name[0].replace(b"\\u", b"u"), data)
        )


class TrailingWhitespaceRejected(Mutant):
    """White space after the JSON text is rejected."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        if data != data.rstrip(b" \t\r\n"):
            raise ValueError("something stands behind the last value")
        return super().parse(data)


class QuotedCharsetRejected(Mutant):
    """A charset in quotes is rejected as unknown."""

    kills = frozenset({"STA-16"})

    def reject_media_type(self, content_type: str) -> None:
        super().reject_media_type(content_type)
        if '"' in content_type:
            raise HttpError(415, f'Unsupported media type "{content_type}" in request.')


class MalformedPercentReturns500(Mutant):
    """The router decodes the path again and raises an error at a malformed percent sign."""

    kills = frozenset({"STA-03"})

    def name_in(self, path: str) -> str:
        if re.search("%(?![0-9A-Fa-f]{2})", path):
            raise ValueError("URI malformed")
        return super().name_in(path)


class TextAfterTokenIgnored(Mutant):
    """Text after the token in the Authorization header is ignored."""

    kills = frozenset({"AUT-02"})

    def token(self, request: Request) -> str | None:
        scheme, *words = request.header("Authorization").split() or [""]
        return words[0] if words and self.is_bearer(scheme) else None


class SchemePrefixAccepted(Mutant):
    """Any scheme that starts with `Bearer` is accepted."""

    kills = frozenset({"AUT-02"})

    def is_bearer(self, scheme: str) -> bool:
        return scheme.lower().startswith("bearer")


class BodyTruncatedAt2048Bytes(Mutant):
    """Only the first 2,048 bytes of a body are read."""

    kills = frozenset({"STA-32"})

    def read_body(self, request: Request) -> bytes:
        return super().read_body(request)[:2048]
