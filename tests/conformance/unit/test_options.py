"""Options: from the command line and from the environment, and on to pytest without a secret."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from conformance.options import OPTIONS, Settings, as_arguments


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in OPTIONS:
        monkeypatch.delenv(option.environment, raising=False)


def test_names_and_variables_are_unique_and_begin_alike() -> None:
    assert len({option.name for option in OPTIONS}) == len({option.environment for option in OPTIONS}) == len(OPTIONS)
    assert all(option.environment.startswith("RESPAN_") for option in OPTIONS)
    assert {option.name for option in OPTIONS if option.secret} == {"api-key", "other-org-key", "read-only-key"}


def test_nothing_is_set_by_default() -> None:
    assert {name: value for name, value in Settings.gather({}).values.items() if value} == {}
    assert Settings.gather({}).values.keys() == {option.name for option in OPTIONS}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_the_environment_sets_every_option(option: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(option.environment, "1")
    expected = True if option.flag else ["1"] if option.repeatable else "1"
    assert Settings.gather({})[option.name] == expected


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_what_is_given_outweighs_the_environment(option: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(option.environment, "0")
    given = True if option.flag else ["2"] if option.repeatable else "2"
    assert Settings.gather({option.name: given})[option.name] == given


@pytest.mark.parametrize("nothing", [None, [], False])
def test_what_is_not_given_leaves_the_environment(nothing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPAN_ONLY", "IDM")
    assert Settings.gather({"only": nothing})["only"] == ["IDM"]


def test_the_number_zero_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPAN_SEED", "7")
    assert Settings.gather({"seed": 0})["seed"] == 0


@pytest.mark.parametrize(
    ("text", "flag"),
    [("1", True), ("true", True), ("YES", True), ("on", True), ("0", False), ("false", False), ("", False)],
)
def test_a_flag_in_the_environment(text: str, flag: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPAN_STRICT", text)
    assert Settings.gather({})["strict"] is flag


def test_an_empty_variable_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPAN_API_KEY", "")
    monkeypatch.setenv("RESPAN_PROVIDER", "")
    settings = Settings.gather({})
    assert settings["api-key"] is None
    assert settings["provider"] == []


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["IDM,AUT-03"], ["IDM", "AUT-03"]),
        (["IDM", "AUT-03"], ["IDM", "AUT-03"]),
        ([" IDM , ", ",,AUT-03"], ["IDM", "AUT-03"]),
        ([], []),
        (None, []),
    ],
)
def test_commas_separate_names(given: Any, names: list[str]) -> None:
    assert Settings.gather({"only": given}).names("only") == names


def _read_back(arguments: list[str]) -> dict[str, Any]:
    """The arguments as a parser with the options of the plugin reads them."""
    parser = argparse.ArgumentParser()
    for option in OPTIONS:
        how: dict[str, Any] = {"action": "store_true"} if option.flag else {}
        parser.add_argument(f"--respan-{option.name}", dest=option.name, **(how or _action(option.repeatable)))
    return vars(parser.parse_args(arguments))


def _action(repeatable: bool) -> dict[str, Any]:
    return {"action": "append"} if repeatable else {}


def test_arguments_read_back_as_they_were_but_for_secrets() -> None:
    given = {
        **dict.fromkeys((option.name for option in OPTIONS), None),
        "url": "http://localhost/--odd= value",
        "only": ["IDM", "AUT-03"],
        "provider": ["-p"],
        "strict": True,
        "seed": 0,
        "api-key": "sk-secret",
    }
    arguments = list(as_arguments(given))
    assert not any("sk-secret" in argument for argument in arguments)
    expected = {**given, "api-key": None, "seed": "0"}
    assert {name: value for name, value in _read_back(arguments).items() if value} == {
        name: value for name, value in expected.items() if value
    }


def test_one_text_for_a_repeatable_option_is_one_value() -> None:
    given = {**dict.fromkeys((option.name for option in OPTIONS), None), "only": "IDM,AUT-03"}
    assert list(as_arguments(given)) == ["--respan-only=IDM,AUT-03"]


@pytest.mark.parametrize("strict", [False, None])
def test_a_flag_that_is_not_set_is_no_argument(strict: Any) -> None:
    assert list(as_arguments({**dict.fromkeys((option.name for option in OPTIONS), None), "strict": strict})) == []
