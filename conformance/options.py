"""The option table. The command, the pytest plugin, `check`, the environment and settings files all use it.

The module begins with the types of values, each a function whose ValueError says what was expected, and the profiles,
which are sizes of a run.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from contract.command import CommandOption, number

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


def web_address(written: str, expected: str = "a URL such as http://HOST:PORT or https://HOST/PREFIX") -> str:
    """Return the URL. Raises ValueError."""
    try:
        parts = urlsplit(written)
        is_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web:
        shown = "the value" if "@" in written else repr(written)  # there may be a password before it
        raise ValueError(f"{shown} is not {expected}")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "the URL has a user or a password, which requests without credentials would send too; remove them"
        )
    if parts.query or parts.fragment:
        raise ValueError("the URL has a query or a fragment, which no request would send; remove it")
    return written


DIRECT = "none"
"""The value of `--proxy` for no proxy."""


def _proxy(written: str) -> str:
    """Return the URL of a proxy, or DIRECT. Raises ValueError."""
    return DIRECT if written.lower() == DIRECT else web_address(written, f"http://HOST:PORT or {DIRECT}")


def _pattern(written: str) -> str:
    try:
        re.compile(written)
    except re.error as error:
        raise ValueError(f"invalid regular expression: {error}") from None
    return written


def application(written: str) -> str:
    """Return the path of an application. Raises ValueError."""
    if not re.fullmatch(r"[\w.]+:[\w.]+", written):
        raise ValueError(f"{written!r} is not an application such as module:application")
    return written


def _rate(written: str) -> float:
    """Return the requests per second; a number without a unit is per second."""
    number, slash, unit = written.partition("/")
    try:
        rate = float(number) / {"": 1, "/s": 1, "/m": 60}[slash + unit]
    except (ValueError, KeyError):
        rate = 0
    if not 0 < rate < math.inf:
        raise ValueError(f"{written!r} is not a rate such as 10/s or 300/m")
    return rate


INPUT = click.Path()
"""A file to read."""
OUTPUT = click.Path()
"""A file to write: its folder is checked before a run begins."""
COUNT = number("a whole number", 1, 2**31 - 1)
SECONDS = number("a number of seconds", 0.001, 1_000_000)
MAX_SEED = 2**32 - 1


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


@dataclass(slots=True)
class Sources:
    """What a front end gives, and how it names the places."""

    given: dict[str, Any] = field(default_factory=dict)
    """Values by names of options, which are the same as arguments."""
    argument: Callable[[Option], str] = lambda option: "URL" if option.name == "url" else f"--{option.name}"
    """Names an argument."""
    file: Callable[[Option], str] = lambda option: option.name
    """Names the place in the file."""
    takes_keys: bool = False
    """Whether an argument may be a key, as it is in Python."""


class Option(CommandOption):
    """One option, which a file or a variable can set too. `ctx.obj` has the Sources of the front end."""

    def __init__(self, name: str, metavar: str, text: str, kind: Any = None, **more: Any) -> None:
        self.commas: bool = more.pop("commas", False)
        """Whether commas separate values too."""
        self.holds: str = more.pop("holds", "")
        """For an option that names a file with a secret: the option of that secret."""
        self.secret: Callable[[str], str] | None = more.pop("secret", None)
        """Parses a secret, which is accepted only in the environment or in a file of its own."""
        self.flag = not metavar
        if self.secret:
            more |= {"hidden": True, "is_flag": False, "flag_value": "", "callback": _reject}
        super().__init__(
            [f"--{name}/--no-{name}" if self.flag else f"--{name}"],
            type=bool if self.flag else kind,
            metavar=metavar or None,
            help=f"{text} (repeatable)" if more.get("multiple") else text,
            envvar="RESPAN_" + name.upper().replace("-", "_"),
            **{"default": None, **more},
        )
        self.name = name
        """As on the command line, without the leading hyphens."""

    @property
    def dest(self) -> str:
        return "respan_" + self.name.replace("-", "_")

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return str(self.envvar)

    @property
    def expected(self) -> str:
        """What a value has to be, in the words of the help."""
        if isinstance(self.type, click.Choice):
            return f"one of {', '.join(self.type.choices)}"
        return self.metavar or "true or false"

    @property
    def spelled(self) -> str:
        """How messages name the option."""
        return self.environment if self.secret else f"--{self.name}"

    def origin(self, ctx: click.Context) -> str | None:
        """Return where the value was given, if it was."""
        match ctx.get_parameter_source(self.name):
            case ParameterSource.COMMANDLINE:
                is_off = self.flag and ctx.params.get(self.name) is False
                return f"--no-{self.name}" if is_off else str(ctx.obj.argument(self))
            case ParameterSource.ENVIRONMENT:
                return self.environment
            case ParameterSource.DEFAULT_MAP:
                return str(ctx.obj.file(self))
        return None

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return where the value was given, with the name of the option."""
        place = (ctx and self.origin(ctx)) or self.spelled
        in_file = ctx and ctx.get_parameter_source(self.name) is ParameterSource.DEFAULT_MAP
        return f"{place}: {self.name}" if in_file and not place.endswith((self.name, self.dest)) else place

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the command parse the option; the URL is a word."""
        if self is not URL:
            super().add_to_parser(parser, ctx)

    def value_from_envvar(self, ctx: click.Context) -> Any:
        """Return the text of the variable, or its lines."""
        text = self.resolve_envvar_value(ctx)
        return text.splitlines() if text and self.multiple else text

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """Return the value and its source."""
        return super().consume_value(ctx, {**opts, **ctx.obj.given})

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the value of a text, or of several."""
        if value is None or self.secret:
            return super().type_cast_value(ctx, value)
        if self.flag:
            try:
                return super().type_cast_value(ctx, str(value))
            except click.BadParameter:  # it lists eleven spellings, and the empty one
                raise click.BadParameter(f"{value!r} is not {self.expected}", ctx, self) from None
        texts = [str(part) for part in (value if isinstance(value, list | tuple | set | frozenset) else [value])]
        parts = [part for text in texts for part in (text.split(",") if self.commas else [text])]
        stripped = [part.strip() for part in parts if part.strip()]
        if not stripped:
            raise click.BadParameter(f"the value is empty; give {self.expected}", ctx, self)
        return super().type_cast_value(ctx, stripped if self.multiple else stripped[-1])

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the columns of the help, without the option that turns a flag off."""
        record = super().get_help_record(ctx)
        return record and (record[0].partition(" / ")[0], record[1])


def _reject(ctx: click.Context, secret: click.Parameter, value: Any) -> Any:
    """Reject a secret on a command line, without quoting it."""
    if ctx.get_parameter_source(secret.name) is ParameterSource.COMMANDLINE and not ctx.obj.takes_keys:
        ctx.fail(no_place_for(ctx.obj.argument(secret), str(secret.envvar)))
    return value


def no_place_for(argument: str, variable: str) -> str:
    """Return the error for a secret on a command line."""
    return (
        f"{argument}: others can read a key on a command line, and it stays in histories and logs; "
        f"set {variable}, or give a file that contains it with {argument}-file"
    )


def _key(
    name: str, explained: str, metavar: str = "KEY", parse: Callable[[str], str] = checked
) -> tuple[Option, Option]:
    """Return the option of a key, and the option of a file with it."""
    key = Option(name, metavar, explained, secret=parse)
    return key, Option(f"{name}-file", "FILE", f"file that holds the {explained}", INPUT, holds=name)


URL = Option("url", "URL", "base URL of the target; its path prefix is kept", web_address, hidden=True)

TARGET = (
    URL,
    Option("app", "MODULE:APP", "check a WSGI or ASGI application in this process", application),
    *_key("api-key", "API key or token"),
    *_key("other-org-key", "key of a second organization"),
    *_key("read-only-key", "read-only key"),
    Option("builtin-model", "NAME", "a built-in model of the target", multiple=True, commas=True),
    Option("provider", "ID", "a custom provider", multiple=True, commas=True),
    Option("fixtures", "FILE", "a fixtures file of the mock that names both", INPUT),
    Option("name-pattern", "REGEX", "create models only under names that match", _pattern),
)
SELECTING = (
    Option("contract", "FILE", "use this OpenAPI contract", INPUT),
    Option("only", "IDS", "check only these", multiple=True, commas=True),
    Option("skip", "IDS", "skip these", multiple=True, commas=True),
    Option(
        "profile",
        "NAME",
        "quick (300 requests), default, or thorough",
        click.Choice(list(PROFILES)),
        default="default",
    ),
    Option("time-limit", "SECONDS", "duration of a thorough run (default: 60)", SECONDS),
    Option("seed", "N", "repeat the random choices of an earlier run", number("a whole number", 0, MAX_SEED)),
)
VERDICT = (
    Option("strict", "", "fail also on SHOULD"),
    Option("require-all", "", "be inconclusive if a MUST cannot be tested"),
    Option("waivers", "FILE", "accept failures in this file until they expire", INPUT),
    Option("write-waivers", "FILE", "record today's failures as waivers in this file", OUTPUT),
    Option("waiver-reason", "TEXT", "reason in new waivers"),
    Option("waiver-owner", "NAME", "owner of new waivers"),
)
JUDGING = SELECTING + VERDICT
CONNECTION = (
    Option("timeout", "SECONDS", "maximum time of a request (default: 30)", SECONDS),
    Option("time-budget", "SECONDS", "maximum time of the run (default: 600)", SECONDS),
    Option("rate-limit", "N/s", "maximum request rate, e.g. 10/s (skips races)", _rate),
    Option("max-requests", "N", "maximum requests; inconclusive if too few", COUNT),
    Option("max-models", "N", "maximum models on the target (20 or more)", number("a whole number", 20, 2**31 - 1)),
    Option("concurrency", "N", "maximum concurrent requests (1 skips races)", COUNT),
    Option("proxy", "URL", "HTTP proxy, or none (default: HTTPS_PROXY ...)", _proxy),
    *_key("proxy-auth", "proxy's USER:PASSWORD"),
    Option("header", "HEADER", "'NAME: VALUE', 'NAME: $VARIABLE', or @FILE", multiple=True),
    Option("ca", "FILE", "trust only the certificates in this PEM file", INPUT),
    Option("insecure", "", "accept any certificate"),
    Option("cert", "FILE", "client certificate (PEM)", INPUT),
    Option("key", "FILE", "private key of the certificate, if separate", INPUT),
    *_key("key-passphrase", "passphrase of the key", "PASSPHRASE", one_line),
    Option("ledger", "FILE", "record created models here until deleted", OUTPUT),
    Option("names", "FILE", "model names to reuse if there is no delete", OUTPUT),
)
REPORTS = (
    Option("json", "FILE", "write the report as JSON (- is standard output)", OUTPUT),
    Option("junit", "FILE", "write the report as JUnit XML", OUTPUT),
    Option("html", "FILE", "write the report as one self-contained HTML file", OUTPUT),
    Option("markdown", "FILE", "write a summary for a pull request or a job page", OUTPUT),
    Option("implementation", "NAME", "name of the implementation in reports"),
    Option("implementation-version", "V", "version of the implementation in reports"),
)
OUTPUT_ON_TERMINAL = (
    Option("quiet", "", "print the verdict, warnings and a line for each failure"),
    Option("verbose", "", "print each test with its requests and responses"),
)

GROUPS = {
    "Target": TARGET,
    "Selecting": SELECTING,
    "Verdict": VERDICT,
    "Connection": CONNECTION,
    "Reports": REPORTS,
    "Terminal": OUTPUT_ON_TERMINAL,
}
"""The options by section of the help."""
for title, options in GROUPS.items():
    for option in options:
        option.section = title
OPTIONS = tuple(option for group in GROUPS.values() for option in group)
BY_NAME = {option.name: option for option in OPTIONS}


def new_seed() -> int:
    """Return a random seed."""
    return random.SystemRandom().randint(0, MAX_SEED)
