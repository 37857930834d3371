"""What can be wrong with a contract, said so that its author can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a contract: where it is, what it is, and what to do about it."""

    pointer: str
    """JSON pointer into the file, as a URI fragment (`#/paths/...`); `#` for the whole document."""
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.what}\n    mend: {self.mend}"


class ContractError(Exception):
    """The contract cannot be used. The author of the file is at fault; `problems` says where and how to mend it."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{file}: the contract has {count}\n" + "\n".join(f"  {problem}" for problem in problems))
