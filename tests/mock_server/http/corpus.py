"""Raw requests by kind, each with what the mock may do with them. A new kind is a function in KINDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

KEY: Final = "demo-acme"
STORED: Final = "stored-model"
SMUGGLED: Final = "smuggled-model"
"""The model of a request inside the body of another: it must never be stored."""
HEADS: Final = (b"Host: mock", f"Authorization: Bearer {KEY}".encode(), b"Content-Type: application/json")
BODY: Final = b'{"model_name": "%b"}' % STORED.encode()
GET: Final = b"GET /api/models/gpt-4o/ HTTP/1.1\r\nHost: mock\r\nAuthorization: Bearer %b\r\n\r\n" % KEY.encode()
OK: Final = frozenset({200, 201})
BAD: Final = frozenset({400})


@dataclass(frozen=True, slots=True)
class Row:
    """Bytes that a client sends before it ends its side of the connection."""

    kind: str
    name: str
    sent: bytes
    statuses: Sequence[frozenset[int]]
    """The statuses that each of the responses may have."""
    stores: bool = False
    """Whether STORED may be there afterwards; SMUGGLED never is."""

    @property
    def label(self) -> str:
        """Name of the test."""
        return f"{self.kind}: {self.name}"

    @property
    def method(self) -> bytes:
        """Method of the first request."""
        return self.sent.partition(b" ")[0]


def post(*fields: bytes, body: bytes = BODY, heads: Sequence[bytes] = HEADS, line: bytes = b"") -> bytes:
    """Return an upsert with these header fields beside `heads`."""
    line = line or b"POST /api/models/ HTTP/1.1"
    return b"\r\n".join((line, *heads, *fields)) + b"\r\n\r\n" + body


def length(body: bytes) -> bytes:
    """Return the Content-Length of a body."""
    return b"Content-Length: %d" % len(body)


def chunks(body: bytes, *trailers: bytes) -> bytes:
    """Return a body in two chunks."""
    parts = [body[:7], body[7:]]
    coded = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part)
    return coded + b"0\r\n" + b"".join(each + b"\r\n" for each in trailers) + b"\r\n"


CHUNKED: Final = b"Transfer-Encoding: chunked"
SMUGGLING: Final = post(
    length(b'{"model_name": "%b"}' % SMUGGLED.encode()), body=b'{"model_name": "%b"}' % SMUGGLED.encode()
)


def one(kind: str, name: str, sent: bytes, *statuses: int, stores: bool = False) -> Row:
    """Return a row with one response."""
    return Row(kind, name, sent, [frozenset(statuses)], stores)


def named(value: bytes) -> str:
    """Return a value as the name of a test."""
    return ascii(value[:48].decode("latin-1"))[1:-1]


def upgrades() -> Iterator[Row]:
    """An offer to upgrade changes nothing."""
    kind = "upgrade"
    offers = {
        "h2c": (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"),
        "websocket": (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
        "websocket with a key": (b"Connection: upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAA"),
        "foo/1": (b"Connection: Upgrade", b"Upgrade: foo/1"),
        "a list": (b"Upgrade: h2c, websocket, TLS/1.0", b"Connection: keep-alive, Upgrade"),
        "two Connections": (b"Connection: keep-alive", b"Connection: Upgrade", b"Upgrade: h2c"),
        "and close": (b"Connection: close, Upgrade", b"Upgrade: h2c"),
        "not in Connection": (b"Upgrade: h2c",),
    }
    framings = {
        "length": (lambda body: (length(body), body)),
        "chunked": (lambda body: (CHUNKED, chunks(body))),
        "trailers": (lambda body: (CHUNKED, chunks(body, b"X-A: b", b"Upgrade: h2c"))),
    }
    for (offer, fields), (framing, framed) in product(offers.items(), framings.items()):
        field, body = framed(BODY)
        yield one(kind, f"{offer}, {framing}", post(*fields, field, body=body), 201, stores=True)
        field, body = framed(SMUGGLING)
        yield one(kind, f"{offer}, {framing}, a request as body", post(*fields, field, body=body), 400)
        if offer != "and close":
            sent = post(*fields, field, body=body)
            yield Row(kind, f"{offer}, {framing}, then a request", sent + GET, [BAD, frozenset({200})])
            yield Row(kind, f"{offer}, {framing}, twice", sent + sent, [BAD, BAD])
        line = b"POST /_mock/reset HTTP/1.1"
        yield one(
            kind, f"{offer}, {framing}, admin API", post(*fields, field, body=body, line=line), 400, 403, 404, 405
        )
    for offer, fields in offers.items():
        line = b"GET /api/models/gpt-4o/ HTTP/1.1"
        yield one(kind, f"{offer}, no body", post(*fields, body=b"", line=line), 200)
        unsent = post(*fields, length(BODY), b"Expect: 100-continue")
        yield one(kind, f"{offer}, Expect", unsent, 201, stores=True)


def trailers() -> Iterator[Row]:
    """Trailers are no headers."""
    kind = "trailer"
    without = {
        b"Authorization: Bearer demo-acme": (HEADS[0], HEADS[2]),
        b"Content-Type: application/json": HEADS[:2],
        b"Host: mock": HEADS[1:],
    }
    for field, heads in without.items():
        expected = {b"A": 401, b"C": 415, b"H": 400}[field[:1]]
        sent = post(CHUNKED, body=chunks(BODY, field), heads=heads)
        yield one(kind, f"only as a trailer: {named(field)}", sent, expected)
    harmless = [
        b"Prefer: code=503", b"Origin: http://evil.example", b"Host: other", b"Host: a b",
        b"Content-Encoding: br", b"Content-Type: text/plain", b"Expect: 100-continue",
        b"Authorization: Bearer wrong", b"X-Any: \xff", b"Upgrade: h2c\r\nConnection: Upgrade", b"Cookie: a=b",
    ]  # fmt: skip
    for field in harmless:
        yield one(kind, named(field), post(CHUNKED, body=chunks(BODY, field)), 201, stores=True)
        if b"Connection" in field:  # the mock may close then
            continue
        yield Row(
            kind, f"{named(field)}, then GET", post(CHUNKED, body=chunks(BODY, field)) + GET, [OK, OK], stores=True
        )
    for field in (b"Connection: close", b"Connection: Upgrade", b"Connection: keep-alive"):
        yield one(kind, named(field), post(CHUNKED, body=chunks(BODY, field)), 201, stores=True)
        yield one(kind, f"{named(field)}, then GET", post(CHUNKED, body=chunks(BODY, field)) + GET, 201, stores=True)
    for field in (
        b"No colon", b": empty", b"A B: c", b"X: a\x00b", b"X : y", b"Content-Length: 5", b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked", b"Content-Length: 0",
    ):  # fmt: skip
        yield one(kind, f"invalid: {named(field)}", post(CHUNKED, body=chunks(BODY, field)), 400)
    for count, size in ((1, 30_000), (3000, 10), (1, 400_000)):
        fields = [b"X-T: " + b"y" * size] * count
        yield one(kind, f"{count} of {size} bytes", post(CHUNKED, body=chunks(BODY, *fields)), 431)


def hosts() -> Iterator[Row]:
    """A request has one valid Host."""
    kind = "host"
    valid = [
        b"mock", b"mock:80", b"mock:", b"127.0.0.1:8000", b"[::1]", b"[::1]:8000", b"a_b.example", b"MOCK.example.",
        b"xn--mnchen-3ya.de", b"a%20b", b"mock:65535", b" mock\t ",
    ]  # fmt: skip
    invalid = [
        b"", b" ", b"a b", b"a/b", b"mock/", b"user@mock", b"user:pw@mock:80", b"mock:80:80", b"mock:-1", b"mock:65536",
        b"mock:99999999999", b"mock:8o", b"[::1", b"::1", b"[zz]", b"[1:2]", b"[::1]x", b"http://mock", b"mock?a",
        b"mock#a", b"a,\tb", b"mock\\x", b"\xff", b'"mock"', b"<mock>", b"a%2", b"mock;a|b", b"mock:80 ,x", b"*:{80}",
    ]  # fmt: skip
    for value in valid:
        yield one(
            kind, f"valid: {named(value)}", post(length(BODY), heads=[b"Host: " + value, *HEADS[1:]]), 201, stores=True
        )
    for value in invalid:
        yield one(kind, f"invalid: {named(value)}", post(length(BODY), heads=[b"Host: " + value, *HEADS[1:]]), 400)
    for second in (b"mock", b"other", b"", b"localhost"):
        yield one(kind, f"two: {named(second)}", post(b"hOST: " + second, length(BODY)), 400)
        line = b"GET /_mock/requests HTTP/1.1"
        fields = (b"Host: localhost", b"Host: " + second)
        yield one(kind, f"two, admin API: {named(second)}", post(*fields, body=b"", heads=(), line=line), 400)
    yield one(kind, "none", post(length(BODY), heads=HEADS[1:]), 400)
    old = b"POST /api/models/ HTTP/1.0"
    yield one(kind, "none in HTTP/1.0", post(length(BODY), heads=HEADS[1:], line=old), 201, stores=True)
    yield one(kind, "two in HTTP/1.0", post(b"Host: mock", length(BODY), line=old), 400)


def codings() -> Iterator[Row]:
    """The only transfer coding is chunked, and nothing else says where the body ends."""
    kind = "transfer coding"
    body = chunks(BODY)
    for value in (b"chunked", b"CHUNKED", b" chunked ", b"  Chunked  "):
        yield one(kind, f"valid: {named(value)}", post(b"Transfer-Encoding:" + value, body=body), 201, stores=True)
    for value in (
        b"gzip, chunked", b"gzip", b"deflate, chunked", b"identity", b"identity, chunked",
        b"chunked, gzip", b"xchunked",
        b"chunked, chunked", b"chunked, identity", b"", b",", b"chunked\t", b"chunked,",
        b",chunked", b"chunked;a=b", b"x chunked",
        b'"chunked"', b"chunked\x0b", b"br,gzip,chunked", b"chun ked", b"trailers, chunked", b"gzip;q=1, chunked",
    ):  # fmt: skip
        yield one(kind, f"invalid: {named(value)}", post(b"Transfer-Encoding: " + value, body=body), 400, 501)
    for first, second in product((b"chunked", b"gzip", b"identity"), repeat=2):
        fields = (b"Transfer-Encoding: " + first, b"Transfer-Encoding: " + second)
        yield one(kind, f"two: {named(first)} and {named(second)}", post(*fields, body=body), 400, 501)
    pairs = product((b"chunked", b"gzip", b"gzip, chunked", b"identity"), (b"0", b"3", b"%d" % len(body)), (0, 1))
    for coding, size, order in pairs:
        both = [b"Transfer-Encoding: " + coding, b"Content-Length: " + size]
        name = f"{named(coding)} with length {size.decode()}, order {order}"
        yield one(kind, name, post(*(both[::-1] if order else both), body=body + SMUGGLING), 400, 501)
    old = b"POST /api/models/ HTTP/1.0"
    yield one(kind, "in HTTP/1.0", post(CHUNKED, body=body, line=old), 400)
    yield one(kind, "space before the colon", post(b"Transfer-Encoding : chunked", body=body), 400)
    yield one(kind, "folded", post(b"Transfer-Encoding:\r\n chunked", body=body), 400)


def lengths() -> Iterator[Row]:
    """A request has one Content-Length, of digits."""
    kind = "content length"
    right = b"%d" % len(BODY)
    for value in (right, b" " + right + b" ", b"000" + right):
        yield one(kind, f"valid: {named(value)}", post(b"Content-Length:" + value), 201, 400, stores=True)
    for value in (
        b"-1", b"+5", b"1e3", b"0x5", b"5,5", b"5, 6", b"5;", b"", b"five", b"5.0", b"1_0", b"\xb2", b"5 5",
        b"9" * 30, b"18446744073709551616", b"'5'", b"5\x00",
    ):  # fmt: skip
        yield one(kind, f"invalid: {named(value)}", post(b"Content-Length: " + value, body=BODY + SMUGGLING), 400)
    for second in (right, b"0", b"3", b"999", b"", b"x"):
        fields = (b"Content-Length: " + right, b"content-length: " + second)
        yield one(kind, f"two: {named(second)}", post(*fields, body=BODY + SMUGGLING), 400)
    yield one(kind, "space before the colon", post(b"Content-Length : 5"), 400)
    yield Row(kind, "a body with GET", GET[:-2] + b"Content-Length: 3\r\n\r\nabc" + GET, [OK, OK])
    yield Row(kind, "too short", post(b"Content-Length: 5", body=BODY[:5] + GET), [BAD, OK])
    yield one(kind, "too large", post(b"Content-Length: 1000000000000", body=b"{"), 400, 413)


def versions() -> Iterator[Row]:
    """There is HTTP/1.1 and HTTP/1.0."""
    kind = "version"
    for version in (b"2.0", b"0.9", b"1.2", b"9.9", b"3.0", b"2", b"3"):
        line = b"POST /api/models/ HTTP/" + version
        yield one(kind, named(version), post(length(BODY), line=line), 505)
    for version in (b"1.1.1", b"x", b"", b"1.10", b"11", b"1,1", b" 1.1", b"-1.1", b"1.x"):
        line = b"POST /api/models/ HTTP/" + version
        yield one(kind, f"invalid: {named(version)}", post(length(BODY), line=line), 400, 505)
    for protocol in (b"http/1.1", b"HTTPS/1.1", b"FOO/1.1", b"HTTP1.1", b"ICE/2.0"):
        line = b"POST /api/models/ " + protocol
        yield one(kind, f"of another protocol: {named(protocol)}", post(length(BODY), line=line), 400, 505)
    yield one(kind, "none", b"GET /api/models/\r\n\r\n", 400, 505)
    yield one(kind, "HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 505)
    yield one(kind, "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 99, 400)


def coded_chunks() -> Iterator[Row]:
    """Chunks are well-formed."""
    kind = "chunk"
    size = b"%x" % len(BODY)
    for start in (size, b"00" + size, size.upper(), size + b";a=b", size + b';a="b c"', size + b";" + b"x" * 500):
        body = start + b"\r\n" + BODY + b"\r\n0\r\n\r\n"
        yield one(kind, f"valid: {named(start)}", post(CHUNKED, body=body), 201, stores=True)
    for start in (
        b"", b"zz", b"-1", b"+5", b"0x5", b"5g", b" 5", b"ffffffffffffffffff", b"5\r", b"5,", b"5 5", b"\xff", b"1_0",
        b"5;\x00", b"5;a\rb",
    ):  # fmt: skip
        body = start + b"\r\n" + BODY + b"\r\n0\r\n\r\n" + SMUGGLING
        yield one(kind, f"invalid: {named(start)}", post(CHUNKED, body=body), 400)
    for end in (b"", b"\n", b"x\r\n", b"\r", b"\rx"):
        body = size + b"\r\n" + BODY + end + b"0\r\n\r\n"
        yield one(kind, f"ends in {named(end)}", post(CHUNKED, body=body), 400)
    yield one(kind, "line feed only", post(CHUNKED, body=size + b"\n" + BODY + b"\n0\n\n"), 400)
    endless = b"5;" + b"x" * 300_000
    yield one(kind, "extension without end", post(CHUNKED, body=endless), 400, 431)


def fields() -> Iterator[Row]:
    """Header fields are well-formed, and not too many or too long."""
    kind = "field"
    for field in (
        b"No colon", b": empty", b"A B: c", b"A\x00: b", b"A: b\x00c", b"A: b\rc", b"A: b\nSmuggled: c", b"A: b\r\n c",
        b"\xe9: a", b" Leading: a", b"A: \x01", b"A: \x7f", b"(A): b", b"A\t: b", b"A:\r\n\tb",
        b"\r\x0bA: b", b"A[]: b",
    ):  # fmt: skip
        yield one(kind, f"invalid: {named(field)}", post(field, length(BODY)), 400)
    for field in (b"A:", b"A:b", b"A: \xff", b"A:\tb", b"a!#$%&'*+-.^_`|~9: b", b"A: " + b"b" * 40_000):
        yield one(kind, f"valid: {named(field)}", post(field, length(BODY)), 201, stores=True)
    for count, size in ((1, 70_000), (1, 500_000), (95, 1000), (101, 1), (5000, 1), (100, 0)):
        many = [b"X-%d: %b" % (number, b"y" * size) for number in range(count)]
        yield one(kind, f"{count} of {size} bytes", post(*many, length(BODY)), 431)
    yield one(kind, "a name without end", post(b"x" * 200_000), 431)
    yield one(kind, "a value without end", post(b"X: " + b"y" * 200_000)[:-200], 400, 431)
    lenient = b"POST /api/models/ HTTP/1.1\nHost: mock\nContent-Length: 2\n\n{}"
    yield one(kind, "lines end in a line feed", lenient, 400)


def targets() -> Iterator[Row]:
    """The request target is a path or a URL."""
    kind = "target"
    for target in (
        b"/api/models/",
        b"http://mock/api/models/",
        b"http://other:99/api/models/?a=b",
        b"HTTP://MOCK/api/models/",
    ):
        yield one(
            kind, f"valid: {named(target)}", post(length(BODY), line=b"POST %b HTTP/1.1" % target), 201, stores=True
        )
    for target in (
        b"api/models/", b"mock:80", b"http://", b"http:///api/models/", b"ftp://mock/api/models/", b"/a b", b"/a\tb",
        b"http://user@mock/api/models/", b"http://a b/", b"http://mock:99999/api/models/",
        b"http://[zz]/", b"?a", b"#a",
        b"/api/models/\xff", b"/\x00", b"\\api", b"mailto:a", b"http:/mock/", b"//", b"*",
        b"http://mock", b"/a#b", b"/%00",
        b"https://u:p@mock/", b"http://mock:x/", b"/%", b"/%zz", b"///", b"/..", b"http://mock?a=b",
    ):  # fmt: skip
        line = b"POST %b HTTP/1.1" % target
        yield one(kind, f"none of the API: {named(target)}", post(length(BODY), line=line), 400, 403, 404, 405)
    longest = b"POST /api/models/?%b HTTP/1.1" % (b"q" * 65_000)
    yield one(kind, "65000 bytes", post(length(BODY), line=longest), 201, stores=True)
    for size in (66_000, 100_000, 1_000_000):
        line = b"POST /api/models/?%b HTTP/1.1" % (b"q" * size)
        yield one(kind, f"{size} bytes", post(length(BODY), line=line), 414)
        yield one(kind, f"{size} bytes without end", b"GET /" + b"a" * size, 414)
    rebound = (b"GET http://evil.example/_mock/requests HTTP/1.1", b"Host: localhost", b"", b"")
    yield one(kind, "the URL goes before Host", b"\r\n".join(rebound), 403)
    yield one(kind, "spaces without end", b"GET " + b" " * 200_000, 400, 414)


def methods() -> Iterator[Row]:
    """Unknown methods are rejected, and CONNECT is."""
    kind = "method"
    for target in (b"mock:80", b"mock", b"/", b"/api/models/", b"*", b"http://mock/"):
        for body in (b"", SMUGGLING):
            sent = post(length(body), body=body, line=b"CONNECT %b HTTP/1.1" % target)
            yield one(kind, f"CONNECT {named(target)} with {len(body)} bytes", sent, 400, 405, 501)
    for method in (b"get", b"G@T", b"", b"X" * 99, b"GETT", b"\xff", b"X-CUSTOM", b"PO ST"):
        line = method + b" /api/models/ HTTP/1.1"
        yield one(kind, named(method), post(length(BODY), line=line), 400, 405, 501)
    for method in (b"TRACE", b"PUT", b"PATCH", b"DELETE", b"PROPFIND", b"QUERY", b"M-SEARCH", b"PURGE"):
        line = method + b" /api/models/ HTTP/1.1"
        yield Row(kind, f"{named(method)}, then GET", post(length(BODY), line=line) + GET, [frozenset({405, 400}), OK])
    yield Row(kind, "HEAD", b"HEAD" + GET[3:] + GET, [OK, OK])
    yield one(kind, "HEAD without Host", b"HEAD / HTTP/1.1\r\n\r\n", 400)
    yield one(kind, "HEAD without target", b"HEAD  HTTP/1.1\r\nHost: mock\r\n\r\n", 400)


def incomplete() -> Iterator[Row]:
    """Whatever is cut off is rejected, and nothing of it is stored."""
    for name, whole in (("length", post(length(BODY))), ("chunked", post(CHUNKED, body=chunks(BODY)))):
        for place in (*range(3, len(whole) - 1, 19), len(whole) - 1):
            yield one("incomplete", f"{name}, {place} of {len(whole)} bytes", whole[:place], 400)
    yield Row("incomplete", "nothing", b"", [])
    yield Row("incomplete", "empty lines", b"\r\n" * 40, [])
    yield Row("incomplete", "empty lines first", b"\r\n\r\n" + GET, [OK])


def pipelines() -> Iterator[Row]:
    """Requests of one connection get responses in their order, and none after one that is invalid."""
    kind = "pipeline"
    good, empty = post(length(BODY)), post(length(b""), body=b"")
    yield Row(kind, "many", GET * 300, [OK] * 300)
    yield Row(kind, "many writes", good * 40 + GET, [OK] * 41, stores=True)
    yield Row(kind, "error between", good + empty + GET, [OK, BAD, OK], stores=True)
    for name, bad in (
        ("garbage", b"\x00\x01\r\n\r\n"), ("no Host", b"GET / HTTP/1.1\r\n\r\n"),
        ("version", b"GET / HTTP/2.0\r\n\r\n"),
        ("bad chunk", post(CHUNKED, body=b"zz\r\n")), ("incomplete", good[:-3]), ("long", b"GET /" + b"a" * 20_000),
    ):  # fmt: skip
        expected = [frozenset({400, 505, 414})]
        yield Row(kind, f"{name} after one", GET + bad + SMUGGLING * (name != "incomplete"), [OK, *expected])
        yield Row(kind, f"{name} after thirty", GET * 30 + bad, [*[OK] * 30, *expected])
    closing = GET[:-2] + b"Connection: close\r\n\r\n"
    yield Row(kind, "after close", closing + SMUGGLING, [OK])
    yield Row(kind, "after close in HTTP/1.0", GET.replace(b"1.1", b"1.0") + SMUGGLING, [OK])
    yield Row(
        kind,
        "unread body before",
        post(length(b"x" * 99_000), body=b"x" * 99_000, heads=HEADS[::2]) + GET,
        [frozenset({401}), OK],
    )


def expectations() -> Iterator[Row]:
    """A body that comes although nobody asked for it is no request."""
    kind = "expect"
    expect = b"Expect: 100-continue"
    yield one(kind, "body at once", post(expect, length(BODY)), 201, stores=True)
    yield one(kind, "chunked at once", post(expect, CHUNKED, body=chunks(BODY)), 201, stores=True)
    for name, heads in (("no key", HEADS[::2]), ("no media type", HEADS[:2]), ("wrong path", HEADS)):
        line = b"POST /nope HTTP/1.1" if name == "wrong path" else b""
        sent = post(expect, length(SMUGGLING), body=SMUGGLING, heads=heads, line=line)
        yield one(kind, name, sent, 401, 415, 404)
    yield one(kind, "another", post(b"Expect: 200-ok", length(BODY)), 201, 417, stores=True)
    old = b"POST /api/models/ HTTP/1.0"
    yield one(kind, "in HTTP/1.0", post(expect, length(BODY), line=old), 201, stores=True)
    yield one(kind, "without a body", GET[:-2] + expect + b"\r\n\r\n", 200)


KINDS: Final[Sequence[Callable[[], Iterator[Row]]]] = (
    upgrades, trailers, hosts, codings, lengths, versions, coded_chunks, fields, targets, methods,
    incomplete, pipelines,
    expectations,
)  # fmt: skip


def rows() -> list[Row]:
    """Return the whole table."""
    return [row for kind in KINDS for row in kind()]
