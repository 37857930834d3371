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
from mock_server.journal.entry import entry_of
from mock_server.journal.exchange import Exchange
from mock_server.journal.journal import Journal
from mock_server.refusing.refusals import refused

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
        found = self._journal.matching(_criteria(question))
        return self._listed(found[-question.parameters["limit"] :])

    async def clear_requests(self, _: Question) -> Answer:
        """Clear the journal."""
        self._control.clear_journal()
        return Answer(204)

    async def wait_for_requests(self, question: Question) -> JsonStream:
        """Wait until the journal has enough."""
        count, seconds = question.parameters["count"], question.parameters["timeout"]
        found = await self._journal.wait_for(_criteria(question), count, seconds)
        if len(found) < count:
            raise refused(404, f"After {seconds} seconds there were {len(found)} of {count} such requests.")
        return self._listed(found)

    async def request(self, question: Question) -> Answer:
        """Show one entry of the journal."""
        number = question.parameters["id"]
        exchange = self._journal.get(number)
        if exchange is None:
            raise refused(404, f"The journal has no request {number}, or no longer.")
        return Answer(200, entry_of(exchange))

    @property
    def _journal(self) -> Journal:
        if not self._control.journal.size:
            raise refused(409, "The journal is off; start the mock with another --journal.")
        return self._control.journal

    def _listed(self, found: Sequence[Exchange]) -> JsonStream:
        requests = elements(orjson.dumps(entry_of(each)) for each in found)
        return JsonStream(members([("requests", requests), ("total", [orjson.dumps(self._journal.total)])]))


def _criteria(question: Question) -> Criteria:
    return Criteria(**{name: question.parameters[name] for name in _CRITERIA if name in question.parameters})
