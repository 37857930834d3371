"""Reads rules from a file: a mapping with the one key `faults`, a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contract import Problem, UnusableFileError, read_mapping
from contract.pointer import to_pointer
from mock_server.faults.book import MOST
from mock_server.faults.reach import Reach
from mock_server.faults.rule import SCHEMA, RuleError, rule
from mock_server.refusing.validation import Validator

_SCHEMA = {
    "type": "object",
    "required": ["faults"],
    "additionalProperties": False,
    "properties": {"faults": {"type": "array", "maxItems": MOST, "items": SCHEMA}},
}


class FaultsError(UnusableFileError):
    """The rules cannot be used."""

    subject = "the faults file"


def read_faults(path: Path, reach: Reach | None = None) -> list[Mapping[str, Any]]:
    """Return the rules in a YAML or JSON file, as they are written.

    Raises FaultsError, which lists every problem; `reach` finds the rules that no request can meet.
    """
    try:
        written = read_mapping(path)
    except UnusableFileError as error:
        raise FaultsError(error.file, error.problems) from None
    if problems := problems_of(written, reach):
        raise FaultsError(str(path), problems)
    return list(written["faults"])


def problems_of(written: Mapping[str, Any], reach: Reach | None = None) -> list[Problem]:
    """What is wrong with a mapping of the one key `faults`; `reach` finds the rules that no request can meet."""
    return [*_malformed(written)] or [*_contradictory(written["faults"], reach)]


def _malformed(written: Mapping[str, Any]) -> Iterator[Problem]:
    for violation in Validator(_SCHEMA).violations(written):
        mend = f"expected {violation.expected}; faults/fault.schema.json describes a rule"
        yield Problem(f"#{violation.pointer}", violation.message, mend)


def _contradictory(written: list[Mapping[str, Any]], reach: Reach | None) -> Iterator[Problem]:
    taken: set[str] = set()
    for number, each in enumerate(written):
        name = each.get("id")
        if name in taken:
            yield Problem(f"#/faults/{number}/id", f"the id {name} is taken", "give another")
        taken |= {name} if name else set()
        try:
            read = rule(each)
            if reach:
                reach.check(read)
        except RuleError as error:
            yield Problem(to_pointer(("faults", number, *error.at)), error.what, error.mend)
