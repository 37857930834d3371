"""Bugs in the status that answers an upsert, and in headers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE
from tests.servers.wire import Answer, RefusedError

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.plain_http import Handler
    from tests.servers.wire import Json, Request


class AlwaysCreated(Mutant):
    """Every upsert is answered 201."""

    trips = frozenset({"STA-02"})

    def status(self, earlier: Stored | None) -> int:
        return 201


class AlwaysOk(Mutant):
    """Every upsert is answered 200."""

    trips = frozenset({"STA-01"})

    def status(self, earlier: Stored | None) -> int:
        return 200


class CreatedAsLongAsNew(Mutant):
    """Whether a model was created is told by `created_at == updated_at`, which holds until the first change."""

    trips = frozenset({"STA-02"})

    def status(self, earlier: Stored | None) -> int:
        return 201 if earlier is None or earlier.updated == earlier.created else 200


class AcceptedForLater(Mutant):
    """A create is answered 202."""

    trips = frozenset({"STA-01", "STA-04"})

    def status(self, earlier: Stored | None) -> int:
        return 202 if earlier is None else 200


class NoContentForUpdates(Mutant):
    """An update is answered 204, without a body."""

    trips = frozenset({"STA-02", "STA-04"})

    def upsert(self, request: Request) -> Answer:
        answer = super().upsert(request)
        return Answer(204) if answer.status == 200 else answer


class ExistingNameConflicts(Mutant):
    """A name that exists is answered 409: the upsert is a create."""

    trips = frozenset({"SEM-17", "STA-04", "STA-17"})

    def changed(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        if earlier is not None:
            raise RefusedError(409, f"{name} exists already.")
        return super().changed(earlier, name, values)


class UnchangedIsRefused(Mutant):
    """A request that changes nothing is answered 400: there is nothing to update."""

    trips = frozenset({"STA-17"})

    def merged(self, earlier: Stored, values: Values) -> Values:
        merged = super().merged(earlier, values)
        if merged == earlier.values and len(values) > 1:
            raise RefusedError(400, "There is nothing to update.")
        return merged


class BareUpdateIsRefused(Mutant):
    """An update with the name alone is answered 400: there is nothing to update."""

    trips = frozenset({"STA-17"})

    def merged(self, earlier: Stored, values: Values) -> Values:
        if len(values) == 1:
            raise RefusedError(400, "There is nothing to update.")
        return super().merged(earlier, values)


class Unprocessable(Mutant):
    """An invalid value is answered 422, as FastAPI does by default."""

    trips = frozenset({"STA-04", "STA-07", "STA-08", "STA-09", "STA-10", "STA-11", "STA-12"})

    def checked(self, given: Values) -> Values:
        try:
            return super().checked(given)
        except RefusedError as refusal:
            raise RefusedError(422, refusal.problem) from refusal


class UnknownBaseIs200(Mutant):
    """An unknown base is answered 200 with an error in the body, as a remote procedure call would be."""

    trips = frozenset({"SCH-03", "STA-13", "TEN-06"})

    def refused(self, refusal: RefusedError) -> Answer:
        answer = super().refused(refusal)
        return replace(answer, status=200) if str(refusal.problem).startswith(BASE) else answer


class AbsentModelRedirects(Mutant):
    """A read of a model that does not exist is redirected to the list."""

    trips = frozenset({"STA-04", "STA-19", "STA-20"})

    def read(self, request: Request) -> Answer:
        try:
            return super().read(request)
        except RefusedError as refusal:
            raise RefusedError(302, refusal.problem, {"Location": "/api/models/"}) from refusal


class AcceptDemanded(Mutant):
    """A request without an Accept of JSON is answered 406."""

    trips = frozenset({"STA-04", "STA-16"})

    def body(self, request: Request) -> Json:
        if "json" not in request.header("Accept"):
            raise RefusedError(406, "Could not satisfy the request Accept header.")
        return super().body(request)


class MethodsWithoutAllow(Mutant):
    """A 405 does not say which methods there are."""

    trips = frozenset({"STA-15"})

    def refused(self, refusal: RefusedError) -> Answer:
        return replace(super().refused(refusal), headers={}) if refusal.status == 405 else super().refused(refusal)


class MediaTypeCaseSensitive(Mutant):
    """`Application/JSON` is not `application/json`."""

    trips = frozenset({"STA-16"})

    def refuse_media_type(self, content_type: str) -> None:
        if content_type.split(";", maxsplit=1)[0].strip() != "application/json":
            raise RefusedError(415, f'Unsupported media type "{content_type}" in request.')
        super().refuse_media_type(content_type)


class ParametersOfMediaTypeRefused(Mutant):
    """The whole Content-Type has to be `application/json`: a charset behind it is refused."""

    trips = frozenset({"STA-16"})

    def refuse_media_type(self, content_type: str) -> None:
        super().refuse_media_type(content_type)
        if ";" in content_type:
            raise RefusedError(415, f'Unsupported media type "{content_type}" in request.')


class ChunkedBodyNotRead(Mutant):
    """A body without a Content-Length counts as empty, as in many a WSGI application."""

    trips = frozenset({"STA-24"})

    def body_data(self, request: Request) -> bytes:
        return b"" if request.header("Transfer-Encoding") else super().body_data(request)


class ModelsWithoutAllow(Mutant):
    """A 405 at the path of a model does not say which methods there are."""

    trips = frozenset({"STA-15"})

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except RefusedError as refusal:
            headers = {} if self.name_in(request.path) else refusal.headers
            raise RefusedError(refusal.status, refusal.problem, headers) from refusal


class NewBaseIsACreate(Mutant):
    """An update that gives a model another base replaces it, and says that it created it."""

    trips = frozenset({"STA-02"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        earlier = self.find(organization, name)
        status, stored = super().write(organization, name, values)
        moved = earlier is not None and BASE in values and values[BASE] != earlier.values.get(BASE)
        return 201 if moved else status, stored


class AttachedIsUpdated(Mutant):
    """The answer is begun when the provider is attached, with 200: so is that to a create."""

    trips = frozenset({"STA-01"})

    def upsert(self, request: Request) -> Answer:
        answer = super().upsert(request)
        return replace(answer, status=200) if "provider" in answer.body else answer


class AllowNamesEverything(Mutant):
    """Allow names each method that the framework has, the refused one as well."""

    trips = frozenset({"STA-15"})

    def headers(self, request: Request, answer: Answer, body: bytes) -> dict[str, str]:
        allowed = {"Allow": "GET, POST, PUT, PATCH, DELETE"} if answer.status == 405 else {}
        return {**super().headers(request, answer, body), **allowed}
