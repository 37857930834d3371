"""Names: which are plain, which are safe in a path, and that no two that a run hands out are the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.judge.requests import is_plain_name, is_safe_in_path
from conformance.target.names import LeftoverName, Names

PLAIN = ["ab", "gpt-4o", "llama-3.3-70b", "openai/gpt-4o-mini", "a/b/c", "_a_", "x" * 64, "lists", "list/a", "a..b"]
SAFE_BUT_ODD = ["a", "a b", " a", "a ", "modèle", "模型", "\U0001f9ea", "a%2Fb", "a?b", "'\"$`", ".a", "a.", "x" * 65]
UNSAFE = {
    "empty": "",
    "one dot": ".",
    "two dots": "..",
    "dots inside": "a/../b",
    "dot at the end": "a/.",
    "a leading slash": "/a",
    "a trailing slash": "a/",
    "two slashes": "a//b",
    "a newline": "a\nb",
    "NUL": "a\0b",
    "DEL": "a\x7fb",
    "a zero-width space": "a\u200bb",
    "the list": "list",
    "the status of a model": "a/status",
    "the summary": "summary",
    "the public ones": "public",
    "too long": "x" * 1001,
    "too long once encoded": "模" * 112,
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain(name: str) -> None:
    assert is_plain_name(name)
    assert is_safe_in_path(name)


@pytest.mark.parametrize("name", SAFE_BUT_ODD)
def test_safe_in_a_path_but_not_plain(name: str) -> None:
    assert is_safe_in_path(name)
    assert not is_plain_name(name)


@pytest.mark.parametrize("name", UNSAFE.values(), ids=UNSAFE)
def test_unsafe_in_a_path(name: str) -> None:
    assert not is_safe_in_path(name)
    assert not is_plain_name(name)


@pytest.mark.parametrize("name", ["x" * 1000, "模" * 111])
def test_the_longest_path(name: str) -> None:
    assert is_safe_in_path(name)


def test_names_of_a_run_are_plain_and_begin_alike() -> None:
    names = Names("gw3")
    made = [names.new_name() for _ in range(3)]
    assert made == [f"{names.prefix}-gw3-000{number}" for number in (1, 2, 3)]
    assert all(map(is_plain_name, made))


def test_runs_never_share_a_name() -> None:
    assert len({Names().prefix for _ in range(50)}) == 50


def test_threads_never_get_the_same_name() -> None:
    names = Names()
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: names.new_name(), range(400)))
    assert len(set(made)) == 400


def test_names_that_were_left_are_handed_out_once_each_while_they_are_reused() -> None:
    left = [
        LeftoverName("rc-00000001-0001"),
        LeftoverName("rc-00000001-0002", "/a"),
        LeftoverName("rc-00000001-0003", shared=True),
    ]
    names = Names(left=left)
    assert names.reuses
    assert names.model_name().startswith(names.prefix)
    with names.reusing():
        assert names.model_name() == "rc-00000001-0001"
        assert names.model_name("/a") == "rc-00000001-0002"
        assert names.model_name(shared=True) == "rc-00000001-0003"
        assert names.model_name().startswith(names.prefix)
        assert names.new_name().startswith(names.prefix)


def test_what_was_not_written_to_is_handed_out_again() -> None:
    names = Names(left=[LeftoverName("rc-00000001-0001"), LeftoverName("rc-00000001-0002")])
    with names.reusing():
        assert [names.model_name(), names.model_name()] == ["rc-00000001-0001", "rc-00000001-0002"]
        names.return_unwritten({"rc-00000001-0001"})
        assert names.model_name() == "rc-00000001-0002"
        assert names.model_name().startswith(names.prefix)


def test_nothing_is_reused_once_that_is_of_no_use() -> None:
    names = Names(left=[LeftoverName("rc-00000001-0001")])
    names.stop_reusing()
    with names.reusing():
        assert names.model_name().startswith(names.prefix)
    assert not names.reuses
