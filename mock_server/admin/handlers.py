"""The handlers of the admin API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from mock_server.admin.endpoints import Handler, Question
from mock_server.admin.fault_handlers import FaultHandlers
from mock_server.admin.sse import EventStream
from mock_server.admin.state_handlers import StateHandlers
from mock_server.admin.streaming import JsonStream, elements, members
from mock_server.answers import Answer
from mock_server.control import Control
from mock_server.events import MOST_WATCHERS
from mock_server.information import information
from mock_server.journal.criteria import Criteria
from mock_server.journal.exchange import Exchange
from mock_server.journal.journal import MOST_WAITING, Journal
from mock_server.refusing.refusals import refused
from mock_server.refusing.wording import alternatives, quoted

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

    async def health(self, _: Question) -> Answer:
        """Say that the mock answers."""
        return Answer(200, {"status": "ok"})

    async def info(self, _: Question) -> Answer:
        """Describe the mock."""
        return Answer(200, information(self._control))

    async def document(self, _: Question) -> Answer:
        """Show the document of the admin API."""
        return Answer(200, self._document)

    async def events(self, question: Question) -> EventStream:
        """Tell what happens."""
        if self._control.events.crowded:
            raise refused(503, f"{MOST_WATCHERS} clients read the events already. Try again when one of them is gone.")
        after, pace = (question.parameters.get(name) for name in ("Last-Event-ID", "pace"))
        return EventStream(self._control.events, after, pace)

    async def requests(self, question: Question) -> JsonStream:
        """List the journal."""
        criteria, limit = self._criteria(question), question.parameters["limit"]
        dropped = self._journal.dropped(criteria.after)
        found = await self._journal.matching(criteria)
        return self._listed(found[max(len(found) - limit, 0) :], len(found), dropped)

    async def clear_requests(self, _: Question) -> Answer:
        """Clear the journal."""
        self._control.clear_journal()
        return Answer(204)

    async def wait_for_requests(self, question: Question) -> JsonStream:
        """Wait until the journal has enough."""
        count, seconds = question.parameters["count"], question.parameters["timeout"]
        criteria, journal = self._criteria(question), self._journal
        if journal.crowded:
            raise refused(503, f"{MOST_WAITING} clients wait for requests already. Try again when one of them is gone.")
        found = await journal.wait_for(criteria, count, seconds)
        if len(found) < count:
            raise refused(404, _too_few(len(found), count, seconds, journal.dropped(criteria.after)))
        dropped = journal.dropped(criteria.after)
        return self._listed(found, max(len(found), len(await journal.matching(criteria))), dropped)

    async def request(self, question: Question) -> Answer:
        """Show one entry of the journal."""
        number = question.parameters["id"]
        exchange = self._journal.get(number)
        if exchange is None:
            raise refused(404, f"The journal has no request {number}, or no longer.")
        return Answer(200, self._control.entry(exchange))

    @property
    def _journal(self) -> Journal:
        if not self._control.journal.size:
            raise refused(409, "The journal is off; start the mock with another --journal.")
        return self._control.journal

    def _criteria(self, question: Question) -> Criteria:
        """What is asked for. Raises the 400 for what no request is like."""
        given = {name: question.parameters[name] for name in _CRITERIA if name in question.parameters}
        known = self._control.fixtures.organizations
        if (name := given.get("organization")) is not None and name not in known:
            raise refused(400, f"There is no organization {quoted(name)}, only {alternatives(known, 'and')}.")
        try:
            return Criteria(**given)
        except ValueError as error:
            text = str(error)
            raise refused(400, f"{text[:1].upper()}{text[1:]}.") from None

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
