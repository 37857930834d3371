"""What faults do to an answer. Each wraps the app, and leaves out of it what is not to happen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.endpoints import REHEARSED
from mock_server.faults.book import ActiveRule
from mock_server.faults.rule import Drip, Effect, Latency, Malformation, Reset, Status, Truncation, When
from mock_server.http import connection
from mock_server.http.failures import REFUSAL
from mock_server.refusing.refusals import Refusal

Headers = list[tuple[bytes, bytes]]


def failing(app: ASGIApp, acting: Sequence[ActiveRule]) -> ASGIApp:
    """`app` with the effects of rules.

    Waits add up, and of several drips the smallest pieces and all pauses count: an app within an app for each of very
    many rules would be too deep.
    """
    waits, drips = dict.fromkeys(When, 0.0), []
    for each in acting:
        match each.rule.effect:
            case Latency() as latency:
                waits[each.rule.when] += each.chance.uniform(latency.shortest, latency.longest)
            case Drip() as drip:
                drips.append(drip)
            case effect:
                app = _ending(app, effect, each.rule.when, each.id)
    if drips:
        app = _dripping(app, Drip(min(each.octets for each in drips), sum(each.pause for each in drips)))
    for when, seconds in waits.items():
        app = _late(app, seconds, when) if seconds else app
    return app


def _ending(app: ASGIApp, effect: Effect, when: When, name: str) -> ASGIApp:
    """`app` with the effect of the rule `name`, which ends the evaluation."""
    match effect:
        case Status():
            return _refusing(app, effect, _refusal(effect, name), when)
        case Reset():
            return _resetting(app, when)
        case Truncation():
            return _truncating(app, effect, when)
        case Malformation():
            return _malforming(app, when)
    raise AssertionError(effect)


def ends_it(effect: Effect) -> bool:
    """Whether the answer has failed then, so that no later rule is asked."""
    return not isinstance(effect, (Latency, Drip))


def _refusal(effect: Status, name: str) -> Refusal:
    detail = effect.detail if effect.detail is not None else f"The mock was told to fail here, by the fault {name}."
    return Refusal(effect.status, detail, effect.headers)


def _late(app: ASGIApp, seconds: float, when: When) -> ASGIApp:
    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(seconds)
            await send(message)

        if when is When.AFTER:
            await app(scope, receive, sending)
        else:
            await asyncio.sleep(seconds)
            await app(scope, receive, send)

    return late


def _dripping(app: ASGIApp, effect: Drip) -> ASGIApp:
    async def dripping(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            body = message.get("body", b"")
            for start in range(0, len(body) - effect.octets, effect.octets):
                piece = body[start : start + effect.octets]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(effect.pause)
            rest = (len(body) - 1) // effect.octets * effect.octets if body else 0
            await send({**message, "body": body[rest:]} if body else message)

        await app(scope, receive, sending)

    return dripping


def _refusing(app: ASGIApp, effect: Status, refusal: Refusal, when: When) -> ASGIApp:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        if when is When.AFTER:
            await _answer_of(app, scope, receive)
        scope[REFUSAL] = refusal
        body = orjson.dumps(refusal.body) if effect.body is None else effect.body.encode(errors="replace")
        media_type = b"application/json" if effect.body is None else b"text/html; charset=utf-8"
        given = {name.lower().encode(): value.encode("latin-1") for name, value in refusal.headers.items()}
        headers = {b"content-type": media_type, **given, b"content-length": b"%d" % len(body)}
        await send({"type": "http.response.start", "status": refusal.status, "headers": [*headers.items()]})
        await send({"type": "http.response.body", "body": body})

    return refusing


def _resetting(app: ASGIApp, when: When) -> ASGIApp:
    async def resetting(scope: Scope, receive: Receive, _: Send) -> None:
        if when is When.AFTER:
            await _answer_of(app, scope, receive)
        if not await connection.reset(scope):
            raise ConnectionResetError("a fault resets the connection here")

    return resetting


def _truncating(app: ASGIApp, effect: Truncation, when: When) -> ASGIApp:
    async def truncating(scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _answer_of(app, _rehearsed(scope, when), receive)
        await send(start)
        part = body[: min(effect.octets, max(len(body) - 1, 0))]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        if not await connection.close(scope, receive):
            await send({"type": "http.response.body", "body": b""})

    return truncating


def _malforming(app: ASGIApp, when: When) -> ASGIApp:
    async def malforming(scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _answer_of(app, _rehearsed(scope, when), receive)
        body = body[: len(body) // 2]  # what is cut off in the middle of an object is no JSON
        others: Headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        await send({**start, "headers": [*others, (b"content-length", b"%d" % len(body))] if body else others})
        await send({"type": "http.response.body", "body": body})

    return malforming


def _rehearsed(scope: Scope, when: When) -> Scope:
    """`scope`, in which the handlers are told to change nothing where the fault comes before that."""
    scope[REHEARSED] = when is When.BEFORE
    return scope


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """The whole answer, which nobody has been sent yet."""
    sent: list[Message] = []

    async def keeping(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keeping)
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:])
