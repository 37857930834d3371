"""What the mock knows from its start: organizations with their providers, API keys, dashboard tokens, built-in models.

Models and providers are described by the response fields of the contract, so another contract needs other fixtures and
no other code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from contract import Contract, FromKey, FromRequest, LookedUp, Problem
from mock_server.callers import READ_WRITE, Caller, Dashboard
from mock_server.display import BuiltIn
from mock_server.validation import Validator
from mock_server.wording import alternatives
from mock_server.yaml_file import YamlError, child, read_yaml

DEFAULT_FILE = Path(__file__).with_name("fixtures.yaml")
SCHEMA_FILE = Path(__file__).with_name("fixtures.schema.json")


class FixturesError(Exception):
    """The fixtures cannot be used. The author of the file is at fault; `problems` says where and how to mend it."""

    def __init__(self, file: Path, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{file}: the fixtures have {count}\n" + "\n".join(f"  {problem}" for problem in problems))


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The fixtures, in the form in which the mock asks for them."""

    organizations: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """The providers of each organization, by identifier: what each shows."""
    keys: Mapping[str, Caller]
    """The caller of each API key."""
    dashboard: Dashboard
    models: Mapping[str, BuiltIn]
    """The built-in models by name."""
    left_out: tuple[Problem, ...] = ()
    """What the packaged fixtures say and the contract has no place for."""


def load_fixtures(contract: Contract, file: Path | None = None) -> Fixtures:
    """The fixtures in `file`, or those of the package, from which is left out what `contract` has no place for.

    Raises FixturesError, which lists every problem with its place and its mend.
    """
    path = file or DEFAULT_FILE
    try:
        written = read_yaml(path)
    except YamlError as error:
        raise FixturesError(path, error.problems) from None
    if problems := [*_malformed(written)] or [*_unknown_organizations(written)]:
        raise FixturesError(path, problems)
    reader = _Reader(contract)
    fixtures = reader.read(written)
    if reader.problems and file:
        raise FixturesError(path, reader.problems)
    return fixtures


def _malformed(written: Any) -> Iterator[Problem]:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    for error in jsonschema_rs.validator_for(schema).iter_errors(written):
        pointer = "#"
        for token in error.instance_path:
            pointer = child(pointer, str(token))
        yield Problem(pointer, error.message, f"there belongs: {_described(schema, error.instance_path)}")


def _described(schema: Any, path: list[str | int]) -> str:
    """The description in the schema of what belongs at `path`, or of the nearest thing above it that has one."""
    description = schema["description"]
    for token in path:
        schema = schema.get("properties", {}).get(token) or schema.get("additionalProperties") or {}
        description = schema.get("description", description)
    return str(description)


def _unknown_organizations(written: Mapping[str, Any]) -> Iterator[Problem]:
    known = written["organizations"]
    for token, key in written["api_keys"].items():
        if key["organization"] not in known:
            pointer = child(child("#/api_keys", token), "organization")
            yield Problem(pointer, f"there is no organization {key['organization']}", f"name {alternatives(known)}, or add it")


class _Reader:
    """Turns written fixtures into Fixtures, and gathers in `problems` what does not fit the contract."""

    def __init__(self, contract: Contract) -> None:
        self.problems: list[Problem] = []
        rules = contract.upsert
        self._derived = {
            name
            for name, field in rules.response.items()
            if isinstance(field.source, FromKey) or field.source == FromRequest(rules.key)
        }
        self._key = rules.key
        self._model_fields = {name: field.schema for name, field in rules.response.items() if name not in self._derived}
        self._provider_fields: dict[str, Any] = {}
        for field in rules.response.values():
            if isinstance(field.source, LookedUp) and field.source.collection == "providers":
                self._provider_fields |= field.schema.get("properties", {})

    def read(self, written: Mapping[str, Any]) -> Fixtures:
        organizations = {
            name: {
                identifier: self._fitting(provider, self._provider_fields, f"{child('#/organizations', name)}/providers", identifier)
                for identifier, provider in organization.get("providers", {}).items()
            }
            for name, organization in written["organizations"].items()
        }
        models = {name: self._model(name, values) for name, values in written["models"].items()}
        keys = {
            token: Caller(key["organization"], key.get("rights", READ_WRITE) == READ_WRITE)
            for token, key in written["api_keys"].items()
        }
        return Fixtures(organizations, keys, Dashboard(**written["dashboard"]), models, tuple(self.problems))

    def _model(self, name: str, values: Mapping[str, Any]) -> BuiltIn:
        fitting = self._fitting(values, self._model_fields, "#/models", name)
        return BuiltIn({**dict.fromkeys(self._derived, name), **fitting})

    def _fitting(self, values: Mapping[str, Any], fields: Mapping[str, Any], above: str, name: str) -> dict[str, Any]:
        """The values that the contract has a field for and that are valid there."""
        here = child(above, name)
        kept = {}
        violations = Validator({"properties": fields}).violations(values)
        for field, value in values.items():
            if field not in fields:
                mend = f"name one of {', '.join(fields)}" if fields else "leave it out"
                self.problems.append(Problem(child(here, field), "the contract shows no such field", mend))
            elif field in violations:
                mend = "give a value that the contract allows there"
                self.problems.append(Problem(child(here, field), " ".join(violations[field]), mend))
            else:
                kept[field] = value
        return kept
