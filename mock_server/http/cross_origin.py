"""Lets the pages of other origins call the mock, and read all that an answer says (CORS, in the Fetch standard)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send

from contract import Contract

_EXPOSED = ("Allow", "Location", "Preference-Applied", "Retry-After", "WWW-Authenticate")
"""Headers that a page may read although the Fetch standard hides them, beside those that the contract declares."""
_VARIES = (b"vary", b"Origin")


class CrossOriginMiddleware(CORSMiddleware):
    """Starlette's, for requests that have an origin. To the others it would add only `Vary`, and take long for it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or pass the request on."""
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _VARIES]
            await send(message)

        await self.app(scope, receive, sending)


def cross_origin(contract: Contract, origins: Sequence[str]) -> partial[CrossOriginMiddleware]:
    """The middleware for the pages of `origins`, `*` for any.

    Pages of named origins may send their cookies and other credentials; to any page the standard does not allow that.
    """
    return partial(
        CrossOriginMiddleware,
        allow_origins=origins,
        allow_credentials="*" not in origins,
        allow_methods=["*"],
        allow_headers=["*"],  # whatever a client library adds to Authorization, Content-Type and Prefer
        allow_private_network=True,
        expose_headers=sorted({*_EXPOSED, *_declared(contract.document["paths"])}),
    )


def _declared(paths: Mapping[str, Any]) -> set[str]:
    """The names of all headers of responses."""
    operations = (node for item in paths.values() for node in item.values() if isinstance(node, dict))
    responses = (response for operation in operations for response in operation.get("responses", {}).values())
    return {name for response in responses for name in response.get("headers", {})}
