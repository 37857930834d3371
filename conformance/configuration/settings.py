"""The settings of a run: every option with its value, and where the value comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.configuration.keys import BadKey, key_of_file
from conformance.configuration.kinds import INPUT, Unfit
from conformance.configuration.options import BY_NAME, OPTIONS, URL, Option


class BadSetting(ValueError):
    """An option is given what it cannot take. Its user is at fault; the text says where, and what to give."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is written for an option somewhere."""

    texts: Sequence[str]
    """One text; several for an option that may be given several times."""
    place: str
    """Where: `--seed`, `RESPAN_SEED`, `respan-conformance.toml:3`."""
    joiner: str = " "
    """What stands between the option and its text in an error."""
    key: str = ""
    """How the option is spelled there, where the place does not say it."""

    @property
    def named(self) -> str:
        """The option, as errors name it."""
        return f"{self.place}: {self.key}" if self.key else self.place


EACH_ITS_OWN = (
    ("other-org-key", "api-key", "a key of a second organization"),
    ("read-only-key", "api-key", "a key of the same organization that may only read"),
    ("read-only-key", "other-org-key", "a key of the first organization that may only read"),
)
"""Keys that have to differ, and what to give for the first of each pair."""

Source = Mapping[str, Written]
"""All that is written in one place, by the names of options."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of a run with their values."""

    values: Mapping[str, Any]
    """By the names of all options: None or [] where nothing is given."""
    origins: Mapping[str, str]
    """Where the value of an option that was given comes from."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def with_values(self, origin: str, values: Mapping[str, Any]) -> Settings:
        """The settings, but for some values that come from elsewhere."""
        origins = {**self.origins, **dict.fromkeys(values, origin)}
        return Settings({**self.values, **values}, origins)

    @classmethod
    def gather(cls, *sources: Source) -> Settings:
        """What the sources say, each outweighed by those after it. Raises BadSetting."""
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
    """A source of parsed arguments, where None and [] stand for what was not given."""
    source = {}
    for option in OPTIONS:
        value = given.get(option.name)
        if value is not None and value != []:
            place = URL.kind.metavar if option is URL else spell(option)
            source[option.name] = Written(_texts(value), f"--no-{option.name}" if value is False else place)
    return source


def from_environment(environment: Mapping[str, str] = os.environ) -> Source:
    """A source of environment variables. An empty one says nothing."""
    source = {}
    for option in OPTIONS:
        written = environment.get(option.environment, "")
        if written.strip() or (written and option.secret):
            lines = [line for line in written.splitlines() if line.strip()] if option.repeatable else [written]
            source[option.name] = Written(lines, option.environment, "=")
    return source


def from_python(options: Mapping[str, Any]) -> Source:
    """A source of arguments of a Python function, with underscores for hyphens. None stands for what is not given."""
    names = {option.name.replace("-", "_"): option for option in OPTIONS}
    unknown = options.keys() - names.keys()
    if unknown:
        raise TypeError(f"there is no option {', '.join(sorted(unknown))}")
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
    """The secret of the strongest source that has it, itself or a file that holds it."""
    file = next(other for other in OPTIONS if other.holds == option.name)
    for source in reversed(sources):
        found = [source[name] for name in (option.name, file.name) if name in source]
        if len(found) > 1:
            raise BadSetting(f"{found[0].named} and {found[1].named} are both given; give one of them")
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
    """Raise BadSetting where two callers have the same key: what keeps them apart cannot be tested then."""
    for name, other, needed in EACH_ITS_OWN:
        if values[name] is not None and values[name] == values[other]:
            raise BadSetting(
                f"{origins[name]}: it is the same key as {origins[other]}; give {needed}, or leave {origins[name]} out"
            )


def _parsed(option: Option, text: str, written: Written) -> Any:
    try:
        return option.kind.parse(text)
    except Unfit as unfit:
        raise BadSetting(f"{written.named}: {unfit}") from None
    except ValueError:
        raise BadSetting(f"{written.named}{written.joiner}{text}: give {option.kind.expected}") from None


def asked_for(name: str) -> str:
    """How a user gives an option: `--provider`, `RESPAN_API_KEY`."""
    return BY_NAME[name].spelled
