"""What the layers of middleware tell one another about a request.

A request passes about ten layers on its way in, and its response passes them again on its way out. An outer layer often
needs what an inner one learned: the journal stores whose request it was, and the authentication knows. ASGI gives all
layers one dictionary, the scope. The mock puts a single typed object into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.types import Scope

from mock_server.callers import Caller
from mock_server.errors import Rejection

if TYPE_CHECKING:
    from mock_server.store import View

KEY = "mock_server"
"""The key of the object in the scope."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A fault rule that has acted on a request."""

    id: str
    effect: str
    """In a word or two."""


@dataclass
class RequestContext:
    """What is known of one request so far.

    The defaults stay in the class, so that creating one for each request costs little.
    """

    fields: Mapping[bytes, bytes]
    """The headers by name in lower case, for a quick look; of a header that is repeated, the last value."""
    transport: asyncio.Transport | None = None
    """The connection; None for an app that is called without a server."""
    in_contract: bool = field(default=True, init=False)
    """Whether the path is one of the contract's. True until the request is routed."""
    path_hint: str = field(default="", init=False)
    """A sentence about the path that the client probably meant, if it is not in the contract."""
    caller: Caller | None = field(default=None, init=False)
    """Whose credentials the request has, once they are verified."""
    preferences: str | None = field(default=None, init=False)
    """The preferences that were applied, as Preference-Applied lists them."""
    faults: tuple[Fired, ...] = field(default=(), init=False)
    """The fault rules that have acted on it."""
    dry_run: bool = field(default=False, init=False)
    """Whether the handler only computes the response and stores nothing."""
    rejection: Rejection | None = field(default=None, init=False)
    """Why the request was rejected, if it was."""
    view: View | None = field(default=None, init=False)
    """The models that the request is probably about, if a store that is shared has been asked for them already."""


def context_of(scope: Scope) -> RequestContext:
    """Return the context of a request, which is created when it is first asked for."""
    context: RequestContext | None = scope.get(KEY)
    if context is None:
        context = scope[KEY] = RequestContext(dict(scope["headers"]))
    return context
