"""The options of a run, once: the command, the pytest plugin and the environment take them from here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Option:
    """One option."""

    name: str
    """As the command spells it, without hyphens in front."""
    metavar: str
    help: str
    repeatable: bool = False
    flag: bool = False
    secret: bool = False
    """Never passed on a command line."""

    @property
    def dest(self) -> str:
        return "respan_" + self.name.replace("-", "_")

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return "RESPAN_" + self.name.upper().replace("-", "_")


MAX_SEED = 2**32 - 1

URL = Option("url", "URL", "base URL of the target; its path prefix is kept")

TARGET = (
    URL,
    Option("app", "MODULE:APP", "check a WSGI or ASGI application in this process, without a socket"),
    Option("api-key", "KEY", "API key or token with the right to write", secret=True),
    Option("other-org-key", "KEY", "key of a second organization, to check that the two are kept apart", secret=True),
    Option("read-only-key", "KEY", "key that may read but not write", secret=True),
    Option("builtin-model", "NAME", "a built-in model of the target", repeatable=True),
    Option("provider", "ID", "a custom provider of the key's organization", repeatable=True),
    Option("fixtures", "FILE", "take built-in models and providers from a fixtures file of the mock"),
)
JUDGING = (
    Option("contract", "FILE", "the OpenAPI contract to judge by (default: the one that ships with this package)"),
    Option("only", "IDS", "judge these requirements or sections only, such as IDM,AUT-03", repeatable=True),
    Option("skip", "IDS", "leave these requirements or sections out", repeatable=True),
    Option("profile", "NAME", "quick (300 requests), default, or thorough (as long as --time-limit says)"),
    Option("time-limit", "SECONDS", "how long a thorough run goes on (default: 60)"),
    Option("strict", "", "fail on SHOULD too", flag=True),
    Option("seed", "N", "make the same choices as the run that printed this seed"),
)
CONNECTION: tuple[Option, ...] = ()
REPORTS = (Option("json", "FILE", "write the report as JSON"),)

GROUPS = {"target": TARGET, "judging": JUDGING, "connection": CONNECTION, "reports": REPORTS}
"""The options by the section of the help that they stand in."""
OPTIONS = tuple(option for group in GROUPS.values() for option in group)


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of a run, with the environment behind them."""

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def names(self, name: str) -> list[str]:
        """A repeatable option, with commas split."""
        given = self.values[name] or []
        given = [given] if isinstance(given, str) else given
        return [part.strip() for text in given for part in text.split(",") if part.strip()]

    @classmethod
    def gather(cls, given: Mapping[str, Any]) -> Settings:
        """What was given, else what the environment says."""
        return cls({option.name: _value(option, given.get(option.name)) for option in OPTIONS})


def is_given(value: Any) -> bool:
    """Whether an option has a value; the number 0 is one."""
    return value is not None and value is not False and value != []


def _value(option: Option, given: Any) -> Any:
    if is_given(given):
        return given
    text = os.environ.get(option.environment, "")
    if option.flag:
        return text.lower() in ("1", "true", "yes", "on")
    if option.repeatable:
        return [text] if text else []
    return text or None


def as_arguments(values: Mapping[str, Any]) -> Iterator[str]:
    """The options as arguments of pytest; the secret ones travel in the environment."""
    for option in OPTIONS:
        value = values[option.name]
        if option.secret or not is_given(value):
            continue
        if option.flag:
            yield f"--respan-{option.name}"
        else:
            parts = value if option.repeatable and not isinstance(value, str) else [value]
            yield from (f"--respan-{option.name}={part}" for part in parts)
