"""The settings of a run: every option with its value and its origin, which is an argument, the environment or a file.

The file is `respan-conformance.toml`. Its top level has the options of the command by their names.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.options import BY_NAME, INPUT, OPTIONS, URL, BadKey, Option, Unfit, key_of_file


class UsageError(Exception):
    """The command was used wrongly. The text says how to use it."""


class BadSetting(ValueError):
    """The value of an option is invalid. The text says where it was given, and what is expected."""


@dataclass(frozen=True, slots=True)
class Written:
    """The text that one source gives for an option."""

    texts: Sequence[str]
    """One text; several for a repeatable option."""
    place: str
    """Where: `--seed`, `RESPAN_SEED`, `respan-conformance.toml:3`."""
    joiner: str = " "
    """The text between the option and its value in an error."""
    key: str = ""
    """The spelling of the option, if the place does not have it."""

    @property
    def named(self) -> str:
        """The option, as errors name it."""
        return f"{self.place}: {self.key}" if self.key else self.place


EACH_ITS_OWN = (
    ("other-org-key", "api-key", "a key of a second organization"),
    ("read-only-key", "api-key", "a key of the same organization that may only read"),
    ("read-only-key", "other-org-key", "a key of the first organization that may only read"),
)
"""Keys that must differ, and what to give for the first of each pair."""

Source = Mapping[str, Written]
"""All that one source gives, by the names of options."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of a run with their values."""

    values: Mapping[str, Any]
    """By the names of all options; None or [] if an option is not given."""
    origins: Mapping[str, str]
    """The origin of each option that is given."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def with_values(self, origin: str, values: Mapping[str, Any]) -> Settings:
        """Return the settings with some values from another origin."""
        origins = {**self.origins, **dict.fromkeys(values, origin)}
        return Settings({**self.values, **values}, origins)

    @classmethod
    def gather(cls, *sources: Source) -> Settings:
        """Combine the sources; a later one overrides an earlier one. Raises BadSetting."""
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for option in OPTIONS:
            written = _secret(option, sources) if option.secret else _last(option, sources)
            values[option.name] = _value(option, written)
            if written is not None:
                origins[option.name] = written.place
        _check_keys_differ(values, origins)
        return cls(values, origins)


def from_arguments(given: Mapping[str, Any], spell: Callable[[Option], str] = lambda o: f"--{o.name}") -> Source:
    """Return parsed arguments as a source; None and [] mean that an option is not given."""
    source = {}
    for option in OPTIONS:
        value = given.get(option.name)
        if value is not None and value != []:
            place = URL.kind.metavar if option is URL else spell(option)
            source[option.name] = Written(_texts(value), f"--no-{option.name}" if value is False else place)
    return source


def from_environment(environment: Mapping[str, str] = os.environ) -> Source:
    """Return environment variables as a source. Empty variables are ignored."""
    source = {}
    for option in OPTIONS:
        written = environment.get(option.environment, "")
        if written.strip() or (written and option.secret):
            lines = [line for line in written.splitlines() if line.strip()] if option.repeatable else [written]
            source[option.name] = Written(lines, option.environment, "=")
    return source


def from_python(options: Mapping[str, Any]) -> Source:
    """Return keyword arguments as a source; their names have underscores for hyphens. None means not given."""
    names = {option.name.replace("-", "_"): option for option in OPTIONS}
    unknown = options.keys() - names.keys()
    if unknown:
        raise TypeError(f"unknown option {', '.join(sorted(unknown))}")
    return {
        names[name].name: Written(_texts(value), name, "=")
        for name, value in options.items()
        if value is not None and value != []
    }


def _texts(value: Any) -> list[str]:
    parts = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [str(part) for part in parts]


def _last(option: Option, sources: Sequence[Source]) -> Written | None:
    return next((source[option.name] for source in reversed(sources) if option.name in source), None)


def _secret(option: Option, sources: Sequence[Source]) -> Written | None:
    """Return the secret from the last source that gives it, or gives a file with it."""
    file = next(other for other in OPTIONS if other.holds == option.name)
    for source in reversed(sources):
        found = [source[name] for name in (option.name, file.name) if name in source]
        if len(found) > 1:
            raise BadSetting(f"{found[0].named} and {found[1].named} are both set; set one of them")
        if found:
            return _read_key(option, found[0]) if file.name in source else found[0]
    return None


def _read_key(option: Option, written: Written) -> Written:
    path = written.texts[-1]
    if not path.strip():
        raise BadSetting(f"{written.named} is empty; give {INPUT.expected}")
    try:
        return Written([key_of_file(path, option.kind.parse)], f"{written.place} {path}")
    except BadKey as error:
        raise BadSetting(f"{written.named}{written.joiner}{path}: {error}") from None


def _value(option: Option, written: Written | None) -> Any:
    if written is None:
        return [] if option.repeatable else option.default
    if option.secret:
        return _key(option, written)
    texts = [part for text in written.texts for part in text.split(",")] if option.commas else written.texts
    values = [_parsed(option, text.strip(), written) for text in texts if text.strip()]
    if not values:
        raise BadSetting(f"{written.named} is empty; give {option.kind.expected}")
    return values if option.repeatable else values[-1]


def _key(option: Option, written: Written) -> str:
    try:
        key: str = option.kind.parse(written.texts[-1])
    except BadKey as error:
        raise BadSetting(f"{written.place}: {error}") from None
    return key


def _check_keys_differ(values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    """Raise BadSetting if two credentials have the same key: the difference between them cannot be tested then."""
    for name, other, needed in EACH_ITS_OWN:
        if values[name] is not None and values[name] == values[other]:
            raise BadSetting(
                f"{origins[name]} is the same key as {origins[other]}; give {needed}, or leave {origins[name]} out"
            )


def _parsed(option: Option, text: str, written: Written) -> Any:
    try:
        return option.kind.parse(text)
    except Unfit as unfit:
        raise BadSetting(f"{written.named}: {unfit}") from None
    except ValueError:
        raise BadSetting(f"{written.named}{written.joiner}{text}: give {option.kind.expected}") from None


def asked_for(name: str) -> str:
    """Return how a user sets an option: `--provider`, `RESPAN_API_KEY`."""
    return BY_NAME[name].spelled


FILE = "respan-conformance.toml"
"""The settings file in the current directory, which is read unless another one is named."""


def from_file(path: str | None) -> Source:
    """Return the settings file at `path` as a source; for None, the one in the current directory, if it exists."""
    if path is None and not Path(FILE).exists():
        return {}
    file = read_toml(path or FILE)
    return {key: _written(file, key, value) for key, value in file.members.items()}


def _written(file: TomlFile, key: str, value: Any) -> Written:
    place = file.place(key)
    option = BY_NAME.get(key)
    if option is None:
        known = [name for name, option in BY_NAME.items() if not option.secret]
        raise BadFile(f"{place}: unknown option {key}{suggestion(key, known)}")
    if option.secret:
        raise BadFile(
            f"{place}: {key}: a settings file must not contain a key, because others can read it; set "
            f"{option.environment}, or set {key}-file to a file that contains the key"
        )
    parts = value if isinstance(value, list) and option.repeatable else [value]
    return Written([_text(file, option, part) for part in parts], place, " = ", key)


def _text(file: TomlFile, option: Option, part: Any) -> str:
    """Return the value as on the command line; a path is relative to the folder of the file."""
    if type(part) not in option.kind.in_toml:
        many = " or a list of them" if option.repeatable else ""
        raise BadFile(
            f"{file.place(option.name)}: {option.name} = {_quoted(part)}: give {option.kind.expected}{many}, "
            f"not {type_word(part)}"
        )
    if option.kind.is_path and part:
        return str(Path(file.path).parent / Path(part).expanduser())
    return str(part)


def _quoted(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False, default=str)


class BadFile(ValueError):
    """A file is invalid. The text says where and why."""


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A parsed file."""

    path: str
    text: str
    members: Mapping[str, Any]

    def place(self, key: str, table: str = "", number: int = 0) -> str:
        """Return the path and, if it can be found, the line of a key: of the top, or of a table in an array."""
        lines = self.text.splitlines()
        first = _header(lines, table, number) if table else 0
        pattern = re.compile(rf"""[\s\[]*["']?{re.escape(key)}["']?\s*[=.\]]""")
        last = next((n for n in range(first + 1, len(lines)) if lines[n].startswith("[")), len(lines))
        found = next((n for n in range(first, last if table else len(lines)) if pattern.match(lines[n])), None)
        line = found if found is not None else first if table else None
        return self.path if line is None else f"{self.path}:{line + 1}"


def read_toml(path: str) -> TomlFile:
    """Parse the file at `path`. Raises BadFile."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        return TomlFile(path, text, tomllib.loads(text))
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path}: the file is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{path}{_syntax_fault(str(error))}") from None


def type_word(value: object) -> str:
    """Return the word for the type of a TOML value."""
    return next(word for type_, word in _TYPES.items() if isinstance(value, type_))


_TYPES: Mapping[type, str] = {
    bool: "true or false",
    str: "text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    dt.datetime: "a date with a time",
    dt.date: "a date",
    dt.time: "a time",
}
"""bool before int, datetime before date: they are subclasses."""


def _syntax_fault(message: str) -> str:
    """Return the message of tomllib with the place at its beginning."""
    fault, _, place = message.partition(" (at line ")
    where = f":{place.rstrip(')').replace(', column ', ':')}" if place else ""
    return f"{where}: {fault[:1].lower()}{fault[1:]}"


def _header(lines: list[str], table: str, number: int) -> int:
    headers = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{re.escape(table)}\s*\]\]", line)]
    return headers[number] if number < len(headers) else 0


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return what an error adds about an unknown name: the most similar known one, or else `otherwise`."""
    near = closest(name, known)
    hint = f"did you mean {near}?" if near else otherwise
    return f"; {hint}" if hint else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar known name, if any is similar."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)
