"""The options of a run, once: the command, the pytest plugin, the environment and files take them from here."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from conformance.configuration.kinds import (
    APPLICATION,
    COUNT,
    FLAG,
    INPUT,
    KEY,
    OUTPUT,
    PASSPHRASE,
    PATTERN,
    PROXY,
    RATE,
    WEB_ADDRESS,
    Kind,
    choice,
    positive_number,
    text,
    whole_number,
)
from conformance.configuration.profile import PROFILES


@dataclass(frozen=True, slots=True)
class Option:
    """One option."""

    name: str
    """As the command spells it, without hyphens in front."""
    kind: Kind
    help: str
    repeatable: bool = False
    """Whether it may be given several times; its value is a list."""
    commas: bool = False
    """Whether commas, too, part the values of a repeatable one."""
    default: Any = None
    secret: bool = False
    """Never on a command line or in a file of settings: only in the environment, or in a file of its own."""
    holds: str = ""
    """Set for an option that names a file: the secret option whose value stands in that file."""

    @property
    def flag(self) -> bool:
        return self.kind is FLAG

    @property
    def dest(self) -> str:
        return "respan_" + self.name.replace("-", "_")

    @property
    def argument(self) -> dict[str, Any]:
        """How argparse takes it, the command's and pytest's; it is None where it is not given."""
        if self.flag:
            return {"action": "store_true", "default": None}
        return {"metavar": self.kind.metavar, "action": "append" if self.repeatable else "store"}

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return "RESPAN_" + self.name.upper().replace("-", "_")

    @property
    def spelled(self) -> str:
        """What a user is told to give."""
        return self.environment if self.secret else f"--{self.name}"


MAX_SEED = 2**32 - 1


def _key(name: str, explained: str, kind: Kind = KEY) -> tuple[Option, Option]:
    """A key, and the option that names its file."""
    key = Option(name, kind, explained, secret=True)
    return key, Option(f"{name}-file", INPUT, f"file that holds the {explained}", holds=name)


IDS = text("IDS", "requirements or sections, such as IDM,AUT-03")
URL = Option("url", WEB_ADDRESS, "base URL of the target; its path prefix is kept")

TARGET = (
    URL,
    Option("app", APPLICATION, "check a WSGI or ASGI application in this process"),
    *_key("api-key", "API key or token"),
    *_key("other-org-key", "key of a second organization"),
    *_key("read-only-key", "read-only key"),
    Option("builtin-model", text("NAME", "a name"), "a built-in model of the target", repeatable=True, commas=True),
    Option("provider", text("ID", "an ID"), "a custom provider", repeatable=True, commas=True),
    Option("fixtures", INPUT, "a fixtures file of the mock that names both"),
    Option("name-pattern", PATTERN, "create models only under names that match"),
)
SELECTING = (
    Option("contract", INPUT, "use this OpenAPI contract"),
    Option("only", IDS, "check only these", repeatable=True, commas=True),
    Option("skip", IDS, "skip these", repeatable=True, commas=True),
    Option(
        "profile",
        choice("NAME", PROFILES),
        "quick (300 requests), default, or thorough",
        default="default",
    ),
    Option("time-limit", positive_number("SECONDS", "seconds"), "duration of a thorough run (default: 60)"),
    Option("seed", whole_number("N", 0, MAX_SEED), "repeat the random choices of an earlier run"),
)
VERDICT = (
    Option("strict", FLAG, "fail also on SHOULD"),
    Option("require-all", FLAG, "be inconclusive if a MUST cannot be tested"),
    Option("waivers", INPUT, "accept failures in this file until they expire"),
    Option("write-waivers", OUTPUT, "record today's failures as waivers in this file"),
    Option("waiver-reason", text("TEXT"), "reason in new waivers"),
    Option("waiver-owner", text("NAME"), "owner of new waivers"),
)
JUDGING = SELECTING + VERDICT
CONNECTION = (
    Option("timeout", positive_number("SECONDS", "seconds"), "maximum time of a request (default: 30)"),
    Option("time-budget", positive_number("SECONDS", "seconds"), "maximum time of the run (default: 600)"),
    Option("rate-limit", RATE, "maximum request rate, e.g. 10/s (skips races)"),
    Option("max-requests", COUNT, "maximum requests; inconclusive if too few"),
    Option("max-models", whole_number("N", 20, 2**31 - 1), "maximum models on the target (20 or more)"),
    Option("concurrency", COUNT, "maximum concurrent requests (1 skips races)"),
    Option("proxy", PROXY, "HTTP proxy, or none (default: HTTPS_PROXY ...)"),
    *_key("proxy-auth", "proxy's USER:PASSWORD"),
    Option("header", text("HEADER"), "'NAME: VALUE', 'NAME: $VARIABLE', or @FILE", repeatable=True),
    Option("ca", INPUT, "trust only the certificates in this PEM file"),
    Option("insecure", FLAG, "accept any certificate"),
    Option("cert", INPUT, "client certificate (PEM)"),
    Option("key", INPUT, "private key of the certificate, if separate"),
    *_key("key-passphrase", "passphrase of the key", PASSPHRASE),
    Option("ledger", OUTPUT, "record created models here until deleted"),
    Option("names", OUTPUT, "model names to reuse if there is no delete"),
)
REPORTS = (
    Option("json", OUTPUT, "write the report as JSON (- is standard output)"),
    Option("junit", OUTPUT, "write the report as JUnit XML"),
    Option("html", OUTPUT, "write the report as one self-contained HTML file"),
    Option("markdown", OUTPUT, "write a summary for a pull request or a job page"),
    Option("implementation", text("NAME"), "name of the implementation in reports"),
    Option("implementation-version", text("V"), "version of the implementation in reports"),
)
OUTPUT_ON_TERMINAL = (
    Option("quiet", FLAG, "print the verdict and a line for each failure"),
    Option("verbose", FLAG, "print each test with its requests and responses"),
)

GROUPS = {
    "target": TARGET,
    "selecting": SELECTING,
    "verdict": VERDICT,
    "connection": CONNECTION,
    "reports": REPORTS,
    "terminal": OUTPUT_ON_TERMINAL,
}
"""The options by the section of the help that they stand in."""
OPTIONS = tuple(option for group in GROUPS.values() for option in group)
BY_NAME = {option.name: option for option in OPTIONS}


def new_seed() -> int:
    """A seed for a run that was given none."""
    return random.SystemRandom().randint(0, MAX_SEED)
