"""What can happen between a client and a server: when it happens, and what it is."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.conformance.surroundings.messages import Response
from tests.conformance.surroundings.proxy import Call, Script

When: TypeAlias = Callable[[Call], bool]
Edit: TypeAlias = Callable[[Response], Response]

WRITES = ("POST", "PUT", "PATCH", "DELETE")
LOGIN = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"


# -- when ------------------------------------------------------------------------------------------------------------


def since(number: int) -> When:
    """From one request on."""
    return lambda call: call.number >= number


def at(number: int) -> When:
    """At one request."""
    return lambda call: call.number == number


def once(begin: When) -> When:
    """At the first request that meets a condition."""
    met, lock = list[int](), threading.Lock()

    def when(call: Call) -> bool:
        with lock:
            if not met and begin(call):
                met.append(call.number)
        return met == [call.number]

    return when


def every(number: int) -> When:
    """At each request whose number divides by this."""
    return lambda call: call.number % number == 0


def for_seconds(seconds: float, begin: When) -> When:
    """For so long, once it has begun."""
    began: list[float] = []
    lock = threading.Lock()

    def when(call: Call) -> bool:
        with lock:
            if not began:
                if not begin(call):
                    return False
                began.append(time.monotonic())
        return time.monotonic() - began[0] < seconds

    return when


def ever_after(begin: When) -> When:
    """From the first request that meets a condition on."""
    begun = threading.Event()

    def when(call: Call) -> bool:
        if begin(call):
            begun.set()
        return begun.is_set()

    return when


def all_of(*conditions: When) -> When:
    """When all conditions are met; a later one is asked only where those before it are."""
    return lambda call: all(condition(call) for condition in conditions)


def writing(call: Call) -> bool:
    """At requests that write."""
    return call.request.method in WRITES


def upserting(call: Call) -> bool:
    """At requests that create or update a model."""
    return call.request.method == "POST"


def reading(call: Call) -> bool:
    """At requests that read a model."""
    return call.request.method == "GET"


def deleting(call: Call) -> bool:
    """At requests that delete a model."""
    return call.request.method == "DELETE"


def with_key(key: str) -> When:
    """At requests with one key."""
    return lambda call: call.request.key == key


def after_uses(uses: int) -> When:
    """At requests with a key that was used so often before."""
    return lambda call: call.uses > uses


def after_creates(creates: int) -> When:
    """Once so many models were created."""
    return lambda call: call.proxy.creates >= creates


def holding(*words: bytes) -> When:
    """At requests whose body holds one of the words."""
    return lambda call: any(word in call.request.body for word in words)


# -- what ------------------------------------------------------------------------------------------------------------


def forwarded(call: Call) -> Response | None:
    """What the server responds, as it came."""
    return call.forward()


def when(condition: When, act: Script, otherwise: Script = forwarded) -> Script:
    """Do one thing on a condition, and another else."""
    return lambda call: (act if condition(call) else otherwise)(call)


def responding(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Script:
    """Respond with a JSON text, or with no body."""
    content = b"" if body is None else json.dumps(body).encode()
    about = {} if body is None else {"Content-Type": "application/json"}
    response = Response(status, tuple({**about, **(headers or {})}.items()), content)
    return lambda _: response


def detail(status: int, text: str, headers: Mapping[str, str] | None = None) -> Script:
    """Respond as the server's framework reports errors."""
    return responding(status, {"detail": text}, headers)


def page(status: int, title: str, headers: Mapping[str, str] | None = None) -> Script:
    """Respond with an HTML page of something in front of the server."""
    about = {"Server": "edge-gateway", "Content-Type": "text/html; charset=utf-8", **(headers or {})}
    response = Response(status, tuple(about.items()), LOGIN.format(title).encode())
    return lambda _: response


def expired(call: Call) -> Response | None:
    """Respond as the server does to a key that it does not know (any longer)."""
    return detail(401, "The token has expired.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})(call)


def resetting(call: Call) -> None:
    """Reset the connection before the request reaches the server."""
    call.reset()


def resetting_after(call: Call) -> None:
    """Let the server do what it is asked, and reset the connection before its response."""
    call.forward()
    call.reset()


def resetting_within(call: Call) -> None:
    """Reset the connection in the middle of the response."""
    encoded = call.forward().encoded(call.request.method)
    call.send(encoded[: len(encoded) // 2])
    time.sleep(0.02)  # what a reset overtakes is lost
    call.reset()


def closing(_: Call) -> None:
    """Close the connection without a response."""


def silent(call: Call) -> None:
    """Send nothing, until the test ends."""
    call.proxy.over.wait()


def unfinished(call: Call) -> None:
    """Send all but the last byte of a response, until the test ends."""
    call.send(call.forward().encoded(call.request.method)[:-1])
    call.proxy.over.wait()


def truncated(call: Call) -> None:
    """Close the connection in the middle of the body."""
    response = call.forward()
    encoded = response.encoded(call.request.method)
    call.send(encoded[: len(encoded) - (len(response.body) + 1) // 2])


def dripping(pieces: int, pause: float) -> Script:
    """Send a response in pieces."""

    def script(call: Call) -> None:
        response = call.forward()
        encoded = response.encoded(call.request.method)
        size = -(-len(encoded) // pieces)
        for start in range(0, len(encoded), size):
            call.send(encoded[start : start + size])
            if call.proxy.over.wait(pause):
                return
        call.kept = not (call.request.closes or response.closes)

    return script


def late(seconds: Callable[[int], float]) -> Script:
    """Respond after a time that depends on the number of the request."""

    def script(call: Call) -> Response | None:
        call.proxy.over.wait(seconds(call.number))
        return call.forward()

    return script


def leaving(seconds: float | None = None, *, first: bool = False) -> Script:
    """Stop listening, for good or for some seconds, in place of a response or once it was sent."""

    def script(call: Call) -> None:
        if first:
            call.send(call.forward().encoded(call.request.method))
            time.sleep(0.02)
        call.proxy.leave(seconds)

    return script


def edited(edit: Edit, act: Script = forwarded) -> Script:
    """Change what another script responds with."""

    def script(call: Call) -> Response | None:
        response = act(call)
        return None if response is None else edit(response)

    return script


def swapping(condition: When) -> Script:
    """Respond on a condition with what the server said to the request before."""
    before: list[Response] = []

    def script(call: Call) -> Response | None:
        response = call.forward()
        earlier = before[-1] if before else response
        before[:] = [response]
        return earlier if condition(call) else response

    return script


def remembering(seconds: float, *, by_key: bool = True) -> Script:
    """Respond to reads with what was read before, for some seconds, and say nothing of it.

    A write at the path of a model makes the proxy forget it, as RFC 9111 asks of each cache (section 4.4); an upsert
    goes to another path.
    """
    known: dict[tuple[str, str], tuple[float, Response]] = {}

    def script(call: Call) -> Response | None:
        request = call.request
        place = request.target, request.key if by_key else ""
        until, response = known.get(place, (0.0, None))
        if request.method == "GET" and response is not None and time.monotonic() < until and request.key:
            return response
        response = call.forward()
        if request.method != "GET":
            known.pop(place, None)
        elif response.status == 200:
            known[place] = time.monotonic() + seconds, response
        return response

    return script


# -- edits -----------------------------------------------------------------------------------------------------------


def without(name: str) -> Edit:
    """Take a header out."""

    def edit(response: Response) -> Response:
        return response.changed(headers=tuple(pair for pair in response.headers if pair[0].lower() != name.lower()))

    return edit


def with_headers(*headers: tuple[str, str]) -> Edit:
    """Add headers."""
    return lambda response: response.changed(headers=(*response.headers, *headers))


def spelled(spell: Callable[[str], str]) -> Edit:
    """Write the names of headers in another case."""
    return lambda response: response.changed(headers=tuple((spell(name), value) for name, value in response.headers))


def compressed(response: Response) -> Response:
    """Compress the body, whatever the client accepts."""
    if not response.body:
        return response
    headers = (*response.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    return response.changed(headers=headers, body=gzip.compress(response.body))


def cut(response: Response) -> Response:
    """Leave half of the body away, and give the length of the other half."""
    return response.changed(body=response.body[: len(response.body) // 2])


def emptied(response: Response) -> Response:
    """Respond with 200 and no body."""
    return response.changed(status=200, body=b"")


def in_html(status: int) -> Edit:
    """Put a page in place of the body of responses with one status."""
    body = LOGIN.format(f"{status}").encode()
    headers = (("Content-Type", "text/html"), ("Server", "edge-gateway"))
    return lambda response: response.changed(headers=headers, body=body) if response.status == status else response


def swollen(size: int) -> Edit:
    """Add a member with many names to each model, so that the body is about so many bytes long."""
    tags = {f"tag-{number:06}": number for number in range(size // 22)}

    def edit(response: Response) -> Response:
        if response.status not in (200, 201):
            return response
        members = json.loads(response.body)
        return response.changed(body=json.dumps({**members, "tags": tags}).encode())

    return edit
