"""Names of the models that a run creates: of one prefix, unique to the run, in an order that a seed repeats.

Where nothing can be deleted, a run may write to the models that earlier runs left instead. What these hold is not known
beforehand, so nothing is found by them: what does not pass on such a model is judged again on new ones.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conformance.subject.shapes import OF_A_RUN, Shape


def new_prefix(shape: Shape = Shape()) -> str:  # noqa: B008 - it is frozen
    """What all names of a run start with. Random, so that runs never meet, whatever their seed."""
    return shape.prefix(secrets.token_hex(4))


def is_of_a_run(name: str) -> bool:
    """Whether a run made the name up, as far as that can be told."""
    return OF_A_RUN.match(name) is not None


@dataclass(frozen=True, slots=True)
class Left:
    """The name of a model that an earlier run left."""

    stem: str
    """The name that the run handed out."""
    tail: str = ""
    """What a check put after it."""
    shared: bool = False
    """Whether more than one organization has a model of that name."""


class Names:
    """Hands out names. Each is plain, and none is the beginning of another."""

    def __init__(
        self,
        worker: str = "",
        run: str | None = None,
        shape: Shape = Shape(),  # noqa: B008 - it is frozen
        left: Iterable[Left] = (),
    ) -> None:
        """`left` are names of models that earlier runs left, to be written to again in this order."""
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
        self._spare = list(left)
        self._lent: list[Left] = []
        self.reuses = bool(self._spare)
        """Whether the run writes to models that earlier runs left."""
        self._reusing = False

    def fresh(self) -> str:
        """A name that nothing was called before."""
        name = self.shape.name(self.run, self._worker, self.number())
        with self._lock:
            self.drawn.append(name)
        return name

    def for_a_model(self, tail: str = "", *, shared: bool = False) -> str:
        """A name for a model that need not be new, to put `tail` after it; `shared` if all organizations write to it.

        While names of models that were left are reused, it is one of those that were left with that tail.
        """
        with self._lock:
            spare = [it for it in self._spare if (it.tail, it.shared) == (tail, shared)] if self._reusing else []
            if spare:
                self._spare.remove(spare[0])
                self._lent.append(spare[0])
                self.drawn.append(spare[0].stem)
                return spare[0].stem
        return self.fresh()

    @contextmanager
    def reusing(self) -> Iterator[None]:
        """Hand out names of models that were left, for models that need not be new."""
        self._reusing = True
        try:
            yield
        finally:
            self._reusing = False

    def take_back(self, written: Container[str]) -> None:
        """Hand out again what was left and was not written to; `written` are the names of models that were."""
        with self._lock:
            self._spare += [it for it in self._lent if it.stem + it.tail not in written]
            self._lent.clear()

    def reuse_no_more(self) -> None:
        """Hand out new names only: those that were left are of no models, or can be deleted."""
        self._spare.clear()
        self.reuses = False

    def number(self) -> int:
        """A number that no name has, and that was not handed out before."""
        with self._lock:
            return next(self._counter)

    def found_in(self, text: str) -> list[str]:
        """The names of the run that stand in a text, in their order."""
        return self.pattern.findall(text)
