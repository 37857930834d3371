"""Asks the app of the mock in this process, and keeps what it notes about a request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from contract import load
from mock_server.app import Behaviour, build_app
from mock_server.context import RequestContext, context_of
from mock_server.fixtures import load_fixtures
from mock_server.store import MemoryStore
from tests.mock_server.wire import KEY, Reply


def app(contract: Path | None = None, **behaviour: Any) -> ASGIApp:
    """The mock of a contract, with an empty store. Each of its responses is judged, unless that is switched off."""
    loaded = load(contract)
    wanted = Behaviour(**{"check_responses": True, **behaviour})
    return build_app(loaded, load_fixtures(loaded), MemoryStore(), wanted)


@dataclass(frozen=True, slots=True)
class Exchange(Reply):
    """A response, and what the layers of the app have noted about the request."""

    context: RequestContext


def ask(app: ASGIApp, method: str, path: str, body: bytes = b"", /, **headers: str) -> Exchange:
    """Send a request to `app`; `content_type="..."` is the header Content-Type."""
    given = {"authorization": f"Bearer {KEY}", "content_type": "application/json", **headers}
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    async def exchange() -> None:
        await app(scope, receive, send)

    asyncio.run(exchange())
    answered: dict[str, str] = {}
    for name, value in ((name.decode(), value.decode()) for name, value in sent[0]["headers"]):
        answered[name] = f"{answered[name]}, {value}" if name in answered else value
    return Exchange(
        sent[0]["status"], answered, b"".join(message.get("body", b"") for message in sent[1:]), context_of(scope)
    )
