"""Registers faults: each puts one realistic bug into the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    Inject = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One bug that the server can have."""

    name: str
    wrong: str
    """One sentence that says what is wrong."""
    level: Literal["MUST", "SHOULD"]
    fact: str
    """The fact that it breaks: a clause of the contract where there is one."""
    inject: Inject


FAULTS: dict[str, Fault] = {}


def fault(level: Literal["MUST", "SHOULD"], fact: str, wrong: str) -> Callable[[Inject], Inject]:
    """Register the decorated function as a fault of its own name."""

    def register(inject: Inject) -> Inject:
        name = inject.__name__.replace("_", "-")
        FAULTS[name] = Fault(name, wrong, level, fact, inject)
        return inject

    return register


def current(owner: Any, name: str) -> Any:
    """Return a function of a class or module."""
    return getattr(owner, name)


def put(owner: Any, name: str, value: Any) -> None:
    """Replace a function or value of a class or module."""
    setattr(owner, name, value)


def around(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
    """Replace a function of a class or module by one that is made from it."""
    put(owner, name, wrapper(current(owner, name)))
