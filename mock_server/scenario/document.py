"""What a scenario says, judged: each of its parts, or the default of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from contract import Contract, Problem, read_mapping
from mock_server.callers.callers import READ_WRITE
from mock_server.callers.fixtures import DEFAULT_FILE, Fixtures, InvalidFixtures, fixtures_in
from mock_server.core.clock import clock_of
from mock_server.core.display import to_rfc3339
from mock_server.core.stores import Scopes
from mock_server.faults.file import problems_of
from mock_server.refusing.validation import Validator
from mock_server.refusing.violations import Violation
from mock_server.scenario.source import Source
from mock_server.state.document import SCHEMA as STATE
from mock_server.state.document import StateError, StateReader

SCHEMA: Mapping[str, Any] = json.loads(Path(__file__).with_name("scenario.schema.json").read_text(encoding="utf-8"))
"""What a scenario may be, whatever the contract."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a scenario says, but for its models: those are judged once it is known for whom they are."""

    source: Source
    fixtures: Fixtures | None = None
    """None are the fixtures of the package."""
    faults: Sequence[Mapping[str, Any]] = ()
    clock: str | None = None
    seed: int | None = None

    def models(self, contract: Contract, fixtures: Fixtures, now: datetime) -> Scopes:
        """The models, created `now` where the scenario does not say when. Raises ScenarioError."""
        written = self.source.written.get("models", {})
        time = to_rfc3339(now)
        models = {
            organization: {name: _completed(model, contract.upsert.key, name, time) for name, model in named.items()}
            for organization, named in written.items()
        }
        properties = STATE["properties"]
        state = {"format": properties["format"]["enum"][0], "version": properties["version"]["enum"][-1]}
        try:
            return StateReader(contract, fixtures).read({**state, "models": models})
        except StateError as error:
            raise self.source.error(error.problems) from None


def scenario_in(source: Source, contract: Contract) -> Scenario:
    """The scenario that is written there. Raises ScenarioError, which lists every problem."""
    written = source.written
    if problems := [*_malformed(written)] or [*_wrong_faults(written), *_wrong_clock(written)]:
        raise source.error(problems)
    fixtures = _fixtures(source, contract) if "fixtures" in written else None
    return Scenario(source, fixtures, written.get("faults", ()), written.get("clock"), written.get("seed"))


def _malformed(written: Mapping[str, Any]) -> Iterator[Problem]:
    for violation in Validator(_without_references(SCHEMA)).violations(written):
        mend = f"{_mend(violation)}; scenario/scenario.schema.json describes a scenario"
        yield Problem(f"#{violation.pointer}", violation.message, mend)


def _mend(violation: Violation) -> str:
    if violation.rule != "additionalProperties":
        return f"give {violation.expected}"
    name = str(violation.pointer).rsplit("/", 1)[1]
    near = get_close_matches(name, SCHEMA["properties"], 1)
    return f"leave it out, or write `{near[0]}`" if near else "leave it out"


def _without_references(schema: Any) -> Any:
    """The schema without what other schemas say: those parts are judged on their own."""
    if isinstance(schema, list):
        return [_without_references(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {} if "$ref" in schema else {name: _without_references(value) for name, value in schema.items()}


def _wrong_faults(written: Mapping[str, Any]) -> Iterator[Problem]:
    yield from problems_of({"faults": written.get("faults", [])})


def _wrong_clock(written: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        if "clock" in written:
            clock_of(written["clock"])
    except ValueError as error:
        yield Problem("#/clock", str(error), "write a clock as the option --clock takes it")


def _fixtures(source: Source, contract: Contract) -> Fixtures:
    """The fixtures, completed by those of the package. Raises ScenarioError."""
    given: Mapping[str, Any] = source.written["fixtures"]
    try:
        fixtures = fixtures_in(contract, _with_defaults(given))
    except InvalidFixtures as error:
        raise source.error(map(_in_fixtures, error.problems)) from None
    own = [each for each in fixtures.left_out if each.pointer.split("/")[1] in given]
    if own:
        raise source.error(map(_in_fixtures, own))
    return fixtures


def _in_fixtures(problem: Problem) -> Problem:
    return replace(problem, pointer="#/fixtures" + problem.pointer.removeprefix("#"))


def _with_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    packaged = read_mapping(DEFAULT_FILE)
    organizations = given.get("organizations", packaged["organizations"])
    if "api_keys" not in given and isinstance(organizations, dict):
        packaged["api_keys"] = _default_keys(packaged["api_keys"], organizations)
    dashboard = {**packaged["dashboard"], **given.get("dashboard", {})}
    return {**packaged, **given, "dashboard": dashboard}


def _default_keys(packaged: Mapping[str, Mapping[str, str]], organizations: Mapping[str, Any]) -> dict[str, Any]:
    """The packaged keys of the organizations, and a key for each that has none and whose name a key can have."""
    keys = {key: rights for key, rights in packaged.items() if rights["organization"] in organizations}
    having = {rights["organization"] for rights in keys.values()}
    for name in organizations:
        if name not in having and all("!" <= character <= "~" for character in name):
            keys.setdefault(f"demo-{name}", {"organization": name, "rights": READ_WRITE})
    return keys


def _completed(model: Mapping[str, Any], key: str, name: str, now: str) -> dict[str, Any]:
    """A model with what it leaves out."""
    created = model.get("created", model.get("updated", now))
    values = {key: name, **model.get("values", {})}
    return {"values": values, "created": created, "updated": model.get("updated", created)}
