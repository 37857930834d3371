"""What a fixtures file of the mock says of a target: its built-in models, and the providers of an organization."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from conformance.settings import Settings


class FixturesError(ValueError):
    """The fixtures file cannot be used. Its author is at fault; the text says why."""


def with_fixtures(settings: Settings) -> Settings:
    """The settings, with built-in models and providers from the fixtures file where no option names them."""
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
            f"--fixtures {file}: it has neither models nor organizations, as a fixtures file of the mock"
        )
    return fixtures


def _providers(fixtures: Mapping[str, Any], key: str | None) -> list[str]:
    """The providers of the organization that the key belongs to; where it is not listed, of the only one."""
    organizations = _member(fixtures, "organizations")
    owner = _member(_member(fixtures, "api_keys"), key or "").get("organization")
    if owner is None and len(organizations) == 1:
        owner = next(iter(organizations))
    return _names(_member(organizations, str(owner)), "providers")


def _names(owner: Mapping[str, Any], member: str) -> list[str]:
    return [str(name) for name in _member(owner, member)]


def _member(owner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A mapping inside a mapping; an empty one where there is none."""
    found = owner.get(name)
    return found if isinstance(found, Mapping) else {}
