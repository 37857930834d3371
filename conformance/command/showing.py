"""Shows the settings of a run, each with where it comes from."""

from __future__ import annotations

from typing import Any

from conformance.configuration.options import OPTIONS, Option
from conformance.configuration.settings import Settings


def shown(settings: Settings) -> str:
    """A line for each option: its name, its value, and its origin. A secret is only said to be set."""
    rows = [
        (option.name, _value(option, settings[option.name]), settings.origins.get(option.name, "default"))
        for option in OPTIONS
        if not option.holds
    ]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{name:<{first}}  {value:<{second}}  {origin}" for name, value, origin in rows)


def _value(option: Option, value: Any) -> str:
    if value is None or value == []:
        return "-"
    if option.secret:
        return "set"
    if option.flag:
        return str(value).lower()
    return ", ".join(value) if option.repeatable else str(value)
