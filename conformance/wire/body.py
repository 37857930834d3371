"""Reads the body of a response without trusting it: neither its length, nor its coding, nor that it ever ends."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.wire import strict_json

LONGEST = 512 * 1024
"""Bytes of a body that are read at most; no model comes near it."""
GZIP = 16 + zlib.MAX_WBITS
GZIP_BEGINS = b"\x1f\x8b"
"""No JSON text begins so."""


class Unreadable(Exception):
    """The body cannot be taken as it is sent. The text completes "the body ..."."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it came."""

    content: bytes
    """Decoded, whatever the header says, where it can be told how."""
    sent: int
    """Bytes before they were decoded."""
    miscoded: str = ""
    """How the body is coded, where Content-Encoding says otherwise."""


def read_body(chunks: Iterable[bytes], coding: str | None, until: float) -> Body:
    """The body, decoded. Raises Unreadable, or TimeoutError where it drips past `until` of `time.monotonic`.

    Requests ask for no coding; gzip and deflate are read all the same, for gateways that compress whatever passes.
    """
    body = bytearray()
    for chunk in chunks:
        if time.monotonic() > until:
            raise TimeoutError
        body += chunk
        _refuse_long(len(body))
    return decoded(bytes(body), coding)


def decoded(body: bytes, coding: str | None) -> Body:
    """The body without the codings that it is in, those that the header does not name among them."""
    named = [word for part in (coding or "").split(",") if (word := part.strip().lower()) not in ("", "identity")]
    content, miscoded = body, ""
    if len(named) > 1:
        raise Unreadable(f"is in the codings {coding!r}, which the request did not ask for")
    if named and body:
        if _is_in(named[0], body):
            content = _decompressed(body, named[0])
        elif named[0] in _WINDOWS or not strict_json.read(body).faults:
            miscoded = f"a body that is not in the coding {named[0]}"
        else:
            raise Unreadable(f"is in the coding {named[0]!r}, which the request did not ask for")
    if not miscoded and content.startswith(GZIP_BEGINS):
        content = _decompressed(content, "gzip")
        miscoded = "a body in the coding gzip" + (", once more than that" if named else "")
    return Body(content, len(body), miscoded)


_WINDOWS = {"gzip": GZIP, "x-gzip": GZIP, "deflate": zlib.MAX_WBITS}


def _is_in(coding: str, body: bytes) -> bool:
    """Whether a body begins as the coding does."""
    if coding == "deflate":
        return len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return coding in _WINDOWS and body.startswith(GZIP_BEGINS)


def _decompressed(body: bytes, coding: str) -> bytes:
    """What a body decodes to, no more than LONGEST: a small one may hold a thousand times its size."""
    decoder = zlib.decompressobj(_WINDOWS[coding])
    try:
        content = decoder.decompress(body, LONGEST + 1)
    except zlib.error as error:
        raise Unreadable(f"is not in the coding {coding}, though it begins so ({error})") from None
    _refuse_long(len(content))
    if not decoder.eof:
        raise Unreadable(f"ends in the midst of its {coding} coding")
    return content


def _refuse_long(length: int) -> None:
    if length > LONGEST:
        raise Unreadable(f"is longer than {LONGEST} bytes and was not read further")
