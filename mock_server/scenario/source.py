"""The text of a scenario: where it comes from, what it says, and on which line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contract import Problem, UnusableFileError
from contract.files import line_of, mapping_in, read_bytes
from contract.pointer import Tokens, to_pointer
from mock_server.callers.key_places import without_keys

_FIXTURES = "#/fixtures"
"""Where the fixtures stand in a scenario."""
_INTEGERS = range(-(2**63), 2**64)
"""The integers that a response can show."""


class ScenarioError(UnusableFileError):
    """The scenario cannot be used."""

    subject = "the scenario"


@dataclass(frozen=True, slots=True)
class Source:
    """A scenario as it is written."""

    written: Mapping[str, Any]
    name: str = "the scenario of this test"
    content: bytes = b""
    """The text of the file, empty where there is none."""

    def error(self, problems: Iterable[Problem]) -> ScenarioError:
        """The error that lists these problems, with the lines of their places as far as they are known.

        It repeats no key and no secret of the fixtures.
        """
        fixtures = self.written.get("fixtures")
        known = fixtures if isinstance(fixtures, Mapping) else {}
        return ScenarioError(self.name, without_keys([self._located(each) for each in problems], known, _FIXTURES))

    def _located(self, problem: Problem) -> Problem:
        line = line_of(self.content, problem.pointer) if self.content else None
        return problem if line is None else replace(problem, what=f"line {line}: {problem.what}")


def read_source(file: Path) -> Source:
    """The scenario in `file`, as YAML or JSON. Raises ScenarioError."""
    try:
        content = read_bytes(file)
        written = mapping_in(file, content)
    except UnusableFileError as error:
        raise ScenarioError(error.file, without_keys(error.problems, {}, _FIXTURES)) from None
    source = Source(written, str(file), content)
    if problems := [*_unshowable(written)]:
        raise source.error(problems)
    return source


def _unshowable(written: Mapping[str, Any]) -> Iterator[Problem]:
    """The integers that no response can show."""
    left: list[tuple[Tokens, Any]] = [((), written)]
    while left:
        tokens, value = left.pop()
        if isinstance(value, dict):
            left += [((*tokens, name), child) for name, child in value.items()]
        elif isinstance(value, list):
            left += [((*tokens, number), child) for number, child in enumerate(value)]
        elif isinstance(value, int) and value not in _INTEGERS:
            yield Problem(to_pointer(tokens), "the integer does not fit in 64 bits", "give a smaller one")
