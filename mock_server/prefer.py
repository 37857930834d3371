"""Does what the client prefers (RFC 7240): forces a response by code, by example or from generated data, or delays it.

A forced response skips whatever comes after the routing: credentials and body are not looked at, and no state is read
or changed, so that a page can be shown every response whatever it sends.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
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
"""The longest that an answer can be made to wait, in seconds."""
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class PreferMiddleware:
    """Answers what is forced, and passes on everything else."""

    def __init__(self, app: ASGIApp, answers: Mapping[str, ExampleResponses]) -> None:
        """`answers` are those of each operation, by operationId."""
        self.app = app
        self._operations = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        fields = [value for name, value in scope["headers"] if name == b"prefer"] if scope["type"] == "http" else []
        if fields and (routed := scope["extensions"][ROUTING_CONTEXT]):
            preferences = read_preferences(field.decode("latin-1") for field in fields)
            await self._serve(routed["operation_id"], preferences, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _serve(
        self, operation_id: str, preferences: Mapping[str, Preference], scope: Scope, receive: Receive, send: Send
    ) -> None:
        wait = preferences.get("wait")
        seconds = _seconds(wait) if wait else 0
        answer, applied = self._operations[operation_id].choose(preferences, readable(scope["path_params"]))
        if wait:
            applied = [*applied, wait]
        if applied:
            context_of(scope).preferences = listed(applied)
        await asyncio.sleep(seconds)
        if answer:
            await write(answer, _telling(send, scope))
        else:
            await self.app(scope, receive, _telling(send, scope))


def _telling(send: Send, scope: Scope) -> Send:
    """Sends what has been applied with the head of the answer."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start" and (preferences := context_of(scope).preferences):
            applied = (b"preference-applied", preferences.encode("latin-1"))
            message = {**message, "headers": [*message["headers"], applied]}
        await send(message)

    return telling


def _seconds(wait: Preference) -> float:
    if _SECONDS.fullmatch(wait.value) and float(wait.value) <= MOST_SECONDS:
        return float(wait.value)
    expected, got = f"Prefer with a wait from 0 to {MOST_SECONDS} seconds", plain(str(wait))
    raise unmet(expected, got, expectation(expected, got))


_FIELD = "Prefer"
_PAIR = rf"({WORD})(?:{WHITE_SPACE}={WHITE_SPACE}({WORD}|{QUOTED_STRING}))?+"
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z))++', re.DOTALL)
"""Up to the next comma outside of quotation marks; a mark that is never closed reaches to the end."""
_NAMED = re.compile(_PAIR, re.DOTALL)
_PARAMETER = re.compile(rf"{WHITE_SPACE};{WHITE_SPACE}(?:{_PAIR})?+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preference:
    """One thing that a client would like."""

    name: str
    """In lower case."""
    value: str
    """The empty string where none is given: the two mean the same."""
    parameters: Mapping[str, str]
    """By name in lower case."""

    def __str__(self) -> str:
        """The preference as Preference-Applied repeats it: without its parameters."""
        return f"{self.name}={as_word(self.value)}" if self.value else self.name


def read_preferences(fields: Iterable[str]) -> dict[str, Preference]:
    """The preferences in the values of all Prefer fields, by name. Of several of one name the first counts.

    What is malformed is left out, for a preference never makes a request wrong.

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
    """The value of Preference-Applied."""
    return ", ".join(map(str, preferences))


def unmet(expected: str, got: str, message: str, contract: str | None = None) -> RejectedError:
    """The 400 for a preference that the mock knows and cannot follow; `contract` leads to what it could."""
    return rejected(
        400, ValidationError(RequestPart.HEADER, _FIELD, "responses", expected, got, message, contract=contract)
    )


def is_about_preferences(rejection: Rejection) -> bool:
    """Whether it says that a preference cannot be followed."""
    return any(each.part is RequestPart.HEADER and each.field == _FIELD for each in rejection.errors)


_TRIES = 20
"""How many values are made up until one is valid."""


class NothingToSendError(Exception):
    """A response has no example, and no data can be made up for its schema."""


class ExampleResponses:
    """The answers of one operation that come from the contract alone: those that a client prefers, and the usual."""

    def __init__(self, rules: Upsert, responses: DeclaredResponses, seed: str) -> None:
        """`seed` decides what is made up."""
        self._rules = rules
        self._responses = responses
        self._seed = seed

    def choose(
        self, preferences: Mapping[str, Preference], path: Mapping[str, str]
    ) -> tuple[Response | None, list[Preference]]:
        """The answer that is asked for, or None where none is, and the preferences that it follows.

        `path` are the path parameters. Raises the 400 for what the operation does not declare.
        """
        code, example = preferences.get("code"), preferences.get("example")
        dynamic = self._dynamic(preferences.get("dynamic"))
        if not (code or example or dynamic):
            return None, []
        response = self._coded(code) if code else None
        if example:
            response, content = self._named(example, response)
        else:
            response = response or self._responses.success
            content = self._made_up(response, path, dynamic) if dynamic else self._typical(response, path)
        status = int(code.value) if code else response.status
        applied = [each for each in (code, example or dynamic) if each]
        return Response(status, content, response.media_type, _headers(response)), applied

    @property
    def responses(self) -> DeclaredResponses:
        """The declared responses."""
        return self._responses

    @property
    def origin(self) -> str:
        """Where the body of the usual answer comes from, in words."""
        response = self._responses.success
        if response.examples:
            return f"the example {plain(next(iter(response.examples)))}"
        if response.unnamed is not None:
            return "the example"
        return "no body" if response.schema is None else "generated data"

    def usual(self, path: Mapping[str, str]) -> Response:
        """Return the success of the lowest status, with its first example, or data made up for its schema.

        `path` are the path parameters. Raises NothingToSendError.
        """
        response = self._responses.success
        content = _example(response)
        if content is None and response.schema is not None:
            content = self._drawn(response, path, "", typical=True)
        return Response(response.status, content, response.media_type, _headers(response))

    def _dynamic(self, preference: Preference | None) -> Preference | None:
        """The preference for data that is made up, if it is one."""
        if preference is None or preference.value == "false":
            return None
        if preference.value not in {"true", ""}:
            raise self._rejected(preference, "Prefer with dynamic=true or dynamic=false")
        return preference

    def _coded(self, code: Preference) -> DeclaredResponse:
        response = self._responses.find(code.value)
        if response is None:
            raise self._rejected(
                code, f"Prefer with a code that is declared here ({alternatives(self._responses.codes)})"
            )
        return response

    def _named(self, example: Preference, response: DeclaredResponse | None) -> tuple[DeclaredResponse, Any]:
        candidates = [response] if response else list(self._responses)
        for each in candidates:
            if example.value in each.examples:
                return each, each.examples[example.value]
        known = [f"{each.code}: {', '.join(each.examples)}" for each in candidates if each.examples]
        listed = "; ".join(known) or f"{candidates[0].code} has none"
        raise self._rejected(example, f"Prefer with an example that is declared here ({listed})")

    def _typical(self, response: DeclaredResponse, path: Mapping[str, str]) -> Any:
        """The first example of a response, or something made up."""
        example = _example(response)
        return self._made_up(response, path) if example is None else example

    def _made_up(self, response: DeclaredResponse, path: Mapping[str, str], dynamic: Preference | None = None) -> Any:
        if response.schema is None:
            return None
        wanted = dynamic.parameters.get("seed", "") if dynamic else ""
        try:
            return self._drawn(response, path, wanted)
        except NothingToSendError as error:
            expected, got = "Prefer with a response that has an example", f"code={response.code}"
            raise unmet(expected, got, str(error), self._responses.pointer) from None

    def _drawn(self, response: DeclaredResponse, path: Mapping[str, str], wanted: str, *, typical: bool = False) -> Any:
        """Return data that is valid by the schema of a response. Raises NothingToSendError."""
        schema = {**(response.schema or {}), "nullable": False}  # an answer of null would have no body
        validator = Validator(schema)
        for attempt in range(_TRIES):
            seed = "|".join([self._seed, wanted, self._responses.pointer, response.code, *path.values(), str(attempt)])
            try:
                made = self._coherent(sample(schema, seed, typical=typical and attempt < _TRIES // 2), path)
            except (Unforeseeable, Unfoldable):
                break
            if validator.is_valid(made):
                return made
        raise NothingToSendError(f"No data can be made up for the schema of {response.code}, and it has no example.")

    def _coherent(self, made: Any, path: Mapping[str, str]) -> Any:
        """`made` as the contract wants it beside the schema: with its own name, and created before its update."""
        rules = self._rules
        if not (isinstance(made, dict) and rules.key in made):
            return made
        name = path.get(rules.key, made[rules.key])
        named = (FromKey(), FromRequest(rules.key))
        made.update((each, name) for each, field in rules.response.items() if field.source in named and each in made)
        times = [it for it, field in rules.response.items() if isinstance(field.source, Timestamp) and made.get(it)]
        times.sort(key=lambda it: rules.response[it].source != Timestamp("created"))
        made.update(zip(times, sorted(made[each] for each in times), strict=True))
        return made

    def _rejected(self, preference: Preference, expected: str) -> RejectedError:
        got = plain(str(preference))
        return unmet(expected, got, expectation(expected, got), self._responses.pointer)


def readable(path: Mapping[str, str]) -> dict[str, str]:
    """Return path parameters without lone surrogates, which no text in UTF-8 can have."""
    return {name: value.encode(errors="replace").decode() for name, value in path.items()}


def example_responses(document: Mapping[str, Any], rules: Upsert, seed: str) -> dict[str, ExampleResponses]:
    """Return the answers of each operation of an OpenAPI document without references, by operationId."""
    declared = declared_responses(document).items()
    return {operation_id: ExampleResponses(rules, responses, seed) for operation_id, responses in declared}


def _example(response: DeclaredResponse) -> Any:
    """Return the first example of a response, or None."""
    return next(iter(response.examples.values()), response.unnamed)


def _headers(response: DeclaredResponse) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(
        (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in response.headers.items()
    )
