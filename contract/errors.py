"""What can be wrong with a file that people write, said so that its author can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from contract.visible import visible


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a file: where it is, what it is, and what to do about it."""

    pointer: str
    """JSON pointer into the file, as a URI fragment (`#/paths/...`); `#` for the whole file. Where the fault is in
    another file that this one refers to, the name of that file stands before it."""
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{visible(self.pointer)}: {visible(self.what)}\n    mend: {visible(self.mend)}"


class UnusableFileError(Exception):
    """A file cannot be used. Its author is at fault; `problems` says where and how to mend it."""

    subject: ClassVar[str] = "the file"

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        listed = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{file}: {self.subject} has {count}\n{listed}")


class ContractError(UnusableFileError):
    """The contract cannot be used."""

    subject = "the contract"
