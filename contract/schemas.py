"""Schemas as consumers want them: `allOf` folded in, extensions and descriptions left out."""

from __future__ import annotations

from typing import Any


def folded(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with each `allOf` member folded into it, all the way down. The outer keywords win.

    A contract uses `allOf` to say something beside a reference, not to intersect schemas.
    """
    merged: dict[str, Any] = {}
    for member in schema.get("allOf", []):
        merged.update(folded(member))
    for keyword, value in schema.items():
        if keyword == "allOf" or keyword.startswith("x-"):
            continue
        if keyword == "properties":
            merged[keyword] = {**merged.get(keyword, {}), **{name: folded(child) for name, child in value.items()}}
        elif keyword in ("items", "additionalProperties", "not") and isinstance(value, dict):
            merged[keyword] = folded(value)
        else:
            merged[keyword] = value
    return merged
