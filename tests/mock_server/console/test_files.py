"""The files of the page: sent once, never stale, and only for host names of this machine."""

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
def test_each_file_has_its_type_and_a_strict_policy(files: httpx2.Client, path: str) -> None:
    response = files.get(path)
    assert response.status_code == 200
    kind = path.rpartition(".")[2]
    assert response.headers["content-type"].startswith(
        {"/": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[kind]
    )
    assert response.headers["x-content-type-options"] == "nosniff"
    policy = dict(each.split(" ", 1) for each in response.headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == policy.pop("trusted-types") == "'none'"
    assert set(policy.values()) <= {"'self'", "'none'", "'script'"}


@pytest.mark.parametrize("path", PATHS)
def test_an_unchanged_file_is_not_sent_again(files: httpx2.Client, path: str) -> None:
    first = files.get(path)
    assert first.headers["cache-control"] == "no-cache"
    for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
        again = files.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert files.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_files_are_read_only(mock: MockProcess) -> None:
    for path in PATHS:
        response = exchange(mock.address, request("POST", path, {"Host": "localhost"}))
        assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")
        head = exchange(mock.address, request("HEAD", path, {"Host": "localhost"}))
        assert (head.status, head.body) == (200, b"")


def test_the_page_has_no_inline_code_and_loads_nothing_from_other_servers(files: httpx2.Client) -> None:
    page = files.get("/").text
    assert not re.search(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=|javascript:", page)
    assert {
        url for url in re.findall(r"(?:src|href)=\"([^\"]+)\"", page) if ":" in url or url.startswith("//")
    } == set()


@pytest.mark.parametrize("path", PATHS)
def test_another_host_name_is_rejected_with_the_fix(mock: MockProcess, path: str) -> None:
    response = exchange(mock.address, request("GET", path, {"Host": "evil.example"}))
    assert response.status == 403
    assert "--admin-host" in response.json["detail"]


def test_other_pages_may_link_to_the_console_but_not_to_its_data(mock: MockProcess) -> None:
    followed = {"Host": "localhost", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert exchange(mock.address, request("GET", "/", followed)).status == 200
    assert exchange(mock.address, request("GET", "/_mock/info", followed)).status == 403


def test_the_banner_has_the_address_of_the_console() -> None:
    with started() as mock:
        assert f"Console     {mock.url}/\n" in mock.printed


def test_without_the_admin_api_there_is_no_console() -> None:
    with started("--no-admin") as mock, httpx2.Client(base_url=mock.url) as client:
        assert client.get("/").headers["location"] == "/ui/"
        assert client.get("/_mock/console/main.js").status_code == 404
        assert "Console" not in mock.printed
