"""All mutants, by section."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from tests.mutants import (
    authentication,
    casts,
    connections,
    cycles,
    errors,
    failures,
    http,
    inheritance,
    items,
    keys,
    leniency,
    names,
    orders,
    organizations,
    overrides,
    oversights,
    parameters,
    partial,
    races,
    references,
    rejections,
    repeats,
    responses,
    sequences,
    sharing,
    spellings,
    statuses,
    storage,
    strictness,
    texts,
    times,
    updates,
    validation,
    values,
    words,
)
from tests.mutants.mutant import Mutant

if TYPE_CHECKING:
    from types import ModuleType

SECTIONS = (
    responses,
    statuses,
    errors,
    failures,
    leniency,
    validation,
    words,
    strictness,
    spellings,
    items,
    updates,
    orders,
    repeats,
    references,
    storage,
    sharing,
    rejections,
    sequences,
    values,
    texts,
    casts,
    names,
    times,
    inheritance,
    cycles,
    overrides,
    parameters,
    partial,
    organizations,
    authentication,
    http,
    keys,
    connections,
    races,
    oversights,
)


def title_of(section: ModuleType) -> str:
    """What the mutants of one file have in common."""
    return (inspect.getdoc(section) or section.__name__).rstrip(".")


def mutants_in(section: ModuleType) -> list[type[Mutant]]:
    """The mutants of one file, in its order. Names with an underscore are what several of them share."""
    things = (thing for name, thing in vars(section).items() if not name.startswith("_"))
    return [
        thing
        for thing in things
        if isinstance(thing, type) and issubclass(thing, Mutant) and thing.__module__ == section.__name__
    ]


MUTANTS = tuple(mutant for section in SECTIONS for mutant in mutants_in(section))
