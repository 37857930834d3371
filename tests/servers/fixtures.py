"""The fixtures of the servers: API keys, built-in models, and the providers of each organization."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FIXTURES_FILE = Path(__file__).with_name("fixtures.json")

READ_WRITE_KEY = "demo-acme"
READ_ONLY_KEY = "demo-acme-readonly"
OTHER_ORGANIZATION_KEY = "demo-globex"
BUILT_IN_MODELS = ("gpt-4o", "openai/gpt-4o-mini")
PROVIDER = "my-vllm"
PROVIDERS = [PROVIDER, "acme-azure"]
"""Those of the first organization."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The organization and the permission of an API key."""

    organization: str
    may_write: bool


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The state of a fresh server."""

    keys: Mapping[str, Caller]
    """Callers by API key."""
    built_in_models: Mapping[str, Mapping[str, Any]]
    """Response fields of each built-in model by name."""
    providers: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Providers by organization and identifier."""


@cache
def default_fixtures() -> Fixtures:
    """Return the fixtures of `fixtures.json`."""
    data = json.loads(FIXTURES_FILE.read_text(encoding="utf-8"))
    return Fixtures(
        keys={token: Caller(**caller) for token, caller in data["keys"].items()},
        built_in_models=data["built_in_models"],
        providers=data["providers"],
    )
