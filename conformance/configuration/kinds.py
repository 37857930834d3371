"""What an option may be given: how it is read from text, and what to say where it cannot be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance.configuration.keys import checked, one_line


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
