"""Preferences of clients (RFC 7240): a response by code, by example or from generated data, or a delay.

A response that a client asks for skips everything after the routing. Credentials and body are not checked, and no state
is read or changed. So a frontend can be tried with every response, whatever it sends.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract import FromKey, FromRequest, Timestamp, Upsert
from contract.schemas import Unfoldable
from mock_server.context import context_of
from mock_server.errors import (
    RejectedError,
    Rejection,
    RequestPart,
    ValidationError,
    alternatives,
    expectation,
    plain,
    rejected,
)
from mock_server.http.bodies import QUOTED_STRING, WHITE_SPACE, WORD, as_word, unquoted
from mock_server.responses import (
    DeclaredResponse,
    DeclaredResponses,
    Response,
    Unforeseeable,
    declared_responses,
    sample,
    write,
)
from mock_server.validation import Validator

MOST_SECONDS = 60
"""The maximum delay of a response, in seconds."""
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class PreferMiddleware:
    """Responds to requests that prefer a certain response, and passes on all others.

    `responses` are those that each operation can be asked for, by operationId.
    """

    def __init__(self, app: ASGIApp, responses: Mapping[str, ExampleResponses]) -> None:
        self.app = app
        self._responses = responses

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Respond, or pass the request on."""
        prefers = scope["type"] == "http" and b"prefer" in context_of(scope).fields
        if prefers and (routed := scope["extensions"][ROUTING_CONTEXT]):
            fields = (value for name, value in scope["headers"] if name == b"prefer")
            preferences = read_preferences(field.decode("latin-1") for field in fields)
            return self._serve(routed["operation_id"], preferences, scope, receive, send)
        return self.app(scope, receive, send)

    async def _serve(
        self, operation_id: str, preferences: Mapping[str, Preference], scope: Scope, receive: Receive, send: Send
    ) -> None:
        wait = preferences.get("wait")
        seconds = _seconds(wait) if wait else 0
        response, applied = self._responses[operation_id].choose(preferences, readable(scope["path_params"]))
        if wait:
            applied = [*applied, wait]
        if applied:
            context_of(scope).preferences = listed(applied)
        await asyncio.sleep(seconds)
        if response:
            await write(response, _with_applied(send, scope))
        else:
            await self.app(scope, receive, _with_applied(send, scope))


def _with_applied(send: Send, scope: Scope) -> Send:
    """Return `send` with the header Preference-Applied added to the response."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and (preferences := context_of(scope).preferences):
            applied = (b"preference-applied", preferences.encode("latin-1"))
            message = {**message, "headers": [*message["headers"], applied]}
        await send(message)

    return sending


def _seconds(wait: Preference) -> float:
    if _SECONDS.fullmatch(wait.value) and float(wait.value) <= MOST_SECONDS:
        return float(wait.value)
    expected, got = f"Prefer with a wait from 0 to {MOST_SECONDS} seconds", plain(str(wait))
    raise unmet(expected, got, expectation(expected, got))


_FIELD = "Prefer"
_PAIR = rf"({WORD})(?:{WHITE_SPACE}={WHITE_SPACE}({WORD}|{QUOTED_STRING}))?+"
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z))++', re.DOTALL)
"""The text up to the next comma outside quotation marks. A quotation without an end reaches to the end of the text."""
_NAMED = re.compile(_PAIR, re.DOTALL)
_PARAMETER = re.compile(rf"{WHITE_SPACE};{WHITE_SPACE}(?:{_PAIR})?+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preference:
    """One preference of a client."""

    name: str
    """In lower case."""
    value: str
    """The empty string if there is no value: both mean the same."""
    parameters: Mapping[str, str]
    """By name in lower case."""

    def __str__(self) -> str:
        """Return the preference as Preference-Applied has it: without its parameters."""
        return f"{self.name}={as_word(self.value)}" if self.value else self.name


def read_preferences(fields: Iterable[str]) -> dict[str, Preference]:
    """Return the preferences in all Prefer fields, by name. If a name is repeated, the first one counts.

    Malformed preferences are ignored: a preference never makes a request invalid.

    >>> found = read_preferences(['code=404, Example="no such"; seed=7; x', "CODE=500, wait = 1.5,, respond-async"])
    >>> [str(each) for each in found.values()]
    ['code=404', 'example="no such"', 'wait=1.5', 'respond-async']
    >>> found["example"].parameters
    {'seed': '7', 'x': ''}
    """
    found: dict[str, Preference] = {}
    for field in fields:
        for element in _ELEMENT.findall(field):
            if preference := _preference(element.strip()):
                found.setdefault(preference.name, preference)
    return found


def _preference(element: str) -> Preference | None:
    named = _NAMED.match(element)
    if not named:
        return None
    parameters: dict[str, str] = {}
    place = named.end()
    while place < len(element):
        parameter = _PARAMETER.match(element, place)
        if not parameter:
            return None
        if parameter[1]:
            parameters.setdefault(parameter[1].lower(), unquoted(parameter[2] or ""))
        place = parameter.end()
    return Preference(named[1].lower(), unquoted(named[2] or ""), parameters)


def listed(preferences: Iterable[Preference]) -> str:
    """Return the value of Preference-Applied."""
    return ", ".join(map(str, preferences))


def unmet(expected: str, got: str, message: str, contract: str | None = None) -> RejectedError:
    """Return the 400 for a preference that the mock supports but cannot apply. `contract` points to what it could."""
    return rejected(
        400, ValidationError(RequestPart.HEADER, _FIELD, "responses", expected, got, message, contract=contract)
    )


def is_about_preferences(rejection: Rejection) -> bool:
    """Return whether the reason is a preference that the mock cannot apply."""
    return any(each.part is RequestPart.HEADER and each.field == _FIELD for each in rejection.errors)


_TRIES = 20
"""How many values are generated until one is valid."""


class NothingToSendError(Exception):
    """A response has no example, and no data can be generated for its schema."""


class ExampleResponses:
    """The responses of one operation that come from the contract alone: the default one, and those a client asks for.

    `seed` decides which data is generated.
    """

    def __init__(self, rules: Upsert, declared: DeclaredResponses, seed: str) -> None:
        self._rules = rules
        self.declared = declared
        self._seed = seed

    def choose(
        self, preferences: Mapping[str, Preference], path: Mapping[str, str]
    ) -> tuple[Response | None, list[Preference]]:
        """Return the response that the client asks for, or None, and the preferences that are applied to it.

        `path` are the path parameters. Raises the 400 for a response that the operation does not declare.
        """
        code, example = preferences.get("code"), preferences.get("example")
        dynamic = self._dynamic(preferences.get("dynamic"))
        if not (code or example or dynamic):
            return None, []
        declared = self._with_code(code) if code else None
        if example:
            declared, content = self._with_example(example, declared)
        else:
            declared = declared or self.declared.success
            content = self._generate_preferred(declared, path, dynamic) if dynamic else self._typical(declared, path)
        status = int(code.value) if code else declared.status
        applied = [each for each in (code, example or dynamic) if each]
        return Response(status, content, declared.media_type, _headers(declared)), applied

    @property
    def origin(self) -> str:
        """Where the body of the default response comes from, in words."""
        response = self.declared.success
        if response.examples:
            return f"the example {plain(next(iter(response.examples)))}"
        if response.unnamed is not None:
            return "the example"
        return "no body" if response.schema is None else "generated data"

    def default(self, path: Mapping[str, str]) -> Response:
        """Return the success with the lowest status, with its first example or data generated for its schema.

        `path` are the path parameters. Raises NothingToSendError.
        """
        response = self.declared.success
        content = _example(response)
        if content is None and response.schema is not None:
            content = self._generate(response, path, "", typical=True)
        return Response(response.status, content, response.media_type, _headers(response))

    def _dynamic(self, preference: Preference | None) -> Preference | None:
        """Return the preference if it asks for generated data."""
        if preference is None or preference.value == "false":
            return None
        if preference.value not in {"true", ""}:
            raise self._rejected(preference, "Prefer with dynamic=true or dynamic=false")
        return preference

    def _with_code(self, code: Preference) -> DeclaredResponse:
        response = self.declared.find(code.value)
        if response is None:
            raise self._rejected(
                code, f"Prefer with a code that is declared here ({alternatives(self.declared.codes)})"
            )
        return response

    def _with_example(self, example: Preference, response: DeclaredResponse | None) -> tuple[DeclaredResponse, Any]:
        candidates = [response] if response else list(self.declared)
        for each in candidates:
            if example.value in each.examples:
                return each, each.examples[example.value]
        known = [f"{each.code}: {', '.join(each.examples)}" for each in candidates if each.examples]
        listed = "; ".join(known) or f"{candidates[0].code} has none"
        raise self._rejected(example, f"Prefer with an example that is declared here ({listed})")

    def _typical(self, response: DeclaredResponse, path: Mapping[str, str]) -> Any:
        """Return the first example of a response, or generated data."""
        example = _example(response)
        return self._generate_preferred(response, path) if example is None else example

    def _generate_preferred(
        self, response: DeclaredResponse, path: Mapping[str, str], dynamic: Preference | None = None
    ) -> Any:
        if response.schema is None:
            return None
        wanted = dynamic.parameters.get("seed", "") if dynamic else ""
        try:
            return self._generate(response, path, wanted)
        except NothingToSendError as error:
            expected, got = "Prefer with a response that has an example", f"code={response.code}"
            raise unmet(expected, got, str(error), self.declared.pointer) from None

    def _generate(
        self, response: DeclaredResponse, path: Mapping[str, str], wanted: str, *, typical: bool = False
    ) -> Any:
        """Return data that is valid by the schema of a response. Raises NothingToSendError."""
        schema = {**(response.schema or {}), "nullable": False}  # null would be a response without a body
        validator = Validator(schema)
        for attempt in range(_TRIES):
            seed = "|".join([self._seed, wanted, self.declared.pointer, response.code, *path.values(), str(attempt)])
            try:
                value = self._coherent(sample(schema, seed, typical=typical and attempt < _TRIES // 2), path)
            except (Unforeseeable, Unfoldable):
                break
            if validator.is_valid(value):
                return value
        raise NothingToSendError(
            f"The response {response.code} has no example, and no data can be generated for its schema."
        )

    def _coherent(self, value: Any, path: Mapping[str, str]) -> Any:
        """Return generated data with what a schema cannot say: the name in the path, and created before updated."""
        rules = self._rules
        if not (isinstance(value, dict) and rules.key in value):
            return value
        name = path.get(rules.key, value[rules.key])
        named = (FromKey(), FromRequest(rules.key))
        value.update((each, name) for each, field in rules.response.items() if field.source in named and each in value)
        times = [it for it, field in rules.response.items() if isinstance(field.source, Timestamp) and value.get(it)]
        times.sort(key=lambda it: rules.response[it].source != Timestamp("created"))
        value.update(zip(times, sorted(value[each] for each in times), strict=True))
        return value

    def _rejected(self, preference: Preference, expected: str) -> RejectedError:
        got = plain(str(preference))
        return unmet(expected, got, expectation(expected, got), self.declared.pointer)


def readable(path: Mapping[str, str]) -> dict[str, str]:
    """Return path parameters without lone surrogates, which UTF-8 cannot encode."""
    return {name: value.encode(errors="replace").decode() for name, value in path.items()}


def example_responses(document: Mapping[str, Any], rules: Upsert, seed: str) -> dict[str, ExampleResponses]:
    """Return the responses of each operation of an OpenAPI document without references, by operationId."""
    declared = declared_responses(document).items()
    return {operation_id: ExampleResponses(rules, responses, seed) for operation_id, responses in declared}


def _example(response: DeclaredResponse) -> Any:
    """Return the first example of a response, or None."""
    return next(iter(response.examples.values()), response.unnamed)


def _headers(response: DeclaredResponse) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(
        (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in response.headers.items()
    )
