"""Bugs in the status of an upsert, and in headers."""

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
    """Every upsert returns 201."""

    kills = frozenset({"STA-02"})

    def status(self, earlier: Stored | None) -> int:
        return 201


class AlwaysOk(Mutant):
    """Every upsert returns 200."""

    kills = frozenset({"STA-01"})

    def status(self, earlier: Stored | None) -> int:
        return 200


class CreatedUntilFirstChange(Mutant):
    """The status is 201 while `created_at == updated_at`: repeating a create returns 201 again."""

    kills = frozenset({"STA-02"})

    def status(self, earlier: Stored | None) -> int:
        return 201 if earlier is None or earlier.updated == earlier.created else 200


class CreateReturns202(Mutant):
    """A create returns 202."""

    kills = frozenset({"STA-01", "STA-04"})

    def status(self, earlier: Stored | None) -> int:
        return 202 if earlier is None else 200


class UpdateReturns204(Mutant):
    """An update returns 204 without a body."""

    kills = frozenset({"STA-02", "STA-04"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        return Response(204) if response.status == 200 else response


class ExistingNameReturns409(Mutant):
    """An upsert of an existing name returns 409."""

    kills = frozenset({"SEM-17", "STA-04", "STA-17"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        if earlier is not None:
            raise HttpError(409, f"{name} exists already.")
        return super().upserted(earlier, name, values)


class UnchangedUpdateReturns400(Mutant):
    """An update that changes nothing returns 400."""

    kills = frozenset({"STA-17"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        if merged == earlier.values and len(values) > 1:
            raise HttpError(400, "There is nothing to update.")
        return merged


class NameOnlyUpdateReturns400(Mutant):
    """An update with only the name returns 400."""

    kills = frozenset({"STA-17"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        if len(values) == 1:
            raise HttpError(400, "There is nothing to update.")
        return super().merge(earlier, values)


class InvalidValueReturns422(Mutant):
    """An invalid value returns 422, as in FastAPI by default."""

    kills = frozenset({"STA-04", "STA-07", "STA-08", "STA-09", "STA-10", "STA-11", "STA-12"})

    def validate_fields(self, fields: Values) -> Values:
        try:
            return super().validate_fields(fields)
        except HttpError as error:
            raise HttpError(422, error.problem) from error


class UnknownBaseReturns200(Mutant):
    """An unknown base model returns 200 with an error in the body."""

    kills = frozenset({"SCH-03", "STA-13", "TEN-06"})

    def error_response(self, error: HttpError) -> Response:
        response = super().error_response(error)
        return replace(response, status=200) if str(error.problem).startswith(BASE) else response


class MissingModelRedirects(Mutant):
    """A read of a missing model redirects to the list."""

    kills = frozenset({"STA-04", "STA-19", "STA-20"})

    def read(self, request: Request) -> Response:
        try:
            return super().read(request)
        except HttpError as error:
            raise HttpError(302, error.problem, {"Location": "/api/models/"}) from error


class AcceptHeaderRequired(Mutant):
    """A request whose Accept header does not name JSON returns 406."""

    kills = frozenset({"STA-04", "STA-16"})

    def json_body(self, request: Request) -> Json:
        if "json" not in request.header("Accept"):
            raise HttpError(406, "Could not satisfy the request Accept header.")
        return super().json_body(request)


class NoAllowAtCollection(Mutant):
    """A 405 of the collection has no Allow header."""

    kills = frozenset({"STA-15"})

    def error_response(self, error: HttpError) -> Response:
        return (
            replace(super().error_response(error), headers={}) if error.status == 405 else super().error_response(error)
        )


class MediaTypeCaseSensitive(Mutant):
    """`Application/JSON` is rejected as a media type."""

    kills = frozenset({"STA-16"})

    def reject_media_type(self, content_type: str) -> None:
        if content_type.split(";", maxsplit=1)[0].strip() != "application/json":
            raise HttpError(415, f'Unsupported media type "{content_type}" in request.')
        super().reject_media_type(content_type)


class MediaTypeParametersRejected(Mutant):
    """A Content-Type with a charset is rejected."""

    kills = frozenset({"STA-16"})

    def reject_media_type(self, content_type: str) -> None:
        super().reject_media_type(content_type)
        if ";" in content_type:
            raise HttpError(415, f'Unsupported media type "{content_type}" in request.')


class ChunkedBodyNotRead(Mutant):
    """A body without Content-Length is read as empty, as in many WSGI applications."""

    kills = frozenset({"STA-24"})

    def read_body(self, request: Request) -> bytes:
        return b"" if request.header("Transfer-Encoding") else super().read_body(request)


class NoAllowAtModel(Mutant):
    """A 405 at the path of a model has no Allow header."""

    kills = frozenset({"STA-15"})

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except HttpError as error:
            headers = {} if self.name_in(request.path) else error.headers
            raise HttpError(error.status, error.problem, headers) from error


class NewBaseReturns201(Mutant):
    """An update that changes the base model returns 201."""

    kills = frozenset({"STA-02"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        earlier = self.find(organization, name)
        status, stored = super().write(organization, name, values)
        moved = earlier is not None and BASE in values and values[BASE] != earlier.values.get(BASE)
        return 201 if moved else status, stored


class CreateWithProviderReturns200(Mutant):
    """A create with a provider returns 200, because attaching the provider is an update."""

    kills = frozenset({"STA-01"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        return replace(response, status=200) if "provider" in response.body else response


class AllowListsEveryMethod(Mutant):
    """The Allow header of a 405 lists every method, the rejected one included."""

    kills = frozenset({"STA-15"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        allowed = {"Allow": "GET, POST, PUT, PATCH, DELETE"} if response.status == 405 else {}
        return {**super().headers(request, response, body), **allowed}
