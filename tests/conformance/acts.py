"""What hostile servers do, by what it is called."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.hostile import (
    MEGABYTE,
    Act,
    answering,
    bomb,
    closing_kept,
    doing_without_a_word,
    for_ever,
    resetting,
    saying,
    silent,
    waiting_after,
)

JSON = "Content-Type: application/json"
OK = f"HTTP/1.1 200 OK\r\n{JSON}\r\n".encode()

NO_ANSWERS: Mapping[str, Act] = {
    "never answers": silent,
    "never ends its first line": for_ever(b"HTTP/1.1 200 ", b"O" * 65536),
    "never ends its headers": for_ever(OK, b"X-More: and more\r\n" * 4096),
    "never ends a header": for_ever(OK + b"X-Long: ", b"a" * 65536),
    "lets its headers drip": for_ever(OK, b"X", 0.02),
    "lets its body drip": for_ever(OK + b"Content-Length: 1000000\r\n\r\n", b" ", 0.02),
    "stops in its body": waiting_after(OK + b"Content-Length: 10\r\n\r\n{"),
    "never ends its body": for_ever(OK + b"\r\n", b"[" + MEGABYTE),
    "never ends its chunks": for_ever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n[\r\n" * 4096),
    "never ends a chunk's length": for_ever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536),
    "sends a body of 1 GB": for_ever(OK + b"Content-Length: 1073741824\r\n\r\n", MEGABYTE),
    "sends a bomb of 1 GB": saying(OK + b"Content-Encoding: gzip\r\n\r\n", bomb()),
    "says br": answering(f"HTTP/1.1 200 OK\n{JSON}\nContent-Encoding: br", b"\x1b\x0f\x00\xf8"),
    "says zstd": answering(f"HTTP/1.1 200 OK\n{JSON}\nContent-Encoding: zstd", b"\x28\xb5\x2f\xfd"),
    "says too great a length": answering(f"HTTP/1.1 200 OK\n{JSON}\nContent-Length: 10", b"{}"),
    "says a negative length": answering(f"HTTP/1.1 200 OK\n{JSON}\nContent-Length: -1", b"{}"),
    "says two lengths": answering(f"HTTP/1.1 200 OK\n{JSON}\nContent-Length: 2\nContent-Length: 3", b"{} "),
    "says a length of letters": answering(f"HTTP/1.1 200 OK\n{JSON}\nContent-Length: two", b"{}"),
    "says a status of letters": answering(f"HTTP/1.1 OK 200\n{JSON}", b"{}"),
    "says a status of two digits": answering(f"HTTP/1.1 20 OK\n{JSON}", b"{}"),
    "speaks no HTTP": saying(b"* OK IMAP4rev1 \x1b]0;owned\x07 ready\r\n"),
    "storms with 1xx": for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1024),
    "breaks a header with CR": answering("HTTP/1.1 200 OK\nX-A: b\rSet-Cookie: c=d\nContent-Length: 2", b"{}"),
    "breaks a header with NUL": answering("HTTP/1.1 200 OK\nX-A: b\0c\nContent-Length: 2", b"{}"),
    "names a header with a space": answering("HTTP/1.1 200 OK\nX A: b\nContent-Length: 2", b"{}"),
    "hangs up": saying(),
    "resets": resetting,
}
"""What no HTTP client accepts as a response."""

ENTRIES = b'{"model_name": "a", "supported_params": {' + b",".join(b'"%06d": []' % n for n in range(30_000)) + b"}}"
WRONG_ANSWERS: Mapping[str, Act] = {
    "says too small a length": answering(f"HTTP/1.1 201 Created\n{JSON}\nContent-Length: 2", b'{}{"evil": 1}' + OK),
    "says gzip and sends none": answering(f"HTTP/1.1 201 Created\n{JSON}\nContent-Encoding: gzip", b"{}"),
    "speaks UTF-16": answering(f"HTTP/1.1 201 Created\n{JSON}; charset=utf-16", '{"id": "a"}'.encode("utf-16")),
    "speaks HTTP/9.9": answering(f"HTTP/9.9 201 Created\n{JSON}", b"{}"),
    "says much, and it is JSON": answering(f"HTTP/1.1 201 Created\n{JSON}", ENTRIES),
    "says deep JSON": answering(f"HTTP/1.1 201 Created\n{JSON}", b'{"id": ' + b"[" * 400_000),
    "says long numbers": answering(f"HTTP/1.1 201 Created\n{JSON}", b'{"input_cost": ' + b"9" * 400_000 + b"}"),
    "redirects to itself": answering("HTTP/1.1 302 Found\nLocation: /api/models/\nContent-Length: 0"),
}
"""Valid HTTP responses that are wrong."""

RUDE: Mapping[str, Act] = {
    "closes kept connections": closing_kept,
    "does what it is asked and loses the response on kept connections": doing_without_a_word,
}
"""What any server may do to a connection that was kept (RFC 9112, section 9.3.1)."""
