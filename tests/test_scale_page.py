"""docs/scale.md names options that exist, addresses that are accepted, and manifests that the mock starts with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.command import invoke
from mock_server.admin.app import HEALTH
from mock_server.cli import COMMAND
from mock_server.options import OPTIONS
from mock_server.settings import STORE_VARIABLE, TOKEN_VARIABLE, Settings
from mock_server.shared.address import DEFAULT_PREFIX, address_of
from mock_server.shared.connection import OLDEST, REASONS

PAGE = (Path(__file__).parent.parent / "docs" / "scale.md").read_text(encoding="utf-8")
[COMPOSE, KUBERNETES] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_its_options_exist() -> None:
    known = {name for each in OPTIONS for name in each.opts}
    others = {"--scale", "--no-cache-dir", "--appendonly", "--maxmemory", "--maxmemory-policy"}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) <= known | others


def test_its_addresses_are_accepted() -> None:
    found = [each for each in re.findall(r"`((?:redis|unix)[a-z+]*://[^`\s]+)`", PAGE) if not each.endswith("://")]
    assert len(found) == 4
    for each in found:
        assert "PASSWORD" not in address_of(each).label
    assert f"(default: `{DEFAULT_PREFIX}`)" in PAGE
    assert f"version {'.'.join(map(str, OLDEST))} or later" in PAGE


def test_the_reasons_of_a_503_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    assert set(re.findall(r'"(it [^"]+)"', text)) <= set(REASONS)


@pytest.mark.parametrize("place", ["compose", "kubernetes"])
def test_the_mock_accepts_the_options_and_variables_of_a_manifest(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words: list[str] = ["--host", "0.0.0.0"]
    if place == "compose":
        mock: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]["mock"]
        words += mock["command"]
        variables = set(mock["environment"])
    else:
        deployment, service = yaml.safe_load_all(KUBERNETES)
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        words += container["args"]
        variables = {each["name"] for each in container["env"]}
        ports = {container["ports"][0]["containerPort"], service["spec"]["ports"][0]["port"]}
        for probe in ("readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["path"].encode() == HEALTH
            ports.add(container[probe]["httpGet"]["port"])
        assert ports == {Settings().port}
        grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert grace > float(words[words.index("--grace-period") + 1])
    assert variables <= {STORE_VARIABLE, TOKEN_VARIABLE}
    for name in variables:
        monkeypatch.setenv(name, "redis://redis:6379/0" if name == STORE_VARIABLE else "token")
    settings = invoke(COMMAND, words)
    assert isinstance(settings, Settings)
    assert settings.store == "redis://redis:6379/0"
    assert settings.admin_token == "token"
