"""Parts that the tests of the suite are put together from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from hypothesis import settings

from conformance.cli import COMMAND
from conformance.options import PROFILES, Profile, Sources
from conformance.requirements.level import MUST, Level
from conformance.requirements.requirement import Requirement
from conformance.settings import Settings
from conformance.target.client import Client, Credentials
from conformance.target.names import Names
from conformance.target.subject import RunOptions, Subject
from conformance.wire.exchange import Exchange, Headers, Request, Response
from conformance.wire.in_process import InProcess
from contract import Contract
from contract.command import invoke

WsgiApp: TypeAlias = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]

drawn = settings(deadline=None, database=None, derandomize=True)
"""For properties: the same examples in every run, on a machine of any speed."""
drawn_slowly = settings(drawn, max_examples=25)
"""... where each example starts a process or opens a connection."""

JSON_TYPE = (("Content-Type", "application/json"),)


def upsert_request(contract: Contract, body: Mapping[str, Any], **more: Any) -> Request:
    """A request of the upsert."""
    operation = contract.upsert.operation
    key = body.get(contract.upsert.key)
    return Request(
        operation.method,
        operation.path,
        JSON_TYPE,
        json.dumps(body).encode(),
        operation_id=operation.operation_id,
        key=key if isinstance(key, str) else None,
        **more,
    )


def answered(request: Request, status: int, body: Any, headers: Headers = JSON_TYPE) -> Exchange:
    """The request, and a response to it with a JSON body; bytes are sent as they are."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(request, Response(status, headers, text, 0.0))


def requirement(id: str = "IDM-01", level: Level = MUST, **more: Any) -> Requirement:
    """A requirement on a clause that binds."""
    return Requirement(id, level, "x-clauses/returned", "A text.", **more)


def subject_of(
    contract: Contract,
    app: Any,
    *,
    key: str | None = "demo-acme",
    seed: int = 1,
    profile: Profile = PROFILES["default"],
) -> Subject:
    """A subject that is an application in this process."""
    credentials = Credentials.from_keys(key, None, None)
    return Subject(contract, Client(InProcess(app)), credentials, Names(), RunOptions(seed=seed, profile=profile))


def wsgi(response: Callable[[str, bytes], tuple[int, Any]]) -> WsgiApp:
    """An application that responds to each method and body with a status and a JSON value."""

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        status, body = response(environ["REQUEST_METHOD"], environ["wsgi.input"].read(length))
        start_response(f"{status} -", list(JSON_TYPE))
        return [json.dumps(body).encode()]

    return app


def parsed_settings(*arguments: str) -> Settings:
    """The settings of a command. Raises SystemExit where it is wrong use that click finds."""
    asked = invoke(COMMAND, arguments, obj=Sources())
    if isinstance(asked, int):
        raise SystemExit(asked)
    settings: Settings = asked[1]
    return settings
