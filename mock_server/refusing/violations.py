"""A rule of the contract that a request breaks, as a value: where, which rule, what was expected and what came."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """A part of a request."""

    METHOD = "method"
    PATH = "path"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a request breaks. The values in its texts are shortened, and none of them is a token."""

    part: Part
    field: str | None
    """The field of the body, the parameter of the path or the header; None where it is the whole part."""
    rule: str
    """The keyword of JSON Schema that is violated (`type`, `enum`, ...), or another word of the contract."""
    expected: str
    got: str
    message: str
    """What is wrong, as a sentence for people."""
    pointer: str | None = None
    """JSON pointer (RFC 6901) into the body, the empty one for the whole of it; None where the body is not the part."""
    contract: str | None = None
    """JSON pointer of the rule in the contract, as a URI fragment; None where the contract has no place for it."""

    @property
    def in_a_field(self) -> bool:
        """Whether a field of the body is wrong."""
        return self.part is Part.BODY and self.field is not None

    @property
    def sentence(self) -> str:
        """The message, after the name of the field where it is one of the body."""
        return f"{self.field}: {self.message}" if self.in_a_field else self.message


def expectation(expected: str, got: str) -> str:
    """The sentence of most violations.

    >>> expectation("a number", "null")
    'Expected a number, got null.'
    """
    return f"Expected {expected}, got {got}."
