"""The file of settings, `respan-conformance.toml`: the options of the command, by their names, at its top level."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.configuration.near import suggestion
from conformance.configuration.options import BY_NAME, Option
from conformance.configuration.settings import Source, Written
from conformance.configuration.toml import BadFile, TomlFile, read_toml, type_word

FILE = "respan-conformance.toml"
"""Taken from the current directory where no other file is named."""


def from_file(path: str | None) -> Source:
    """A source of the settings in the file; in the one of the current directory, if there is one, for None."""
    if path is None and not Path(FILE).exists():
        return {}
    file = read_toml(path or FILE)
    return {key: _written(file, key, value) for key, value in file.members.items()}


def _written(file: TomlFile, key: str, value: Any) -> Written:
    place = file.place(key)
    option = BY_NAME.get(key)
    if option is None:
        known = [name for name, option in BY_NAME.items() if not option.secret]
        raise BadFile(f"{place}: there is no option {key}{suggestion(key, known)}")
    if option.secret:
        raise BadFile(
            f"{place}: {key}: a key does not stand in a file that many can read; set {option.environment}, "
            f"or name a file that holds it with {key}-file"
        )
    parts = value if isinstance(value, list) and option.repeatable else [value]
    return Written([_text(file, option, part) for part in parts], place, " = ", key)


def _text(file: TomlFile, option: Option, part: Any) -> str:
    """The value as it would stand on the command line; a path as seen from the folder of the file."""
    if type(part) not in option.kind.in_toml:
        many = " or a list of such" if option.repeatable else ""
        raise BadFile(
            f"{file.place(option.name)}: {option.name} = {_quoted(part)}: give {option.kind.expected}{many}, "
            f"not {type_word(part)}"
        )
    if option.kind.is_path and part:
        return str(Path(file.path).parent / Path(part).expanduser())
    return str(part)


def _quoted(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False, default=str)
