"""The operations whose meaning no rule of the contract says: served from examples, or from generated data.

They do what can be said of any operation: ask for credentials, validate the body by its schema, and return the success
of the lowest status that the contract declares. They store nothing.
"""

from __future__ import annotations

from mock_server.answers import Answer
from mock_server.endpoints import Call
from mock_server.preferring.forced import ForcedAnswers, NothingToSendError, readable
from mock_server.refusing.refusals import Refusal, RefusedError, refused

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class ExampleHandler:
    """The handler of one operation."""

    def __init__(self, answers: ForcedAnswers, forbidden: int | None) -> None:
        """`forbidden` is the status for a caller who writes and may only read, None where every caller may write."""
        declared = forbidden is not None and answers.responses.find(str(forbidden)) is not None
        self._answers = answers
        self._forbidden = forbidden if declared else None

    async def __call__(self, call: Call) -> Answer:
        """Return the answer. Raises RefusedError for a body that is not valid, or a caller who may not write."""
        if call.violations:
            raise RefusedError(Refusal(call.invalid, tuple(call.violations), by_field=True))
        if self._forbidden and not call.caller.may_write and call.method not in _SAFE:
            raise refused(self._forbidden, "These credentials may only read.")
        try:
            return self._answers.usual(readable(call.path))
        except NothingToSendError as error:
            place = self._answers.responses.pointer
            raise refused(501, f"{error} Add an example to the contract at {place}.") from None
