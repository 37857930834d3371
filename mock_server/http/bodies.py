"""Request bodies and their media types: a body that is too large gets 413, an unsupported media type gets 415.

This module also has parts of the grammar of HTTP fields (RFC 9110, section 5.6), as regular expressions that do not
backtrack.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterable
from functools import lru_cache

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from mock_server.errors import RejectedError, RequestPart, ValidationError, alternatives, expectation, quoted, rejected

WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
"""A token, in the words of the RFC."""
QUOTED_STRING = r'"(?:[^"\\]|\\.)*+"'
WHITE_SPACE = r"[ \t]*+"

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def unquoted(word: str) -> str:
    r"""Return the text of a token or a quoted string.

    >>> unquoted('"a \\"b\\""')
    'a "b"'
    """
    return _ESCAPE.sub(r"\1", word[1:-1]) if word.startswith('"') else word


def as_word(text: str) -> str:
    r"""Return `text` as a token if it is one, else as a quoted string.

    >>> as_word("a"), as_word('a "b"')
    ('a', '"a \\"b\\""')
    """
    return text if re.fullmatch(WORD, text) else '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def essence(media_type: str) -> str:
    """Return a media type in lower case, without its parameters.

    >>> essence("Application/JSON; charset=utf-8")
    'application/json'
    """
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Return whether bodies of the media type are JSON (RFC 6839, section 3.1, for the suffix).

    >>> is_json("application/problem+json"), is_json("text/csv")
    (True, False)
    """
    name = essence(media_type)
    return name == "application/json" or name.endswith("+json")


_PARAMETER = re.compile(rf"{WHITE_SPACE};{WHITE_SPACE}(?:({WORD})=({WORD}|{QUOTED_STRING}))?+")
_MEDIA_TYPE = re.compile(rf"{WHITE_SPACE}(({WORD})/{WORD})((?:{_PARAMETER.pattern})*+){WHITE_SPACE}")

Headers = Iterable[tuple[bytes, bytes]]


async def receive_body(headers: Headers, receive: Receive, limit: int, contract: str) -> bytes:
    """Return the whole body. `contract` is the pointer to the `limit` in the contract.

    Raises the 413 for a body of more than `limit` bytes, or ClientDisconnect.
    """
    for name, value in headers:
        if name == b"content-length" and int(value) > limit:
            raise _too_large(limit, f"{int(value)} bytes", contract)
    parts: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        length += len(part)
        if length > limit:
            raise _too_large(limit, "more", contract)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)  # a single part as it is


def _too_large(limit: int, got: str, contract: str) -> RejectedError:
    message = f"The body is larger than {limit} bytes."
    return rejected(
        413, ValidationError(RequestPart.BODY, None, "x-limits", f"at most {limit} bytes", got, message, "", contract)
    )


def check_media_type(headers: Headers, accepted: tuple[str, ...], contract: str) -> None:
    """Raise the 415 unless the body has one of the `accepted` media types, in UTF-8, without a content coding.

    `contract` is the pointer to the media types in the contract.
    """
    types, codings = [], []
    for name, value in headers:
        if name == b"content-type":
            types.append(value)
        elif name == b"content-encoding":
            codings.append(value)
    if problem := _problem(tuple(types), tuple(codings), accepted):
        field, expected, got = problem
        raise rejected(
            415,
            ValidationError(
                RequestPart.HEADER, field, "content", expected, got, expectation(*problem[1:]), contract=contract
            ),
        )


@lru_cache(maxsize=256)
def _problem(
    types: tuple[bytes, ...], codings: tuple[bytes, ...], accepted: tuple[str, ...]
) -> tuple[str, str, str] | None:
    """Return the header that is wrong, what was expected, and what was received, or None."""
    header, expected = "Content-Type", f"Content-Type: {alternatives(accepted)}"
    if len(types) != 1:
        return header, expected, "more than one" if types else "none"
    text = types[0].decode("latin-1")
    match = _MEDIA_TYPE.fullmatch(text)
    if not match:
        return header, expected, f"{quoted(text)}, which is not a media type"
    if {match[1].lower(), f"{match[2].lower()}/*"}.isdisjoint(accepted):
        return header, expected, quoted(match[1])
    charsets = {unquoted(value).lower() for name, value in _PARAMETER.findall(match[3]) if name.lower() == "charset"}
    if charsets - {"utf-8"}:
        return header, "the charset utf-8", alternatives(quoted(each) for each in sorted(charsets))
    coding = b", ".join(codings)
    if any(each.strip().lower() not in {b"", b"identity"} for each in coding.split(b",")):
        return "Content-Encoding", "a body without Content-Encoding", quoted(coding.decode("latin-1"))
    return None


async def drain(receive: Receive, most: int, seconds: float) -> None:
    """Read a body that the app does not need: to its end, for some `seconds`, or until `most` bytes are read."""
    left = most
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while left > 0:
                message = await receive()
                if not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
