"""Reads the body of a response without trusting it: neither its length, nor its coding, nor that it ever ends."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable

LONGEST = 512 * 1024
"""Octets of a body that are read at most; no model comes near it."""
GZIP = 16 + zlib.MAX_WBITS


class Unreadable(Exception):
    """The body cannot be taken as it is sent. The text completes "the body ..."."""


def read_body(chunks: Iterable[bytes], coding: str | None, until: float) -> bytes:
    """The body, decoded. Raises Unreadable, or TimeoutError where it drips past `until` of `time.monotonic`.

    Requests ask for no coding; gzip and deflate are read all the same, for gateways that compress whatever passes.
    """
    decoder = _decoder((coding or "identity").strip().lower())
    body, begun = bytearray(), False
    for chunk in chunks:
        if time.monotonic() > until:
            raise TimeoutError
        begun = True
        body += _decoded(chunk, decoder, LONGEST + 1 - len(body)) if decoder else chunk
        if len(body) > LONGEST:
            raise Unreadable(f"is longer than {LONGEST} octets and was not read further")
    if decoder and begun and not decoder.eof:
        raise Unreadable(f"ends in the midst of its {coding} coding")
    return bytes(body)


def _decoder(coding: str) -> zlib._Decompress | None:
    if coding == "identity":
        return None
    if coding in ("gzip", "x-gzip"):
        return zlib.decompressobj(GZIP)
    if coding == "deflate":
        return zlib.decompressobj()
    raise Unreadable(f"is in the coding {coding!r}, which the request did not ask for")


def _decoded(chunk: bytes, decoder: zlib._Decompress, most: int) -> bytes:
    """What a chunk decodes to, cut at `most` octets: a small chunk may hold a thousand times its size."""
    try:
        return decoder.decompress(chunk, most)
    except zlib.error as error:
        raise Unreadable(f"is not in the coding that Content-Encoding says ({error})") from None
