"""Bugs in what a request, or its answer, leaves on the connection."""

from __future__ import annotations

import io
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_http import MAX_BODY_BYTES
from tests.servers.wire import Answer, RefusedError, Request

if TYPE_CHECKING:
    from tests.servers.fixtures import Caller
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class _Unread(Mutant):
    careless = True

    def answer(self, request: Request) -> Answer:
        if not self.leaves(request):
            request.environ["wsgi.input"] = io.BytesIO(request.read(MAX_BODY_BYTES + 1))
        return super().answer(request)

    @abstractmethod
    def leaves(self, request: Request) -> bool:
        """Whether the body is left where it is, until it is needed."""


class BodyOfAStrangerLeft(_Unread):
    """A body without credentials is not read, and taken for the next request of the connection."""

    trips = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return not request.header("Authorization")


class BodyOfAReaderLeft(_Unread):
    """A body that is refused with 403 is not read, and taken for the next request of the connection."""

    trips = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        caller = self.caller(self.token(request) or "")
        return caller is not None and not caller.may_write

    def admitted(self, request: Request) -> tuple[Caller, Values]:
        self.refuse_read_only(self.authenticated(request))
        return super().admitted(request)


class BodyOfAnotherMediaTypeLeft(_Unread):
    """A body of another media type is not read, and taken for the next request of the connection."""

    trips = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return not request.header("Content-Type").lower().startswith("application/json")

    def body(self, request: Request) -> Json:
        self.refuse_media_type(request.header("Content-Type"))
        return super().body(request)


class NoContentHasContent(_Unread):
    """The delete is answered 204 with a body, which clients take for the beginning of the next answer."""

    trips = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return False

    def delete(self, request: Request) -> Answer:
        return replace(super().delete(request), body={"deleted": True})


class BodyLeftWhereItGoesWrong(_Unread):
    """What is no JSON is read up to its first mistake, and the rest is taken for the next request of the connection."""

    trips = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return request.method == "POST"

    def body_data(self, request: Request) -> bytes:
        length = int(request.header("Content-Length") or 0)
        beginning = request.read(2) if length > 2 else b""
        if beginning == b"{{":
            raise RefusedError(400, "An object begins with the name of a member.")
        request.environ["CONTENT_LENGTH"] = str(length - len(beginning) or "")
        return beginning + super().body_data(request)
