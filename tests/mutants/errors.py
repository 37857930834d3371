"""Bugs in error responses of one status or one operation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, PROVIDER
from tests.servers.wire import Response

if TYPE_CHECKING:
    from tests.servers.wire import HttpError, Request


class _WithoutBody(Mutant):
    """Errors of one status have no body."""

    bare: ClassVar[int]
    kills = frozenset({"SCH-01", "SCH-02"})

    def error_response(self, error: HttpError) -> Response:
        response = super().error_response(error)
        return replace(response, body=None) if error.status == self.bare else response


class NoBodyIn400(_WithoutBody):
    """A 400 has no body."""

    bare = 400
    kills = frozenset({"SCH-06"})


class NoBodyIn401(_WithoutBody):
    """A 401 has no body."""

    bare = 401


class NoBodyIn403(_WithoutBody):
    """A 403 has no body."""

    bare = 403


class NoBodyIn404(_WithoutBody):
    """A 404 has no body."""

    bare = 404


class NoBodyForBuiltInNames(Mutant):
    """The 403 for the name of a built-in model has no body."""

    kills = frozenset({"SCH-01", "SCH-02"})

    def error_response(self, error: HttpError) -> Response:
        response = super().error_response(error)
        return replace(response, body=None) if "built-in" in str(error.problem) else response


class NoBodyForUnknownProvider(Mutant):
    """The 404 for an unknown provider has no body."""

    kills = frozenset({"SCH-01", "SCH-02"})

    def error_response(self, error: HttpError) -> Response:
        response = super().error_response(error)
        return replace(response, body=None) if str(error.problem).startswith(PROVIDER) else response


class UnknownBaseIsHtml(Mutant):
    """The 404 for an unknown base model is HTML declared as JSON."""

    kills = frozenset({"SCH-01"})

    def body_bytes(self, request: Request, response: Response) -> bytes:
        detail = response.body.get("detail") if isinstance(response.body, dict) else None
        return b"<h1>Not Found</h1>" if str(detail).startswith(BASE) else super().body_bytes(request, response)


class DeleteOfMissingModelIsText(Mutant):
    """The 404 of a delete is plain text."""

    kills = frozenset({"SCH-02"})

    def delete(self, request: Request) -> Response:
        request.environ["plain.deletes"] = True
        return super().delete(request)

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        headers = super().headers(request, response, body)
        is_one = response.status == 404 and "plain.deletes" in request.environ
        return {**headers, "Content-Type": "text/plain"} if is_one else headers


class ReadOnlyErrorIsAString(Mutant):
    """The 403 for a read-only key is a JSON string."""

    kills = frozenset({"SCH-05"})

    def error_response(self, error: HttpError) -> Response:
        response = super().error_response(error)
        return replace(response, body=error.problem) if "may read" in str(error.problem) else response


class _NoChallenge(Mutant):
    """A 401 of one operation has no WWW-Authenticate header."""

    kills = frozenset({"AUT-04"})
    method: ClassVar[str]

    def respond(self, request: Request) -> Response:
        response = super().respond(request)
        silent = response.status == 401 and request.method == self.method
        return replace(response, headers={}) if silent else response


class NoChallengeAtReads(_NoChallenge):
    """The 401 of a read has no WWW-Authenticate header."""

    method = "GET"


class NoChallengeAtDeletes(_NoChallenge):
    """The 401 of a delete has no WWW-Authenticate header."""

    method = "DELETE"
