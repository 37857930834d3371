"""Why a requirement is not testable, on servers that leave something out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.judging import judged
from tests.servers.plain import PlainServer
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from tests.servers.wire import Request, Response


class _DeletesOnly(PlainServer):
    """A server whose models can be deleted, but not read."""

    def read(self, request: Request) -> Response:
        raise HttpError(405, "Only DELETE is allowed.", {"Allow": "DELETE"})


def test_a_target_with_a_delete_is_not_said_to_have_none() -> None:
    result = judged(_DeletesOnly(), only=["CON-09"])
    assert "the target has a delete" in result.notes
    assert [reason.partition(":")[0] for reason in result.judged["CON-09"].reasons] == ["the target has no read"]
