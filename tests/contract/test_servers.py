"""The base path of a contract: the path of its first server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract import Contract
from tests.contract.altered import drop, put, write_altered
from tests.contract.conftest import LoadAltered, ProblemsOf

STAGE = {"default": "live", "enum": ["live", "test"]}

BASE_PATHS: dict[str, tuple[dict[str, Any], str]] = {
    "a path": ({"url": "https://api.example.com/v1"}, "/v1"),
    "a slash at the end": ({"url": "https://api.example.com/v1/x/"}, "/v1/x"),
    "a host alone": ({"url": "https://api.example.com"}, ""),
    "a root": ({"url": "https://api.example.com/"}, ""),
    "a relative path": ({"url": "/v1"}, "/v1"),
    "a relative path without a slash": ({"url": "v1"}, "/v1"),
    "dots": ({"url": "https://api.example.com/a/../v1/."}, "/v1"),
    "a space": ({"url": "https://api.example.com/my api"}, "/my%20api"),
    "variables": ({"url": "https://{stage}.example.com/{stage}/v1", "variables": {"stage": STAGE}}, "/live/v1"),
    "a whole URL": ({"url": "{url}/v2", "variables": {"url": {"default": "https://api.example.com/a"}}}, "/a/v2"),
}


@pytest.mark.parametrize(("server", "base_path"), BASE_PATHS.values(), ids=BASE_PATHS)
def test_it_is_the_path_of_the_first_server(load_altered: LoadAltered, server: dict[str, Any], base_path: str) -> None:
    assert load_altered(put("#/servers", [server, {"url": "/other"}])).base_path == base_path


def test_there_is_none_without_servers(load_altered: LoadAltered, shipped: Contract) -> None:
    assert load_altered(drop("#/servers")).base_path == load_altered(put("#/servers", [])).base_path == ""
    assert shipped.base_path == ""


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("https://api.example.com/{stage}", "the variable stage of the server has no default"),
        ("https://[api/v1", "the URL of the server is malformed"),
    ],
)
def test_what_is_no_url_is_a_problem(tmp_path: Path, problems_of: ProblemsOf, url: str, what: str) -> None:
    (problem,) = problems_of(write_altered(tmp_path, put("#/servers", [{"url": url}])))
    assert problem.pointer == "#/servers/0/url"
    assert what in problem.what
