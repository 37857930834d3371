"""Settings: from several places, the later ones first, and on to pytest without a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.options import OPTIONS, Option
from conformance.settings import BadSetting, Settings, Source, Written, from_arguments, from_environment, from_python

SAMPLES = {
    "app": "module:app",
    "concurrency": "2",
    "max-models": "30",
    "max-requests": "9",
    "profile": "quick",
    "proxy": "http://localhost:3128",
    "rate-limit": "10/s",
    "seed": "7",
    "time-budget": "60",
    "time-limit": "5",
    "timeout": "5",
    "url": "http://localhost:8000",
}
"""A text for each option that does not take any text."""


def _sample(option: Option) -> str:
    return "true" if option.flag else SAMPLES.get(option.name, f"a-{option.name}")


def _written(**texts: str) -> Source:
    return {name.replace("_", "-"): Written([text], "--here") for name, text in texts.items()}


def _of_environment(**variables: str) -> Settings:
    return Settings.gather(from_environment(variables))


def test_nothing_is_set_by_default_but_what_has_a_default() -> None:
    settings = Settings.gather()
    assert {name: value for name, value in settings.values.items() if value} == {"profile": "default"}
    assert settings.values.keys() == {option.name for option in OPTIONS}
    assert settings.origins == {}


@pytest.mark.parametrize("option", [o for o in OPTIONS if not o.holds], ids=lambda option: option.name)
def test_the_environment_sets_every_option(option: Option) -> None:
    settings = Settings.gather(from_environment({option.environment: _sample(option)}))
    value = option.kind.parse(_sample(option))
    assert settings[option.name] == ([value] if option.repeatable else value)
    assert settings.origins == {option.name: option.environment}


@pytest.mark.parametrize("option", [o for o in OPTIONS if not o.secret and not o.holds], ids=lambda option: option.name)
def test_the_last_source_outweighs_those_before_it(option: Option) -> None:
    first = {option.name: Written(["\x00no value\x00"], "--first")}
    second = {option.name: Written([_sample(option)], "--second")}
    value = Settings.gather(first, second)[option.name]
    assert value == Settings.gather(second)[option.name]


@pytest.mark.parametrize("nothing", [None, []])
def test_unset_inputs_leave_the_environment(nothing: Any) -> None:
    settings = Settings.gather(from_environment({"RESPAN_ONLY": "IDM"}), from_arguments({"only": nothing}))
    assert settings["only"] == ["IDM"]


def test_a_flag_is_switched_off_where_a_weaker_source_sets_it() -> None:
    on = from_environment({"RESPAN_STRICT": "1"})
    assert Settings.gather(on)["strict"] is True
    off = Settings.gather(on, from_arguments({"strict": False}))
    assert (off["strict"], off.origins["strict"]) == (False, "--no-strict")
    assert Settings.gather(on, from_python({"strict": False}))["strict"] is False


def test_the_number_zero_is_a_value() -> None:
    settings = Settings.gather(from_environment({"RESPAN_SEED": "7"}), from_python({"seed": 0}))
    assert settings["seed"] == 0


def test_an_empty_variable_sets_nothing() -> None:
    settings = _of_environment(RESPAN_API_KEY="", RESPAN_PROVIDER=" ", RESPAN_STRICT="")
    assert settings.origins == {}
    assert settings["api-key"] is None
    assert settings["provider"] == []


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["IDM,AUT-03"], ["IDM", "AUT-03"]),
        (["IDM", "AUT-03"], ["IDM", "AUT-03"]),
        ([" IDM , ", ",,AUT-03"], ["IDM", "AUT-03"]),
        ("IDM,AUT-03", ["IDM", "AUT-03"]),
        ({"IDM"}, ["IDM"]),
        ([], []),
        (None, []),
    ],
)
def test_commas_separate_names(given: Any, names: list[str]) -> None:
    assert Settings.gather(from_python({"only": given}))["only"] == names


def test_lines_separate_values_in_the_environment() -> None:
    assert _of_environment(RESPAN_PROVIDER="one\n\ntwo,three\n")["provider"] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (from_arguments({"seed": "many"}), "--seed many: give a whole number from 0 to 4294967295"),
        (from_environment({"RESPAN_SEED": "many"}), "RESPAN_SEED=many: give a whole number from 0 to 4294967295"),
        (from_python({"seed": -1}), "seed=-1: give a whole number from 0 to 4294967295"),
        (from_arguments({"url": "localhost"}), "URL localhost: give http://HOST:PORT or https://HOST/PREFIX"),
        (from_arguments({"url": "http://a:b@c"}), "URL: the URL has a user or a password, which requests without"),
        (from_arguments({"only": [","]}), "--only is empty; give requirements or sections, such as IDM,AUT-03"),
        (from_arguments({"url": ""}), "URL is empty; give http://HOST:PORT or https://HOST/PREFIX"),
        (from_arguments({"api-key-file": ""}), "--api-key-file is empty; give the path of a file"),
        (from_environment({"RESPAN_STRICT": "maybe"}), "RESPAN_STRICT=maybe: give true or false"),
        (from_environment({"RESPAN_API_KEY": "  "}), "RESPAN_API_KEY: the key is empty"),
        (from_environment({"RESPAN_API_KEY": "sk-\n1"}), "RESPAN_API_KEY: there are several lines"),
    ],
)
def test_what_an_option_cannot_take(source: Source, says: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        Settings.gather(source)
    assert str(refusal.value).startswith(says)


def test_a_function_has_no_other_options() -> None:
    with pytest.raises(TypeError, match="unknown option onyl"):
        from_python({"onyl": ["IDM"]})


class TestKeyFiles:
    @pytest.fixture
    def file(self, tmp_path: Path) -> str:
        (tmp_path / "key").write_text("sk-of-file\n")
        return str(tmp_path / "key")

    def test_a_file_holds_the_key(self, file: str) -> None:
        settings = Settings.gather(_written(api_key_file=file))
        assert settings["api-key"] == "sk-of-file"
        assert settings.origins["api-key"] == f"--here {file}"

    def test_a_stronger_file_outweighs_a_weaker_key_and_the_other_way_round(self, file: str) -> None:
        variable = from_environment({"RESPAN_API_KEY": "sk-of-variable"})
        named = _written(api_key_file=file)
        assert Settings.gather(variable, named)["api-key"] == "sk-of-file"
        assert Settings.gather(named, variable)["api-key"] == "sk-of-variable"

    def test_both_in_one_place_contradict_each_other(self, file: str) -> None:
        both = from_environment({"RESPAN_API_KEY": "sk-of-variable", "RESPAN_API_KEY_FILE": file})
        with pytest.raises(BadSetting, match="RESPAN_API_KEY and RESPAN_API_KEY_FILE are both set"):
            Settings.gather(both)

    def test_a_file_without_a_key_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BadSetting, match=r"--here .*none: No such file"):
            Settings.gather(_written(api_key_file=str(tmp_path / "none")))
