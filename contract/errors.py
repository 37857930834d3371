"""Problems of files that people write: what is wrong, where, and how to fix it; safe to print on any terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

_JOINERS = "\u200c\u200d"
"""Not printable, but scripts and emoji need them, and they can neither reverse nor end a text."""


def visible(text: str, kept: str = _JOINERS) -> str:
    r"""Escape every character that is not printable, such as `\u001b` or `\u202e`: a terminal might obey it.

    >>> print(visible("a\x1b[2Jb\u202ec"))
    a\u001b[2Jb\u202ec
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in kept else escaped(each) for each in text)


def escaped(character: str) -> str:
    r"""Escape one character as JSON does, or as Python does if it takes more than four digits.

    >>> print(escaped("é"))
    \u00e9
    """
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a file: where it is, what it is, and how to fix it."""

    pointer: str
    """JSON pointer into the file, as a URI fragment (`#/paths/...`); `#` for the whole file. If the problem is in
    another file, to which this one refers, the pointer begins with the name of that file."""
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{visible(self.pointer)}: {visible(self.what)}\n    hint: {visible(self.hint)}"


class UnusableFileError(Exception):
    """A file cannot be used. `problems` tells its author what is wrong, where, and how to fix it."""

    subject: ClassVar[str] = "the file"

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        listed = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{file}: {self.subject} has {count}\n{listed}")


class ContractError(UnusableFileError):
    """The contract cannot be used."""

    subject = "the contract"
