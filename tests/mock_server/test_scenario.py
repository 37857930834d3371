"""Scenarios: starting from one, resetting to it, and saving one."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest

import mock_server
from mock_server import MockServer
from mock_server.scenario import ScenarioError
from tests.mock_server.process import run, started
from tests.mock_server.wire import MODELS

SCENARIO, STATE, RESET = "/_mock/scenario", "/_mock/state", "/_mock/reset"
SCHEMA = Path(mock_server.__file__).parent / "scenario.schema.json"
TEXT = """\
clock: 2026-02-01T12:00:00Z+1s
seed: 7
fixtures:
  organizations: {acme: {}, initech: {}}
  models: {base: {input_cost: 3}}
faults:
  - {status: 418, method: DELETE, count: 2}
models:
  initech:
    bot: {values: {base_model_name: base, output_cost: 1.5}}
    old: {created: 2025-01-01T00:00:00Z}
"""
CALLER = {"Authorization": "Bearer demo-initech"}
ODD = "\x7f\x85\u2028\ufeff🚀"
EXACT = {"input_cost": -0.0, "output_cost": 1e22, "max_context_window": 2**63 - 1, "display_name": f"{ODD}\0"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def client_of(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, headers=CALLER)


def shown(client: httpx2.Client, name: str) -> dict[str, Any]:
    response = client.get(f"{MODELS}{name}/")
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def test_a_mock_starts_from_a_scenario_and_resets_to_it(file: Path) -> None:
    file.chmod(0o444)
    before = file.stat()
    with started("--quiet", "--scenario", str(file)) as mock, client_of(mock.url) as client:
        at_first = client.get(SCENARIO).json()
        bot = shown(client, "bot")
        assert (bot["input_cost"], bot["output_cost"]) == (3, 1.5)
        assert bot["created_at"] == bot["updated_at"] == "2026-02-01T12:00:00Z"
        assert shown(client, "old")["updated_at"] == "2025-01-01T00:00:00Z"
        assert client.delete(f"{MODELS}old/").status_code == 418
        client.put("/_mock/faults", json={"faults": []})
        assert client.delete(f"{MODELS}old/").status_code == 204
        client.post(MODELS, json={"model_name": "bot", "output_cost": 2})
        client.post(MODELS, json={"model_name": "new"})
        assert client.post(RESET).json()["models"] == 2
        assert client.get(SCENARIO).json() == at_first
        assert client.get("/_mock/requests").json()["requests"] == []
        mock.stop()
    assert [path.name for path in file.parent.iterdir()] == ["scenario.yaml"]
    assert (file.read_text(encoding="utf-8"), file.stat().st_mtime_ns) == (TEXT, before.st_mtime_ns)


def test_parts_of_it_can_be_reset(file: Path) -> None:
    with started("--quiet", "--scenario", str(file)) as mock, client_of(mock.url) as client:
        client.put("/_mock/faults", json={"faults": []})
        client.delete(f"{MODELS}bot/")
        client.delete(f"{MODELS}old/")
        client.post(MODELS, json={"model_name": "new"})
        client.post(RESET, json={"organization": "initech", "model": "bot"})
        assert list(client.get(STATE).json()["models"]["initech"]) == ["new", "bot"]
        assert client.post(RESET, json={"organization": "initech"}).json()["models"] == 1
        assert list(client.get(STATE).json()["models"]["initech"]) == ["bot", "old"]


@pytest.mark.parametrize("name", ["saved.json", "saved.yaml"])
def test_a_saved_scenario_gives_the_same_responses(file: Path, name: str) -> None:
    saved = file.with_name(name)
    with started("--quiet", "--scenario", str(file), "--fail", "0%:500") as mock, client_of(mock.url) as client:
        for body in ({"model_name": "exact", **EXACT}, {"model_name": ODD, "base_model_name": "exact"}):
            assert client.post(MODELS, json=body).status_code == 201
        assert client.delete(f"{MODELS}bot/").status_code == 418
        names = ["bot", "old", "exact", "base"]
        before = [client.get(f"{MODELS}{each}/").content for each in names]
        text = client.get(SCENARIO).text
        assert text.count("\n") > 50, "people read it"
        saved.write_text(text, encoding="utf-8")
    with started("--quiet", "--scenario", str(saved)) as mock, client_of(mock.url) as client:
        assert client.get(SCENARIO).text == text
        assert [client.get(f"{MODELS}{each}/").content for each in names] == before
        assert client.delete(f"{MODELS}bot/").status_code == 418
        assert client.delete(f"{MODELS}bot/").status_code == 204, "one of its two was used up before"
        created = client.post(MODELS, json={"model_name": "next"}).json()
        assert created["created_at"] == "2026-02-01T12:00:03Z"


def test_any_valid_json_is_accepted(file: Path) -> None:
    model = {"values": {"display_name": "🚀\x7f"}}
    escaped = json.dumps({"models": {"acme": {"m": model}}})
    assert "\\ud83d" in escaped
    for name in ("scenario.json", "scenario"):
        path = file.with_name(name)
        path.write_text(escaped, encoding="ascii")
        with MockServer(scenario=path) as mock:
            assert mock.state["models"]["acme"]["m"]["values"] == {"model_name": "m", **model["values"]}


def test_an_option_overrides_its_part(file: Path, tmp_path: Path) -> None:
    (tmp_path / "faults.yaml").write_text("faults: [{status: 429}]", encoding="utf-8")
    options = ["--clock", "2030-01-01T00:00:00Z", "--seed", "8", "--faults", str(tmp_path / "faults.yaml")]
    with started("--quiet", "--scenario", str(file), *options) as mock, client_of(mock.url) as client:
        scenario = client.get(SCENARIO).json()
    assert (scenario["clock"], scenario["seed"]) == ("2030-01-01T00:00:00Z", 8)
    assert [rule["status"] for rule in scenario["faults"]] == [429]
    assert list(scenario["models"]["initech"]) == ["bot", "old"]
    fixtures = tmp_path / "fixtures.yaml"
    fixtures.write_text(json.dumps({**scenario["fixtures"], "models": {"base": {"input_cost": 9}}}), encoding="utf-8")
    options = ["--scenario", str(file), "--fixtures", str(fixtures)]
    with started("--quiet", *options) as mock, client_of(mock.url) as client:
        assert shown(client, "bot")["input_cost"] == 9


def test_short_options_add_rules(file: Path) -> None:
    file.write_text("faults: [{id: delay, latency: {min: 1}}, {id: f1, status: 418}, {status: 503}]", encoding="utf-8")
    with started("--quiet", "--scenario", str(file), "--delay", "0", "--fail", "reset") as mock:
        rules = httpx2.get(mock.url + "/_mock/faults").json()["faults"]
    assert [(rule["id"], rule.get("latency")) for rule in rules] == [
        ("delay", {"min": 0, "max": 0}),
        ("f1", None),
        ("f2", None),
        ("f3", None),
    ]


def test_each_part_has_a_default() -> None:
    with MockServer(scenario={}) as mock, MockServer() as plain:
        assert mock.scenario == plain.scenario
    own_key = {"fixtures": {"api_keys": {"k": {"organization": "acme", "rights": "read-write"}}}}
    with MockServer(scenario=own_key) as mock:
        assert mock.api_key == "k"
        assert mock.scenario["fixtures"]["models"]
    with MockServer(scenario={"fixtures": {"organizations": {"one": {}, "my team": {}}}}) as mock:
        assert list(mock.scenario["fixtures"]["api_keys"]) == ["demo-one"]


def test_mock_server_starts_from_a_scenario_and_saves_one(file: Path) -> None:
    with MockServer(scenario=file, seed=1) as mock:
        saved = mock.scenario
        mock.reset()
        assert mock.scenario == saved
        assert (saved["seed"], list(saved["models"])) == (1, ["initech"])
    with MockServer(scenario=saved) as mock:
        assert mock.scenario == saved
    with pytest.raises(ScenarioError, match="#/models/nobody"):
        MockServer(scenario={"models": {"nobody": {}}})


def test_a_token_is_signed_for_the_dashboard_of_the_scenario(file: Path) -> None:
    file.write_text(TEXT.replace("fixtures:", f"fixtures:\n  dashboard: {{secret: {'s' * 40}}}"), encoding="utf-8")
    token = run("token", "--scenario", str(file), "--organization", "initech").stdout.strip()
    with started("--quiet", "--scenario", str(file)) as mock:
        response = httpx2.get(f"{mock.url}{MODELS}bot/", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 200


WRONG = {
    "no YAML": ("{", "#: is not YAML: line 2"),
    "no mapping": ("- a", "#: is not a YAML mapping"),
    "a misspelt part": ("seed: 1\nfault: []", "#/fault: line 2: There is no such field. Did you mean faults?"),
    "a misplaced field": (
        "models: {acme: {a: {model_name: a}}}",
        "#/models/acme/a/model_name: line 1: There is no such field.\n    hint: correct its name, or leave it out;",
    ),
    "a wrong value of a model": (
        "models: {acme: {a: {values: {input_cost: x}}}}",
        '#/models/acme/a/values/input_cost: line 1: Expected a number, got the string "x".\n    hint: give a number',
    ),
    "a wrong seed": ("\nseed: x", "#/seed: line 2", "give an integer"),
    "a large seed": ("seed: 99999999999999999999", "#/seed: line 1", "64 bits"),
    "a wrong clock": ("clock: noon", "#/clock: line 1", "2026-02-01T12:00:00Z"),
    "a wrong rule": ("faults:\n  - {status: 503}\n  - {status: 503, reset: true}", "#/faults/1: line 3", "exactly one"),
    "a rule that no request meets": (
        "seed: 1\nfaults:\n  - {status: 503}\n  - {status: 503, organization: acmee}",
        "#/faults/1/organization: line 4: there is no organization",
        "did you mean acme?",
    ),
    "a rule twice": (
        "faults: [{id: a, status: 503}, {id: a, reset: true}]",
        "#/faults/1/id: line 1",
        "choose another id",
    ),
    "wrong fixtures": (
        "fixtures:\n  api_keys:\n    k: {organization: acme}",
        "#/fixtures/api_keys/[redacted]: line 3",
        "of API key 1 in the file",
        "read-only",
    ),
    "an unknown organization": (
        "fixtures: {api_keys: {k: {organization: x, rights: read-only}}}",
        "#/fixtures/api_keys/[redacted]/organization: line 1",
        "acme or globex",
    ),
    "an unknown field": ("fixtures: {models: {m: {nope: 1}}}", "#/fixtures/models/m/nope: line 1", "name one of"),
    "a wrong value": (
        "models:\n  acme:\n    m:\n      values:\n        input_cost: x",
        "#/models/acme/m/values/input_cost: line 5",
        "give a number",
    ),
    "no organization": ("models: {nobody: {}}", "#/models/nobody: line 1", "acme or globex"),
    "a built-in name": ("models: {acme: {gpt-4o: {}}}", "#/models/acme/gpt-4o: line 1", "another"),
    "an anchor": ("models: &a {}\nfixtures: *a", "#/fixtures: line", "alias"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_each_problem_is_reported_with_file_place_and_fix(file: Path, case: tuple[str, ...]) -> None:
    text, *told = case
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        MockServer(scenario=file)
    for each in (f"{file}: the scenario has 1 problem", *told):
        assert each in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "fixtures:\n  api_keys:\n    sk-0123456789: {organization: acme}",
        "fixtures:\n  api_keys:\n    sk-0123456789: {}\n    sk-0123456789: {}",
        "fixtures: {api_keys: {sk-0123456789: {organization: sk-0123456789, rights: read-only}}}",
        "fixtures: {dashboard: {secret: sk-0123456789}}",
        '{"fixtures": {"api_keys": {"sk-0123456789": 99999999999999999999}}}',
    ],
)
def test_no_error_repeats_a_key(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        MockServer(scenario=file)
    assert "sk-0123456789" not in str(caught.value)


def test_the_command_does_not_start_with_an_invalid_scenario(file: Path) -> None:
    file.write_text("seed: x", encoding="utf-8")
    ended = run("--port", "0", "--scenario", str(file))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"{file}: the scenario has 1 problem" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("option", ["--scenario", "--contract", "--fixtures", "--faults"])
def test_a_scenario_must_be_a_regular_file(tmp_path: Path, option: str) -> None:
    pipe, sparse = tmp_path / "pipe", tmp_path / "sparse"
    os.mkfifo(pipe)
    with sparse.open("wb") as opened:
        opened.truncate(2**40)
    kinds = {pipe: "a named pipe", tmp_path: "a directory", Path("/dev/zero"): "a device", sparse: "larger than 64 MiB"}
    for path, kind in kinds.items():
        ended = run("--port", "0", option, str(path))
        assert ended.returncode == 2
        assert re.search(rf"{re.escape(str(path))}: .*\n.*cannot be read: it is {kind}", ended.stderr), ended.stderr


def test_the_schema_describes_saved_scenarios(file: Path) -> None:
    schema = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")), base_uri=SCHEMA.as_uri())
    with MockServer(scenario=file) as mock:
        schema.validate(mock.scenario)
    assert schema.is_valid({})
    assert not schema.is_valid({"faults": [{"status": 1}]})
    assert not schema.is_valid({"fixtures": {"api_keys": {"k": {}}}})
