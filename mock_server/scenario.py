"""A scenario: what a mock starts from, in one file that people write and share. The mock never writes it.

A mock starts from its options, then its scenario, then the defaults, and a reset returns to that. A running mock can
return its present state as a scenario, so that another mock can start from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract import Contract, Problem, UnusableFileError, load, read_mapping
from contract.files import line_of, mapping_in, read_bytes
from contract.pointer import Tokens, to_pointer
from mock_server.callers import READ_WRITE
from mock_server.clock import Clock, clock_of
from mock_server.display import to_rfc3339
from mock_server.faults.rules import Faults, FaultsError, RuleChecker, problems_of, read_faults
from mock_server.fixtures import (
    DEFAULT_FILE,
    Fixtures,
    InvalidFixtures,
    fixtures_in,
    load_fixtures,
    without_keys,
    written_fixtures,
)
from mock_server.settings import ADMIN_PREFIX, Settings
from mock_server.state.document import SCHEMA as STATE
from mock_server.state.document import StateError, StateReader, state_of
from mock_server.store import Scopes
from mock_server.validation import Validator


class BasePathError(ValueError):
    """The API cannot be served under the base path. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a mock starts from."""

    contract: Contract
    fixtures: Fixtures
    models: Scopes
    faults: Sequence[Mapping[str, Any]]
    clock: str | None
    """The clock as `clock_of` reads it; None is the real time."""
    seed: int | None


def start_of(settings: Settings, written: Mapping[str, Any] | None = None) -> Start:
    """Return what a mock with these settings starts from. Options override the scenario, which overrides the defaults.

    The scenario is `written`, or the file of the settings. Raises ContractError, ScenarioError, FixturesError,
    FaultsError or BasePathError.
    """
    contract = contract_of(settings)
    scenario = _scenario(settings, written, contract)
    if settings.fixtures is None and scenario.fixtures is not None:
        fixtures = scenario.fixtures
    else:
        fixtures = load_fixtures(contract, settings.fixtures)
    clock = settings.clock or scenario.clock
    now = clock_of(clock).now() if clock else datetime.now(UTC)
    return Start(
        contract,
        fixtures,
        scenario.models(contract, fixtures, now),
        _faults(settings, scenario, RuleChecker(contract, fixtures)),
        clock,
        scenario.seed if settings.seed is None else settings.seed,
    )


def contract_of(settings: Settings) -> Contract:
    """Return the contract to serve, under the base path that the settings give.

    Raises ContractError, or BasePathError for a base path that the admin API uses.
    """
    contract = load(settings.contract)
    if settings.base_path is not None:
        contract = replace(contract, base_path=settings.base_path)
    if settings.admin and f"{contract.base_path}/".startswith(ADMIN_PREFIX):
        hint = "choose another one with --base-path, or leave the admin API out with --no-admin"
        raise BasePathError(f"the admin API is at the base path {contract.base_path}: {hint}")
    return contract


def _scenario(settings: Settings, written: Mapping[str, Any] | None, contract: Contract) -> Scenario:
    if written is not None:
        return scenario_in(Source(written), contract)
    return scenario_in(read_source(settings.scenario), contract) if settings.scenario else Scenario(Source({}))


def _faults(settings: Settings, scenario: Scenario, checker: RuleChecker) -> Sequence[Mapping[str, Any]]:
    """Return the fault rules in order: `--delay`, those of the file or the scenario, `--fail`.

    `--delay` replaces the rule with its ID in a scenario: a saved scenario has the rule of the mock that it came from.
    """
    written = read_faults(settings.faults, checker) if settings.faults else scenario.faults
    if not settings.faults and (problems := problems_of({"faults": list(written)}, checker)):
        raise scenario.source.error(problems)
    if settings.delay is None:
        return [*written, *settings.failures]
    same = [number for number, each in enumerate(written) if each.get("id") == settings.delay["id"]]
    if settings.faults and same:
        what = f"the id {settings.delay['id']} is taken by --delay"
        problem = Problem(f"#/faults/{same[0]}/id", what, "give another, or leave out --delay")
        raise FaultsError(str(settings.faults), [problem])
    others = [each for number, each in enumerate(written) if number not in same]
    return [settings.delay, *others, *settings.failures]


SCHEMA: Mapping[str, Any] = json.loads(Path(__file__).with_name("scenario.schema.json").read_text(encoding="utf-8"))
"""The schema of scenarios, which is the same for every contract."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario except for its models: those can be checked only when the fixtures are known."""

    source: Source
    fixtures: Fixtures | None = None
    """None means the bundled fixtures."""
    faults: Sequence[Mapping[str, Any]] = ()
    clock: str | None = None
    seed: int | None = None

    def models(self, contract: Contract, fixtures: Fixtures, now: datetime) -> Scopes:
        """Return the models. Those without a time of creation are created `now`. Raises ScenarioError."""
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
    """Return the scenario of a source. Raises ScenarioError, which lists every problem."""
    written = source.written
    if problems := [*_malformed(written)] or [*_wrong_faults(written), *_wrong_clock(written)]:
        raise source.error(problems)
    fixtures = _fixtures(source, contract) if "fixtures" in written else None
    return Scenario(source, fixtures, written.get("faults", ()), written.get("clock"), written.get("seed"))


def _malformed(written: Mapping[str, Any]) -> Iterator[Problem]:
    for error in Validator(_without_references(SCHEMA)).errors(written):
        yield error.as_problem("scenario.schema.json describes a scenario")


def _without_references(schema: Any) -> Any:
    """Return the schema without references to other schemas: those parts are checked separately."""
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
        yield Problem("#/clock", str(error), "write a clock as for the option --clock")


def _fixtures(source: Source, contract: Contract) -> Fixtures:
    """Return the fixtures, completed by the bundled ones. Raises ScenarioError."""
    own: Mapping[str, Any] = source.written["fixtures"]
    try:
        fixtures = fixtures_in(contract, _with_defaults(own))
    except InvalidFixtures as error:
        raise source.error(map(_in_fixtures, error.problems)) from None
    problems = [each for each in fixtures.left_out if each.pointer.split("/")[1] in own]
    if problems:
        raise source.error(map(_in_fixtures, problems))
    return fixtures


def _in_fixtures(problem: Problem) -> Problem:
    return replace(problem, pointer="#/fixtures" + problem.pointer.removeprefix("#"))


def _with_defaults(own: Mapping[str, Any]) -> dict[str, Any]:
    bundled = read_mapping(DEFAULT_FILE)
    organizations = own.get("organizations", bundled["organizations"])
    if "api_keys" not in own and isinstance(organizations, dict):
        bundled["api_keys"] = _default_keys(bundled["api_keys"], organizations)
    dashboard = {**bundled["dashboard"], **own.get("dashboard", {})}
    return {**bundled, **own, "dashboard": dashboard}


def _default_keys(bundled: Mapping[str, Mapping[str, str]], organizations: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bundled keys of the organizations, and a key for each other one whose name a key can contain."""
    keys = {key: rights for key, rights in bundled.items() if rights["organization"] in organizations}
    having = {rights["organization"] for rights in keys.values()}
    for name in organizations:
        if name not in having and all("!" <= character <= "~" for character in name):
            keys.setdefault(f"demo-{name}", {"organization": name, "rights": READ_WRITE})
    return keys


def _completed(model: Mapping[str, Any], key: str, name: str, now: str) -> dict[str, Any]:
    """Return a model with defaults for what it leaves out."""
    created = model.get("created", model.get("updated", now))
    values = {key: name, **model.get("values", {})}
    return {"values": values, "created": created, "updated": model.get("updated", created)}


_FIXTURES = "#/fixtures"
"""The place of the fixtures in a scenario."""
_INTEGERS = range(-(2**63), 2**64)
"""The integers that a response can contain."""


class ScenarioError(UnusableFileError):
    """The scenario cannot be used."""

    subject = "the scenario"


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a scenario, parsed."""

    written: Mapping[str, Any]
    name: str = "the scenario of this test"
    content: bytes = b""
    """The text of the file; empty if there is no file."""

    def error(self, problems: Iterable[Problem]) -> ScenarioError:
        """Return an error with these problems, and with their lines if they are known.

        It does not repeat keys and secrets of the fixtures.
        """
        fixtures = self.written.get("fixtures")
        known = fixtures if isinstance(fixtures, Mapping) else {}
        return ScenarioError(self.name, without_keys([self._located(each) for each in problems], known, _FIXTURES))

    def _located(self, problem: Problem) -> Problem:
        line = line_of(self.content, problem.pointer) if self.content else None
        return problem if line is None else replace(problem, what=f"line {line}: {problem.what}")


def read_source(file: Path) -> Source:
    """Return the scenario in `file`, in YAML or JSON. Raises ScenarioError."""
    try:
        content = read_bytes(file)
        written = mapping_in(file, content)
    except UnusableFileError as error:
        raise ScenarioError(error.file, without_keys(error.problems, {}, _FIXTURES)) from None
    source = Source(written, str(file), content)
    if problems := [*_large_integers(written)]:
        raise source.error(problems)
    return source


def _large_integers(written: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the integers that no response can contain."""
    waiting: list[tuple[Tokens, Any]] = [((), written)]
    while waiting:
        tokens, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*tokens, name), child) for name, child in value.items()]
        elif isinstance(value, list):
            waiting += [((*tokens, number), child) for number, child in enumerate(value)]
        elif isinstance(value, int) and value not in _INTEGERS:
            yield Problem(to_pointer(tokens), "the integer does not fit in 64 bits", "give a smaller integer")


def scenario_of(contract: Contract, fixtures: Fixtures, models: Scopes, faults: Faults, clock: Clock) -> dict[str, Any]:
    """Return a scenario. A mock that starts from it returns the same responses as one with these parts.

    It contains the keys and the secret of the dashboard: without them, no credentials would be accepted.
    """
    properties = SCHEMA["properties"]
    return {
        "format": properties["format"]["enum"][0],
        "version": properties["version"]["enum"][-1],
        **({} if clock.written is None else {"clock": clock.written}),
        **({} if faults.seed is None else {"seed": faults.seed}),
        "fixtures": written_fixtures(contract, fixtures),
        "faults": [*_rules(faults)],
        "models": state_of(models)["models"],
    }


def _rules(faults: Faults) -> Iterator[dict[str, Any]]:
    """Yield the rules that can still act, with the remaining count of each."""
    for each in faults.active:
        if not each.is_exhausted:
            remaining = {} if each.rule.count is None else {"count": each.rule.count - each.fired}
            yield {"id": each.id, **each.rule.written, **remaining}
