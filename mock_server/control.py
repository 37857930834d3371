"""What can be asked of a running mock about itself, by the admin API or by a test in the same process.

Among it is what the mock serves of a contract: each operation and where its responses come from, and what it leaves
out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from connexion.http_facts import METHODS

from contract import Contract, Problem, Upsert
from contract.pointer import to_pointer
from mock_server.clock import Clock
from mock_server.events import Events
from mock_server.faults.rules import Faults
from mock_server.fixtures import Fixtures, redaction_for
from mock_server.http.bodies import is_json
from mock_server.journal.entry import Entry, entry_of
from mock_server.journal.journal import Exchange, Journal
from mock_server.pages import served_document
from mock_server.prefer import ExampleResponses, NothingToSendError, example_responses
from mock_server.redaction import Redaction
from mock_server.scenario import scenario_of
from mock_server.settings import ADMIN_PREFIX
from mock_server.state.document import MOST_PROBLEMS, StateError, StateReader, model_of, state_of
from mock_server.store import Scopes, Store
from mock_server.upsert import MOST_ENTRIES, StoredModel, with_too_many_entries


class ResetPart(StrEnum):
    """A part of a mock that can be reset."""

    MODELS = "models"
    """Those of the start."""
    JOURNAL = "journal"
    """It is empty; numbers go on."""
    FAULTS = "faults"
    """The rules of the start, with counts and choices that begin anew."""
    CLOCK = "clock"
    """A clock that is set shows its first time."""


@dataclass(slots=True)
class Control:
    """The parts of a running mock. To be used in the thread of its event loop."""

    contract: Contract
    fixtures: Fixtures
    store: Store
    journal: Journal
    faults: Faults
    clock: Clock
    settings: Mapping[str, Any] = field(default_factory=dict)
    """How it was started, without secrets."""
    events: Events = field(default_factory=Events)
    max_model_bytes: int | None = None
    """Bytes of JSON that a model may take in a state that replaces another; None is any number."""
    on_change: Callable[[], Awaitable[None] | None] | None = None
    """Called after each change of the models. Gives what to wait for before a response is sent, if anything."""
    admin_token: str | None = None
    url: str = "http://localhost"
    """The address of the mock, to which copied commands go."""
    redaction: Redaction = field(init=False)
    """Hides secrets in what is shown."""

    def __post_init__(self) -> None:
        self.redaction = redaction_for(self.contract, self.fixtures, self.admin_token)

    def entry(self, exchange: Exchange) -> Entry:
        """Return what is shown of an exchange."""
        return entry_of(exchange, self.redaction, self.url)

    def note(self, exchange: Exchange) -> None:
        """Take an exchange into the journal."""
        size = self.journal.add(exchange)
        self.events.publish("request", exchange, self.entry, size)

    def model_changed(self, organization: str, name: str, stored: StoredModel | None) -> Awaitable[None] | None:
        """Tell that a request has written a model, or removed it where `stored` is None.

        Gives what to wait for before the response is sent, if anything.
        """
        size = stored.bytes if stored else 0
        self.events.publish("model", (organization, name, stored), self._model_shown, size)
        return self.on_change() if self.on_change else None

    def clear_journal(self) -> int:
        """Forget all exchanges. How many there were."""
        count = self.journal.clear()
        self.events.release()
        self.events.publish("cleared", {"journal": count})
        return count

    async def state(self) -> dict[str, Any]:
        """The custom models, as a document."""
        return state_of(await self.store.snapshot())

    async def scenario(self) -> dict[str, Any]:
        """What the mock holds, as a scenario to start from."""
        return scenario_of(self.contract, self.fixtures, await self.store.snapshot(), self.faults, self.clock)

    async def replace_state(self, state: Any) -> None:
        """Have these models in place of all. Raises StateError, and then nothing was changed."""
        models = await asyncio.to_thread(self._read, state)
        await self.store.replace(models)
        await self._models_replaced(None, None)

    def _read(self, state: Any) -> Scopes:
        """Read and measure models, which takes long where there are many."""
        models = StateReader(self.contract, self.fixtures).read(state)
        if problems := [*_too_large(models, self.max_model_bytes, self.contract.upsert)]:
            raise StateError(problems[:MOST_PROBLEMS])
        return models

    async def reset(
        self, parts: Iterable[ResetPart] = tuple(ResetPart), organization: str | None = None, model: str | None = None
    ) -> dict[str, int]:
        """Bring parts back to what they were at the start; of the models all, those of one organization, or one.

        How many models that has removed or changed back, and how many requests and rules it has removed.
        """
        parts, removed = set(parts), {"models": 0, "requests": 0, "faults": 0}
        if ResetPart.MODELS in parts:
            removed["models"] = await self.store.restart(organization, model)
        if ResetPart.JOURNAL in parts:
            removed["requests"] = self.clear_journal()
        if ResetPart.FAULTS in parts:
            removed["faults"] = len(self.faults.active)
            self.faults.restart()
            self.faults_changed()
        if ResetPart.CLOCK in parts:
            self.clock.restart()
        if ResetPart.MODELS in parts:
            await self._models_replaced(organization, model)  # at last: it may fail where they cannot be saved
        return removed

    def faults_changed(self) -> None:
        """Tell those who watch."""
        rules = [each.as_json for each in self.faults.active]
        self.events.publish("faults", rules, size=self.faults.bytes)

    async def _models_replaced(self, organization: str | None, model: str | None) -> None:
        self.events.release()
        self.events.publish("state", {"organization": organization, "model": model})
        saved = self.on_change() if self.on_change else None
        if saved is not None:
            await saved

    def _model_shown(self, changed: tuple[str, str, StoredModel | None]) -> dict[str, Any]:
        organization, name, stored = changed
        model = self.redaction.value(model_of(stored)) if stored else None
        return {"organization": organization, "name": self.redaction.hide(name), "model": model}


def _too_large(models: Scopes, largest: int | None, rules: Upsert) -> Iterator[Problem]:
    for scope, named in models.items():
        for name, stored in named.items():
            if slot := with_too_many_entries(rules, stored.values):
                what = f"it has more than {MOST_ENTRIES} entries"
                yield Problem(to_pointer(["models", scope, name, "values", slot]), what, "give fewer")
            if largest is not None and stored.bytes > largest:
                what = f"it takes {stored.bytes} bytes of JSON, more than {largest}"
                yield Problem(to_pointer(["models", scope, name]), what, "leave it out, or raise --max-model-bytes")


def information(control: Control) -> dict[str, Any]:
    """The description. It has no secret in it but the demo keys, which the mock prints at its start too."""
    contract, fixtures = control.contract, control.fixtures
    seed = "" if (given := control.settings.get("seed")) is None else str(given)
    return {
        "version": _version(),
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


def _version() -> str:
    try:
        return version("respan-contract")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"


def _organization(control: Control, name: str) -> dict[str, Any]:
    keys = control.fixtures.keys.items()
    return {
        "name": name,
        "keys": [{"key": key, "may_write": it.may_write} for key, it in keys if it.organization == name],
        "providers": list(control.fixtures.organizations[name]),
    }


RULES = "rules"
"""The origin of answers that the rules of the upsert decide."""


@dataclass(frozen=True, slots=True)
class ServedOperation:
    """One operation of the contract."""

    method: str
    path: str
    """With the base path."""
    status: int | None
    """That of the usual answer, None where rules decide."""
    origin: str
    """Where its answers come from: RULES, or what of the contract, in words."""


def ruled_operations(rules: Upsert) -> set[str]:
    """Return the ids of the operations whose answers the rules decide."""
    return {each.operation_id for each in (rules.operation, rules.read, rules.delete) if each}


def served_operations(contract: Contract, seed: str = "") -> list[ServedOperation]:
    """Return all operations of the contract, in its order."""
    document = served_document(contract)
    ruled = ruled_operations(contract.upsert)
    answers = example_responses(document, contract.upsert, seed)
    return [
        _served(method, contract.base_path + path, None if (name := node["operationId"]) in ruled else answers[name])
        for path, method, node in _operations(document)
    ]


def left_out(contract: Contract, *, admin: bool) -> list[str]:
    """Return a sentence for each part of the contract that the mock does not serve as it is written."""
    return [
        *(sentence for item in _operations(contract.document) for sentence in _unserved(*item)),
        *_other_servers(contract.document),
        *(_hidden(contract) if admin else ()),
    ]


def _served(method: str, path: str, answers: ExampleResponses | None) -> ServedOperation:
    if answers is None:
        return ServedOperation(method.upper(), path, None, RULES)
    try:
        return ServedOperation(method.upper(), path, answers.usual({}).status, answers.origin)
    except NothingToSendError:
        return ServedOperation(method.upper(), path, 501, "nothing: no data can be made up for its schema")


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return path, method and node of each operation."""
    for path, item in document["paths"].items():
        yield from ((path, method, node) for method, node in item.items() if method in METHODS)


def _unserved(path: str, method: str, node: Mapping[str, Any]) -> Iterator[str]:
    name = f"{method.upper()} {path}"
    if callbacks := node.get("callbacks"):
        yield f"{name}: the mock never calls the callbacks ({', '.join(callbacks)})."
    if other := [each for each in node.get("requestBody", {}).get("content", {}) if not is_json(each)]:
        yield f"{name}: request bodies of {', '.join(other)} are accepted and not validated."
    for status, response in node["responses"].items():
        content = response.get("content", {})
        if content and not any(map(is_json, content)):
            yield f"{name}: the response {status} has no body, because {', '.join(content)} is not JSON."
        elif other := [each for each in content if not is_json(each)]:
            yield f"{name}: the response {status} is never sent as {', '.join(other)}, always as JSON."


def _other_servers(document: Mapping[str, Any]) -> Iterator[str]:
    """Tell of servers that only a path or an operation has: one base path serves all."""
    for path, item in document["paths"].items():
        if "servers" in item:
            yield f"{path}: the servers of the path are ignored."
    for path, method, node in _operations(document):
        if "servers" in node:
            yield f"{method.upper()} {path}: the servers of the operation are ignored."


def _hidden(contract: Contract) -> Iterator[str]:
    """Tell of paths at which the console and the admin API answer."""
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
    """The request, with the first example of the contract and the first key that may write."""
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
