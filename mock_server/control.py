"""The control of a running mock: what the admin API and tests in the same process can read and change.

That includes a description of what the mock serves: each operation, where its responses come from, and what is left
out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from connexion.http_facts import METHODS

from contract import Contract, Problem, Upsert
from contract.pointer import to_pointer
from contract.version import installed_version
from mock_server.clock import Clock
from mock_server.events import Events
from mock_server.faults.effects import PeekableRequest
from mock_server.faults.rules import Faults
from mock_server.fixtures import Fixtures, redaction_for
from mock_server.http.bodies import is_json
from mock_server.journal.entry import Entry, entry_of
from mock_server.journal.journal import Exchange, Journal
from mock_server.pages import served_document
from mock_server.prefer import ExampleResponses, NothingToSendError, example_responses
from mock_server.redaction import Redaction
from mock_server.responses import unsendable_headers
from mock_server.scenario import scenario_of
from mock_server.settings import ADMIN_PREFIX
from mock_server.state.document import MOST_PROBLEMS, StateError, StateReader, model_of, state_of
from mock_server.store import Scopes, Store, View
from mock_server.upsert import MOST_ENTRIES, StoredModel, find_value_with_too_many_entries


class ResetPart(StrEnum):
    """A part of a mock that can be reset."""

    MODELS = "models"
    """The models, to those of the start."""
    JOURNAL = "journal"
    """The journal, to no requests. Later requests still get higher numbers."""
    FAULTS = "faults"
    """The fault rules, to those of the start. Counts and random choices start again."""
    CLOCK = "clock"
    """A fixed clock, to its first time."""


T = TypeVar("T")


class Sharing(Protocol):
    """Changes of a state that several mocks share. Each is atomic, and in effect for the next request at any mock."""

    async def begin(self) -> None:
        """Check the connection, and write what the mocks start from, unless another mock has."""

    async def changed(self, since: object) -> tuple[object, Scopes | None]:
        """Return a mark of the present models, and the models unless `since` is their mark. Close all connections."""

    async def foresee(self, request: PeekableRequest) -> View:
        """Return the models that a request is probably about, and bring the fault rules up to date."""

    async def note(self, exchange: Exchange) -> None:
        """Add an exchange to the journal, and publish it as an event."""

    async def reset(
        self, parts: Iterable[ResetPart], organization: str | None = None, model: str | None = None
    ) -> dict[str, int]:
        """Reset parts, as `Control.reset` does."""

    async def change_faults(self, edit: Callable[[Faults], T]) -> T:
        """Return the result of `edit`, which changes the fault rules."""

    async def refresh(self) -> None:
        """Read the fault rules, how often each has acted, and the clock."""


@dataclass(slots=True)
class Control:
    """The parts of a running mock. Use it in the thread of its event loop."""

    contract: Contract
    fixtures: Fixtures
    store: Store
    journal: Journal
    faults: Faults
    clock: Clock
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The settings of the mock, without secrets."""
    events: Events = field(default_factory=Events)
    max_model_bytes: int | None = None
    """The maximum bytes of JSON of a model in a state that replaces another; None is no limit."""
    on_change: Callable[[], Awaitable[None] | None] | None = None
    """Called after each change of the models. If it returns an awaitable, the response waits for it."""
    sharing: Sharing | None = None
    """What changes the state that other mocks share; None if this mock shares nothing."""
    admin_token: str | None = None
    url: str = "http://localhost"
    """The address of the mock, as copied commands have it."""
    redaction: Redaction = field(init=False)
    """Hides secrets in what the admin API returns."""

    def __post_init__(self) -> None:
        self.redaction = redaction_for(self.contract, self.fixtures, self.admin_token)

    def entry(self, exchange: Exchange) -> Entry:
        """Return an exchange as the admin API returns it."""
        return entry_of(exchange, self.redaction, self.url)

    def note(self, exchange: Exchange) -> Awaitable[None] | None:
        """Add an exchange to the journal, and publish it as an event.

        If this returns an awaitable, the response must wait for it.
        """
        if self.sharing:
            return self.sharing.note(exchange)
        size = self.journal.add(exchange)
        self.events.publish("request", exchange, self.entry, size)
        return None

    def model_changed(self, organization: str, name: str, stored: StoredModel | None) -> Awaitable[None] | None:
        """Publish that a request has written a model, or deleted it if `stored` is None.

        If this returns an awaitable, the response must wait for it.
        """
        size = stored.bytes if stored else 0
        self.events.publish("model", (organization, name, stored), self.model_event, size)
        return self.on_change() if self.on_change else None

    async def clear_journal(self) -> int:
        """Delete all exchanges, and return how many there were."""
        if self.sharing:
            return (await self.sharing.reset([ResetPart.JOURNAL]))["requests"]
        count = self.journal.clear()
        self.events.release()
        self.events.publish("cleared", {"journal": count})
        return count

    async def state(self) -> dict[str, Any]:
        """Return all custom models as a document."""
        return state_of(await self.store.snapshot())

    async def scenario(self) -> dict[str, Any]:
        """Return models, fixtures, faults and clock as a scenario that a mock can start from."""
        if self.sharing:
            await self.sharing.refresh()
        return scenario_of(self.contract, self.fixtures, await self.store.snapshot(), self.faults, self.clock)

    async def replace_state(self, state: Any) -> None:
        """Replace all models by those of a document. Raises StateError, and then nothing is changed."""
        models = await asyncio.to_thread(self._read, state)
        await self.store.replace(models)
        if not self.sharing:
            await self._models_replaced(None, None)

    def _read(self, state: Any) -> Scopes:
        """Return the models of a document. This takes long if there are many, so it runs in a thread."""
        models = StateReader(self.contract, self.fixtures).read(state)
        if problems := [*_too_large(models, self.max_model_bytes, self.contract.upsert)]:
            raise StateError(problems[:MOST_PROBLEMS])
        return models

    async def reset(
        self, parts: Iterable[ResetPart] = tuple(ResetPart), organization: str | None = None, model: str | None = None
    ) -> dict[str, int]:
        """Reset parts to what they were at the start. With a name, reset the models of one organization, or one model.

        Return how many models were removed or changed back, and how many requests and fault rules were removed.
        """
        if self.sharing:
            return await self.sharing.reset(parts, organization, model)
        parts, removed = set(parts), {"models": 0, "requests": 0, "faults": 0}
        if ResetPart.MODELS in parts:
            removed["models"] = await self.store.reset(organization, model)
        if ResetPart.JOURNAL in parts:
            removed["requests"] = await self.clear_journal()
        if ResetPart.FAULTS in parts:
            removed["faults"] = len(self.faults.active)
            self.faults.restart()
            self.faults_changed()
        if ResetPart.CLOCK in parts:
            self.clock.reset()
        if ResetPart.MODELS in parts:
            await self._models_replaced(organization, model)  # last, because it fails if the models cannot be saved
        return removed

    async def change_faults(self, edit: Callable[[Faults], T]) -> T:
        """Return the result of `edit`, which changes the fault rules, and publish them.

        If it raises an exception, nothing is changed. It may be called more than once.
        """
        if self.sharing:
            return await self.sharing.change_faults(edit)
        result = edit(self.faults)
        self.faults_changed()
        return result

    async def fault_rules(self) -> list[dict[str, Any]]:
        """Return the fault rules as JSON, with how often each has acted."""
        if self.sharing:
            await self.sharing.refresh()
        return [each.as_json for each in self.faults.active]

    def faults_changed(self) -> None:
        """Publish the fault rules."""
        rules = [each.as_json for each in self.faults.active]
        self.events.publish("faults", rules, size=self.faults.bytes)

    async def _models_replaced(self, organization: str | None, model: str | None) -> None:
        self.events.release()
        self.events.publish("state", {"organization": organization, "model": model})
        saved = self.on_change() if self.on_change else None
        if saved is not None:
            await saved

    def model_event(self, changed: tuple[str, str, StoredModel | None]) -> dict[str, Any]:
        """Return a change of a model as events show it."""
        organization, name, stored = changed
        model = self.redaction.value(model_of(stored)) if stored else None
        return {"organization": organization, "name": self.redaction.hide(name), "model": model}


def _too_large(models: Scopes, largest: int | None, rules: Upsert) -> Iterator[Problem]:
    for scope, named in models.items():
        for name, stored in named.items():
            if field := find_value_with_too_many_entries(rules, stored.values):
                what = f"it has more than {MOST_ENTRIES} entries"
                yield Problem(to_pointer(["models", scope, name, "values", field]), what, "give fewer")
            if largest is not None and stored.bytes > largest:
                what = f"it is {stored.bytes} bytes of JSON, more than {largest}"
                yield Problem(to_pointer(["models", scope, name]), what, "leave it out, or raise --max-model-bytes")


def information(control: Control) -> dict[str, Any]:
    """Return a description of the mock. The only secrets in it are the API keys of the fixtures."""
    contract, fixtures = control.contract, control.fixtures
    seed = "" if (number := control.settings.get("seed")) is None else str(number)
    return {
        "version": installed_version(),
        "contract": {
            "title": contract.title,
            "version": contract.version,
            "digest": contract.digest,
            "file": str(contract.file),
            "base_path": contract.base_path or "/",
            "operations": [asdict(each) for each in served_operations(contract, seed)],
        },
        "organizations": [_organization(control, name) for name in fixtures.organizations],
        "built_in": list(fixtures.models),
        "first_request": first_request(contract, fixtures),
        "settings": dict(control.settings),
    }


def _organization(control: Control, name: str) -> dict[str, Any]:
    keys = control.fixtures.keys.items()
    return {
        "name": name,
        "keys": [{"key": key, "may_write": it.may_write} for key, it in keys if it.organization == name],
        "providers": list(control.fixtures.organizations[name]),
    }


RULES = "rules"
"""The origin of responses that the rules of the upsert decide."""


@dataclass(frozen=True, slots=True)
class ServedOperation:
    """One operation of the contract."""

    method: str
    path: str
    """With the base path."""
    status: int | None
    """The status of the default response; None if rules decide."""
    origin: str
    """Where its responses come from: RULES, or a part of the contract, in words."""


def ruled_operations(rules: Upsert) -> set[str]:
    """Return the ids of the operations whose responses the rules decide."""
    return {each.operation_id for each in (rules.operation, rules.read, rules.delete) if each}


def served_operations(contract: Contract, seed: str = "") -> list[ServedOperation]:
    """Return all operations of the contract, in its order."""
    document = served_document(contract)
    ruled = ruled_operations(contract.upsert)
    examples = example_responses(document, contract.upsert, seed)
    return [
        _served(method, contract.base_path + path, None if (name := node["operationId"]) in ruled else examples[name])
        for path, method, node in _operations(document)
    ]


def left_out(contract: Contract, *, admin: bool) -> list[str]:
    """Return a sentence for each part of the contract that the mock does not serve as it is written."""
    return [
        *(sentence for item in _operations(contract.document) for sentence in _unserved(*item)),
        *_ignored_parameters(contract.document),
        *_other_servers(contract.document),
        *(_hidden(contract) if admin else ()),
    ]


def _served(method: str, path: str, examples: ExampleResponses | None) -> ServedOperation:
    if examples is None:
        return ServedOperation(method.upper(), path, None, RULES)
    try:
        return ServedOperation(method.upper(), path, examples.default({}).status, examples.origin)
    except NothingToSendError:
        return ServedOperation(method.upper(), path, 501, "nothing: no data can be generated for its schema")


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and node of each operation."""
    for path, item in document["paths"].items():
        yield from ((path, method, node) for method, node in item.items() if method in METHODS)


def _unserved(path: str, method: str, node: Mapping[str, Any]) -> Iterator[str]:
    name = f"{method.upper()} {path}"
    if callbacks := node.get("callbacks"):
        yield f"{name}: the mock never calls the callbacks ({', '.join(callbacks)})."
    if other := [each for each in node.get("requestBody", {}).get("content", {}) if not is_json(each)]:
        fate = "rejected, because only JSON has fields to store" if "x-upsert" in node else "accepted and not validated"
        yield f"{name}: request bodies of {', '.join(other)} are {fate}."
    for status, response in node["responses"].items():
        for problem in unsendable_headers(response):
            yield f"{name}: the response {status} lacks a header: {problem}."
        content = response.get("content", {})
        if content and not any(map(is_json, content)):
            yield f"{name}: the response {status} has no body, because {', '.join(content)} is not JSON."
        elif other := [each for each in content if not is_json(each)]:
            yield f"{name}: the response {status} is never sent as {', '.join(other)}, always as JSON."


def _ignored_parameters(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each operation with parameters that are not in its path."""
    for path, method, node in _operations(document):
        declared = [*document["paths"][path].get("parameters", ()), *node.get("parameters", ())]
        names = dict.fromkeys(f"{each['name']} ({each['in']})" for each in declared if each["in"] != "path")
        if names:
            yield f"{method.upper()} {path}: the mock does not look at the parameters {', '.join(names)}."


def _other_servers(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each path or operation with servers of its own: the mock has one base path for all."""
    for path, item in document["paths"].items():
        if "servers" in item:
            yield f"{path}: the servers of the path are ignored."
    for path, method, node in _operations(document):
        if "servers" in node:
            yield f"{method.upper()} {path}: the servers of the operation are ignored."


def _hidden(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each path that the console or the admin API hides."""
    for path in contract.document["paths"]:
        whole = contract.base_path + path
        if whole == "/" or whole.startswith(ADMIN_PREFIX):
            yield f"{whole} is not served: the console or the admin API is there; --no-admin leaves them out."


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """A request that creates a model."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


def first_request(contract: Contract, fixtures: Fixtures) -> FirstRequest:
    """Return a request with the first example of the contract and the first key that may write."""
    operation = contract.upsert.operation
    token = next((token for token, caller in fixtures.keys.items() if caller.may_write), "YOUR_TOKEN")
    media_type, body = _first_example(contract)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
    return FirstRequest(operation.method, contract.base_path + operation.path, headers, json.dumps(body))


def _first_example(contract: Contract) -> tuple[str, object]:
    operation = contract.document["paths"][contract.upsert.operation.path][contract.upsert.operation.method.lower()]
    media_type, body = next(iter(operation["requestBody"]["content"].items()))
    examples = [example["value"] for example in body.get("examples", {}).values() if "value" in example]
    return media_type, examples[0] if examples else {contract.upsert.key: "my-first-model"}
