"""The look at the target before a run: each way not to find the endpoint is told apart, with what to do about it."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from conformance.target.client import Client, Credentials
from conformance.target.names import Names
from conformance.target.preflight import KeyRejected, preflight
from conformance.target.subject import RunOptions, Subject
from conformance.wire.exchange import Unreachable
from conformance.wire.http import HttpTransport
from conformance.wire.transport import Route
from contract import Contract
from tests.conformance.wire.sockets import saying
from tests.servers.plain import PlainServer
from tests.servers.serving import served

CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
HTML = (
    b"HTTP/1.1 %b\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n<!doctype html><title>x</title>"
)
Look = Callable[..., None]


@pytest.fixture
def looking(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    """Looks at the target at a URL, without waiting between two tries."""
    monkeypatch.setattr("conformance.target.preflight.time.sleep", lambda _: None)
    with contextlib.ExitStack() as stack:

        def look_at(url: str, keys: tuple[str | None, ...] = ("demo-acme", None, None), **route: Any) -> None:
            way = Route(**route)
            transport = stack.enter_context(contextlib.closing(HttpTransport(url, way)))
            preflight(
                Subject(contract, Client(transport, route=way), Credentials.from_keys(*keys), Names(), RunOptions())
            )

        yield look_at


@contextlib.contextmanager
def _secure(certificate: trustme.LeafCert) -> Iterator[str]:
    """A server that responds to each request with a create, over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with saying(CREATED, context) as server:
        yield server.url.replace("http://127.0.0.1", "https://localhost")


def _says(preflight: Look, url: str, *texts: str, **more: Any) -> str:
    with pytest.raises(Unreachable) as obstacle:
        preflight(url, **more)
    said = str(obstacle.value)
    for text in texts:
        assert text in said
    return said


def test_a_target_that_is_there_is_taken(looking: Look) -> None:
    with saying(CREATED) as server:
        looking(server.url)


def test_a_port_that_nobody_listens_at(looking: Look) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        _says(looking, url, f"{url} refused the connection: nothing listens there; check the port")


def test_a_host_that_has_no_address(looking: Look) -> None:
    _says(looking, "http://no-such-host.invalid", "unknown host no-such-host.invalid", "check its spelling")


def test_a_certificate_of_nobody_known(looking: Look) -> None:
    with _secure(trustme.CA().issue_cert("localhost")) as url:
        _says(looking, url, "the certificate of localhost is not trusted", "--ca FILE", "--insecure")


def test_a_certificate_that_signs_itself(looking: Look) -> None:
    own = trustme.CA()
    with _secure(trustme.LeafCert(own.private_key_pem.bytes(), own.cert_pem.bytes(), [])) as url:
        _says(looking, url, "the certificate of localhost is not trusted (self", "--ca FILE", "--insecure")


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, str]:
    """A certificate authority, and the file that `--ca` names it by."""
    authority, file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return authority, str(file)


def test_a_certificate_of_an_authority_that_the_user_trusts(looking: Look, authority: tuple[trustme.CA, str]) -> None:
    with _secure(authority[0].issue_cert("localhost")) as url:
        looking(url, ca=authority[1])
        looking(url, insecure=True)


def test_a_certificate_for_another_name(looking: Look, authority: tuple[trustme.CA, str]) -> None:
    with _secure(authority[0].issue_cert("elsewhere.example")) as url:
        _says(looking, url, "the certificate of localhost is for another name", "--insecure", ca=authority[1])


def test_a_certificate_that_has_expired(looking: Look, authority: tuple[trustme.CA, str]) -> None:
    then = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    with _secure(authority[0].issue_cert("localhost", not_before=then, not_after=then)) as url:
        _says(looking, url, "is not valid now (certificate has expired); renew it", ca=authority[1])


def test_plain_http_where_tls_was_asked_for(looking: Look) -> None:
    with served(PlainServer()) as url:
        says = "does not speak TLS; if it is plain HTTP, write http:// instead of https://"
        _says(looking, url.replace("http:", "https:"), says)


def test_tls_where_plain_http_was_asked_for(looking: Look) -> None:
    with _secure(trustme.CA().issue_cert("localhost")) as url:
        said = _says(looking, url.replace("https:", "http:"))
    assert "write https://" in said


@pytest.mark.parametrize(
    "body",
    ["<h1>400</h1>The plain HTTP request was sent to HTTPS port", "Client sent an HTTP request to an HTTPS server"],
    ids=["nginx", "Go"],
)  # fmt: skip
def test_a_server_that_responds_that_it_requires_tls(body: str, looking: Look) -> None:
    with saying(f"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{body}".encode()) as server:
        _says(looking, server.url, "requires HTTPS; write https:// instead of http://")


def test_another_service(looking: Look) -> None:
    with saying(b"SSH-2.0-OpenSSH_9.2p1 \x1b[31mDebian\r\n") as server:
        said = _says(looking, server.url, 'is not a web server: it sent "SSH-2.0-OpenSSH_9.2p1', "check the port")
    assert "\x1b" not in said


def test_a_server_that_hangs_up(looking: Look) -> None:
    with saying(b"") as server:
        _says(looking, server.url, "closed the connection without a response")


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed", "200 OK", "400 Bad Request"])
def test_a_web_site_that_is_not_the_endpoint(status: str, looking: Look) -> None:
    with saying(HTML % status.encode()) as server:
        _says(
            looking, server.url, f"returned {status[:3]} with an HTML page: the endpoint is not there",
            "give the base URL that /api/models/ is appended to",
        )  # fmt: skip


@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout"])
def test_a_gateway_without_a_target(status: str, looking: Look) -> None:
    with saying(HTML % status.encode()) as server:
        _says(looking, server.url, f"returned {status[:3]}: it cannot reach the target")


def _redirecting(location: str) -> bytes:
    head = f"HTTP/1.1 308 Permanent Redirect\r\nLocation: {location}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


def test_a_redirect_to_the_endpoint(looking: Look) -> None:
    with saying(_redirecting("https://api.example.com/v2/api/models/")) as server:
        _says(looking, server.url, "redirects are not followed; if it is the target, give https://api.example.com/v2")


def test_a_redirect_to_something_else(looking: Look) -> None:
    with saying(_redirecting("/login?next=%2F")) as server:
        _says(looking, server.url, f"redirects to {server.url}/login?next=%2F, which is not the endpoint")


def test_a_redirect_is_not_followed(looking: Look) -> None:
    with saying(CREATED) as elsewhere, saying(_redirecting(f"{elsewhere.url}/api/models/")) as server:
        _says(looking, server.url, f"if it is the target, give {elsewhere.url}")
    assert elsewhere.heads == []


def test_a_proxy_that_rejects_requests(looking: Look) -> None:
    with saying(b"HTTP/1.1 403 Forbidden by policy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") as proxy:
        said = _says(looking, "https://target.invalid", f"the proxy {proxy.url} did not connect to target.invalid (403",
                     proxy=proxy.url)  # fmt: skip
    assert "RESPAN_PROXY_AUTH" in said


def test_a_proxy_that_wants_to_know_who_asks(looking: Look) -> None:
    response = b"HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    with saying(response) as proxy:
        _says(
            looking, "http://target.invalid", "the proxy requires credentials; set RESPAN_PROXY_AUTH", proxy=proxy.url
        )


def test_a_proxy_that_is_not_there(looking: Look) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{taken.getsockname()[1]}"
        _says(looking, "http://target.invalid", f"the proxy {proxy} refused the connection", proxy=proxy)


def test_silence_is_waited_for_once(looking: Look) -> None:
    done = threading.Event()

    def silent(_: socket.socket) -> None:
        done.wait(10)

    with saying(silent) as server:
        _says(
            looking,
            server.url,
            "no complete response came within the time limit of 0.2 s",
            "raise --timeout",
            timeout=0.2,
        )
        done.set()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ((None, None, None), "requires an API key; set RESPAN_API_KEY"),
        (("no-such-key", None, None), "rejects the API key; check RESPAN_API_KEY"),
        (("demo-acme", "no-such-key", None), "rejects RESPAN_OTHER_ORG_KEY"),
        (("demo-acme", None, "no-such-key"), "rejects RESPAN_READ_ONLY_KEY"),
    ],
)
def test_a_key_that_is_not_taken(keys: tuple[str | None, ...], says: str, looking: Look) -> None:
    with served(PlainServer()) as url, pytest.raises(KeyRejected, match=says):
        looking(url, keys)


def test_keys_that_are_taken(looking: Look) -> None:
    with served(PlainServer()) as url:
        looking(url, ("demo-acme", "demo-globex", "demo-acme-readonly"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_target_that_wants_a_client_certificate(looking: Look, tmp_path: Path, version: ssl.TLSVersion) -> None:
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    ca.configure_trust(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context.verify_mode, context.maximum_version = ssl.CERT_REQUIRED, version
    with saying(CREATED, context) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        _says(looking, url, "requires a client certificate", "with --cert FILE and --key FILE",
              ca=str(tmp_path / "ca.pem"))  # fmt: skip
