"""The handlers of the admin API: the journal and the events, the faults, the state."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response as RawResponse

from contract.pointer import to_pointer
from mock_server.admin.endpoints import EventStream, Handler, JsonStream, Question, elements, members
from mock_server.control import Control, ResetPart, information
from mock_server.errors import RejectedError, alternatives, plain, quoted, rejected
from mock_server.events import MOST_WATCHERS
from mock_server.faults.rule import RuleError
from mock_server.journal.journal import MOST_WAITING, Criteria, Exchange, Journal
from mock_server.responses import Response
from mock_server.state.document import StateError, model_of, state_of
from mock_server.store import FullError, ModelReader
from mock_server.upsert import StoredModel

_CRITERIA = ("method", "path", "status", "organization", "refused", "after")


class Handlers:
    """Answers the questions about one mock."""

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

    async def health(self, _: Question) -> Response:
        """Say that the mock answers."""
        return Response(200, {"status": "ok"})

    async def info(self, _: Question) -> Response:
        """Describe the mock."""
        return Response(200, information(self._control))

    async def document(self, _: Question) -> Response:
        """Show the document of the admin API."""
        return Response(200, self._document)

    async def events(self, question: Question) -> EventStream:
        """Tell what happens."""
        if self._control.events.crowded:
            raise rejected(503, f"{MOST_WATCHERS} clients read the events already. Try again when one of them is gone.")
        after, pace = (question.parameters.get(name) for name in ("Last-Event-ID", "pace"))
        return EventStream(self._control.events, after, pace)

    async def requests(self, question: Question) -> JsonStream:
        """List the journal."""
        criteria, limit = self._criteria(question), question.parameters["limit"]
        dropped = self._journal.dropped(criteria.after)
        found = await self._journal.matching(criteria)
        return self._listed(found[max(len(found) - limit, 0) :], len(found), dropped)

    async def clear_requests(self, _: Question) -> Response:
        """Clear the journal."""
        self._control.clear_journal()
        return Response(204)

    async def wait_for_requests(self, question: Question) -> JsonStream:
        """Wait until the journal has enough."""
        count, seconds = question.parameters["count"], question.parameters["timeout"]
        criteria, journal = self._criteria(question), self._journal
        if journal.crowded:
            raise rejected(
                503, f"{MOST_WAITING} clients wait for requests already. Try again when one of them is gone."
            )
        found = await journal.wait_for(criteria, count, seconds)
        if len(found) < count:
            raise rejected(404, _too_few(len(found), count, seconds, journal.dropped(criteria.after)))
        dropped = journal.dropped(criteria.after)
        return self._listed(found, max(len(found), len(await journal.matching(criteria))), dropped)

    async def request(self, question: Question) -> Response:
        """Show one entry of the journal."""
        number = question.parameters["id"]
        exchange = self._journal.get(number)
        if exchange is None:
            raise rejected(404, f"The journal has no request {number}, or no longer.")
        return Response(200, self._control.entry(exchange))

    @property
    def _journal(self) -> Journal:
        if not self._control.journal.size:
            raise rejected(409, "The journal is off; start the mock with another --journal.")
        return self._control.journal

    def _criteria(self, question: Question) -> Criteria:
        """What is asked for. Raises the 400 for what no request is like."""
        given = {name: question.parameters[name] for name in _CRITERIA if name in question.parameters}
        known = self._control.fixtures.organizations
        if (name := given.get("organization")) is not None and name not in known:
            raise rejected(400, f"There is no organization {quoted(name)}, only {alternatives(known, 'and')}.")
        try:
            return Criteria(**given)
        except ValueError as error:
            text = str(error)
            raise rejected(400, f"{text[:1].upper()}{text[1:]}.") from None

    def _listed(self, found: Sequence[Exchange], total: int, dropped: int) -> JsonStream:
        requests = elements(orjson.dumps(self._control.entry(each)) for each in found)
        counts = {"total": total, "dropped": dropped}
        told = [(name, [orjson.dumps(number)]) for name, number in counts.items()]
        return JsonStream(members([("requests", requests), *told]))


def _too_few(found: int, wanted: int, seconds: float, dropped: int) -> str:
    told = f"After {seconds} seconds there were {found} of {wanted} such requests."
    if dropped:
        told += f" The journal has dropped {dropped} older ones, which do not count: start with a larger --journal."
    return told


class FaultHandlers:
    """Shows and changes the rules."""

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

    async def list(self, _: Question) -> Response:
        """Show all rules."""
        return self._listed()

    async def add(self, question: Question) -> Response:
        """Take one more rule."""
        try:
            read = await asyncio.to_thread(self._faults.check, question.body)
            added = self._faults.add(question.body, read)
        except RuleError as error:
            raise _contradictory(error) from None
        self._control.faults_changed()
        return Response(201, added.shown)

    async def replace(self, question: Question) -> Response:
        """Take other rules in place of all."""
        try:
            self._faults.take(await asyncio.to_thread(self._faults.read, question.body["faults"]))
        except RuleError as error:
            raise _contradictory(error) from None
        self._control.faults_changed()
        return self._listed()

    async def clear(self, _: Question) -> Response:
        """Drop all rules."""
        self._faults.replace([])
        self._control.faults_changed()
        return Response(204)

    async def delete(self, question: Question) -> Response:
        """Drop one rule."""
        if not self._faults.remove(question.parameters["id"]):
            raise rejected(404, f"There is no fault {quoted(question.parameters['id'])}.")
        self._control.faults_changed()
        return Response(204)

    def _listed(self) -> Response:
        return Response(200, {"faults": [each.shown for each in self._faults.active]})


def _contradictory(error: RuleError) -> RejectedError:
    place = to_pointer(error.at).removeprefix("#")
    where = f"At {plain(place)}: " if place else ""
    text = f"{where}{error.what[:1].upper()}{error.what[1:]}. {error.mend[:1].upper()}{error.mend[1:]}."
    return rejected(400, text)


class StateHandlers:
    """Shows, replaces and resets what the mock keeps."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._showing = ModelReader(control.contract.upsert, control.fixtures, control.store)

    @property
    def by_operation(self) -> Mapping[str, Handler]:
        """The handler of each operation, by operationId."""
        return {
            "getState": self.state,
            "putState": self.replace,
            "getScenario": self.scenario,
            "reset": self.reset,
            "getShownModel": self.model,
        }

    async def state(self, _: Question) -> JsonStream:
        """Show all custom models."""
        return await self._stream()

    async def scenario(self, _: Question) -> RawResponse:
        """Show what the mock holds as a scenario."""
        return _laid_out(await self._control.scenario())

    async def model(self, question: Question) -> Response:
        """Show one model as the API shows it, and where its values come from."""
        organization, name = question.parameters["organization"], question.parameters["name"]
        self._check_organization(organization)
        model = await self._showing.find(organization, name)
        if model is None:
            raise rejected(404, f"The organization {quoted(organization)} has no model {quoted(name)}.")
        shown = await self._showing.show(organization, name, model)
        return Response(200, {"shown": shown, "givers": await self._showing.givers(organization, name, model)})

    async def replace(self, question: Question) -> JsonStream:
        """Take other models in place of all."""
        try:
            await self._control.replace_state(question.body)
        except StateError as error:
            raise rejected(400, str(error)) from None
        except FullError as error:
            raise rejected(400, str(error)) from None
        return await self._stream()

    async def _stream(self) -> JsonStream:
        models = await self._control.store.snapshot()
        scopes = ((scope, members(_written(named))) for scope, named in models.items() if named)
        head = [(name, [orjson.dumps(value)]) for name, value in state_of({}).items() if name != "models"]
        return JsonStream(members([*head, ("models", members(scopes))]))

    async def reset(self, question: Question) -> Response:
        """Bring back the start."""
        asked = question.body or {}
        organization, model = asked.get("organization"), asked.get("model")
        if organization is not None:
            self._check_organization(organization)
        if model is not None and organization is None:
            raise rejected(400, "Say of which organization the model is.")
        parts = asked.get("parts", list(ResetPart) if organization is None else [ResetPart.MODELS])
        if organization is not None and parts != [ResetPart.MODELS]:
            raise rejected(400, "Of one organization only the models can be reset.")
        return Response(200, await self._control.reset(map(ResetPart, parts), organization, model))

    def _check_organization(self, name: str) -> None:
        if name not in self._control.fixtures.organizations:
            raise rejected(404, f"There is no organization {quoted(name)}.")


def _laid_out(document: Mapping[str, Any]) -> RawResponse:
    """A response laid out for people: they save it to a file."""
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return RawResponse(content, media_type="application/json")


def _written(models: Mapping[str, StoredModel]) -> Iterator[tuple[str, list[bytes]]]:
    return ((name, [orjson.dumps(model_of(stored))]) for name, stored in models.items())
