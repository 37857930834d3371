"""The option table. The command, the pytest plugin, `check`, the environment and settings files all use it.

The module begins with the kinds of values, each with its parser and the text that errors use for it, and the profiles,
which are sizes of a run.
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
"""Maximum bytes of a file with a key; no server accepts a longer header."""


class BadKey(ValueError):
    """A key is invalid. The text says why, and does not quote the key."""


def checked(written: str) -> str:
    """Return the key without surrounding white space. Raises BadKey if no header can contain it (RFC 6750)."""
    key = one_line(written)
    for place, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            raise BadKey(f"invalid character at position {place}; a key may contain only printable ASCII")
    return key


def one_line(written: str) -> str:
    """Return the only line without surrounding white space. Raises BadKey."""
    line = written.strip()
    if not line:
        raise BadKey("the key is empty")
    if len(line.splitlines()) > 1:
        raise BadKey("there are several lines; give only the key, on one line")
    return line


def key_of_file(path: str, read: Callable[[str], str] = checked) -> str:
    """Return the key in a file, as `read` parses it. Raises BadKey."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise BadKey(error.strerror or str(error)) from None
    if len(data) > LONGEST:
        raise BadKey(f"the file is longer than {LONGEST} bytes, so it cannot be a file with a key")
    try:
        return read(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadKey("the file is not UTF-8 text; it must contain the key on one line") from None


class Unfit(ValueError):
    """A value is invalid for a special reason, which the text says. It never quotes the value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value."""

    metavar: str
    expected: str
    """The expected value in errors: "a whole number from 1 to 8"."""
    parse: Callable[[str], Any] = str
    """Returns the value of a text. Raises Unfit, or another ValueError if the text is not what is expected."""
    in_toml: tuple[type, ...] = (str,)
    """The types that it may have in TOML."""
    is_path: bool = False


def text(metavar: str, expected: str = "some text") -> Kind:
    return Kind(metavar, expected)


def choice(metavar: str, names: Iterable[str]) -> Kind:
    known = tuple(names)

    def parse(written: str) -> str:
        if written not in known:
            raise ValueError
        return written

    return Kind(metavar, f"one of {', '.join(known)}", parse)


def whole_number(metavar: str, least: int, most: int) -> Kind:
    """Return the kind of whole numbers from `least` to `most`, both included."""

    def parse(written: str) -> int:
        number = int(written)
        if not least <= number <= most:
            raise ValueError
        return number

    return Kind(metavar, f"a whole number from {least} to {most}", parse, (int,))


def positive_number(metavar: str, of_what: str) -> Kind:
    """Return the kind of finite numbers above 0."""

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
        raise Unfit("the URL has a user or a password, which requests without credentials would send too; remove them")
    if parts.query or parts.fragment:
        raise Unfit("the URL has a query or a fragment, which no request would send; remove it")
    return written


def _proxy(written: str) -> str:
    return DIRECT if written.lower() == DIRECT else _web_address(written)


def _pattern(written: str) -> str:
    try:
        re.compile(written)
    except re.error as error:
        raise Unfit(f"invalid regular expression: {error}") from None
    return written


def _application(written: str) -> str:
    if not re.fullmatch(r"[\w.]+:[\w.]+", written):
        raise ValueError
    return written


def _rate(written: str) -> float:
    """Return the requests per second; a number without a unit is per second."""
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
"""A file to write: its folder is checked before a run begins."""
COUNT = whole_number("N", 1, 2**31 - 1)
RATE = Kind("N/s", "a rate such as 10/s or 300/m", _rate, (int, float, str))
DIRECT = "none"
"""The value of `--proxy` for no proxy."""
KEY = Kind("KEY", "a key", checked)
PASSPHRASE = Kind("PASSPHRASE", "a passphrase", one_line)
PATTERN = Kind("REGEX", "a regular expression", _pattern)
PROXY = Kind("URL", f"http://HOST:PORT, or {DIRECT}", _proxy)
WEB_ADDRESS = Kind("URL", "http://HOST:PORT or https://HOST/PREFIX", _web_address)
APPLICATION = Kind("MODULE:APP", "module:application", _application)


@dataclass(frozen=True, slots=True)
class Profile:
    """A size of a run."""

    name: str
    races: int
    """Rounds of each race."""
    stateful_tests: int
    """How many random stateful tests run."""
    history: int
    """The length of the histories that one model is taken through, all of them."""
    examples: int
    """Requests that Schemathesis generates by fuzzing, beside its examples and its coverage of the schema."""
    quick_only: bool = False
    """Whether requirements whose checks are not quick are left out; most faults that they find others find too."""
    must_only: bool = False
    """Whether requirements below MUST are left out."""
    requests: int | None = None
    """The request budget, whatever is found: generated requests get what others leave. None if there is no limit."""
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
    """As on the command line, without the leading hyphens."""
    kind: Kind
    help: str
    repeatable: bool = False
    """Whether it may be given several times; its value is a list then."""
    commas: bool = False
    """Whether commas separate values too."""
    default: Any = None
    secret: bool = False
    """Accepted only in the environment or in a file of its own, never on a command line or in a settings file."""
    holds: str = ""
    """For an option that names a file with a secret: the option of that secret."""

    @property
    def flag(self) -> bool:
        return self.kind is FLAG

    @property
    def dest(self) -> str:
        return "respan_" + self.name.replace("-", "_")

    @property
    def argument(self) -> dict[str, Any]:
        """The arguments for argparse, in the command and in pytest; the value is None if the option is not given."""
        if self.flag:
            return {"action": "store_true", "default": None}
        return {"metavar": self.kind.metavar, "action": "append" if self.repeatable else "store"}

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return "RESPAN_" + self.name.upper().replace("-", "_")

    @property
    def spelled(self) -> str:
        """How messages name the option."""
        return self.environment if self.secret else f"--{self.name}"


MAX_SEED = 2**32 - 1


def _key(name: str, explained: str, kind: Kind = KEY) -> tuple[Option, Option]:
    """Return the option of a key, and the option of a file with it."""
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
"""The options by section of the help."""
OPTIONS = tuple(option for group in GROUPS.values() for option in group)
BY_NAME = {option.name: option for option in OPTIONS}


def new_seed() -> int:
    """Return a random seed."""
    return random.SystemRandom().randint(0, MAX_SEED)


def rejecting(secret: Option, prefix: str = "--") -> type[argparse.Action]:
    """Return the action of a secret option: an error that says what to do instead, without the secret."""

    class Rejecting(argparse.Action):
        def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
            parser.error(
                f"{prefix}{secret.name}: others can read a key on a command line, and it stays in histories and logs; "
                f"set {secret.environment}, or give a file that contains it with {prefix}{secret.name}-file"
            )

    return Rejecting
