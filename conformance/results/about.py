"""How a run was set up, as reports tell it: its settings, the versions it was made with, the command that repeats it.

It is enough to publish a result and to repeat the run. There is no secret in it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conformance.options import CONNECTION, JUDGING, SELECTING, TARGET, URL, VERDICT, Option
from conformance.settings import FILE, BadSetting, Settings

NAME = "respan-conformance"
CHOSEN = ("only", "skip", "seed", "url", "app")
"""Options that a command has in a place of their own."""
WRITING = ("write-waivers", "waiver-reason", "waiver-owner", "ledger")
"""Options that a repeated run does not take: it would write over what the first one wrote."""
BUNDLED = "the bundled mock"
"""Where the settings come from that lead to the mock that the command starts."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a run is made again."""

    begin: str = NAME
    """The program, its target, and the options that apply to the whole run, as shell words."""
    option: str = "--"
    """What stands before the name of an option."""
    chosen: str = ""
    """The requirements that were chosen, as shell words."""
    note: str = ""
    """What has to be said beside it: where the target is an application that no command leads to."""

    def whole(self, seed: int) -> str:
        """The whole run again."""
        return f"{self.begin}{self.chosen} {self.option}seed {seed}{self.note}"

    def of(self, seed: int, *ids: str, node: str = "") -> str:
        """The checks of some requirements again; where pytest runs them, those of one `node` alone."""
        if node and self.option != "--":
            begin = self.begin.replace(f"--pyargs {PACKAGE}", f"--pyargs {shlex.quote(node)}")
            return f"{begin} {self.option}seed {seed}"
        return f"{self.begin} {self.option}only {','.join(dict.fromkeys(ids))} {self.option}seed {seed}{self.note}"


PACKAGE = "conformance"
"""What pytest is told to collect the checks of."""


def command_of(settings: Settings, shown: Mapping[str, str], app: str | None = None) -> Command:
    """The command of a run of `respan-conformance`, or of `check`.

    `shown` has the secrets that may stand in options, and the shell variables to write for them. `app` is the path of
    an application that was handed over; it is empty where none leads to it.
    """
    config = _file_of(settings)
    named = ["--config", shlex.quote(config)] if config not in (None, FILE) else []
    words = [NAME, *_target(settings, app), *named, *_words(settings, "--", shown, config)]
    note = "  # on the application that `check` was given" if app == "" else ""
    return Command(" ".join(words), "--", _chosen(settings, "--"), note)


def pytest_command_of(settings: Settings, shown: Mapping[str, str], arguments: Sequence[str]) -> Command:
    """The command of a run of pytest that was given `arguments`, those apart that choose tests."""
    prefix = "--respan-"
    target = [f"{prefix}{name} {shlex.quote(settings[name])}" for name in ("url", "app") if settings[name]]
    words = ["pytest", *_of_pytest(arguments), f"--pyargs {PACKAGE}", *target, *_words(settings, prefix, shown, None)]
    return Command(" ".join(words), prefix, _chosen(settings, prefix))


def _file_of(settings: Settings) -> str | None:
    """The file of settings that options were taken from, if there was one."""
    places = (re.fullmatch(r"(.+):\d+", origin) for origin in settings.origins.values())
    return next((place[1] for place in places if place is not None), None)


def _of_pytest(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments of pytest that decide on what it loads."""
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


def _words(settings: Settings, prefix: str, shown: Mapping[str, str], config: str | None) -> Iterator[str]:
    """The options that were given, but for those of the file that is named anyway."""
    for option in (*TARGET, *SELECTING, *VERDICT, *CONNECTION):
        origin = settings.origins.get(option.name)
        unnamed = option.name in CHOSEN + WRITING or option.secret or option is URL
        if origin is None or unnamed or origin.startswith((BUNDLED, "fixtures ", f"{config}:")):
            continue
        yield from _written(option, settings[option.name], prefix, shown)


def _written(option: Option, value: Any, prefix: str, shown: Mapping[str, str]) -> Iterator[str]:
    if option.flag:
        yield from [f"{prefix}{option.name}"] if value else [f"--no-{option.name}"] * (prefix == "--")
        return
    for part in value if isinstance(value, list) else [value]:
        text = shlex.quote(f"{part:g}" if isinstance(part, float) else str(part))
        for secret, variable in shown.items():
            text = text.replace(secret, f"'\"{variable}\"'") if text.startswith("'") else text.replace(secret, variable)
        yield f"{prefix}{option.name} {text}"


DISTRIBUTION = "respan-contract"
TOLD_ELSEWHERE = {"url", "app", "seed", "strict", "profile"}
"""Options that have a place of their own in a report."""


@dataclass(frozen=True, slots=True)
class About:
    """What was asked of a run."""

    implementation: str | None = None
    """What the user calls the implementation under test."""
    implementation_version: str | None = None
    profile: str = "default"
    options: Mapping[str, Any] = field(default_factory=dict)
    """What was given beside, by name."""
    credentials: Sequence[str] = ()
    """Names of the options for keys that were given."""
    started: datetime | None = None
    command: Command = field(default_factory=Command)
    """How the run is made again."""

    @classmethod
    def of(cls, settings: Settings, profile: str, *, now: datetime | None = None) -> About:
        """What `settings` ask for, at `now`."""
        given = [option for option in (*TARGET, *JUDGING) if option.name in settings.origins and not option.holds]
        return cls(
            settings["implementation"],
            settings["implementation-version"],
            profile,
            {o.name: settings[o.name] for o in given if not o.secret and o.name not in TOLD_ELSEWHERE},
            [option.name for option in given if option.secret],
            now or datetime.now(UTC),
        )


def suite_version() -> str:
    """The version of this suite; of a checkout that is not installed none is known."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


DECISIVE = {"httpcore2", "httpx2", "hypothesis", "pytest", "schemathesis"}
"""Packages of whose inner workings the suite makes use: of another version, what a run finds would not be sound."""


class WrongVersion(BadSetting):
    """A package is of a version that the suite does not work with. The user has to act; the text says how."""


def check_versions() -> None:
    """Return where a run can be made with what is installed. Raises WrongVersion."""
    wrong = list(_wrong())
    if wrong:
        found = ", ".join(f"{requirement.name} {has or 'is missing'}" for requirement, has in wrong)
        ranges = " ".join(f"'{requirement.name}{requirement.specifier}'" for requirement, _ in wrong)
        raise WrongVersion(
            f"this environment has {found}, and {DISTRIBUTION} {suite_version()} works with {ranges}; "
            f"install it in an environment of its own, or: pip install {ranges}"
        )


def _wrong() -> Iterator[tuple[Requirement, str | None]]:
    """The requirements that are not met, each with the version found."""
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
    """What this distribution requires; nothing is known of a checkout that is not installed."""
    try:
        written = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return
    for line in written:
        try:
            yield Requirement(line)
        except InvalidRequirement:  # a newer syntax than the installed `packaging` reads
            continue
