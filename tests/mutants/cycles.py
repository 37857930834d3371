"""Bugs that a cycle of base models causes in later requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Request, Response


class _Endless(Mutant):
    """Base models are followed without end in a cycle; this raises at once instead of looping."""

    kills = frozenset({"SEM-04", "STA-03"})

    def endless(self, organization: str, stored: Stored) -> bool:
        """Return whether the base models of a model lead back to one of them."""
        *_, last = super().lineage(organization, stored)
        return last.values.get(BASE) is not None and self.base_of(organization, last) is not None


class CycleBreaksReads(_Endless):
    """A write detects a cycle; a read follows it forever."""

    kills = frozenset({"STA-03"})

    def read(self, request: Request) -> Response:
        caller = self.authenticate(request)
        stored = self.find(caller.organization, self.name_in(request.path))
        if stored and self.endless(caller.organization, stored):
            raise RecursionError
        return super().read(request)


class CycleBreaksDerivedModels(_Endless):
    """A model outside the cycle that derives from one inside follows it forever."""

    kills = frozenset({"STA-03"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        models = list(super().lineage(organization, stored))
        ends = models[-1].values.get(BASE)
        if ends is not None and ends != stored.name and any(model.name == ends for model in models):
            raise RecursionError
        yield from models


class CycleBreaksUpdates(_Endless):
    """The next update of a model in a cycle follows it forever."""

    kills = frozenset({"STA-03"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        if BASE not in values and self.endless("acme", earlier):
            raise RecursionError
        return super().merge(earlier, values)


class CycleLocksTheModel(_Endless):
    """A cycle is rejected but the model stays locked: its next update is rejected too."""

    kills = frozenset({"SEM-04"})

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.locked: set[str] = set()

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        name = values["model_name"]
        super().reject_unknown_references(organization, values)
        base = self.resolve_model(organization, values[BASE]) if BASE in values else None
        if name in self.locked:
            raise HttpError(403, "The model is locked.")
        if base and any(model.name == name for model in self.lineage(organization, base)):
            self.locked.add(name)
            raise HttpError(400, {BASE: ["A model cannot be its own base."]})
