"""Answers that a client asks for by preference, whatever the request is: by code, by example, or made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract import FromKey, FromRequest, Timestamp, Upsert
from contract.schemas import Unfoldable
from mock_server.answers import Answer
from mock_server.preferring.declared import Response, Responses, declared_responses
from mock_server.preferring.preferences import Preference, unmet
from mock_server.preferring.sampling import Unforeseeable, sample
from mock_server.refusing.refusals import RefusedError
from mock_server.refusing.validation import Validator
from mock_server.refusing.violations import expectation
from mock_server.refusing.wording import alternatives, plain

_TRIES = 20
"""How many values are made up until one is valid."""


class NothingToSendError(Exception):
    """A response has no example, and no data can be made up for its schema."""


class ForcedAnswers:
    """The answers of one operation that come from the contract alone: those that a client prefers, and the usual."""

    def __init__(self, rules: Upsert, responses: Responses, seed: str) -> None:
        """`seed` decides what is made up."""
        self._rules = rules
        self._responses = responses
        self._seed = seed

    def choose(
        self, preferences: Mapping[str, Preference], path: Mapping[str, str]
    ) -> tuple[Answer | None, list[Preference]]:
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
        return Answer(status, content, response.media_type, _headers(response)), applied

    @property
    def responses(self) -> Responses:
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

    def usual(self, path: Mapping[str, str]) -> Answer:
        """Return the success of the lowest status, with its first example, or data made up for its schema.

        `path` are the path parameters. Raises NothingToSendError.
        """
        response = self._responses.success
        content = _example(response)
        if content is None and response.schema is not None:
            content = self._drawn(response, path, "", typical=True)
        return Answer(response.status, content, response.media_type, _headers(response))

    def _dynamic(self, preference: Preference | None) -> Preference | None:
        """The preference for data that is made up, if it is one."""
        if preference is None or preference.value == "false":
            return None
        if preference.value not in {"true", ""}:
            raise self._refused(preference, "Prefer with dynamic=true or dynamic=false")
        return preference

    def _coded(self, code: Preference) -> Response:
        response = self._responses.find(code.value)
        if response is None:
            raise self._refused(
                code, f"Prefer with a code that is declared here ({alternatives(self._responses.codes)})"
            )
        return response

    def _named(self, example: Preference, response: Response | None) -> tuple[Response, Any]:
        candidates = [response] if response else list(self._responses)
        for each in candidates:
            if example.value in each.examples:
                return each, each.examples[example.value]
        known = [f"{each.code}: {', '.join(each.examples)}" for each in candidates if each.examples]
        listed = "; ".join(known) or f"{candidates[0].code} has none"
        raise self._refused(example, f"Prefer with an example that is declared here ({listed})")

    def _typical(self, response: Response, path: Mapping[str, str]) -> Any:
        """The first example of a response, or something made up."""
        example = _example(response)
        return self._made_up(response, path) if example is None else example

    def _made_up(self, response: Response, path: Mapping[str, str], dynamic: Preference | None = None) -> Any:
        if response.schema is None:
            return None
        wanted = dynamic.parameters.get("seed", "") if dynamic else ""
        try:
            return self._drawn(response, path, wanted)
        except NothingToSendError as error:
            expected, got = "Prefer with a response that has an example", f"code={response.code}"
            raise unmet(expected, got, str(error), self._responses.pointer) from None

    def _drawn(self, response: Response, path: Mapping[str, str], wanted: str, *, typical: bool = False) -> Any:
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

    def _refused(self, preference: Preference, expected: str) -> RefusedError:
        got = plain(str(preference))
        return unmet(expected, got, expectation(expected, got), self._responses.pointer)


def readable(path: Mapping[str, str]) -> dict[str, str]:
    """Return path parameters without lone surrogates, which no text in UTF-8 can have."""
    return {name: value.encode(errors="replace").decode() for name, value in path.items()}


def forced_answers(document: Mapping[str, Any], rules: Upsert, seed: str) -> dict[str, ForcedAnswers]:
    """Return the answers of each operation of an OpenAPI document without references, by operationId."""
    declared = declared_responses(document).items()
    return {operation_id: ForcedAnswers(rules, responses, seed) for operation_id, responses in declared}


def _example(response: Response) -> Any:
    """Return the first example of a response, or None."""
    return next(iter(response.examples.values()), response.unnamed)


def _headers(response: Response) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(
        (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in response.headers.items()
    )
