"""Names are stored byte for byte, and read and deleted at their percent-encoded path."""

from __future__ import annotations

import json
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.mock_server.conftest import Names
from tests.mock_server.wire import KEY, MODELS, Reply, exchange, request, upsert

Address = tuple[str, int]

EXOTIC = {
    "slash": "openai/gpt-4o",
    "slashes": "a/b/c//d",
    "leading slash": "/a",
    "trailing slash": "a/",
    "only slashes": "///",
    "dot": ".",
    "dots": "..",
    "dot segments": "a/../b/./c",
    "space": "my model",
    "spaces around": " my model ",
    "percent": "100%",
    "percent-encoding": "%41%2F%zz",
    "query": "what?a=b&c",
    "fragment": "a#b",
    "plus": "a+b",
    "semicolon": "a;b=c",
    "newline": "a\nb",
    "newline at the end": "a\n",
    "only a newline": "\n",
    "tab and NUL": "a\t\x00b",
    "backslash": "a\\b",
    "quotes": "\"'`",
    "braces": "{model_name}",
    "emoji": "🚀🧑‍🚀",
    "combining": "e\u0301",
    "precomposed": "é",
    "right to left": "\u202eabc",
    "byte order mark": "\ufeffa",
    "replacement character": "\ufffd",
    "beyond the BMP": "\U0010ffff",
    "1,000 characters": "ü" * 1000,
    "10,000 characters": "x/" * 5000,
    "like a route": "list",
    "like the console": "ui/",
}


@pytest.mark.parametrize("name", EXOTIC.values(), ids=EXOTIC)
def test_an_unusual_name_is_stored(address: Address, new_name: Names, name: str) -> None:
    _delete(address, name)
    created = exchange(address, upsert(json.dumps({"model_name": name, "display_name": new_name()}).encode()))
    assert created.status == 201
    assert created.json["model_name"] == created.json["id"] == name
    read = _at_path(address, "GET", name)
    assert read.status == 200
    assert read.body == created.body
    assert _delete(address, name).status == 204
    assert _at_path(address, "GET", name).status == 404


@given(name=st.text(min_size=1, max_size=40))
@example("a/\n")
@settings(deadline=None, max_examples=60)
def test_any_name_is_stored(address: Address, name: str) -> None:
    _delete(address, name)
    assert exchange(address, upsert(json.dumps({"model_name": name}).encode())).status == 201
    assert _at_path(address, "GET", name).json["model_name"] == name
    assert _delete(address, name).status == 204


def test_slashes_in_the_path_need_not_be_encoded(address: Address, new_name: Names) -> None:
    name = f"{new_name()}/a//b/../c/"
    assert exchange(address, upsert(json.dumps({"model_name": name}).encode())).status == 201
    read = exchange(address, request("GET", f"{MODELS}{name}/", {"Authorization": f"Bearer {KEY}"}))
    assert read.json["model_name"] == name


def test_names_that_differ_only_in_unicode_form_are_different_models(address: Address, new_name: Names) -> None:
    stem = new_name()
    names = [f"{stem}é", unicodedata.normalize("NFD", f"{stem}é"), f"{stem}É", f"{stem}é ", f"{stem}%C3%A9"]
    for name in names:
        assert exchange(address, upsert(json.dumps({"model_name": name}).encode())).status == 201
    assert [_at_path(address, "GET", name).json["model_name"] for name in names] == names


@pytest.mark.parametrize("target", ["%FF", "a%C0%AF", "%ED%A0%80"])
def test_a_path_that_is_not_utf_8_names_no_model(address: Address, target: str) -> None:
    response = exchange(address, request("GET", f"{MODELS}{target}/", {"Authorization": f"Bearer {KEY}"}))
    assert response.status == 404
    assert "There is no model" in response.json["detail"]


def test_a_malformed_percent_encoding_is_literal(address: Address, new_name: Names) -> None:
    name = f"{new_name()}%zz%"
    assert exchange(address, upsert(json.dumps({"model_name": name}).encode())).status == 201
    read = exchange(address, request("GET", f"{MODELS}{name}/", {"Authorization": f"Bearer {KEY}"}))
    assert read.json["model_name"] == name


def _at_path(address: Address, method: str, name: str) -> Reply:
    target = f"{MODELS}{quote(name, safe='')}/"
    return exchange(address, request(method, target, {"Authorization": f"Bearer {KEY}"}))


def _delete(address: Address, name: str) -> Reply:
    return _at_path(address, "DELETE", name)
