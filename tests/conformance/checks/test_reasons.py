"""Why a requirement is not testable, on servers that leave something out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.judging import judged
from tests.servers.plain import PlainServer
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from tests.servers.plain_http import Handler
    from tests.servers.wire import Request, Response


class _DeletesOnly(PlainServer):
    """A server whose models can be deleted, but not read."""

    def read(self, request: Request) -> Response:
        raise HttpError(405, "Only DELETE is allowed.", {"Allow": "DELETE"})


def test_a_target_with_a_delete_is_not_said_to_have_none() -> None:
    result = judged(_DeletesOnly(), only=["CON-09"])
    assert "the target has a delete" in result.notes
    assert [reason.partition(":")[0] for reason in result.judged["CON-09"].reasons] == ["the target has no read"]


class _NoMethodsKnown(PlainServer):
    """A server that returns 404 for methods that it does not have."""

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except HttpError as error:
            raise HttpError(404, "Not found.") from error


def test_methods_that_get_no_405_are_named_in_one_reason() -> None:
    methods = "PUT, PATCH, DELETE, GET and POST to a model"
    result = judged(_NoMethodsKnown(), only=["STA-15"])
    assert result.judged["STA-15"].reasons == [f"the target does not reject {methods} with 405"]
