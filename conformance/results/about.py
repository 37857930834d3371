"""How a run was set up: its settings, the versions of the packages, and the command that repeats it.

This is enough to publish a result and to repeat the run. It contains no secrets.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conformance.options import CONNECTION, JUDGING, SELECTING, TARGET, URL, VERDICT, Option
from conformance.settings import FILE, BadSetting, Settings
from contract.version import DISTRIBUTION, installed, installed_version

NAME = "respan-conformance"
CHOSEN = ("only", "skip", "seed", "url", "app")
"""Options with a place of their own in the command."""
WRITING = ("write-waivers", "waiver-reason", "waiver-owner", "ledger")
"""Options that a repeated run leaves out: it would overwrite the files of the first run."""
BUNDLED = "the bundled mock"
"""The origin of the settings for the mock that the command starts."""


@dataclass(frozen=True, slots=True)
class Command:
    """The command that repeats a run."""

    begin: str = NAME
    """The program, its target, and the options that apply to the whole run, as shell words."""
    option: str = "--"
    """The prefix of the names of options."""
    chosen: str = ""
    """The options that select requirements, as shell words."""
    note: str = ""
    """A remark, if the target is an application without an import path."""

    def whole(self, seed: int) -> str:
        """Return the command that repeats the whole run."""
        return f"{self.begin}{self.chosen} {self.option}seed {seed}{self.note}"

    def of(self, seed: int, *ids: str, node: str = "") -> str:
        """Return the command that runs the checks of some requirements again; under pytest only those of `node`."""
        if node and self.option != "--":
            begin = self.begin.replace(f"--pyargs {PACKAGE}", f"--pyargs {shlex.quote(node)}")
            return f"{begin} {self.option}seed {seed}"
        return f"{self.begin} {self.option}only {','.join(dict.fromkeys(ids))} {self.option}seed {seed}{self.note}"


PACKAGE = "conformance"
"""The package whose checks pytest collects."""


def command_of(settings: Settings, variables: Mapping[str, str], app: str | None = None) -> Command:
    """Return the command that repeats a run of `respan-conformance`, or of `check`.

    `variables` maps the secrets that may appear in options to the shell variables to write instead. `app` is the import
    path of the application that `check` was given; it is empty if there is none.
    """
    config = _file_of(settings)
    named = ["--config", shlex.quote(config)] if config not in (None, FILE) else []
    words = [NAME, *_target(settings, app), *named, *_words(settings, "--", variables, config)]
    note = "  # on the application that `check` was given" if app == "" else ""
    return Command(" ".join(words), "--", _chosen(settings, "--"), note)


def pytest_command_of(settings: Settings, variables: Mapping[str, str], arguments: Sequence[str]) -> Command:
    """Return the command that repeats a run of pytest with these arguments, without those that select tests."""
    prefix = "--respan-"
    target = [f"{prefix}{name} {shlex.quote(settings[name])}" for name in ("url", "app") if settings[name]]
    words = [
        "pytest",
        *_of_pytest(arguments),
        f"--pyargs {PACKAGE}",
        *target,
        *_words(settings, prefix, variables, None),
    ]
    return Command(" ".join(words), prefix, _chosen(settings, prefix))


def _file_of(settings: Settings) -> str | None:
    """Return the settings file, if any option comes from one."""
    places = (re.fullmatch(r"(.+):\d+", origin) for origin in settings.origins.values())
    return next((place[1] for place in places if place is not None), None)


def _of_pytest(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the arguments of pytest that decide what it loads."""
    words = iter(arguments)
    for word in words:
        if word in ("-p", "-c", "--rootdir", "--confcutdir", "--config-file", "-o"):
            yield f"{word} {shlex.quote(next(words, ''))}"
        elif word.startswith(("-p", "-c", "--rootdir=", "--confcutdir=", "--config-file=", "--import-mode=")):
            yield shlex.quote(word)


def _target(settings: Settings, app: str | None) -> list[str]:
    if app is not None:
        return ["--app", shlex.quote(app)] if app else []
    if settings["app"]:
        return ["--app", shlex.quote(settings["app"])]
    bundled = settings.origins.get("url") == BUNDLED
    return [shlex.quote(settings["url"])] if settings["url"] and not bundled else []


def _chosen(settings: Settings, prefix: str) -> str:
    return "".join(f" {prefix}{name} {','.join(settings[name])}" for name in ("only", "skip") if settings[name])


def _words(settings: Settings, prefix: str, variables: Mapping[str, str], config: str | None) -> Iterator[str]:
    """Yield the options that were given, without those from the settings file, which the command names."""
    for option in (*TARGET, *SELECTING, *VERDICT, *CONNECTION):
        origin = settings.origins.get(option.name)
        unnamed = option.name in CHOSEN + WRITING or option.secret or option is URL
        if origin is None or unnamed or origin.startswith((BUNDLED, "fixtures ", f"{config}:")):
            continue
        yield from _written(option, settings[option.name], prefix, variables)


def _written(option: Option, value: Any, prefix: str, variables: Mapping[str, str]) -> Iterator[str]:
    if option.flag:
        yield from [f"{prefix}{option.name}"] if value else [f"--no-{option.name}"] * (prefix == "--")
        return
    for part in value if isinstance(value, list) else [value]:
        text = shlex.quote(f"{part:g}" if isinstance(part, float) else str(part))
        for secret, variable in variables.items():
            text = text.replace(secret, f"'\"{variable}\"'") if text.startswith("'") else text.replace(secret, variable)
        yield f"{prefix}{option.name} {text}"


ELSEWHERE = {"url", "app", "seed", "strict", "profile"}
"""Options that have a place of their own in a report."""


@dataclass(frozen=True, slots=True)
class About:
    """How a run was set up."""

    implementation: str | None = None
    """The name of the implementation under test."""
    implementation_version: str | None = None
    profile: str = "default"
    options: Mapping[str, Any] = field(default_factory=dict)
    """The other options, by name."""
    credentials: Sequence[str] = ()
    """Names of the options for keys that were given."""
    started: datetime | None = None
    command: Command = field(default_factory=Command)
    """The command that repeats the run."""

    @classmethod
    def of(cls, settings: Settings, profile: str, *, now: datetime | None = None) -> About:
        """Describe a run with these settings that starts at `now`."""
        given = [option for option in (*TARGET, *JUDGING) if option.name in settings.origins and not option.holds]
        return cls(
            settings["implementation"],
            settings["implementation-version"],
            profile,
            {o.name: settings[o.name] for o in given if not o.secret and o.name not in ELSEWHERE},
            [option.name for option in given if option.secret],
            now or datetime.now(UTC),
        )


DECISIVE = {"httpcore2", "httpx2", "hypothesis", "pytest", "schemathesis"}
"""Packages whose internals the suite uses: with another version, its findings would not be reliable."""


class WrongVersion(BadSetting):
    """The suite does not work with the version of an installed package. The text says what to install."""


def check_versions() -> None:
    """Raise WrongVersion if the suite does not work with the installed packages."""
    wrong = list(_wrong())
    if wrong:
        found = ", ".join(f"{requirement.name} {has or 'is missing'}" for requirement, has in wrong)
        ranges = " ".join(f"'{requirement.name}{requirement.specifier}'" for requirement, _ in wrong)
        raise WrongVersion(
            f"this environment has {found}, but {DISTRIBUTION} {installed_version()} needs {ranges}; "
            f"install it in an environment of its own, or run: pip install {ranges}"
        )


def _wrong() -> Iterator[tuple[Requirement, str | None]]:
    """Yield the unmet requirements of this distribution, each with the version found."""
    for requirement in _requirements():
        if canonicalize_name(requirement.name) not in DECISIVE:
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield requirement, None
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield requirement, found


def _requirements() -> Iterator[Requirement]:
    """Yield the requirements of this distribution; none for a checkout that is not installed."""
    suite = installed()
    for line in (suite and suite.requires) or []:
        try:
            yield Requirement(line)
        except InvalidRequirement:  # a newer syntax than the installed `packaging` reads
            continue
