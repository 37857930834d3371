"""Settings: from arguments, the environment and a file; errors say where a value was given, and quote no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.options import BY_NAME, GROUPS, OPTIONS, Option, Sources
from conformance.settings import FILE, BadFile, BadSetting, Settings, gather
from tests.conformance.parts import parsed_settings

SAMPLES = {
    "app": "module:app",
    "profile": "quick",
    "proxy": "http://localhost:3128",
    "rate-limit": "10/s",
    "url": "http://localhost:8000",
}
"""A text for each option that takes neither any text nor a number."""

pytestmark = pytest.mark.usefixtures("no_settings")


def _sample(option: Option) -> str:
    return "true" if option.flag else SAMPLES.get(option.name, "30" if option.metavar in ("N", "SECONDS") else "a")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_key_can_stand_in_a_file_and_each_option_has_a_section() -> None:
    secret = {option.name for option in OPTIONS if option.secret}
    assert secret == {"api-key", "other-org-key", "read-only-key", "proxy-auth", "key-passphrase"}
    assert {option.holds: option.name for option in OPTIONS if option.holds} == {key: f"{key}-file" for key in secret}
    assert {option.section for option in OPTIONS} == GROUPS.keys()


def test_nothing_is_set_by_default_but_what_has_a_default(folder: Path) -> None:
    settings = parsed_settings()
    assert {name: value for name, value in settings.values.items() if value} == {"profile": "default"}
    assert settings.values.keys() == BY_NAME.keys()
    assert settings.origins == {}


def test_a_name_in_python_may_be_that_of_an_option(folder: Path) -> None:
    assert gather({"builtin-model": ["--strict"]})["builtin-model"] == ["--strict"]


@pytest.mark.parametrize("option", [o for o in OPTIONS if not o.holds], ids=lambda option: option.name)
def test_every_option_can_be_given_anywhere(option: Option, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = _sample(option)
    value = gather({option.name: text})[option.name]
    assert value not in (None, [], False)
    monkeypatch.setenv(option.environment, text)
    settings = parsed_settings()
    assert (settings[option.name], settings.origins) == (value, {option.name: option.environment})
    if not option.secret:
        monkeypatch.delenv(option.environment)
        written = text if text in ("true", "30") else f"'{text}'"
        (folder / FILE).write_text(f"# a comment\n{option.name} = {written}\n")
        settings = parsed_settings()
        assert (settings[option.name], settings.origins) == (value, {option.name: f"{FILE}:2"})


def test_arguments_override_the_environment_which_overrides_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / FILE).write_text("seed = 1\nonly = 'IDM'\nstrict = true\ntimeout = 2.5\n")
    monkeypatch.setenv("RESPAN_SEED", "2")
    monkeypatch.setenv("RESPAN_TIMEOUT", "never")
    settings = parsed_settings("http://localhost", "--no-strict", "--timeout", "3")
    values = {name: (settings[name], settings.origins[name]) for name in ("seed", "only", "strict", "timeout", "url")}
    assert values == {
        "seed": (2, "RESPAN_SEED"),
        "only": (["IDM"], f"{FILE}:2"),
        "strict": (False, "--no-strict"),
        "timeout": (3.0, "--timeout"),
        "url": ("http://localhost", "URL"),
    }
    monkeypatch.delenv("RESPAN_TIMEOUT")
    assert gather({"seed": 0, "only": [], "strict": None})["seed"] == 0


def test_no_proxy_overrides_what_the_others_give(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / FILE).write_text("proxy = 'ftp://no-proxy'\n")
    monkeypatch.setenv("RESPAN_PROXY", "http://localhost:3128")
    assert parsed_settings()["proxy"] == "http://localhost:3128"
    settings = parsed_settings("--no-proxy")
    assert (settings["proxy"], settings.origins["proxy"]) == ("none", "--proxy")


def test_another_file_is_read_in_place_of_the_usual_one(folder: Path) -> None:
    (folder / FILE).write_text("seed = 1\n")
    (folder / "ci").mkdir()
    (folder / "ci" / "key").write_text("sk-1\n")
    (folder / "ci" / "gate.toml").write_text(f'api-key-file = "key"\njson = "out.json"\ncontract = "{folder}/c.yaml"\n')
    settings = parsed_settings("--config", "ci/gate.toml")
    assert settings["seed"] is None
    assert (settings["api-key"], settings["json"]) == ("sk-1", "ci/out.json"), "relative to the folder of the file"
    assert settings["contract"] == f"{folder}/c.yaml"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([" IDM , ", ",,AUT-03"], ["IDM", "AUT-03"]),
        ("IDM,AUT-03", ["IDM", "AUT-03"]),
        ({"IDM"}, ["IDM"]),
        ([], []),
        (None, []),
    ],
)
def test_commas_separate_names(given: Any, names: list[str]) -> None:
    assert gather({"only": given})["only"] == names


def test_lines_separate_values_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPAN_PROVIDER", "one\n\ntwo words,three\n")
    monkeypatch.setenv("RESPAN_API_KEY", "")
    settings = gather({})
    assert (settings["provider"], settings["api-key"]) == (["one", "two words", "three"], None)


URLS = ("localhost:80", "http://", "ftp://h", "http://h:99999", "http://[::1", "http://h:0")
RATES = ("0", "1/h", "/s", "1/", "inf", "-1/s")
URL, SEED = "is not a URL such as http://HOST:PORT or", "is not a whole number from 0 to 4294967295"
INVALID: list[tuple[str, Any, str]] = [
    *(("seed", written, f"seed: '{written}' {SEED}") for written in ("-1", "4294967296", "1.0", "many", "9" * 5000)),
    *(("timeout", written, f"timeout: '{written}' is not a number") for written in ("0", "-1", "inf", "nan", "soon")),
    *(("profile", written, f"profile: '{written}' is not one of 'quick'") for written in ("Quick", "slow")),
    *(("url", written, f"url: '{written}' {URL}") for written in URLS),
    *(("app", written, f"app: '{written}' is not an application such as") for written in ("module", ":a", "a/b.py:c")),
    *(("rate_limit", written, f"rate_limit: '{written}' is not a rate such as 10/s") for written in RATES),
    *(("strict", written, f"strict: {written!r} is not true or false") for written in ("maybe", 2)),
    ("name_pattern", "[", "name_pattern: invalid regular expression"),
    ("only", [","], "only: the value is empty; give IDS"),
    ("api_key_file", "", "api_key_file: the value is empty; give FILE"),
    ("api_key", "  ", "api_key: the key is empty"),
    ("api_key", "sk-\n1", "api_key: there are several lines"),
    ("url", "http://user:hidden@host", "url: the URL has a user or a password"),
    ("url", "http://hidden@host", "url: the URL has a user or a password"),
    ("url", "http://host/?key=hidden", "url: the URL has a query or a fragment"),
    ("proxy", "socks5://user:hidden@host", "proxy: the value is not http://HOST:PORT or none"),
    ("proxy", "http://host/#hidden", "proxy: the URL has a query or a fragment"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "says"), INVALID)
def test_an_error_says_what_was_expected(name: str, value: Any, says: str) -> None:
    with pytest.raises(BadSetting) as error:
        gather({name: value})
    assert str(error.value).startswith(says)
    assert not [secret for secret in ("hidden", "sk-") if secret in str(error.value)]


def test_an_error_names_the_variable_and_the_setting_of_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = Sources(file=lambda option: f"pytest.ini: {option.dest}")
    with pytest.raises(BadSetting, match=f"pytest.ini: respan_seed: 'many' {SEED}"):
        gather({}, sources, {"seed": "many", "strict": None, "only": []})
    monkeypatch.setenv("RESPAN_SEED", "many")
    with pytest.raises(BadSetting, match=f"RESPAN_SEED: 'many' {SEED}"):
        gather({})


def test_a_function_has_no_other_options() -> None:
    with pytest.raises(TypeError, match=r"unknown option onyl; did you mean only\?"):
        gather({"onyl": ["IDM"]})


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("sede = 7", "gate.toml:1: unknown option sede; did you mean seed?"),
        ("\napi_key_file = 'k'", "gate.toml:2: unknown option api_key_file; did you mean api-key-file?"),
        ("[judging]\nseed = 7", "gate.toml:1: unknown option judging"),
        ("api-key = 'sk-1'", "gate.toml:1: api-key: a settings file must not contain a key"),
        ("seed = true", "gate.toml:1: seed = true: give N as on the command line, not true or false"),
        ("seed = [7]", "gate.toml:1: seed = [7]: give N as on the command line, not a list"),
        ("json = 2027-01-01", 'gate.toml:1: json = "2027-01-01": give FILE as on the command line, not a date'),
        ("provider = ['a', []]", "gate.toml:1: provider = []: give ID as on the command line, not a list"),
    ],
)
def test_an_error_names_the_line(folder: Path, written: str, says: str) -> None:
    (folder / "gate.toml").write_text(written)
    with pytest.raises(BadFile) as error:
        parsed_settings("--config", "gate.toml")
    assert str(error.value).startswith(says)
    assert "sk-1" not in str(error.value)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("\nseed = 7.0", f"gate.toml:2: seed: '7.0' {SEED}"),
        ("profile = 'slow'", "gate.toml:1: profile: 'slow' is not one of 'quick', 'default', 'thorough'"),
        ("only = []", "gate.toml:1: only: the value is empty; give IDS"),
        ("profile = ''", "gate.toml:1: profile: the value is empty; give one of quick, default, thorough"),
        ("strict = 'maybe'", "gate.toml:1: strict: 'maybe' is not true or false"),
        ("url = 'http://a:b@c'", "gate.toml:1: url: the URL has a user or a password"),
        ("proxy = 'ftp://host'", "gate.toml:1: proxy: 'ftp://host' is not http://HOST:PORT or none"),
    ],
)
def test_a_value_in_a_file_is_judged_as_on_the_command_line(
    folder: Path, written: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gate.toml").write_text(written)
    with pytest.raises(SystemExit, match="2"):
        parsed_settings("--config", "gate.toml")
    assert capsys.readouterr().err.startswith(f"respan-conformance: {says}")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"seed = \n", "gate.toml:1:8: invalid value"),
        (b"seed = 1\nseed = 2\n", "gate.toml:2:9: cannot overwrite a value"),
        (b"seed = 'x", 'gate.toml: expected "\'" (at end of document)'),
        ("url = 'é'".encode("latin-1"), "gate.toml: the file is not UTF-8"),
        (None, "--config gate.toml: No such file"),
    ],
)
def test_a_file_that_cannot_be_read(folder: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (folder / "gate.toml").write_bytes(content)
    with pytest.raises(BadFile) as error:
        parsed_settings("--config", "gate.toml")
    assert str(error.value).startswith(says)


class TestKeyFiles:
    @pytest.fixture
    def file(self, tmp_path: Path) -> str:
        (tmp_path / "key").write_text("sk-of-file\n")
        return str(tmp_path / "key")

    def test_the_stronger_of_a_key_and_a_file_is_used(
        self, file: str, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RESPAN_API_KEY", "not used: é")
        settings = parsed_settings("--api-key-file", file)
        assert (settings["api-key"], settings.origins["api-key"]) == ("sk-of-file", f"--api-key-file {file}")
        (folder / FILE).write_text(f"api-key-file = '{file}'\n")
        monkeypatch.setenv("RESPAN_API_KEY", "sk-of-variable")
        settings = parsed_settings()
        assert (settings["api-key"], settings.origins["api-key"]) == ("sk-of-variable", "RESPAN_API_KEY")

    def test_both_in_one_place_contradict_each_other(self, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RESPAN_API_KEY", "sk-of-variable")
        monkeypatch.setenv("RESPAN_API_KEY_FILE", file)
        with pytest.raises(BadSetting, match="RESPAN_API_KEY and RESPAN_API_KEY_FILE are both set; set one of them"):
            gather({})

    def test_a_file_without_a_key_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BadSetting, match=r"api_key_file .*none: No such file"):
            gather({"api_key_file": tmp_path / "none"})


def test_settings_can_be_changed() -> None:
    settings: Settings = gather({"seed": 7}).with_values("elsewhere", {"url": "http://localhost"})
    assert settings.origins == {"seed": "seed", "url": "elsewhere"}


@pytest.mark.parametrize(("origin", "place"), [("gate.toml:2", "gate.toml:2: ca"), ("RESPAN_CA", "RESPAN_CA")])
def test_an_error_names_the_option_of_a_value_in_a_file(origin: str, place: str) -> None:
    assert Settings({"ca": "5"}, {"ca": origin}).place("ca") == place
