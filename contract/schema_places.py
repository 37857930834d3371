"""Reads the schemas that stand at places of a document."""

from __future__ import annotations

from typing import Any

from contract.place import Place
from contract.schemas import Unfoldable, folded


def folded_at(place: Place) -> dict[str, Any]:
    """The folded schema at `place`; an empty one where there is none, or, with the problem noted, none that folds."""
    if not place.exists:
        return {}
    try:
        return folded(place.node)
    except Unfoldable as error:
        place.problem(str(error), "say it once; allOf is for a reference with something beside it")
        return {}


def properties_at(place: Place) -> dict[str, Place]:
    """The places of the properties of the object schema at `place`, those of its `allOf` members included."""
    found: dict[str, Place] = {}
    for member in place.at("allOf").children():
        found.update(properties_at(member))
    found.update((child.name, child) for child in place.at("properties").children())
    return found


def required_at(place: Place) -> set[str]:
    """The names of the required properties of the object schema at `place`, those of its `allOf` members included."""
    members = (required_at(member) for member in place.at("allOf").children())
    return {name.node for name in place.at("required").children()}.union(*members)
