"""The command that makes a run again, or one of its checks: with all that was asked of it, ready to be pasted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.configuration.file import FILE
from conformance.configuration.options import CONNECTION, SELECTING, TARGET, URL, VERDICT, Option
from conformance.configuration.settings import Settings

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
