"""Fixtures are validated, and errors say what is wrong, where, and how to fix it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from contract import Contract, load
from mock_server.fixtures import DEFAULT_FILE, FixturesError, load_fixtures
from mock_server.validation import Validator

Write = Callable[[str], Path]

WORKING = """\
organizations:
  acme:
    providers: {p: {id: p, provider_id: p, created_at: '2026-01-15T09:30:00Z'}}
api_keys:
  key: {organization: acme, rights: read-write}
dashboard: {secret: a-secret-of-at-least-32-characters, organization_claim: org, rights_claim: rights}
models:
  built-in: {input_cost: 1}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        file = tmp_path / "fixtures.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_the_bundled_fixtures_have_what_is_documented(contract: Contract) -> None:
    fixtures = load_fixtures(contract)
    assert {"acme", "globex"} <= fixtures.organizations.keys()
    assert all("my-vllm" in providers for providers in fixtures.organizations.values())
    assert {"gpt-4o", "openai/gpt-4o-mini"} <= fixtures.models.keys()
    rights = {token: (caller.organization, caller.may_write) for token, caller in fixtures.keys.items()}
    assert rights == {
        "demo-acme": ("acme", True),
        "demo-acme-readonly": ("acme", False),
        "demo-globex": ("globex", True),
    }
    assert fixtures.left_out == ()


def test_the_bundled_fixtures_are_valid_also_as_a_file(contract: Contract) -> None:
    fixtures = load_fixtures(contract, DEFAULT_FILE)
    fields = {name: field.schema for name, field in contract.upsert.response.items()}
    validator = Validator({"properties": fields, "required": ["id", "model_name"], "additionalProperties": False})
    for name, model in fixtures.models.items():
        assert validator.errors(model.values) == []
        assert model.values["id"] == model.values["model_name"] == name


def test_valid_fixtures_are_accepted(contract: Contract, write: Write) -> None:
    fixtures = load_fixtures(contract, write(WORKING))
    assert fixtures.models["built-in"].values == {"id": "built-in", "model_name": "built-in", "input_cost": 1}


def test_json_of_any_writer_is_read(contract: Contract, tmp_path: Path) -> None:
    written = yaml.safe_load(WORKING)
    name = "\U0001f680\x7f\x85"
    file = tmp_path / "fixtures.json"
    file.write_text(json.dumps({**written, "models": {name: {}}}), encoding="ascii")
    assert name in load_fixtures(contract, file).models


WRONG = {
    "no YAML": (WORKING, "organizations: {", "#", "correct the YAML"),
    "no mapping": (WORKING, "- a", "#", ""),
    "missing part": (
        "models:\n  built-in: {input_cost: 1}\n",
        "",
        "#",
        "organizations, api_keys, dashboard and models",
    ),
    "unknown part": ("models:", "modells:", "#", "organizations, api_keys"),
    "unknown rights": ("read-write", "admin", "#/api_keys/[redacted]/rights", "read-write or read-only"),
    "missing rights": (", rights: read-write", "", "#/api_keys/[redacted]", "organization: NAME, rights"),
    "unknown organization": (
        "organization: acme",
        "organization: acne",
        "#/api_keys/[redacted]/organization",
        "name acme",
    ),
    "key with a space": ("  key:", "  a key:", "#/api_keys", "printable ASCII without spaces"),
    "duplicate key": (
        "  key: {organization: acme, rights: read-write}\n",
        "  key: {organization: acme, rights: read-write}\n" * 2,
        "#/api_keys/[redacted]",
        "remove one",
    ),
    "duplicate name": ("  built-in: {input_cost: 1}", "  built-in: {}\n  built-in: {}", "#/models/built-in", "remove"),
    "short secret": ("a-secret-of-at-least-32-characters", "short", "#/dashboard/secret", "at least 32 characters"),
    "unknown model field": ("input_cost", "imput_cost", "#/models/built-in/imput_cost", "name one of"),
    "wrong model value": ("input_cost: 1", "input_cost: free", "#/models/built-in/input_cost", "the contract allows"),
    "wrong enum": ("input_cost: 1", "model_type: dance", "#/models/built-in/model_type", "the contract allows"),
    "wrong provider date": ("2026-01-15T09:30:00Z", "once", "#/organizations/acme/providers/p/created_at", "allows"),
    "time before the calendar": (
        "2026-01-15T09:30:00Z",
        "0001-01-01T00:00:00+23:59",
        "#/organizations/acme/providers/p/created_at",
        "give a time from 0001",
    ),
    "leap second": (
        "2026-01-15T09:30:00Z",
        "2016-12-31T23:59:60Z",
        "#/organizations/acme/providers/p/created_at",
        "give a time from 0001",
    ),
    "integer beyond 64 bits": ("input_cost: 1", f"input_cost: {2**64}", "#/models/built-in/input_cost", "smaller"),
    "nearly a field": ("input_cost: 1", "input_cots: 1", "#/models/built-in/input_cots", "did you mean input_cost?"),
    "date for a text": ("input_cost: 1", "display_name: 1", "#/models/built-in/display_name", "the contract allows"),
    "half of a surrogate pair": ("input_cost: 1", 'display_name: "\\ud800"', "#", "correct the YAML"),
    "aliases of aliases": (
        "models:",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\nmodels:",
        "#/b/0",
        "write the value out",
    ),
    "unknown provider field": (
        "{id: p,",
        "{id: p, api_key: s,",
        "#/organizations/acme/providers/p/api_key",
        "name one",
    ),
    "slash in a name": ("built-in: {input_cost: 1}", "a/b: {x: 1}", "#/models/a~1b/x", "name one of"),
    "an organization without name": (
        "acme:\n    providers: {p: {id: p, provider_id: p, created_at: '2026-01-15T09:30:00Z'}}",
        "'': {providers: {' ': null}}",
        "#/organizations/providers/ ",
        "{providers: {...}}",
    ),
    "empty name": ("built-in:", '"":', "#/models", "name of each built-in model"),
}


@pytest.mark.parametrize(("old", "new", "pointer", "hint"), WRONG.values(), ids=WRONG)
def test_a_problem_is_reported_with_its_place_and_a_hint(
    contract: Contract, write: Write, old: str, new: str, pointer: str, hint: str
) -> None:
    assert old in WORKING
    file = write(WORKING.replace(old, new))
    with pytest.raises(FixturesError) as caught:
        load_fixtures(contract, file)
    assert pointer in [problem.pointer for problem in caught.value.problems]
    assert any(hint in problem.hint for problem in caught.value.problems if problem.pointer == pointer)
    assert str(file) in str(caught.value)


def test_all_problems_are_reported_at_once(contract: Contract, write: Write) -> None:
    with pytest.raises(FixturesError) as caught:
        load_fixtures(contract, write(WORKING.replace("input_cost: 1", "input_cost: free, source: moon, x: 1")))
    assert len(caught.value.problems) == 3


def test_a_missing_file_is_reported(contract: Contract, tmp_path: Path) -> None:
    with pytest.raises(FixturesError, match="cannot be read"):
        load_fixtures(contract, tmp_path / "none.yaml")


def test_a_built_in_model_has_a_name_that_the_contract_allows(contract_text: str, write: Write, tmp_path: Path) -> None:
    narrow = tmp_path / "narrow.yaml"
    text = contract_text.replace("minLength: 1\n", "minLength: 1\n          maxLength: 40\n", 1)
    narrow.write_text(text, encoding="utf-8")
    with pytest.raises(FixturesError) as caught:
        load_fixtures(load(narrow), write(WORKING.replace("built-in:", "b" * 41 + ":")))
    assert [problem.pointer for problem in caught.value.problems] == ["#/models/" + "b" * 41]


def test_bundled_fixtures_that_another_contract_does_not_have_are_left_out(contract_text: str, tmp_path: Path) -> None:
    file = tmp_path / "altered.yaml"
    text = contract_text.replace("enum: [db, hardcoded]", "enum: [db, code]").replace(
        "source: hardcoded", "source: code"
    )
    file.write_text(text, encoding="utf-8")
    altered = load(file)
    fixtures = load_fixtures(altered)
    models = yaml.safe_load(DEFAULT_FILE.read_text(encoding="utf-8"))["models"]
    assert {problem.pointer.rsplit("/", 1)[1] for problem in fixtures.left_out} == {"source"}
    assert len(fixtures.left_out) == len(models)
    assert "source" not in fixtures.models["gpt-4o"].values
    assert fixtures.models["gpt-4o"].values["input_cost"] == 2.5
    with pytest.raises(FixturesError):
        load_fixtures(altered, DEFAULT_FILE)
