"""Bugs in error responses of one status, or of one operation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, PROVIDER
from tests.servers.wire import Answer

if TYPE_CHECKING:
    from tests.servers.wire import RefusedError, Request


class _WithoutBody(Mutant):
    """Errors of one status have no body."""

    bare: ClassVar[int]
    trips = frozenset({"SCH-01", "SCH-02"})

    def refused(self, refusal: RefusedError) -> Answer:
        answer = super().refused(refusal)
        return replace(answer, body=None) if refusal.status == self.bare else answer


class InvalidWithoutBody(_WithoutBody):
    """A 400 is a bare status."""

    bare = 400
    trips = frozenset({"SCH-06"})


class UnauthorizedWithoutBody(_WithoutBody):
    """A 401 is a bare status: the guard knows nothing of bodies."""

    bare = 401


class ForbiddenWithoutBody(_WithoutBody):
    """A 403 is a bare status: the guard knows nothing of bodies."""

    bare = 403


class NotFoundWithoutBody(_WithoutBody):
    """A 404 is a bare status."""

    bare = 404


class BuiltInRefusalWithoutBody(Mutant):
    """The 403 of a built-in model's name has no body; other errors have one."""

    trips = frozenset({"SCH-01", "SCH-02"})

    def refused(self, refusal: RefusedError) -> Answer:
        answer = super().refused(refusal)
        return replace(answer, body=None) if "built-in" in str(refusal.problem) else answer


class UnknownProviderWithoutBody(Mutant):
    """The 404 of an unknown provider has no body; that of an unknown base has one."""

    trips = frozenset({"SCH-01", "SCH-02"})

    def refused(self, refusal: RefusedError) -> Answer:
        answer = super().refused(refusal)
        return replace(answer, body=None) if str(refusal.problem).startswith(PROVIDER) else answer


class UnknownBaseIsHtml(Mutant):
    """The 404 of an unknown base is a page of HTML that says it is JSON."""

    trips = frozenset({"SCH-01"})

    def body_bytes(self, request: Request, answer: Answer) -> bytes:
        detail = answer.body.get("detail") if isinstance(answer.body, dict) else None
        return b"<h1>Not Found</h1>" if str(detail).startswith(BASE) else super().body_bytes(request, answer)


class DeleteOfNothingIsText(Mutant):
    """The 404 of a delete is sent as text."""

    trips = frozenset({"SCH-02"})

    def delete(self, request: Request) -> Answer:
        request.environ["plain.deletes"] = True
        return super().delete(request)

    def headers(self, request: Request, answer: Answer, body: bytes) -> dict[str, str]:
        headers = super().headers(request, answer, body)
        is_one = answer.status == 404 and "plain.deletes" in request.environ
        return {**headers, "Content-Type": "text/plain"} if is_one else headers


class ReaderRefusalIsAString(Mutant):
    """The 403 of a key that may only read is one JSON string."""

    trips = frozenset({"SCH-05"})

    def refused(self, refusal: RefusedError) -> Answer:
        answer = super().refused(refusal)
        return replace(answer, body=refusal.problem) if "may read" in str(refusal.problem) else answer


class _NoChallenge(Mutant):
    """A 401 of one operation does not say how to authenticate."""

    trips = frozenset({"AUT-04"})
    method: ClassVar[str]

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        silent = answer.status == 401 and request.method == self.method
        return replace(answer, headers={}) if silent else answer


class NoChallengeAtReads(_NoChallenge):
    """The 401 of a read does not say how to authenticate."""

    method = "GET"


class NoChallengeAtDeletes(_NoChallenge):
    """The 401 of a delete does not say how to authenticate."""

    method = "DELETE"
