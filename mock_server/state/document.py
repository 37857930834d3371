"""The state as a document, and back: what is read is valid as a whole, or nothing is taken of it."""

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
"""What a state may be, whatever the contract."""
_TIMES = ("created", "updated")
MOST_PROBLEMS = 100
"""Problems that are told of one state."""


class StateError(Exception):
    """A state is not valid. Its author is at fault; `problems` says where and how to fix it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(visible("; ".join(f"{each.pointer}: {each.what} ({each.hint})" for each in problems)))


def state_of(models: Scopes) -> dict[str, Any]:
    """The document that says what these models are."""
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
    """One model in that document."""
    return {
        "values": dict(stored.values),
        "created": to_rfc3339(stored.created),
        "updated": to_rfc3339(stored.updated),
    }


class StateReader:
    """Reads documents for one contract and its fixtures."""

    def __init__(self, contract: Contract, fixtures: Fixtures) -> None:
        self._key = contract.upsert.key
        self._reserved = fixtures.models if contract.upsert.reserved else {}
        self._organizations = fixtures.organizations
        self._validator = Validator(_schema(contract.upsert))

    def read(self, written: Any) -> dict[str, dict[str, StoredModel]]:
        """The models. Raises StateError, which lists every problem, or the first of very many."""
        problems = [*_unwritable(written)] or [*self._invalid(written)]
        if problems := problems or [*islice(self._contradictory(written["models"]), MOST_PROBLEMS)]:
            raise StateError(problems)
        return {
            scope: {name: _stored(model) for name, model in named.items()} for scope, named in written["models"].items()
        }

    def _invalid(self, written: Any) -> Iterator[Problem]:
        for error in self._validator.errors(written):
            yield Problem(f"#{error.pointer}", error.message, f"give {error.expected}")

    def _contradictory(self, models: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
        for scope, named in models.items():
            if scope not in self._organizations:
                hint = f"name {alternatives(self._organizations)}, or give the mock fixtures that have it"
                yield Problem(to_pointer(["models", scope]), "there is no such organization", hint)
            for name, model in named.items():
                for member, what, hint in self._faults_of(name, model):
                    yield Problem(to_pointer(["models", scope, name, *member]), what, hint)

    def _faults_of(self, name: str, model: Mapping[str, Any]) -> Iterator[tuple[list[str], str, str]]:
        if model["values"][self._key] != name:
            yield [], f"its {self._key} is another", "give both the same name"
        if name in self._reserved:
            yield [], "a built-in model has this name", "give it another"
        wrong = [([member], *problem) for member in _TIMES for problem in _faults_of_time(model[member])]
        yield from wrong
        if not wrong and (stored := _stored(model)).updated < stored.created:
            yield [], "it was updated before it was created", "give `updated` a time that is not earlier"


def _schema(rules: Upsert) -> dict[str, Any]:
    """SCHEMA, in which the values are those of the contract."""
    schema: dict[str, Any] = copy.deepcopy(dict(SCHEMA))
    fields = {name: field.schema for name, field in rules.request.items() if not field.alias}
    model = schema["properties"]["models"]["additionalProperties"]["additionalProperties"]
    model["properties"]["values"] |= {"properties": fields, "required": [rules.key], "additionalProperties": False}
    return schema


def _unwritable(written: Any) -> Iterator[Problem]:
    for place, what, hint in unwritable(written):
        yield Problem(to_pointer(place), what, hint)


def _faults_of_time(text: str) -> Iterator[tuple[str, str]]:
    try:
        time_of(text)
    except ValueError as error:
        yield str(error), f"give {EXPECTED_TIME}"


def _stored(model: Mapping[str, Any]) -> StoredModel:
    created, updated = (time_of(model[name]) for name in _TIMES)
    return StoredModel(model["values"], created, updated)
