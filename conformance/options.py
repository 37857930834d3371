"""The table of the options of a run: the command, the pytest plugin, the environment and files take them from here.

Before it stand the kinds of values that options take, each with how it is read from text and what to say where it
cannot be, and the profiles, which stand for several options.
"""

from __future__ import annotations

import argparse
import math
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

LONGEST = 64 * 1024
"""The bytes of a file that are read; no server accepts a longer header."""


class BadKey(ValueError):
    """What should be a key cannot be one. The text says why, and does not quote it."""


def checked(written: str) -> str:
    """The key, without the white space around it. Raises BadKey where it could not stand in a header (RFC 6750)."""
    key = one_line(written)
    for place, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            raise BadKey(f"character {place} is none that a key can have; keys are of visible ASCII characters")
    return key


def one_line(written: str) -> str:
    """Return the text of the only line, without the white space around it. Raises BadKey."""
    line = written.strip()
    if not line:
        raise BadKey("there is nothing in it but white space; the key is missing")
    if len(line.splitlines()) > 1:
        raise BadKey("there are several lines in it; give the key alone, on one line")
    return line


def key_of_file(path: str, read: Callable[[str], str] = checked) -> str:
    """Return the key that a file holds, as `read` finds it in the text. Raises BadKey."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise BadKey(error.strerror or str(error)) from None
    if len(content) > LONGEST:
        raise BadKey(f"it is longer than {LONGEST} bytes, so it is not a file with a key")
    try:
        return read(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadKey("it is no text; write the key into it, on one line") from None


class Unfit(ValueError):
    """A value has a fault of its own; the text says which, for "give ..." would not. It never quotes the value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an option may be given."""

    metavar: str
    expected: str
    """What to give, as an error says it: "a whole number from 1 to 8"."""
    parse: Callable[[str], Any] = str
    """The value of a text. Raises Unfit, or any other ValueError where the text is not what is expected."""
    in_toml: tuple[type, ...] = (str,)
    """Types that TOML may give it in."""
    is_path: bool = False


def text(metavar: str, expected: str = "some text") -> Kind:
    """Any text."""
    return Kind(metavar, expected)


def choice(metavar: str, names: Iterable[str]) -> Kind:
    """One of a few names."""
    known = tuple(names)

    def parse(written: str) -> str:
        if written not in known:
            raise ValueError
        return written

    return Kind(metavar, f"one of {', '.join(known)}", parse)


def whole_number(metavar: str, least: int, most: int) -> Kind:
    """A whole number within bounds, themselves included."""

    def parse(written: str) -> int:
        number = int(written)
        if not least <= number <= most:
            raise ValueError
        return number

    return Kind(metavar, f"a whole number from {least} to {most}", parse, (int,))


def positive_number(metavar: str, of_what: str) -> Kind:
    """A number above 0, and below infinity."""

    def parse(written: str) -> float:
        number = float(written)
        if not (number > 0 and math.isfinite(number)):
            raise ValueError
        return number

    return Kind(metavar, f"a number of {of_what} above 0", parse, (int, float))


def _truth(written: str) -> bool:
    word = written.lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE


def _web_address(written: str) -> str:
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError
    if parts.username is not None or parts.password is not None:
        raise Unfit("it holds a user or a password, which requests without credentials would send too; take them out")
    if parts.query or parts.fragment:
        raise Unfit("it has a query or a fragment, which no request would send; take it off")
    return written


def _proxy(written: str) -> str:
    return DIRECT if written.lower() == DIRECT else _web_address(written)


def _pattern(written: str) -> str:
    try:
        re.compile(written)
    except re.error as error:
        raise Unfit(f"it is no regular expression: {error}") from None
    return written


def _application(written: str) -> str:
    if not re.fullmatch(r"[\w.]+:[\w.]+", written):
        raise ValueError
    return written


def _rate(written: str) -> float:
    """Requests a second; a number alone is one."""
    number, slash, unit = written.partition("/")
    seconds = {"/s": 1, "/m": 60, "": 1}.get(slash + unit, 0)
    if not (seconds and 0 < float(number) < math.inf):
        raise ValueError
    return float(number) / seconds


_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}

FLAG = Kind("", "true or false", _truth, (bool,))
INPUT = Kind("FILE", "the path of a file", is_path=True)
"""A file to read."""
OUTPUT = Kind("FILE", "the path of a file to write", is_path=True)
"""A file to write: its folder is looked at before a run begins."""
COUNT = whole_number("N", 1, 2**31 - 1)
RATE = Kind("N/s", "a rate such as 10/s or 300/m", _rate, (int, float, str))
DIRECT = "none"
"""What is given in place of a proxy where none is to be used."""
KEY = Kind("KEY", "a key", checked)
PASSPHRASE = Kind("PASSPHRASE", "a passphrase", one_line)
PATTERN = Kind("REGEX", "a regular expression", _pattern)
PROXY = Kind("URL", f"http://HOST:PORT, or {DIRECT}", _proxy)
WEB_ADDRESS = Kind("URL", "http://HOST:PORT or https://HOST/PREFIX", _web_address)
APPLICATION = Kind("MODULE:APP", "module:application", _application)


@dataclass(frozen=True, slots=True)
class Profile:
    """One of the sizes that a run comes in."""

    name: str
    races: int
    """Rounds of each race."""
    stateful_tests: int
    """How many random stateful tests run."""
    history: int
    """The length of the histories that one model is taken through, all of them."""
    examples: int
    """Requests that Schemathesis makes up by fuzzing, on top of its examples and its coverage of the schema."""
    quick_only: bool = False
    """Whether requirements whose checks are not quick are left out; most faults that they find others find too."""
    must_only: bool = False
    """Whether requirements below MUST are left out."""
    requests: int | None = None
    """Requests in all, whatever is found: what is made up takes what the rest leaves. None where nobody counts them."""
    seconds: float | None = None
    """How long the stateful tests go on; None if their number is fixed."""


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("quick", races=0, stateful_tests=0, history=1, examples=0, quick_only=True, must_only=True),
            Profile("default", races=4, stateful_tests=1, history=3, examples=3, requests=1500),
            Profile("thorough", races=25, stateful_tests=40, history=5, examples=200, seconds=60.0),
        )
    }
)


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


def refusing(secret: Option, prefix: str = "--") -> type[argparse.Action]:
    """What a parser does with the option of a secret: it says what to do instead, and does not repeat the secret."""

    class Refused(argparse.Action):
        def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
            parser.error(
                f"{prefix}{secret.name}: a key on a command line can be read by others, and stays in histories and "
                f"logs; set {secret.environment}, or name a file that holds it with {prefix}{secret.name}-file"
            )

    return Refused
