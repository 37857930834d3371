"""The file of settings: read as the command line is, with errors that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.settings import FILE, BadFile, BadSetting, Settings, from_environment, from_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_file_nothing_is_set(folder: Path) -> None:
    assert from_file(None) == {}


def test_the_file_of_the_current_directory_is_taken(folder: Path) -> None:
    (folder / FILE).write_text(
        "# the staging system\n"
        'url = "http://localhost:8000"\n'
        'only = ["IDM", "AUT-03"]\n'
        'provider = "my-vllm"\n'
        "strict = true\nseed = 7\ntime-limit = 2.5\n"
    )
    settings = Settings.gather(from_file(None))
    assert settings["url"] == "http://localhost:8000"
    assert settings["only"] == ["IDM", "AUT-03"]
    assert settings["provider"] == ["my-vllm"]
    assert (settings["strict"], settings["seed"], settings["time-limit"]) == (True, 7, 2.5)
    assert settings.origins["seed"] == "respan-conformance.toml:6"


def test_another_file_is_taken_where_it_is_named(folder: Path) -> None:
    (folder / FILE).write_text("seed = 1\n")
    (folder / "other.toml").write_text("strict = false\n")
    settings = Settings.gather(from_file("other.toml"))
    assert (settings["seed"], settings["strict"]) == (None, False)


def test_the_environment_outweighs_the_file(folder: Path) -> None:
    (folder / FILE).write_text("seed = 1\nonly = 'IDM'\n")
    settings = Settings.gather(from_file(None), from_environment({"RESPAN_SEED": "2"}))
    assert (settings["seed"], settings["only"]) == (2, ["IDM"])


def test_paths_are_seen_from_the_folder_of_the_file(folder: Path) -> None:
    (folder / "ci").mkdir()
    (folder / "ci" / "key").write_text("sk-1\n")
    (folder / "ci" / "gate.toml").write_text(f'api-key-file = "key"\njson = "out.json"\ncontract = "{folder}/c.yaml"\n')
    settings = Settings.gather(from_file("ci/gate.toml"))
    assert settings["api-key"] == "sk-1"
    assert settings["json"] == "ci/out.json"
    assert settings["contract"] == f"{folder}/c.yaml"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("sede = 7", "gate.toml:1: unknown option sede; did you mean seed?"),
        ("\napi_key_file = 'k'", "gate.toml:2: unknown option api_key_file; did you mean api-key-file?"),
        ("[judging]\nseed = 7", "gate.toml:1: unknown option judging"),
        (
            "api-key = 'sk-1'",
            "gate.toml:1: api-key: a settings file must not contain a key",
        ),
        ("seed = '7'", 'gate.toml:1: seed = "7": give a whole number from 0 to 4294967295, not text'),
        ("seed = 7.0", "gate.toml:1: seed = 7.0: give a whole number from 0 to 4294967295, not a number"),
        ("seed = true", "gate.toml:1: seed = true: give a whole number from 0 to 4294967295, not true or false"),
        ("seed = [7]", "gate.toml:1: seed = [7]: give a whole number from 0 to 4294967295, not a list"),
        ("seed = -1", "gate.toml:1: seed = -1: give a whole number from 0 to 4294967295"),
        ("strict = 1", "gate.toml:1: strict = 1: give true or false, not a whole number"),
        ("profile = 'slow'", "gate.toml:1: profile = slow: give one of quick, default, thorough"),
        ("provider = ['a', 2]", "gate.toml:1: provider = 2: give an ID or a list of them, not a whole number"),
        ("only = []", "gate.toml:1: only is empty; give requirements or sections, such as IDM,AUT-03"),
        ("json = 2027-01-01", 'gate.toml:1: json = "2027-01-01": give the path of a file to write, not a date'),
        ("url = 'http://a:b@c'", "gate.toml:1: url: the URL has a user or a password"),
        ("seed = \n", "gate.toml:1:8: invalid value"),
        ("seed = 1\nseed = 2\n", "gate.toml:2:9: cannot overwrite a value"),
        ("seed = 'x", 'gate.toml: expected "\'" (at end of document)'),
    ],
)
def test_an_error_names_the_line_and_what_to_write(folder: Path, written: str, says: str) -> None:
    (folder / "gate.toml").write_text(written)
    with pytest.raises((BadFile, BadSetting)) as refusal:
        Settings.gather(from_file("gate.toml"))
    assert str(refusal.value).startswith(says)
    assert "sk-1" not in str(refusal.value)


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    with pytest.raises(BadFile, match=r"none\.toml: No such file"):
        from_file("none.toml")
    (folder / "latin.toml").write_bytes("url = 'é'".encode("latin-1"))
    with pytest.raises(BadFile, match=r"latin\.toml: the file is not UTF-8"):
        from_file("latin.toml")
