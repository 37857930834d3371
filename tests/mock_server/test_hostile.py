"""Whatever bytes arrive, the mock returns no 5xx, logs no traceback, does not hang, and goes on working."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable

import pytest

from tests.mock_server.process import started
from tests.mock_server.wire import KEY, MODELS, exchange, exchange_bytes, request, upsert

Address = tuple[str, int]

GOOD = upsert(b'{"model_name": "m", "supported_params_override": {"a": [1, "\\u00e9"]}}')
METHODS = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "CONNECT",
    "PRI",
    "get",
    "",
    "G@T",
    "X" * 99,
]
TARGETS = [
    "*", "/", "", "//", "/%", "/%00", "/%2e%2e/", "/../../etc/passwd", "http://mock/api/models/", "http://", "mock:80",
    "/ui/../openapi.json", "/ui/%00", "/ui/" + "a" * 5000, "/ui/..%2f..%2fetc/passwd", "/ui/%FF", "/ui",
    MODELS, f"{MODELS}%ED%A0%80/", f"{MODELS}{'x' * 60_000}/", f"{MODELS}\xff/", f"{MODELS}?{'q=%FF&' * 99}",
    "/\t", "/ x", "/openapi.yaml",
]  # fmt: skip
HEADERS = [
    "Host: ", "Host: \xff", "Host: a\r\nHost: b", "Content-Length: 5", "Content-Length: -1", "Content-Length: 1e3",
    "Content-Length: 99999999999999999999999", "Content-Length: 3\r\nContent-Length: 4", "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked\r\nContent-Length: 3", "Expect: 100-continue",
    "Expect: 200-ok", "Connection: Upgrade\r\nUpgrade: websocket", "Upgrade: h2c", "Content-Type: \xff/\xfe",
    f"Authorization: Bearer {KEY}", "Authorization: Bearer " + "a." * 30_000, "Authorization: Bearer e30.e30.e30",
    "Authorization: \xe9", "Cookie: \x00", "Origin: \xff", "Access-Control-Request-Method: \xff", "Range: bytes=0-",
    "Range: bytes=9-1,x", "If-None-Match: *", "If-Modified-Since: never", "X: " + "y" * 70_000, "No colon", ": empty",
    "Content-Type: application/json", "Accept: \xff", "X-Forwarded-For: \xff", "Content-Encoding: br",
]  # fmt: skip
UNSUPPORTED = {b"501", b"505"}
"""Another transfer coding or method, another version of HTTP."""


def any_request(chance: random.Random) -> bytes:
    lines = [
        f"{chance.choice(METHODS)} {chance.choice(TARGETS)} HTTP/{chance.choice(['1.1', '1.1', '1.0', '2.0', '9'])}"
    ]
    lines += chance.choices(HEADERS, k=chance.randrange(5))
    body = chance.choice([b"", b"{}", b"[" * 5000, b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", chance.randbytes(200)])
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def mutated(chance: random.Random) -> bytes:
    """A good request with some bytes changed, left out, or put in."""
    sent = bytearray(GOOD)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(sent))
        sent[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(sent)


def garbage(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 400))


def invalid_json(chance: random.Random) -> bytes:
    """A well-formed request with a body like JSON."""
    parts = [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"1e999",
        b"-",
        b"\\u",
        b"\\ud800",
        b'"model_name"',
        b"\xff",
        b"null",
    ]
    return upsert(b"".join(chance.choices(parts, k=chance.randrange(30))))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("make", [any_request, mutated, garbage, invalid_json])
def test_no_bytes_make_it_fail(make: Callable[[random.Random], bytes], seed: int) -> None:
    chance = random.Random(f"{make.__name__} {seed}")
    with started("--quiet") as mock:
        for _ in range(150):
            sent = make(chance)
            received = exchange_bytes(mock.address, sent, nothing_more=True)
            assert received[:5] in {b"", b"HTTP/"}, (sent, received)
            assert received[:10] != b"HTTP/1.1 5" or received[9:12] in UNSUPPORTED, (sent, received)
        assert exchange(mock.address, GOOD).status in {200, 201}
        assert mock.stop() == (0, "")
        assert "Traceback" not in mock.stderr
        assert "fault of the mock" not in mock.stderr


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_no_target_makes_it_fail(address: Address, method: str, target: str) -> None:
    received = exchange_bytes(address, request(method, target, {"Authorization": f"Bearer {KEY}"}))
    assert received.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4"))


def test_invalid_http_is_rejected_in_the_error_shape(address: Address) -> None:
    response = exchange(address, b"hello\r\n\r\n")
    assert response.status == 400
    assert isinstance(response.json["detail"], str)


def test_a_client_that_disconnects_early_stores_nothing(address: Address) -> None:
    body = b'{"model_name": "left-in-the-middle"}'
    with socket.create_connection(address) as connection:
        connection.sendall(upsert(body, {"Content-Length": str(len(body) + 1)}))
    read = request("GET", f"{MODELS}left-in-the-middle/", {"Authorization": f"Bearer {KEY}"})
    assert exchange(address, read).status == 404


def test_pipelined_requests_get_their_responses_in_order(address: Address) -> None:
    first = request("GET", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}", "Connection": "keep-alive"})
    received = exchange_bytes(address, first * 2 + request("GET", "/nope"))
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"404"]


def test_a_rejected_request_does_not_spoil_the_connection(address: Address) -> None:
    keep = {"Connection": "keep-alive"}
    sent = [
        upsert(b"x" * 1_100_000, keep),
        upsert(b"{", keep),
        upsert(b"{}", {**keep, "Authorization": "Bearer x"}),
        request("GET", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}"}),
    ]
    received = exchange_bytes(address, b"".join(sent))
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"413", b"400", b"401", b"200"]
