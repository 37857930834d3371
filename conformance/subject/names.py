"""Names of the models that a run creates: of one prefix, unique to the run, in an order that a seed repeats."""

from __future__ import annotations

import itertools
import secrets
import threading

from conformance.subject.shapes import OF_A_RUN, Shape


def new_prefix(shape: Shape = Shape()) -> str:  # noqa: B008 - it is frozen
    """What all names of a run start with. Random, so that runs never meet, whatever their seed."""
    return shape.prefix(secrets.token_hex(4))


def is_of_a_run(name: str) -> bool:
    """Whether a run made the name up, as far as that can be told."""
    return OF_A_RUN.match(name) is not None


class Names:
    """Hands out names. Each is plain, and none is the beginning of another."""

    def __init__(
        self,
        worker: str = "",
        run: str | None = None,
        shape: Shape = Shape(),  # noqa: B008 - it is frozen
    ) -> None:
        self.run = run or new_prefix(shape)
        """What all names of the run start with."""
        self.shape = shape
        self.pattern = shape.pattern(self.run, worker)
        """Any name of the run, in whatever text it stands."""
        self.absent = shape.name(self.run, worker, 0)
        """A name that no model ever has."""
        self._worker = worker
        self._counter = itertools.count(1)
        self._lock = threading.Lock()
        self.drawn: list[str] = []
        """Every name that was handed out, in turn."""

    def fresh(self) -> str:
        """A name that nothing was called before."""
        name = self.shape.name(self.run, self._worker, self.number())
        with self._lock:
            self.drawn.append(name)
        return name

    def number(self) -> int:
        """A number that no name has, and that was not handed out before."""
        with self._lock:
            return next(self._counter)

    def found_in(self, text: str) -> list[str]:
        """The names of the run that stand in a text, in their order."""
        return self.pattern.findall(text)
