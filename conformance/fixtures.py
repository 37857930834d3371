"""Reads the built-in models and the providers of a target from a fixtures file of the mock (`--fixtures`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from conformance.settings import Settings


class FixturesError(ValueError):
    """The fixtures file cannot be used; the message says why."""


def with_fixtures(settings: Settings) -> Settings:
    """Return the settings, with the models and providers of the fixtures file unless options name some."""
    file = settings["fixtures"]
    if not file:
        return settings
    fixtures = _read(file)
    found = {"builtin-model": _names(fixtures, "models"), "provider": _providers(fixtures, settings["api-key"])}
    missing = {name: names for name, names in found.items() if names and not settings[name]}
    return settings.with_values(f"fixtures {file}", missing)


def _read(file: str) -> Mapping[str, Any]:
    try:
        fixtures = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise FixturesError(f"--fixtures {file}: {reason}") from None
    if not isinstance(fixtures, Mapping) or not fixtures.keys() & {"models", "organizations"}:
        raise FixturesError(
            f"--fixtures {file}: not a fixtures file of the mock: it has neither models nor organizations"
        )
    return fixtures


def _providers(fixtures: Mapping[str, Any], key: str | None) -> list[str]:
    """Return the providers of the organization of the key; of the only one if the file does not list the key."""
    organizations = _member(fixtures, "organizations")
    owner = _member(_member(fixtures, "api_keys"), key or "").get("organization")
    if owner is None and len(organizations) == 1:
        owner = next(iter(organizations))
    return _names(_member(organizations, str(owner)), "providers")


def _names(owner: Mapping[str, Any], member: str) -> list[str]:
    return [str(name) for name in _member(owner, member)]


def _member(owner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member if it is a mapping, else an empty mapping."""
    found = owner.get(name)
    return found if isinstance(found, Mapping) else {}
