"""Bugs in the status that answers an upsert, and in headers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.plain_http import Handler
    from tests.servers.wire import Json, Request


class AlwaysCreated(Mutant):
    """Every upsert is answered 201."""

    kills = frozenset({"STA-02"})

    def status(self, earlier: Stored | None) -> int:
        return 201


class AlwaysOk(Mutant):
    """Every upsert is answered 200."""

    kills = frozenset({"STA-01"})

    def status(self, earlier: Stored | None) -> int:
        return 200


class CreatedAsLongAsNew(Mutant):
    """Whether a model was created is told by `created_at == updated_at`, which holds until the first change."""

    kills = frozenset({"STA-02"})

    def status(self, earlier: Stored | None) -> int:
        return 201 if earlier is None or earlier.updated == earlier.created else 200


class AcceptedForLater(Mutant):
    """A create is answered 202."""

    kills = frozenset({"STA-01", "STA-04"})

    def status(self, earlier: Stored | None) -> int:
        return 202 if earlier is None else 200


class NoContentForUpdates(Mutant):
    """An update is answered 204, without a body."""

    kills = frozenset({"STA-02", "STA-04"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        return Response(204) if response.status == 200 else response


class ExistingNameConflicts(Mutant):
    """A name that exists is answered 409: the upsert is a create."""

    kills = frozenset({"SEM-17", "STA-04", "STA-17"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        if earlier is not None:
            raise HttpError(409, f"{name} exists already.")
        return super().upserted(earlier, name, values)


class UnchangedIsRefused(Mutant):
    """A request that changes nothing is answered 400: there is nothing to update."""

    kills = frozenset({"STA-17"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        if merged == earlier.values and len(values) > 1:
            raise HttpError(400, "There is nothing to update.")
        return merged


class BareUpdateIsRefused(Mutant):
    """An update with the name alone is answered 400: there is nothing to update."""

    kills = frozenset({"STA-17"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        if len(values) == 1:
            raise HttpError(400, "There is nothing to update.")
        return super().merge(earlier, values)


class Unprocessable(Mutant):
    """An invalid value is answered 422, as FastAPI does by default."""

    kills = frozenset({"STA-04", "STA-07", "STA-08", "STA-09", "STA-10", "STA-11", "STA-12"})

    def validate_fields(self, fields: Values) -> Values:
        try:
            return super().validate_fields(fields)
        except HttpError as error:
            raise HttpError(422, error.problem) from error


class UnknownBaseIs200(Mutant):
    """An unknown base is answered 200 with an error in the body, as a remote procedure call would be."""

    kills = frozenset({"SCH-03", "STA-13", "TEN-06"})

    def error_response(self, error: HttpError) -> Response:
        response = super().error_response(error)
        return replace(response, status=200) if str(error.problem).startswith(BASE) else response


class AbsentModelRedirects(Mutant):
    """A read of a model that does not exist is redirected to the list."""

    kills = frozenset({"STA-04", "STA-19", "STA-20"})

    def read(self, request: Request) -> Response:
        try:
            return super().read(request)
        except HttpError as error:
            raise HttpError(302, error.problem, {"Location": "/api/models/"}) from error


class AcceptDemanded(Mutant):
    """A request without an Accept of JSON is answered 406."""

    kills = frozenset({"STA-04", "STA-16"})

    def json_body(self, request: Request) -> Json:
        if "json" not in request.header("Accept"):
            raise HttpError(406, "Could not satisfy the request Accept header.")
        return super().json_body(request)


class MethodsWithoutAllow(Mutant):
    """A 405 does not say which methods there are."""

    kills = frozenset({"STA-15"})

    def error_response(self, error: HttpError) -> Response:
        return (
            replace(super().error_response(error), headers={}) if error.status == 405 else super().error_response(error)
        )


class MediaTypeCaseSensitive(Mutant):
    """`Application/JSON` is not `application/json`."""

    kills = frozenset({"STA-16"})

    def reject_media_type(self, content_type: str) -> None:
        if content_type.split(";", maxsplit=1)[0].strip() != "application/json":
            raise HttpError(415, f'Unsupported media type "{content_type}" in request.')
        super().reject_media_type(content_type)


class ParametersOfMediaTypeRefused(Mutant):
    """The whole Content-Type has to be `application/json`: a charset behind it is refused."""

    kills = frozenset({"STA-16"})

    def reject_media_type(self, content_type: str) -> None:
        super().reject_media_type(content_type)
        if ";" in content_type:
            raise HttpError(415, f'Unsupported media type "{content_type}" in request.')


class ChunkedBodyNotRead(Mutant):
    """A body without a Content-Length counts as empty, as in many a WSGI application."""

    kills = frozenset({"STA-24"})

    def read_body(self, request: Request) -> bytes:
        return b"" if request.header("Transfer-Encoding") else super().read_body(request)


class ModelsWithoutAllow(Mutant):
    """A 405 at the path of a model does not say which methods there are."""

    kills = frozenset({"STA-15"})

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except HttpError as error:
            headers = {} if self.name_in(request.path) else error.headers
            raise HttpError(error.status, error.problem, headers) from error


class NewBaseIsACreate(Mutant):
    """An update that gives a model another base replaces it, and says that it created it."""

    kills = frozenset({"STA-02"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        earlier = self.find(organization, name)
        status, stored = super().write(organization, name, values)
        moved = earlier is not None and BASE in values and values[BASE] != earlier.values.get(BASE)
        return 201 if moved else status, stored


class AttachedIsUpdated(Mutant):
    """The answer is begun when the provider is attached, with 200: so is that to a create."""

    kills = frozenset({"STA-01"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        return replace(response, status=200) if "provider" in response.body else response


class AllowNamesEverything(Mutant):
    """Allow names each method that the framework has, the refused one as well."""

    kills = frozenset({"STA-15"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        allowed = {"Allow": "GET, POST, PUT, PATCH, DELETE"} if response.status == 405 else {}
        return {**super().headers(request, response, body), **allowed}
