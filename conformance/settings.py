"""The settings of a run: every option with its value and its origin, which is an argument, the environment or a file.

The file is `respan-conformance.toml`. Its top level has the options of the command by their names.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from conformance.options import BY_NAME, OPTIONS, BadKey, Option, Sources, key_of_file
from contract.command import explained

IN_FILE = re.compile(r":\d+$")
"""The end of an origin in a settings file: the line, where several options may stand."""


class UsageError(Exception):
    """The command was used wrongly. The text says how to use it."""


class BadSetting(ValueError):
    """The value of an option is invalid. The text says where it was given, and what is expected."""


EACH_ITS_OWN = (
    ("other-org-key", "api-key", "a key of a second organization"),
    ("read-only-key", "api-key", "a key of the same organization that may only read"),
    ("read-only-key", "other-org-key", "a key of the first organization that may only read"),
)
"""Keys that must differ, and what to give for the first of each pair."""


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

    def place(self, name: str) -> str:
        """Return where the value of an option was given, as errors name it: `--ca`, `RESPAN_CA`, `gate.toml:2: ca`."""
        origin = self.origins.get(name, f"--{name}")
        return f"{origin}: {name}" if IN_FILE.search(origin) else origin


def gather(given: Mapping[str, Any], sources: Sources | None = None, file: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings: of `given`, else of the environment, else of a file. Raises BadSetting.

    Names have hyphens or underscores; unless other sources name them, they are arguments of a Python function.
    """
    sources = sources or Sources(argument=lambda option: option.name.replace("-", "_"), takes_keys=True)
    sources.given = _without_none({name.replace("_", "-"): value for name, value in given.items()})
    for unknown in sources.given.keys() - BY_NAME.keys():
        raise TypeError(f"unknown option {unknown}{suggestion(unknown, BY_NAME)}")
    command = click.Command("settings", params=list(OPTIONS))
    try:
        return settings_of(command.make_context(None, [], default_map=_without_none(file or {}), obj=sources))
    except click.UsageError as error:
        raise BadSetting(explained(error)) from None


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != []}


def settings_of(ctx: click.Context) -> Settings:
    """Return the settings that click has parsed. Raises BadSetting."""
    values = {o.name: list(ctx.params[o.name]) if o.multiple else ctx.params[o.name] for o in OPTIONS}
    origins = {option.name: origin for option in OPTIONS if (origin := option.origin(ctx))}
    for file in OPTIONS:
        if file.holds:
            values[file.holds] = _key(ctx, BY_NAME[file.holds], file, origins)
    _check_keys_differ(values, origins)
    return Settings(values, origins)


def _key(ctx: click.Context, key: Option, file: Option, origins: dict[str, str]) -> str | None:
    """Return the secret from the first source that gives it, or gives a file with it."""
    given = {each: ctx.get_parameter_source(each.name) for each in (key, file) if each.name in origins}
    if not given:
        return None
    if len(given) > len({*given.values()}):
        both = " and ".join(each.get_error_hint(ctx) for each in given)
        raise BadSetting(f"{both} are both set; set one of them")
    used = min(given, key=lambda each: given[each] or 0)
    parse = key.secret or str
    place, text = used.get_error_hint(ctx), ctx.params[used.name]
    try:
        if used is key:
            return parse(text)
        place, origins[key.name] = f"{place} {text}", f"{origins[file.name]} {text}"
        return key_of_file(text, parse)
    except BadKey as error:
        raise BadSetting(f"{place}: {error}") from None


def _check_keys_differ(values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    """Raise BadSetting if two credentials have the same key: the difference between them cannot be tested then."""
    for name, other, needed in EACH_ITS_OWN:
        if values[name] is not None and values[name] == values[other]:
            raise BadSetting(
                f"{origins[name]} is the same key as {origins[other]}; give {needed}, or leave {origins[name]} out"
            )


def asked_for(name: str) -> str:
    """Return how a user sets an option: `--provider`, `RESPAN_API_KEY`."""
    return BY_NAME[name].spelled


FILE = "respan-conformance.toml"
"""The settings file in the current directory, which is read unless another one is named."""


def from_file(path: str | None) -> tuple[dict[str, Any], Callable[[Option], str]]:
    """Return the options in a settings file, and what names the place of one. Raises BadFile.

    The file is the one at `path`; for None, the one in the current directory, if it exists.
    """
    if path is None and not Path(FILE).exists():
        return {}, lambda _: ""
    file = read_toml(path, "--config") if path else read_toml(FILE)
    return {key: _written(file, key, value) for key, value in file.members.items()}, lambda it: file.place(it.name)


def _written(file: TomlFile, key: str, value: Any) -> str | list[str]:
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
    if not option.multiple:
        return _text(file, option, value)
    return [_text(file, option, part) for part in (value if isinstance(value, list) else [value])]


def _text(file: TomlFile, option: Option, part: Any) -> str:
    """Return the value as on the command line; a path is relative to the folder of the file."""
    if not isinstance(part, str | int | float) or (isinstance(part, bool) and not option.flag):
        value = json.dumps(part, ensure_ascii=False, default=str)
        raise BadFile(
            f"{file.place(option.name)}: {option.name} = {value}: give "
            f"{option.expected} as on the command line, not {type_word(part)}"
        )
    if isinstance(option.type, click.Path) and part:
        return str(Path(file.path).parent / Path(str(part)).expanduser())
    return str(part)


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


def read_toml(path: str, given_by: str = "") -> TomlFile:
    """Parse the file at `path`, which an option or a variable may have given. Raises BadFile."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        return TomlFile(path, text, tomllib.loads(text))
    except OSError as error:
        raise BadFile(f"{given_by} {path}: {error.strerror or error}".lstrip()) from None
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
