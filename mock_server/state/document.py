"""The state as a JSON document. Reading one accepts the whole document or nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from contract import Contract, Problem, Upsert
from contract.errors import visible
from contract.pointer import to_pointer
from mock_server.clock import EXPECTED_TIME, time_of
from mock_server.display import to_rfc3339
from mock_server.errors import alternatives
from mock_server.fixtures import Fixtures
from mock_server.store import Scopes
from mock_server.strict_json import unwritable
from mock_server.upsert import StoredModel
from mock_server.validation import Validator

SCHEMA: Mapping[str, Any] = json.loads(Path(__file__).with_name("state.schema.json").read_text(encoding="utf-8"))
"""The JSON Schema of a state, without the fields of the contract."""
_TIMES = ("created", "updated")
MOST_PROBLEMS = 100
"""Maximum number of problems that are reported of one state."""


class StateError(Exception):
    """A state is invalid. `problems` says where and how to fix it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(visible("; ".join(f"{each.pointer}: {each.what} ({each.hint})" for each in problems)))


def state_of(models: Scopes) -> dict[str, Any]:
    """Return the document of these models."""
    return {
        "format": SCHEMA["properties"]["format"]["enum"][0],
        "version": SCHEMA["properties"]["version"]["enum"][-1],
        "models": {
            scope: {name: model_of(stored) for name, stored in named.items()}
            for scope, named in models.items()
            if named
        },
    }


def model_of(stored: StoredModel) -> dict[str, Any]:
    """Return one model as it is in the document."""
    return {
        "values": dict(stored.values),
        "created": to_rfc3339(stored.created),
        "updated": to_rfc3339(stored.updated),
    }


class StateReader:
    """Reads documents that fit one contract and its fixtures."""

    def __init__(self, contract: Contract, fixtures: Fixtures) -> None:
        self._key = contract.upsert.key
        self._reserved = fixtures.models if contract.upsert.reserved else {}
        self._organizations = fixtures.organizations
        self._validator = Validator(_schema(contract.upsert))

    def read(self, written: Any) -> dict[str, dict[str, StoredModel]]:
        """Return the models. Raises StateError, which lists all problems up to MOST_PROBLEMS."""
        problems = [*_unwritable(written)] or [*self._invalid(written)]
        if problems := problems or [*islice(self._inconsistent(written["models"]), MOST_PROBLEMS)]:
            raise StateError(problems)
        return {
            scope: {name: _stored(model) for name, model in named.items()} for scope, named in written["models"].items()
        }

    def _invalid(self, written: Any) -> Iterator[Problem]:
        for error in self._validator.errors(written):
            yield error.as_problem()

    def _inconsistent(self, models: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
        for scope, named in models.items():
            if scope not in self._organizations:
                hint = f"use {alternatives(self._organizations)}, or start the mock with fixtures that include it"
                yield Problem(to_pointer(["models", scope]), "there is no such organization", hint)
            for name, model in named.items():
                for member, what, hint in self._problems_of(name, model):
                    yield Problem(to_pointer(["models", scope, name, *member]), what, hint)

    def _problems_of(self, name: str, model: Mapping[str, Any]) -> Iterator[tuple[list[str], str, str]]:
        if model["values"][self._key] != name:
            yield [], f"its {self._key} is different", "give both the same name"
        if name in self._reserved:
            yield [], "a built-in model has this name", "choose another name"
        wrong = [([member], *problem) for member in _TIMES for problem in _problems_of_time(model[member])]
        yield from wrong
        if not wrong and (stored := _stored(model)).updated < stored.created:
            yield [], "updated is before created", "give updated a time that is not earlier"


def _schema(rules: Upsert) -> dict[str, Any]:
    """Return SCHEMA with the fields of the contract."""
    schema: dict[str, Any] = copy.deepcopy(dict(SCHEMA))
    fields = {name: field.schema for name, field in rules.request.items() if not field.alias}
    model = schema["properties"]["models"]["additionalProperties"]["additionalProperties"]
    model["properties"]["values"] |= {"properties": fields, "required": [rules.key], "additionalProperties": False}
    return schema


def _unwritable(written: Any) -> Iterator[Problem]:
    for place, what, hint in unwritable(written):
        yield Problem(to_pointer(place), what, hint)


def _problems_of_time(text: str) -> Iterator[tuple[str, str]]:
    try:
        time_of(text)
    except ValueError as error:
        yield str(error), f"give {EXPECTED_TIME}"


def _stored(model: Mapping[str, Any]) -> StoredModel:
    created, updated = (time_of(model[name]) for name in _TIMES)
    return StoredModel(model["values"], created, updated)
