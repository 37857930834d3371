"""The handlers of the admin API that concern faults."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from contract.pointer import to_pointer
from mock_server.admin.endpoints import Handler, Question
from mock_server.answers import Answer
from mock_server.control import Control
from mock_server.faults.rule import RuleError
from mock_server.refusing.refusals import RefusedError, refused
from mock_server.refusing.wording import plain, quoted


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

    async def list(self, _: Question) -> Answer:
        """Show all rules."""
        return self._listed()

    async def add(self, question: Question) -> Answer:
        """Take one more rule."""
        try:
            read = await asyncio.to_thread(self._faults.check, question.body)
            added = self._faults.add(question.body, read)
        except RuleError as error:
            raise _contradictory(error) from None
        self._control.faults_changed()
        return Answer(201, added.shown)

    async def replace(self, question: Question) -> Answer:
        """Take other rules in place of all."""
        try:
            self._faults.take(await asyncio.to_thread(self._faults.read, question.body["faults"]))
        except RuleError as error:
            raise _contradictory(error) from None
        self._control.faults_changed()
        return self._listed()

    async def clear(self, _: Question) -> Answer:
        """Drop all rules."""
        self._faults.replace([])
        self._control.faults_changed()
        return Answer(204)

    async def delete(self, question: Question) -> Answer:
        """Drop one rule."""
        if not self._faults.remove(question.parameters["id"]):
            raise refused(404, f"There is no fault {quoted(question.parameters['id'])}.")
        self._control.faults_changed()
        return Answer(204)

    def _listed(self) -> Answer:
        return Answer(200, {"faults": [each.shown for each in self._faults.active]})


def _contradictory(error: RuleError) -> RefusedError:
    place = to_pointer(error.at).removeprefix("#")
    where = f"At {plain(place)}: " if place else ""
    text = f"{where}{error.what[:1].upper()}{error.what[1:]}. {error.mend[:1].upper()}{error.mend[1:]}."
    return refused(400, text)
