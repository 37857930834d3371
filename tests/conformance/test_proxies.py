"""Proxies: the environment names them as for other clients, options outweigh it, and the head of a run shows which."""

from __future__ import annotations

import pytest

from conformance.settings import BadSetting, gather
from conformance.target.connection import proxy_of
from tests.conformance.command import KEYS, conformance
from tests.conformance.watched import Watched
from tests.servers.plain import PlainServer
from tests.servers.serving import served

TARGET = "http://models.example.com:8080"
NAMES = [f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("REQUEST_METHOD", raising=False)


def _chosen(target: str = TARGET, **options: str) -> str:
    return str(proxy_of(gather(options), target) or "")


def test_requests_go_through_the_proxy_of_the_environment_to_loopback_as_well() -> None:
    proxy = Watched(PlainServer())  # it responds itself: nothing listens at the target
    with served(proxy) as url:
        target = "http://127.0.0.1:9"
        environment = {**KEYS, "http_proxy": url.replace("//", "//me:open%20sesame@"), "NO_PROXY": "example.com"}
        ran = conformance(target, "--only", "STA-01", environment=environment)
    assert ran.code == 0
    assert f"Proxy     {url} (http_proxy)\n" in ran.stdout
    assert proxy.header("Host") == {"127.0.0.1:9"}
    assert proxy.header("Proxy-Authorization") == {"Basic bWU6b3BlbiBzZXNhbWU="}
    assert "sesame" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("how", [["--no-proxy"], ["--proxy", "none"]])
def test_it_can_be_switched_off(how: list[str]) -> None:
    with served(PlainServer()) as url:
        environment = {**KEYS, "HTTP_PROXY": "http://127.0.0.1:9"}
        ran = conformance(url, "--only", "STA-01", *how, environment=environment)
    assert ran.code == 0
    assert "Proxy " not in ran.stdout


def test_no_proxy_leads_to_the_bundled_mock() -> None:
    ran = conformance("--only", "STA-01", environment={"HTTP_PROXY": "http://127.0.0.1:9"})
    assert ran.code == 0, ran.stdout


def test_a_dry_run_prints_the_proxy_without_its_password() -> None:
    environment = {**KEYS, "ALL_PROXY": "me:opensesame@proxy.example:3128"}
    ran = conformance("https://target.invalid", "--dry-run", environment=environment)
    assert ran.code == 0
    assert "through the proxy http://proxy.example:3128 (ALL_PROXY)" in ran.stdout
    assert "sesame" not in ran.stdout + ran.stderr


def test_a_proxy_that_is_none_ends_the_run_before_it_begins() -> None:
    environment = {**KEYS, "ALL_PROXY": "socks5://me:opensesame@127.0.0.1:1080"}
    ran = conformance("https://target.invalid", environment=environment)
    assert (ran.code, ran.stdout) == (2, "")
    assert (
        "ALL_PROXY: a socks5 proxy is not supported; set it to http://HOST:PORT, use --proxy URL, or use no proxy"
        in ran.stderr
    )
    assert "sesame" not in ran.stderr


@pytest.mark.parametrize(
    ("variables", "target", "proxy"),
    [
        ({"HTTP_PROXY": "http://up:1"}, TARGET, "http://up:1 (HTTP_PROXY)"),
        ({"HTTP_PROXY": "http://up:1", "http_proxy": "http://low:2"}, TARGET, "http://low:2 (http_proxy)"),
        ({"HTTP_PROXY": "http://up:1", "http_proxy": ""}, TARGET, ""),
        ({"HTTPS_PROXY": "http://up:1"}, TARGET, ""),
        ({"HTTPS_PROXY": "http://up:1"}, "https://models.example.com", "http://up:1 (HTTPS_PROXY)"),
        ({"ALL_PROXY": "http://all:3"}, TARGET, "http://all:3 (ALL_PROXY)"),
        ({"ALL_PROXY": "http://all:3", "http_proxy": "http://low:2"}, TARGET, "http://low:2 (http_proxy)"),
        ({"HTTP_PROXY": "proxy.example:3128"}, TARGET, "http://proxy.example:3128 (HTTP_PROXY)"),
        ({"HTTP_PROXY": "https://[::1]:3128/"}, TARGET, "https://[::1]:3128 (HTTP_PROXY)"),
        ({"HTTP_PROXY": "http://up:1", "REQUEST_METHOD": "GET"}, TARGET, ""),
        ({"http_proxy": "http://low:2", "REQUEST_METHOD": "GET"}, TARGET, "http://low:2 (http_proxy)"),
    ],
)
def test_the_variables_that_other_clients_know(
    variables: dict[str, str], target: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _chosen(target) == proxy


@pytest.mark.parametrize(
    ("exempt", "target", "direct"),
    [
        ("*", TARGET, True),
        ("models.example.com", TARGET, True),
        ("MODELS.example.com", TARGET, True),
        ("example.com", TARGET, True),
        (".example.com", TARGET, True),
        ("*.example.com", TARGET, True),
        ("ample.com", TARGET, False),
        ("other.example.com", TARGET, False),
        ("localhost, example.com", TARGET, True),
        ("localhost example.com", TARGET, True),
        ("models.example.com:8080", TARGET, True),
        ("models.example.com:9090", TARGET, False),
        ("models.example.com:80", "http://models.example.com", True),
        ("", TARGET, False),
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.0.0.0/8", "http://11.1.2.3", False),
        ("10.1.2.3", "http://10.1.2.3:8000", True),
        ("127.0.0.1", "http://127.0.0.1:8000", True),
        ("localhost", "http://127.0.0.1:8000", False),
        ("::1", "http://[::1]:8000", True),
        ("[::1]", "http://[::1]:8000", True),
        ("fd00::/8", "http://[fd00::1]:8000", True),
        ("fd00::/8", TARGET, False),
    ],
)
def test_what_no_proxy_exempts(exempt: str, target: str, direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert _chosen(target) == ("" if direct else "http://proxy:1 (HTTP_PROXY)")


def test_the_option_outweighs_the_environment_and_what_is_exempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", "*")
    assert _chosen(proxy="http://given:2") == "http://given:2 (proxy)"


def test_credentials_of_the_proxy_may_stand_apart_from_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:old@proxy:1")
    found = proxy_of(gather({"proxy_auth": "me:new"}), TARGET)
    assert found is not None
    assert found.auth == "me:new"


@pytest.mark.parametrize("value", ["http://", "http://:3128", "proxy:port", "http://proxy:0", "ftp://proxy:1", "://"])
def test_an_invalid_proxy_is_rejected_without_its_value(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    with pytest.raises(BadSetting, match=r"HTTP_PROXY: .*; set it to http://HOST:PORT"):
        _chosen()
