"""The handlers of the admin API: journal and events, faults, state."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from contract.pointer import to_pointer
from mock_server.admin.endpoints import EventStream, Handler, elements, json_response, members, streamed_json
from mock_server.control import Control, ResetPart, information
from mock_server.errors import RejectedError, alternatives, plain, quoted, rejected
from mock_server.events import MOST_WATCHERS
from mock_server.faults.rule import RuleError
from mock_server.faults.rules import Faults
from mock_server.journal.journal import MOST_WAITING, Criteria, Exchange, Journal
from mock_server.state.document import StateError, model_of, state_of
from mock_server.store import FullError, ModelReader
from mock_server.upsert import StoredModel


class Handlers:
    """The operations on one mock."""

    def __init__(self, control: Control, document: Mapping[str, Any]) -> None:
        self._control = control
        self._document = document

    @property
    def by_operation(self) -> Mapping[str, Handler]:
        """The handler of each operation, by operationId."""
        return {
            "getHealth": self.health,
            "getInfo": self.info,
            "getDocument": self.document,
            "streamEvents": self.events,
            "listRequests": self.requests,
            "clearRequests": self.clear_requests,
            "waitForRequests": self.wait_for_requests,
            "getRequest": self.request,
            **FaultHandlers(self._control).by_operation,
            **StateHandlers(self._control).by_operation,
        }

    async def health(self) -> Response:
        """Return that the mock is up."""
        return json_response({"status": "ok"})

    async def info(self) -> Response:
        """Describe the mock."""
        return json_response(information(self._control))

    async def document(self) -> Response:
        """Return the OpenAPI document of the admin API."""
        return json_response(self._document)

    async def events(self, last_event_id: int | None = None, pace: int | None = None) -> EventStream:
        """Return a stream of what changes."""
        if self._control.events.crowded:
            raise rejected(
                503, f"{MOST_WATCHERS} clients are reading events already. Try again when one of them has disconnected."
            )
        return EventStream(self._control.events, last_event_id, pace)

    async def requests(self, limit: int, **filters: Any) -> Response:
        """Return the latest requests that match."""
        criteria = self._criteria(filters)
        dropped = await self._journal.dropped(criteria.after)
        found = await self._journal.matching(criteria)
        return self._listed(found[max(len(found) - limit, 0) :], len(found), dropped)

    async def clear_requests(self) -> Response:
        """Clear the journal."""
        await self._control.clear_journal()
        return Response(status_code=204)

    async def wait_for_requests(self, count: int, timeout: float, **filters: Any) -> Response:
        """Wait until the journal has enough requests that match."""
        criteria, journal = self._criteria(filters), self._journal
        if journal.crowded:
            raise rejected(
                503, f"{MOST_WAITING} clients are waiting for requests already. Try again when one of them is done."
            )
        found = await journal.wait_for(criteria, count, timeout)
        if len(found) < count:
            raise rejected(404, _too_few(len(found), count, timeout, await journal.dropped(criteria.after)))
        dropped = await journal.dropped(criteria.after)
        return self._listed(found, max(len(found), len(await journal.matching(criteria))), dropped)

    async def request(self, id: int) -> Response:
        """Return one entry of the journal."""
        exchange = await self._journal.get(id)
        if exchange is None:
            raise rejected(404, f"The journal does not have request {id}, or no longer has it.")
        return json_response(self._control.entry(exchange))

    @property
    def _journal(self) -> Journal:
        if not self._control.journal.size:
            raise rejected(409, "The journal is off. Start the mock with --journal N, where N is at least 1.")
        return self._control.journal

    def _criteria(self, filters: Mapping[str, Any]) -> Criteria:
        """Return the filters. Raises a 400 for one that no request can match."""
        known = self._control.fixtures.organizations
        if (name := filters.get("organization")) is not None and name not in known:
            raise rejected(400, f"There is no organization {quoted(name)}; use {alternatives(known)}.")
        try:
            return Criteria(**filters)
        except ValueError as error:
            text = str(error)
            raise rejected(400, f"{text[:1].upper()}{text[1:]}.") from None

    def _listed(self, found: Sequence[Exchange], total: int, dropped: int) -> Response:
        requests = elements(orjson.dumps(self._control.entry(each)) for each in found)
        counts = {"total": total, "dropped": dropped}
        numbers = [(name, [orjson.dumps(number)]) for name, number in counts.items()]
        return streamed_json(members([("requests", requests), *numbers]))


def _too_few(found: int, wanted: int, seconds: float, dropped: int) -> str:
    text = f"After {seconds} seconds, {found} of {wanted} matching requests had arrived."
    if dropped:
        text += f" The journal has dropped {dropped} older ones, which do not count. Use a larger --journal."
    return text


class FaultHandlers:
    """The operations on the rules for faults."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._faults = control.faults

    @property
    def by_operation(self) -> Mapping[str, Handler]:
        """The handler of each operation, by operationId."""
        return {
            "listFaults": self.list,
            "addFault": self.add,
            "replaceFaults": self.replace,
            "clearFaults": self.clear,
            "deleteFault": self.delete,
        }

    async def list(self) -> Response:
        """Return all rules."""
        return await self._listed()

    async def add(self, body: Mapping[str, Any]) -> Response:
        """Add a rule, or replace the one with its id."""
        try:
            read = await asyncio.to_thread(self._faults.check, body)
            added = await self._control.change_faults(lambda faults: faults.add(body, read))
        except RuleError as error:
            raise _invalid_rule(error) from None
        return json_response(added.as_json, 201)

    async def replace(self, body: Mapping[str, Any]) -> Response:
        """Replace all rules."""
        try:
            rules = await asyncio.to_thread(self._faults.read, body["faults"])
            await self._control.change_faults(lambda faults: faults.take(rules))
        except RuleError as error:
            raise _invalid_rule(error) from None
        return await self._listed()

    async def clear(self) -> Response:
        """Delete all rules."""
        await self._control.change_faults(lambda faults: faults.take([]))
        return Response(status_code=204)

    async def delete(self, id: str) -> Response:
        """Delete one rule."""

        def remove(faults: Faults) -> None:
            if not faults.remove(id):
                raise rejected(404, f"There is no fault {quoted(id)}.")

        await self._control.change_faults(remove)
        return Response(status_code=204)

    async def _listed(self) -> Response:
        return json_response({"faults": await self._control.fault_rules()})


def _invalid_rule(error: RuleError) -> RejectedError:
    place = to_pointer(error.at).removeprefix("#")
    where = f"At {plain(place)}: " if place else ""
    text = f"{where}{error.what[:1].upper()}{error.what[1:]}. {error.hint[:1].upper()}{error.hint[1:]}."
    return rejected(400, text)


class StateHandlers:
    """The operations on the stored models."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._reader = ModelReader(control.contract.upsert, control.fixtures)

    @property
    def by_operation(self) -> Mapping[str, Handler]:
        """The handler of each operation, by operationId."""
        return {
            "getState": self.state,
            "putState": self.replace,
            "getScenario": self.scenario,
            "reset": self.reset,
            "getModel": self.model,
        }

    async def state(self) -> Response:
        """Return all custom models."""
        return await self._stream()

    async def scenario(self) -> Response:
        """Return a scenario from which another mock gives the same responses."""
        return _indented(await self._control.scenario())

    async def model(self, organization: str, name: str) -> Response:
        """Return one model as the API returns it, and which model each value comes from."""
        self._check_organization(organization)
        view = await self._control.store.look(organization, [name])
        model = self._reader.find(view, name)
        if model is None:
            raise rejected(404, f"The organization {quoted(organization)} has no model {quoted(name)}.")
        returned = self._reader.render(view, organization, name, model)
        origins = self._reader.field_origins(view, organization, name, model)
        return json_response({"returned": returned, "origins": origins})

    async def replace(self, body: Any) -> Response:
        """Replace all custom models."""
        try:
            await self._control.replace_state(body)
        except (StateError, FullError) as error:
            raise rejected(400, str(error)) from None
        return await self._stream()

    async def _stream(self) -> Response:
        models = await self._control.store.snapshot()
        scopes = ((scope, members(_documents(named))) for scope, named in models.items() if named)
        head = [(name, [orjson.dumps(value)]) for name, value in state_of({}).items() if name != "models"]
        return streamed_json(members([*head, ("models", members(scopes))]))

    async def reset(self, body: Mapping[str, Any] | None) -> Response:
        """Reset models, journal, faults and clock, or the parts that the request names."""
        body = body or {}
        organization, model = body.get("organization"), body.get("model")
        if organization is not None:
            self._check_organization(organization)
        if model is not None and organization is None:
            raise rejected(400, "model needs organization: name the organization that the model belongs to.")
        parts = body.get("parts", list(ResetPart) if organization is None else [ResetPart.MODELS])
        if organization is not None and parts != [ResetPart.MODELS]:
            raise rejected(400, "With organization, parts can only be models.")
        return json_response(await self._control.reset(map(ResetPart, parts), organization, model))

    def _check_organization(self, name: str) -> None:
        if name not in self._control.fixtures.organizations:
            raise rejected(404, f"There is no organization {quoted(name)}.")


def _indented(document: Mapping[str, Any]) -> Response:
    """Return a response in indented JSON: users save it to a file."""
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Response(content, media_type="application/json")


def _documents(models: Mapping[str, StoredModel]) -> Iterator[tuple[str, list[bytes]]]:
    return ((name, [orjson.dumps(model_of(stored))]) for name, stored in models.items())
