"""Files that the user writes in TOML, read so that every error says where it is."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class BadFile(ValueError):
    """A file cannot be used. Its author is at fault; the text says where and why."""


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file, parsed."""

    path: str
    text: str
    members: Mapping[str, Any]

    def place(self, key: str, table: str = "", number: int = 0) -> str:
        """The path and, where it can be found, the line of a key; of the `number`th table of an array, or the top."""
        lines = self.text.splitlines()
        first = _header(lines, table, number) if table else 0
        pattern = re.compile(rf"""[\s\[]*["']?{re.escape(key)}["']?\s*[=.\]]""")
        last = next((n for n in range(first + 1, len(lines)) if lines[n].startswith("[")), len(lines))
        found = next((n for n in range(first, last if table else len(lines)) if pattern.match(lines[n])), None)
        line = found if found is not None else first if table else None
        return self.path if line is None else f"{self.path}:{line + 1}"


def read_toml(path: str) -> TomlFile:
    """The file at `path`. Raises BadFile."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        return TomlFile(path, text, tomllib.loads(text))
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path}: it is not in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{path}{_syntax_fault(str(error))}") from None


def type_word(value: object) -> str:
    """What TOML calls a value of that type, as an error says it."""
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
"""bool before int, datetime before date: each is the other, too."""


def _syntax_fault(told: str) -> str:
    """What tomllib says, with the place in front."""
    fault, _, place = told.partition(" (at line ")
    where = f":{place.rstrip(')').replace(', column ', ':')}" if place else ""
    return f"{where}: {fault[:1].lower()}{fault[1:]}"


def _header(lines: list[str], table: str, number: int) -> int:
    headers = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{re.escape(table)}\s*\]\]", line)]
    return headers[number] if number < len(headers) else 0
