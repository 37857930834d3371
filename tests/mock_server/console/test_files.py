"""The files of the page: sent once, never stale, and to nobody who addresses the mock by a foreign name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from mock_server.pages import console_files
from tests.mock_server.process import MockProcess, started
from tests.mock_server.wire import exchange, request

PATHS = sorted(console_files())


@pytest.fixture
def files(mock: MockProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=mock.url) as client:
        yield client


def test_the_page_is_at_the_root(files: httpx2.Client) -> None:
    page = files.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>respan-mock</h1>" in page.text


@pytest.mark.parametrize("path", PATHS)
def test_each_file_has_its_type_and_the_strict_policy(files: httpx2.Client, path: str) -> None:
    answer = files.get(path)
    assert answer.status_code == 200
    kind = path.rpartition(".")[2]
    assert answer.headers["content-type"].startswith(
        {"/": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[kind]
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == policy.pop("trusted-types") == "'none'"
    assert set(policy.values()) <= {"'self'", "'none'", "'script'"}


@pytest.mark.parametrize("path", PATHS)
def test_a_browser_that_has_it_is_told_so(files: httpx2.Client, path: str) -> None:
    first = files.get(path)
    assert first.headers["cache-control"] == "no-cache"
    for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
        again = files.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert files.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_it_can_only_be_looked_at(mock: MockProcess) -> None:
    for path in PATHS:
        answer = exchange(mock.address, request("POST", path, {"Host": "localhost"}))
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
        head = exchange(mock.address, request("HEAD", path, {"Host": "localhost"}))
        assert (head.status, head.body) == (200, b"")


def test_nothing_in_it_is_written_inline_or_from_elsewhere(files: httpx2.Client) -> None:
    page = files.get("/").text
    assert not re.search(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=|javascript:", page)
    assert {
        url for url in re.findall(r"(?:src|href)=\"([^\"]+)\"", page) if ":" in url or url.startswith("//")
    } == set()


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_name_gets_nothing_and_learns_how(mock: MockProcess, path: str) -> None:
    answer = exchange(mock.address, request("GET", path, {"Host": "evil.example"}))
    assert answer.status == 403
    assert "--admin-host" in answer.json["detail"]


def test_a_page_elsewhere_may_lead_to_it_but_not_to_what_it_shows(mock: MockProcess) -> None:
    followed = {"Host": "localhost", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert exchange(mock.address, request("GET", "/", followed)).status == 200
    assert exchange(mock.address, request("GET", "/_mock/info", followed)).status == 403


def test_the_banner_says_where_it_is() -> None:
    with started() as mock:
        assert f"Console     {mock.url}/\n" in mock.printed


def test_without_the_admin_api_there_is_none() -> None:
    with started("--no-admin") as mock, httpx2.Client(base_url=mock.url) as client:
        assert client.get("/").headers["location"] == "/ui/"
        assert client.get("/_mock/console/main.js").status_code == 404
        assert "Console" not in mock.printed
