"""The scripted proxy changes nothing of its own accord, and does what its scripts say."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conformance.surroundings import scripts as on
from tests.conformance.surroundings.proxy import Proxy, Script, proxied
from tests.conformance.surroundings.scripts import edited, when
from tests.servers.plain import PlainServer
from tests.servers.serving import served

KEY = {"Authorization": "Bearer demo-acme", "Content-Type": "application/json"}
PATH = "/api/models/"


@pytest.fixture
def server() -> Iterator[str]:
    """A correct server."""
    with served(PlainServer()) as url:
        yield url


class Client:
    """One connection to a URL. Closed by the `with` that it is made in."""

    def __init__(self, url: str, timeout: float = 5) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, method: str = "POST", path: str = PATH, body: Any = None, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body of a response."""
        content = json.dumps(body or {"model_name": "a"}) if method == "POST" else None
        self.connection.request(method, path, content, {**KEY, **headers})
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()


def _first(server: str, script: Script, timeout: float = 5) -> tuple[int, Any, bytes]:
    with proxied(server, script) as proxy, Client(proxy.url, timeout) as client:
        return client.send()


def test_requests_and_responses_pass_as_they_are(server: str) -> None:
    raw = (
        b"POST /api/models/ HTTP/1.1\r\nhost: a\r\nAUTHORIZATION:  Bearer demo-acme\r\nConnection: close\r\n"
        b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        b'5;x=y\r\n{"mod\r\nd\r\nel_name":"b"}\r\n0\r\nX-T: 1\r\n\r\n'
    )
    with proxied(server, on.forwarded) as proxy:
        responses = [_said(url, raw) for url in (server, proxy.url, proxy.url)]
    assert [answer.split(b"\r\n")[0] for answer in responses] == [
        b"HTTP/1.1 201 Created", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK",
    ]  # fmt: skip
    assert _names(responses[0]) == _names(responses[1])


def test_a_connection_is_reused_for_all_methods_and_statuses(server: str) -> None:
    with proxied(server, on.forwarded) as proxy, Client(proxy.url) as client:
        item = f"{PATH}a/"
        asked = [("POST", PATH), ("GET", item), ("HEAD", item), ("DELETE", item), ("GET", item), ("PUT", item)]
        statuses = [client.send(method, path)[0] for method, path in asked]
    assert statuses == [201, 200, 405, 204, 404, 405]
    assert (proxy.requests, proxy.creates, proxy.keys["demo-acme"]) == (6, 1, 6)
    assert proxy.statuses == {201: 1, 200: 1, 405: 2, 204: 1, 404: 1}


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (on.resetting, ConnectionResetError),
        (on.resetting_after, ConnectionResetError),
        (on.closing, http.client.RemoteDisconnected),
        (on.truncated, http.client.IncompleteRead),
        (on.silent, TimeoutError),
        (on.unfinished, TimeoutError),
        (on.dripping(100, 0.5), TimeoutError),
    ],
)
def test_a_response_does_not_come_whole(server: str, script: Script, error: type[Exception]) -> None:
    with pytest.raises(error):
        _first(server, script, timeout=0.05 if error is TimeoutError else 5)


def test_a_reset_comes_within_the_response(server: str) -> None:
    with proxied(server, on.resetting_within) as proxy, socket.create_connection(_address(proxy.url), 5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(4) == b"HTTP"
        with pytest.raises(ConnectionResetError):
            _rest(client)


@pytest.mark.parametrize(("seconds", "back"), [(0.2, True), (None, False)])
def test_the_proxy_leaves(server: str, seconds: float | None, back: bool) -> None:
    with proxied(server, when(on.at(2), on.leaving(seconds))) as proxy, Client(proxy.url) as client:
        assert client.send()[0] == 201
        with pytest.raises(http.client.RemoteDisconnected):
            client.send()
        assert not _is_there(proxy)
        time.sleep(0.5)
        assert _is_there(proxy) == back


def test_conditions_count(server: str) -> None:
    gone = on.detail(410, "Gone.")
    conditions = {
        "since": (on.since(3), [200, 200, 410, 410]),
        "at": (on.at(3), [200, 200, 410, 200]),
        "every": (on.every(2), [200, 410, 200, 410]),
        "ever after": (on.ever_after(on.at(2)), [200, 410, 410, 410]),
        "uses": (on.after_uses(3), [200, 200, 200, 410]),
        "both": (on.all_of(on.since(2), on.with_key("demo-acme"), on.writing), [200, 410, 410, 410]),
        "another key": (on.with_key("demo-globex"), [200, 200, 200, 200]),
        "words": (on.holding(b"nothing", b"model_name"), [410, 410, 410, 410]),
        "seconds": (on.for_seconds(60, on.at(2)), [200, 410, 410, 410]),
        "no seconds": (on.for_seconds(0, on.at(2)), [200, 200, 200, 200]),
    }
    with Client(server) as client:
        assert client.send()[0] == 201
    for name, (condition, expected) in conditions.items():
        with proxied(server, when(condition, gone)) as proxy, Client(proxy.url) as client:
            assert [client.send()[0] for _ in expected] == expected, name


def test_creates_are_counted(server: str) -> None:
    with proxied(server, when(on.after_creates(2), on.detail(403, "Full."))) as proxy, Client(proxy.url) as client:
        assert [client.send(body={"model_name": name})[0] for name in "aabbc"] == [201, 200, 201, 403, 403]


def test_responses_are_edited(server: str) -> None:
    _, headers, body = _first(server, edited(on.compressed))
    assert headers["Content-Encoding"] == "gzip"
    whole = gzip.decompress(body)
    assert json.loads(whole)["id"] == "a"
    assert _first(server, edited(on.cut))[2] == _first(server, on.forwarded)[2][: len(whole) // 2]
    assert _first(server, edited(on.emptied))[::2] == (200, b"")
    assert len(_first(server, edited(on.swollen(100_000)))[2]) > 90_000
    assert "content-type" in _names_of(_first(server, edited(on.spelled(str.lower))))
    assert "CONTENT-TYPE" in _names_of(_first(server, edited(on.spelled(str.upper))))
    assert _first(server, edited(on.with_headers(("Via", "1.1 a"))))[1]["Via"] == "1.1 a"
    assert _first(server, edited(on.without("Content-Type")))[1]["Content-Type"] is None
    status, headers, body = _first(server, edited(on.in_html(200)))
    assert (status, headers["Content-Type"], body[:9]) == (200, "text/html", b"<!DOCTYPE")


def test_responses_are_swapped_and_remembered(server: str) -> None:
    with proxied(server, on.swapping(on.at(2))) as proxy, Client(proxy.url) as client:
        shown = [json.loads(client.send(body={"model_name": name})[2])["id"] for name in "abc"]
    assert shown == ["a", "a", "c"]
    item = f"{PATH}a/"
    with proxied(server, on.remembering(60)) as proxy, Client(proxy.url) as client, Client(server) as behind:
        assert client.send("GET", item)[0] == 200
        assert behind.send("DELETE", item)[0] == 204
        assert client.send("GET", item)[0] == 200
        assert client.send("GET", item, Authorization="Bearer demo-globex")[0] == 404
        assert client.send("DELETE", item)[0] == 404
        assert client.send("GET", item)[0] == 404
    with proxied(server, on.remembering(60, by_key=False)) as proxy, Client(proxy.url) as client:
        assert client.send()[0] == 201
        assert [client.send("GET", item, Authorization=f"Bearer {key}")[0] for key in ("demo-acme", "x")] == [200, 200]


def test_responses_in_pieces_are_whole_and_keep_the_connection(server: str) -> None:
    with proxied(server, on.dripping(5, 0.01)) as proxy, Client(proxy.url) as client:
        assert [json.loads(client.send(body={"model_name": name})[2])["id"] for name in "ab"] == ["a", "b"]


def test_responses_are_late(server: str) -> None:
    began = time.monotonic()
    assert _first(server, on.late(lambda number: 0.2 * number))[0] == 201
    assert time.monotonic() - began >= 0.2


def _said(url: str, raw: bytes) -> bytes:
    with socket.create_connection(_address(url), 5) as client:
        client.sendall(raw)
        return _rest(client)


def _rest(client: socket.socket) -> bytes:
    said = b""
    while data := client.recv(1000):
        said += data
    return said


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _names(said: bytes) -> list[bytes]:
    return [line.partition(b":")[0] for line in said.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]]


def _names_of(response: tuple[int, Any, bytes]) -> list[str]:
    return list(response[1].keys())


def _is_there(proxy: Proxy) -> bool:
    try:
        with Client(proxy.url) as client:
            return client.send()[0] == 200
    except ConnectionRefusedError:
        return False
