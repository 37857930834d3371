"""Receives the body of a request, and refuses what the server does not take: too much (413), or no JSON (415)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from mock_server.refusals import RefusedError, refused
from mock_server.wording import alternatives, quoted

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARAMETER = re.compile(rf"[ \t]*;[ \t]*(?:({_WORD})=({_WORD}|{_QUOTED}))?")
_MEDIA_TYPE = re.compile(rf"[ \t]*({_WORD}/{_WORD})((?:{_PARAMETER.pattern})*)[ \t]*")

Headers = Iterable[tuple[bytes, bytes]]


async def receive_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The whole body, of at most `limit` bytes. Raises the 413, or ClientDisconnect where the client has gone."""
    for name, value in headers:
        if name == b"content-length" and int(value) > limit:
            raise _too_large(limit)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(limit: int) -> RefusedError:
    return refused(413, f"The body is larger than {limit} bytes.")


def check_media_type(headers: Headers, accepted: Sequence[str]) -> None:
    """Raise the 415 unless the body is of one of the `accepted` media types, in UTF-8 and not encoded otherwise."""
    types, codings = [], []
    for name, value in headers:
        if name == b"content-type":
            types.append(value)
        elif name == b"content-encoding":
            codings.append(value)
    if problem := _problem(tuple(types), tuple(codings), tuple(accepted)):
        raise refused(415, problem)


@lru_cache(maxsize=256)
def _problem(types: tuple[bytes, ...], codings: tuple[bytes, ...], accepted: tuple[str, ...]) -> str | None:
    expected = f"Expected Content-Type: {alternatives(accepted)}"
    if len(types) != 1:
        return f"{expected}, got {'more than one' if types else 'none'}."
    text = types[0].decode("latin-1")
    match = _MEDIA_TYPE.fullmatch(text)
    if not match:
        return f"{expected}, got {quoted(text)}, which is no media type."
    if match[1].lower() not in accepted:
        return f"{expected}, got {quoted(match[1])}."
    charsets = {value.strip('"').lower() for name, value in _PARAMETER.findall(match[2]) if name.lower() == "charset"}
    if charsets - {"utf-8"}:
        return f"Expected the charset utf-8, got {alternatives(quoted(each) for each in sorted(charsets))}."
    if any(each.strip().lower() != b"identity" for each in codings):
        return "Expected a body without Content-Encoding."
    return None
