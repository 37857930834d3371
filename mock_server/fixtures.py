"""Fixtures: organizations with their providers, API keys, dashboard tokens, and built-in models.

Models and providers have the response fields of the contract, so another contract needs other fixtures but no other
code. Messages about invalid fixtures do not repeat the keys and the secret in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from contract import Contract, FromKey, FromRequest, LookedUp, Problem, Schema, UnusableFileError, read_mapping
from mock_server.callers import READ_ONLY, READ_WRITE, Caller, Dashboard
from mock_server.clock import EXPECTED_TIME, time_of
from mock_server.display import BuiltInModel
from mock_server.errors import alternatives, nearest
from mock_server.redaction import HIDDEN, Hider, Redaction
from mock_server.secrets import declared_secrets
from mock_server.strict_json import unwritable
from mock_server.validation import Validator

DEFAULT_FILE = Path(__file__).with_name("fixtures.yaml")
SCHEMA_FILE = Path(__file__).with_name("fixtures.schema.json")


class FixturesError(UnusableFileError):
    """The fixtures cannot be used."""

    subject = "the fixtures file"


class InvalidFixtures(ValueError):
    """The fixtures are not valid. `problems` says where, and how to fix them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The fixtures, as the mock uses them."""

    organizations: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """The providers of each organization: their response fields by identifier."""
    keys: Mapping[str, Caller]
    """The caller of each API key."""
    dashboard: Dashboard
    models: Mapping[str, BuiltInModel]
    """The built-in models by name."""
    left_out: tuple[Problem, ...] = ()
    """What the bundled fixtures have, but the contract does not."""

    @property
    def anyone(self) -> Caller:
        """The caller if the contract requires no credentials: the first organization, with read-write access."""
        return Caller(next(iter(self.organizations)), may_write=True)


def load_fixtures(contract: Contract, file: Path | None = None) -> Fixtures:
    """Return the fixtures in `file`, or the bundled ones without what `contract` does not have.

    Raises FixturesError, which lists every problem with its place and its hint.
    """
    path = file or DEFAULT_FILE
    try:
        written = read_mapping(path)
    except UnusableFileError as error:
        raise FixturesError(error.file, without_keys(error.problems, {})) from None
    try:
        fixtures = fixtures_in(contract, written)
    except InvalidFixtures as error:
        raise FixturesError(str(path), without_keys(error.problems, written)) from None
    if file and fixtures.left_out:
        raise FixturesError(str(path), without_keys(list(fixtures.left_out), written))
    return fixtures


def fixtures_in(contract: Contract, written: Mapping[str, Any]) -> Fixtures:
    """Return fixtures from JSON. `left_out` has what `contract` does not have. Raises InvalidFixtures."""
    if problems := [*_unwritable(written)] or [*_malformed(written)] or [*_unknown_organizations(written)]:
        raise InvalidFixtures(problems)
    return _Reader(contract).read(written)


def written_fixtures(contract: Contract, fixtures: Fixtures) -> dict[str, Any]:
    """Return the fixtures as JSON that `fixtures_in` reads, with the keys and the secret of the dashboard."""
    named = _named_fields(contract)
    keys = fixtures.keys.items()
    return {
        "organizations": {name: {"providers": dict(providers)} for name, providers in fixtures.organizations.items()},
        "api_keys": {
            key: {"organization": it.organization, "rights": READ_WRITE if it.may_write else READ_ONLY}
            for key, it in keys
        },
        "dashboard": asdict(fixtures.dashboard),
        "models": {
            name: {field: value for field, value in model.values.items() if field not in named}
            for name, model in fixtures.models.items()
        },
    }


def _named_fields(contract: Contract) -> list[str]:
    """Return the response fields that contain the name of a model."""
    rules = contract.upsert
    return [name for name, it in rules.response.items() if it.source in (FromKey(), FromRequest(rules.key))]


def _pointer(*tokens: str | int) -> str:
    """Return a JSON pointer (RFC 6901) as a URI fragment.

    >>> _pointer("models", "openai/gpt-4o")
    '#/models/openai~1gpt-4o'
    """
    return "#" + "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in tokens)


def _unwritable(written: Mapping[str, Any]) -> Iterator[Problem]:
    for place, what, hint in unwritable(written):
        yield Problem(_pointer(*place), what, hint)


def _malformed(written: Mapping[str, Any]) -> Iterator[Problem]:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    for error in jsonschema_rs.validator_for(schema).iter_errors(written):
        hint = f"expected {_described(schema, error.instance_path)}"
        yield Problem(_pointer(*error.instance_path), error.message, hint)


def _described(schema: Mapping[str, Any], path: Sequence[str | int]) -> str:
    """Return the description of `path` in the schema. The validator leaves empty names out of the path."""
    for token in path:
        below = schema.get("properties", {}).get(token, schema.get("additionalProperties"))
        if not isinstance(below, dict):
            break
        schema = below
    return str(schema["description"])


def _unknown_organizations(written: Mapping[str, Any]) -> Iterator[Problem]:
    known = written["organizations"]
    for token, key in written["api_keys"].items():
        if key["organization"] not in known:
            what = f"there is no organization {key['organization']}"
            yield Problem(_pointer("api_keys", token, "organization"), what, f"name {alternatives(known)}, or add it")


class _Reader:
    """Reads fixtures, and collects in `problems` what the contract does not have."""

    def __init__(self, contract: Contract) -> None:
        self.problems: list[Problem] = []
        rules = contract.upsert
        sources = {name: field.source for name, field in rules.response.items()}
        self._named = _named_fields(contract)
        self._key = rules.key
        self._names = Validator({"properties": {rules.key: rules.request[rules.key].schema}})
        self._model_fields = {name: it.schema for name, it in rules.response.items() if name not in self._named}
        self._provider_fields: dict[str, Schema] = {}
        for name, source in sources.items():
            if isinstance(source, LookedUp) and source.collection == "providers":
                self._provider_fields |= rules.response[name].schema.get("properties", {})

    def read(self, written: Mapping[str, Any]) -> Fixtures:
        organizations = {name: self._providers(name, it) for name, it in written["organizations"].items()}
        keys = {
            token: Caller(key["organization"], key["rights"] == READ_WRITE)
            for token, key in written["api_keys"].items()
        }
        models = {
            name: self._model(name, values) for name, values in written["models"].items() if self._may_be_named(name)
        }
        return Fixtures(organizations, keys, Dashboard(**written["dashboard"]), models, tuple(self.problems))

    def _providers(self, organization: str, values: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        return {
            identifier: self._fitting(
                provider, self._provider_fields, "organizations", organization, "providers", identifier
            )
            for identifier, provider in values.get("providers", {}).items()
        }

    def _may_be_named(self, name: str) -> bool:
        """Return whether a request could name the model, by the schema of the key."""
        errors = self._names.errors({self._key: name})
        for error in errors:
            hint = f"give the model a name that the contract allows as {self._key}"
            self.problems.append(Problem(_pointer("models", name), error.message, hint))
        return not errors

    def _model(self, name: str, values: Mapping[str, Any]) -> BuiltInModel:
        return BuiltInModel(
            {**dict.fromkeys(self._named, name), **self._fitting(values, self._model_fields, "models", name)}
        )

    def _fitting(self, values: Mapping[str, Any], fields: Mapping[str, Schema], *path: str) -> dict[str, Any]:
        """Return the values at `path` that the contract has a field for, and that are valid there."""
        errors = {each.field: each.message for each in Validator({"properties": fields}).errors(values)}
        valid = {}
        for name, value in values.items():
            if name not in fields:
                hint = f"{_meant(name, fields)}name one of {', '.join(fields)}" if fields else "leave it out"
                self.problems.append(
                    Problem(_pointer(*path, name), "responses of the contract have no such field", hint)
                )
            elif name in errors:
                hint = "give a value that the contract allows there"
                self.problems.append(Problem(_pointer(*path, name), errors[name], hint))
            elif problem := _invalid_time(value, fields[name]):
                self.problems.append(Problem(_pointer(*path, name), problem, f"give {EXPECTED_TIME}"))
            else:
                valid[name] = value
        return valid


def _invalid_time(value: Any, schema: Schema) -> str | None:
    """Return what is wrong with a time in the right format that clients could not read, or None."""
    if isinstance(value, str) and schema.get("format") == "date-time":
        try:
            time_of(value)
        except ValueError as error:
            return str(error)
    return None


def _meant(name: str, known: Iterable[str]) -> str:
    """Return the start of a hint if `name` is similar to a known name."""
    near = nearest(name, known)
    return f"did you mean {near}? Else " if near else ""


_KEYS = "/api_keys/"
_NAMED = re.compile(r"the key [^ ]+(?= is not a string)")
_SECRET = "/dashboard/secret"  # noqa: S105 - a place


def without_keys(problems: Sequence[Problem], written: Mapping[str, Any], under: str = "#") -> list[Problem]:
    """Return problems without keys and secrets. `under` is the place of the fixtures; a key is named by its number."""
    places = under + _KEYS
    pointed = (each.pointer.removeprefix(places).split("/")[0] for each in problems if each.pointer.startswith(places))
    named = (each.replace("~1", "/").replace("~0", "~") for each in pointed)
    keys = list(_possible_keys(written.get("api_keys")))
    hide = Hider([*keys, *_possible_keys(_secret(written)), *named]).hide
    return [_without(each, keys, under, hide(each.what), hide(each.hint)) for each in problems]


def _without(problem: Problem, keys: Sequence[str], under: str, what: str, hint: str) -> Problem:
    pointer, places = problem.pointer, under + _KEYS
    if f"{pointer}/" == places:  # a key that is not a string has no place of its own
        return Problem(pointer, _NAMED.sub("a key", what), hint)
    if pointer == under + _SECRET:
        return Problem(pointer, "is not valid", hint)
    if not pointer.startswith(places):
        return Problem(pointer, what, hint)
    token, slash, rest = pointer.removeprefix(places).partition("/")
    key = token.replace("~1", "/").replace("~0", "~")
    number = f" (of API key {keys.index(key) + 1} in the file)" if key in keys else ""
    return Problem(f"{places}{HIDDEN}{slash}{rest}", f"{what}{number}", hint)


def _secret(written: Mapping[str, Any]) -> Any:
    dashboard = written.get("dashboard")
    return dashboard.get("secret") if isinstance(dashboard, Mapping) else dashboard


def _possible_keys(value: Any) -> Iterator[str]:
    """Yield all strings and numbers that may be keys: the names and values of a mapping, the items of a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield json.dumps(value)
    elif isinstance(value, Mapping):
        yield from value
        yield from (key for each in value.values() if not isinstance(each, Mapping) for key in _possible_keys(each))
    elif isinstance(value, list):
        for each in value:
            yield from _possible_keys(each)


def redaction_for(contract: Contract, fixtures: Fixtures, admin_token: str | None = None) -> Redaction:
    """Return a redaction that hides the keys and the secret of the fixtures, the admin token, and declared secrets."""
    known = [*fixtures.keys, fixtures.dashboard.secret, *([admin_token] if admin_token else [])]
    return Redaction(declared_secrets(contract.document), known)
