"""What the command does to the target that it checks: no more, and no faster, than its user allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conformance.command import KEYS, conformance
from tests.conformance.watched import RoundsNumbers, Watched
from tests.servers.plain import PlainServer
from tests.servers.serving import served


def test_requests_are_paced_and_none_races(tmp_path: Path) -> None:
    server = Watched(PlainServer())
    arguments = ("--rate-limit", "80/s", "--only", "STA-01,CON")
    with served(server) as url:
        ran = conformance(url, *arguments, report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 0
    assert ran.with_verdict("pass") == {"STA-01"}
    assert "--rate-limit sends requests one after another" in ran.requirement("CON-01")["reasons"][0]
    assert server.rate < 85


@pytest.mark.parametrize("most", [3, 60])
def test_a_run_that_needs_more_requests_is_inconclusive(most: int, tmp_path: Path) -> None:
    server = Watched(PlainServer())
    with served(server) as url:
        ran = conformance(url, "--max-requests", str(most), report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 4
    assert f": the limit of --max-requests {most} is reached\n" in ran.stdout
    assert ran.report is not None
    assert ran.report["stop_reason"] == f"the limit of --max-requests {most} is reached"
    assert ran.with_verdict("fail", "error", "unstable") == set()
    assert len([method for method in server.methods if method != "DELETE"]) <= most


def test_a_run_that_found_a_fault_before_is_not_conformant(tmp_path: Path) -> None:
    with served(RoundsNumbers()) as url:
        ran = conformance(
            url, "--only", "IDM", "--max-requests", "200", report=tmp_path / "report.json", environment=KEYS
        )
    assert ran.code == 1
    assert "limited: the limit of --max-requests 200 is reached\n" in ran.stdout
    assert ran.with_verdict("fail")
    assert ran.with_verdict("unstable") == set()


def test_a_target_with_room_for_few_models_is_judged_in_full(tmp_path: Path) -> None:
    with served(PlainServer()) as url:
        ran = conformance(url, "--max-models", "20", report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 0
    assert "request budget" not in ran.stdout


def test_no_more_requests_are_sent_at_a_time_than_allowed() -> None:
    server = Watched(PlainServer())
    with served(server) as url:
        assert conformance(url, "--concurrency", "2", "--only", "CON", environment=KEYS).code == 0
    assert server.most_at_once == 2


def test_one_request_at_a_time_is_no_race(tmp_path: Path) -> None:
    server = Watched(PlainServer())
    arguments = ("--concurrency", "1", "--only", "CON,STA-01")
    with served(server) as url:
        ran = conformance(url, *arguments, report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 0
    assert ran.with_verdict("pass") == {"STA-01"}
    assert "not testable: --concurrency 1 sends requests one after another, so they cannot race" in ran.stdout
    assert server.most_at_once == 1


def test_headers_of_the_user_are_sent_with_each_request_and_printed_nowhere(tmp_path: Path) -> None:
    server, file = Watched(RoundsNumbers()), tmp_path / "headers.txt"
    file.write_text("X-Tenant: tenant-of-ours-17\n")
    arguments = ("--only", "IDM-01,AUT-01", "--header", "X-Gateway-Key: $GATEWAY_KEY", "--header", f"@{file}")
    environment = {**KEYS, "GATEWAY_KEY": "open-sesame-4711"}
    with served(server) as url:
        ran = conformance(url, *arguments, report=tmp_path / "report.json", environment=environment)
    assert ran.code == 1
    assert server.header("X-Gateway-Key") == {"open-sesame-4711"}
    assert server.header("X-Tenant") == {"tenant-of-ours-17"}
    said = ran.stdout + ran.stderr + (tmp_path / "report.json").read_text()
    assert "open-sesame" not in said
    assert "tenant-of-ours" not in said
    assert '-H "X-Gateway-Key: $GATEWAY_KEY" -H "X-Tenant: $RESPAN_HEADER_X_TENANT"' in ran.stdout


def test_headers_may_come_from_the_environment() -> None:
    server = Watched(PlainServer())
    with served(server) as url:
        environment = {**KEYS, "RESPAN_HEADER": "X-One: 1\nX-Two: 2"}
        assert conformance(url, "--only", "STA-01", environment=environment).code == 0
    assert (server.header("X-One"), server.header("X-Two")) == ({"1"}, {"2"})


def test_requests_go_through_the_proxy() -> None:
    proxy = Watched(PlainServer())  # it responds itself: a request to a proxy names the target in its first line
    with served(proxy) as url:
        environment = {**KEYS, "RESPAN_PROXY_AUTH": "me:sesame"}
        ran = conformance("http://target.invalid", "--only", "STA-01", "--proxy", url, environment=environment)
    assert ran.code == 0
    assert proxy.header("Host") == {"target.invalid"}
    assert proxy.header("Proxy-Authorization") == {"Basic bWU6c2VzYW1l"}
    assert "sesame" not in ran.stdout + ran.stderr


def test_a_busy_target_is_waited_for_as_long_as_it_asks() -> None:
    def busy(environ: Any, start_response: Any) -> Any:
        if len(server.moments) != 5:
            return plain(environ, start_response)
        start_response("429 Too Many Requests", [("Retry-After", "1")])
        return [b""]

    plain, server = PlainServer(), Watched(busy)
    with served(server) as url:
        assert conformance(url, "--only", "STA-01", environment=KEYS).code == 0
    assert server.moments[5] - server.moments[4] >= 1


def test_a_cookie_of_the_user_goes_with_each_request_and_with_the_cookies_of_checks(tmp_path: Path) -> None:
    def gateway(environ: Any, start_response: Any) -> Any:
        if "sso=open-sesame-4711" in environ.get("HTTP_COOKIE", ""):
            return plain(environ, start_response)
        start_response("302 Found", [("Location", "https://login.invalid/")])
        return [b""]

    plain, server = RoundsNumbers(), Watched(gateway)
    cookie = "sso=open-sesame-4711; lang=en"
    arguments = ("--only", "IDM-01,AUT-05", "--strict", "--header", f"Cookie: {cookie}")
    with served(server) as url:
        ran = conformance(url, *arguments, report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 1
    assert ran.verdict_on("AUT-05") == "pass"
    assert "-H Cookie:' '\"$RESPAN_HEADER_COOKIE\"" in ran.stdout
    with_token = f"{cookie}; token=demo-acme; api_key=demo-acme; Authorization=demo-acme"
    assert server.header("Cookie") == {cookie, with_token}
    assert "open-sesame" not in ran.stdout + ran.stderr + (tmp_path / "report.json").read_text()
