"""Origins and host names as options: what is near enough is corrected, what can never match stops the command."""

from __future__ import annotations

import re

import httpx2
import pytest

from mock_server.http.origin import admin_origin, cors_origin, host_name
from tests.mock_server.process import run, started
from tests.mock_server.wire import MODELS

ORIGINS = {
    "as it is": ("http://localhost:5173", "http://localhost:5173"),
    "trailing slash": ("http://localhost:5173/", "http://localhost:5173"),
    "capitals": ("HTTP://LocalHost:5173", "http://localhost:5173"),
    "default port": ("http://app.example:80", "http://app.example"),
    "default port of HTTPS": ("https://App.example:443/", "https://app.example"),
    "port of the other scheme": ("https://app.example:80", "https://app.example:80"),
    "no port after the colon": ("http://app.example:", "http://app.example"),
    "zeros before the port": ("http://localhost:08080", "http://localhost:8080"),
    "IPv4": ("http://127.0.0.1:5173", "http://127.0.0.1:5173"),
    "IPv6": ("http://[::1]:5173/", "http://[::1]:5173"),
    "long IPv6": ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
    "capitals in IPv6": ("http://[2001:DB8::A]", "http://[2001:db8::a]"),
    "another alphabet": ("http://m\u00fcnchen.example", "http://xn--mnchen-3ya.example"),
    "another alphabet in capitals": ("http://M\u00dcNCHEN.example:80/", "http://xn--mnchen-3ya.example"),
    "underscore": ("http://my_app.local:3000", "http://my_app.local:3000"),
    "app in a web view": ("capacitor://localhost", "capacitor://localhost"),
    "extension": ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
    "spaces around": (" http://localhost:5173 ", "http://localhost:5173"),
}


@pytest.mark.parametrize(("written", "sent"), ORIGINS.values(), ids=ORIGINS)
def test_an_origin_is_normalized_as_browsers_send_it(written: str, sent: str) -> None:
    assert cors_origin(written) == admin_origin(written) == sent


NO_ORIGINS = {
    "no scheme": ("localhost:5173", "give http://localhost:5173 or https://localhost:5173"),
    "no scheme, no port": ("app.example", "give http://app.example or https://app.example"),
    "no scheme but slashes": ("//localhost:5173", "give http://localhost:5173"),
    "port alone": ("5173", "such as http://localhost:5173"),
    "empty": ("", "such as http://localhost:5173"),
    "wildcard": ("https://*.x.dev", "has a wildcard, which is not supported: name each one, and repeat the option"),
    "wildcard without a scheme": ("*.x.dev", "has a wildcard"),
    "wildcard for the port": ("http://localhost:*", "has a wildcard"),
    "path": ("http://localhost:5173/app", "has a path, which no origin has: give http://localhost:5173"),
    "two slashes": ("http://localhost:5173//", "give http://localhost:5173"),
    "query": ("http://localhost:5173?a", "give http://localhost:5173"),
    "fragment": ("http://localhost:5173#a", "give http://localhost:5173"),
    "backslash": ("http://localhost\\", "give http://localhost"),
    "two": ("http://a.example,http://b.example", "name one at a time, and repeat the option"),
    "password": ("http://user:s3cret@a.example", "a user or a password before @"),
    "password without a scheme": ("user:s3cret@a.example", "a user or a password before @"),
    "no host": ("http://", "is not a host name"),
    "empty label": ("http://a..b", "is not a host name"),
    "line break": ("http://a\r\nb", "is not a host name"),
    "no port": ("http://a:b", "give it as host:port"),
    "port 0": ("http://a:0", "give one from 1 to 65535"),
    "port beyond all": ("http://a:65536", "give one from 1 to 65535"),
    "IPv6 without brackets": ("http://::1:5173", "an IPv6 address stands in brackets"),
    "invalid IPv6": ("http://[::g]", "is not an IPv6 address"),
    "IPv6 with a zone": ("http://[fe80::1%eth0]", "remove it"),
    "invalid IPv4": ("http://1.2.3", "is not an IPv4 address"),
    "one slash": ("http:/localhost", "such as http://localhost:5173"),
    "file": ("file:///index.html", "browsers send null for pages from files"),
    "WebSocket": ("ws://localhost:5173", "such as http://localhost:5173"),
}


@pytest.mark.parametrize(("written", "fix"), NO_ORIGINS.values(), ids=NO_ORIGINS)
def test_an_invalid_origin_is_rejected_with_a_hint(written: str, fix: str) -> None:
    for read in (cors_origin, admin_origin):
        with pytest.raises(ValueError, match=re.escape(fix)) as caught:
            read(written)
        assert "s3cret" not in str(caught.value)


def test_any_and_no_origin_are_for_the_api_alone() -> None:
    assert (cors_origin("*"), cors_origin("null")) == ("*", "null")
    for written, fix in {"*": "name each origin", "null": "serve the page over HTTP"}.items():
        with pytest.raises(ValueError, match=fix):
            admin_origin(written)


HOSTS = {
    "mock": "mock",
    "mock:42208": "mock",
    "MOCK.Example": "mock.example",
    "10.0.0.7:8000": "10.0.0.7",
    "::1": "[::1]",
    "[2001:DB8::1]:8000": "[2001:db8::1]",
    "b\u00fccher.example": "xn--bcher-kva.example",
}


@pytest.mark.parametrize(("written", "name"), HOSTS.items())
def test_a_host_is_normalized_as_clients_send_it(written: str, name: str) -> None:
    assert host_name(written) == name


NO_HOSTS = {
    "http://mock:42208/": "give the name alone: mock",
    "*.example": "has a wildcard",
    "*": "has a wildcard",
    "mock/path": "is not a host name",
    "a,b": "repeat the option",
    "": "is not a host name",
    "mock:http": "is not a host",
}


@pytest.mark.parametrize(("written", "fix"), NO_HOSTS.items())
def test_an_invalid_host_is_rejected_with_a_hint(written: str, fix: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fix)):
        host_name(written)


@pytest.mark.parametrize(
    ("option", "written"),
    [
        ("--cors-origin", "localhost:5173"),
        ("--cors-origin", "https://*.x.dev"),
        ("--admin-origin", "localhost:5173"),
        ("--admin-origin", "https://*.x.dev"),
        ("--admin-origin", "*"),
        ("--admin-host", "http://mock:42208"),
    ],
)
def test_the_command_does_not_start_with_them(option: str, written: str) -> None:
    ended = run("--port", "0", option, written)
    assert ended.returncode == 2
    assert f"respan-mock: {option}: " in ended.stderr


def test_the_command_accepts_similar_spellings() -> None:
    options = ["--cors-origin", "HTTP://LocalHost:5173/", "--admin-origin", "http://A.example:80/"]
    with (
        started("--quiet", *options, "--admin-host", "MOCK:42208") as mock,
        httpx2.Client(base_url=mock.url) as client,
    ):
        asked = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST"}
        assert client.options(MODELS, headers=asked).headers["access-control-allow-origin"] == "http://localhost:5173"
        assert client.get("/_mock/info", headers={"Origin": "http://a.example", "Host": "mock"}).status_code == 200
        settings = client.get("/_mock/info").json()["settings"]
    assert settings["cors_origins"] == ["http://localhost:5173"]
    assert settings["admin_hosts"] == ["mock"]
