"""What the page on settings shows is taken as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.options import OPTIONS
from conformance.results.verdict import Exit
from conformance.results.waivers import read_waivers
from tests.conformance.parts import parsed_settings

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
SETTINGS, WAIVERS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_settings_are_taken(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-1\n")
    (tmp_path / "gate.toml").write_text(SETTINGS.replace("/run/secrets/respan-key", "key"))
    settings = parsed_settings("--config", str(tmp_path / "gate.toml"))
    assert settings["strict"] is True
    assert settings["api-key"] == "sk-1"


def test_the_waivers_are_taken(tmp_path: Path, registry: object) -> None:
    (tmp_path / "waivers.toml").write_text(WAIVERS)
    assert set(read_waivers(str(tmp_path / "waivers.toml"))) == {"IDM-03"}


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`--([a-z-]+)", PAGE))))
def test_options_that_it_names_exist(option: str) -> None:
    known = {o.name for o in OPTIONS if not o.secret} | {f"no-{o.name}" for o in OPTIONS if o.flag}
    known |= {f"respan-{o.name}" for o in OPTIONS}
    assert option in known | {"list", "config", "show-config", "help"}


def test_exit_codes_are_those_of_the_command() -> None:
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)} == set(Exit)
