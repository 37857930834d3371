"""Variants in permissions, and in when they are checked."""

from __future__ import annotations

import json
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.servers.plain import PlainServer
from tests.servers.plain_fields import KINDS
from tests.servers.plain_http import MAX_BODY_BYTES
from tests.servers.wire import HttpError, Request

if TYPE_CHECKING:
    from tests.servers.fixtures import Caller
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Response


class UnknownCredentialsReturn403(PlainServer):
    """Assumed: the server returns 401 when it rejects the credentials. Here only missing ones get 401, others 403."""

    deviates = frozenset({"AUT-03"})

    def authenticate(self, request: Request) -> Caller:
        try:
            return super().authenticate(request)
        except HttpError as error:
            if request.header("Authorization"):
                raise HttpError(403, error.problem) from error
            raise


class BodyCheckedBeforeCredentials(PlainServer):
    """Assumed: the server checks credentials before it validates the body. Here it is the other way round."""

    deviates = frozenset({"AUT-06"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        values = self.requested_values(self.json_body(request))
        return self.authenticate(request), values


class TokenInQueryAllowed(PlainServer):
    """Assumed: the server accepts a token only in the Authorization header. Here it accepts one in the query too."""

    deviates = frozenset({"AUT-05"})

    def token(self, request: Request) -> str | None:
        query = parse_qs(request.environ.get("QUERY_STRING", ""))
        tokens = [token for values in query.values() for token in values if self.caller(token)]
        return super().token(request) or next(iter(tokens), None)


class ReadOnlyKeyGets404(PlainServer):
    """Assumed: a write with a read-only key gets 403. Here it gets 404."""

    deviates = frozenset({"AUT-09"})

    def reject_read_only(self, caller: Caller) -> None:
        if not caller.may_write:
            raise HttpError(404, "Not found.")


class BuiltInNamesAllowed(PlainServer):
    """Assumed: the name of a built-in model gets 403. Here a custom model may replace it."""

    deviates = frozenset({"STA-18"})

    def reject_built_in(self, name: str) -> None:
        pass

    def reject_deleting_built_in(self, organization: str, name: str) -> None:
        if self.find(organization, name) is None:
            super().reject_built_in(name)


class ReadOnlyKeyGets401(PlainServer):
    """Assumed, with a choice: a write with a read-only key gets 403. Here it gets 401."""

    def reject_read_only(self, caller: Caller) -> None:
        if not caller.may_write:
            raise self.unauthorized("This API key may not write.")


class ReadOnlyKeyCannotReadModels(PlainServer):
    """Open: what a read-only key may read. Here it may not read models."""

    def read(self, request: Request) -> Response:
        self.reject_read_only(self.authenticate(request))
        return super().read(request)


class BuiltInNamesReturn401(PlainServer):
    """Assumed: the name of a built-in model gets 403. Here it gets 401."""

    deviates = frozenset({"STA-18"})

    def reject_built_in(self, name: str) -> None:
        if name in self.fixtures.built_in_models:
            raise self.unauthorized("Nobody may change a built-in model.")


class MalformedCredentialsReturn400(PlainServer):
    """Assumed: the server returns 401 when it rejects the credentials. Here malformed ones get 400 (RFC 6750, 3.1)."""

    deviates = frozenset({"AUT-03"})

    def token(self, request: Request) -> str | None:
        header, token = request.header("Authorization"), super().token(request)
        if header and (token is None or " " in token):
            raise HttpError(400, "The credentials are malformed.")
        return token


class UnknownFieldsBeforeCredentials(PlainServer):
    """Open: which of two errors comes first. Here unknown fields are rejected before credentials are checked."""

    def admit(self, request: Request) -> tuple[Caller, Values]:
        data = request.read(MAX_BODY_BYTES + 1)
        request.environ["wsgi.input"] = BytesIO(data)
        with suppress(ValueError, RecursionError):
            body = json.loads(data)
            if isinstance(body, dict) and body.keys() - KINDS.keys():
                raise HttpError(400, "Unknown fields.")
        return super().admit(request)
