"""The transport over real sockets: it sends what it is given and nothing more, and loses no failure."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import zlib
from collections.abc import Iterator

import pytest

from conformance.wire.exchange import Credential, NoResponse, Request
from conformance.wire.http import HttpTransport
from conformance.wire.transport import MAX_BODY_BYTES, Route, UnreadableBody, decode_body
from tests.conformance.wire.sockets import saying

NO_CONTENT = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
KEPT_OPEN = b"HTTP/1.1 204 No Content\r\n\r\n"
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 8\r\n\r\n{"a": 1}'
ROOT = Request("GET", "/")
_open = contextlib.ExitStack()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Close what a test connected: a socket that is left open fails whatever test its end falls into."""
    with _open:
        yield


def _transport(url: str, timeout: float = 30.0) -> HttpTransport:
    return _open.enter_context(contextlib.closing(HttpTransport(url, Route(timeout))))


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_path_prefix_of_the_base_url_stays(slash: str) -> None:
    with saying(NO_CONTENT) as server:
        _transport(f"{server.url}/gateway/v2{slash}").send(Request("GET", "/api/models/?a=b"))
    assert server.request_line == "GET /gateway/v2/api/models/?a=b HTTP/1.1"


@pytest.mark.parametrize(
    "target", ["/a%2Fb/", "/%41%zz/", "/%ff/", "/%0A/", "/a//b/", "/?token=%2B+", "/~'()*!$&,;=:@/"]
)
def test_a_target_is_sent_as_it_is(target: str) -> None:
    with saying(NO_CONTENT) as server:
        _transport(server.url).send(Request("GET", target))
    assert server.request_line == f"GET {target} HTTP/1.1"


def test_a_response_comes_back_whole() -> None:
    with saying(OK) as server:
        response = _transport(server.url).send(ROOT)
    assert (response.status, response.body, response.json) == (200, b'{"a": 1}', {"a": 1})
    assert [value for name, value in response.headers if name == "X-Two"] == ["a", "b"]
    assert response.media_type == "application/json"
    assert response.seconds > 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    answer = f"HTTP/1.1 {status} -\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".encode()
    with saying(answer) as server:
        response = _transport(server.url).send(ROOT)
    assert response.status == status
    assert response.header("location") == "/elsewhere"
    assert len(server.heads) == 1


def test_no_headers_are_added_but_host_and_framing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with saying(NO_CONTENT) as server:
        transport = _transport(server.url)
        transport.send(ROOT)
        assert server.header_names == ["host", "accept-encoding"]
        assert b"Accept-Encoding: identity" in server.heads[-1]
        transport.send(Request("POST", "/", (), b"{}"))
        assert sorted(server.header_names) == ["accept-encoding", "content-length", "host"]
        transport.send(Request("POST", "/", (("X-Odd", ""), ("accept", "*/*")), b"{}", Credential("Bearer k", "-")))
        names = ["accept", "accept-encoding", "authorization", "content-length", "host", "x-odd"]
        assert sorted(server.header_names) == names
        assert b"Authorization: Bearer k" in server.heads[-1]


def test_a_header_in_any_script_arrives_in_utf_8() -> None:
    with saying(NO_CONTENT) as server:
        _transport(server.url).send(Request("GET", "/", (("X-Name", "模型"),)))
    assert "模型".encode() in server.heads[-1]


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\0\r\n", b"x" * 100_000])
def test_a_body_arrives_as_it_is(body: bytes) -> None:
    with saying(NO_CONTENT) as server:
        _transport(server.url).send(Request("POST", "/", (), body))
    assert server.bodies == [body]
    assert f"content-length: {len(body)}".encode() in server.heads[-1].lower()


def test_a_chunked_body_is_sent_in_several_chunks_and_without_a_length() -> None:
    body = json.dumps({"model_name": "a name of more than sixteen bytes"}).encode()
    with saying(NO_CONTENT) as server:
        _transport(server.url).send(Request("POST", "/", (), body, chunked=True))
    assert "content-length" not in server.header_names
    sizes = [int(line, 16) for line in server.bodies[0].split(b"\r\n")[::2] if line]
    assert sum(sizes) == len(body)
    assert len(sizes) > 2
    assert b"".join(server.bodies[0].split(b"\r\n")[1::2]) == body


def test_an_encoded_body_is_decoded() -> None:
    body = gzip.compress(b"[1]")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    with saying(head.encode() + body) as server:
        assert _transport(server.url).send(ROOT).json == [1]


PLAIN, ZIPPED = b"[1]", gzip.compress(b"[1]", mtime=0)
CODINGS = {
    "said and done": ("gzip", ZIPPED, ""),
    "deflate": ("deflate", zlib.compress(PLAIN), ""),
    "none": ("identity", PLAIN, ""),
    "unsaid": (None, ZIPPED, "a body in the coding gzip"),
    "said and not done": ("gzip", PLAIN, "a body that is not in the coding gzip"),
    "deflate, not done": ("deflate", PLAIN, "a body that is not in the coding deflate"),
    "a charset": ("utf-8", PLAIN, "a body that is not in the coding utf-8"),
    "twice said and done": ("gzip, gzip", gzip.compress(ZIPPED), ""),
    "both said and done": ("deflate, gzip", gzip.compress(zlib.compress(PLAIN)), ""),
    "twice said, once done": ("gzip, gzip", ZIPPED, "a body that is not in the coding gzip, gzip"),
    "twice said, not done": ("gzip, gzip", PLAIN, "a body that is not in the coding gzip, gzip"),
    "done twice": ("gzip", gzip.compress(ZIPPED), "a body in the coding gzip, once more than the header says"),
}


@pytest.mark.parametrize(("coding", "body", "miscoded"), CODINGS.values(), ids=CODINGS)
def test_a_body_in_another_coding_than_its_header_names_is_read_and_reported(
    coding: str | None, body: bytes, miscoded: str
) -> None:
    read = decode_body(body, coding)
    assert read.content == PLAIN
    assert read.encoded_size == len(body)
    assert read.encoding_error == miscoded


CUT = {"cut": ZIPPED[:-4], "spoiled": ZIPPED[:8] + b"x" * 9, "long": gzip.compress(bytes(MAX_BODY_BYTES + 1), mtime=0)}


@pytest.mark.parametrize("body", CUT.values(), ids=CUT)
def test_a_body_that_only_begins_in_a_coding_cannot_be_read(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        decode_body(body, "gzip")


@pytest.mark.parametrize("coding", ["br", "gzip, br"])
def test_a_body_in_a_coding_that_was_not_asked_for_cannot_be_read(coding: str) -> None:
    with pytest.raises(UnreadableBody, match=r"^is in the coding 'br', which the request did not ask for$"):
        decode_body(b"\x0b\x02\x80hello\x03", coding)


def test_an_endless_body_is_not_read_to_no_end() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    too_long = f"^the body is longer than {MAX_BODY_BYTES} bytes and was not read further"
    with saying(endless) as server, pytest.raises(NoResponse, match=too_long):
        _transport(server.url, timeout=10).send(ROOT)


def test_a_body_of_the_greatest_length_is_whole() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_BODY_BYTES}\r\n\r\n".encode()
    with saying(head + b"x" * MAX_BODY_BYTES) as server:
        assert len(_transport(server.url).send(ROOT).body) == MAX_BODY_BYTES


BROKEN = {
    "closed without a word": b"",
    "closed in the head": b"HTTP/1.1 200 OK\r\nContent-",
    "closed in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{",
    "closed in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    "no HTTP": b"220 mail.example.com ESMTP\r\n\r\n",
    "a coding that is not asked for": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n\x1b\x0f",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_broken_connection_is_lost(answer: bytes) -> None:
    with (
        saying(answer) as server,
        pytest.raises(NoResponse, match=r"^(the connection broke: .|the body is in)") as lost,
    ):
        _transport(server.url).send(ROOT)
    assert lost.value.request is ROOT


def test_a_reset_connection_is_lost() -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with saying(reset) as server, pytest.raises(NoResponse, match="the connection broke"):
        _transport(server.url).send(ROOT)


def test_a_refused_connection_has_no_response() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = "http://{}:{}".format(*listener.getsockname())
    with pytest.raises(NoResponse, match="the connection broke"):
        _transport(url).send(ROOT)


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"])
def test_silence_is_lost_when_the_time_is_up(beginning: bytes) -> None:
    done = threading.Event()

    def silent(connection: socket.socket) -> None:
        connection.sendall(beginning)
        done.wait(10)

    with saying(silent) as server:
        with pytest.raises(NoResponse, match="no complete response came within the time limit"):
            _transport(server.url, timeout=0.05).send(ROOT)
        done.set()


def test_a_connection_is_used_again_and_closed_at_the_end() -> None:
    kept: list[int] = []

    def twice(connection: socket.socket) -> None:
        connection.sendall(KEPT_OPEN)
        kept.append(len(connection.recv(65536)))
        connection.sendall(KEPT_OPEN)
        kept.append(len(connection.recv(65536)))

    with saying(twice) as server:
        transport = _transport(server.url)
        transport.send(ROOT)
        transport.send(ROOT)
        transport.close()
    assert kept[0] > 0
    assert kept[1] == 0


def test_an_endless_slow_response_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not done.wait(0.02):
                    connection.sendall(b" ")

        done = threading.Event()
        thread = threading.Thread(target=drip)
        thread.start()
        transport = _transport(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.2)
        with pytest.raises(NoResponse, match="within the time limit"):
            transport.send(ROOT)
        done.set()
        thread.join()
