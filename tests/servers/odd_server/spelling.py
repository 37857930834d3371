"""Writes JSON and date-times in every equivalent spelling."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

ZONES = tuple(timezone(timedelta(minutes=minutes)) for minutes in (0, 330, -480, 845))
EXACT_INTEGERS = range(-(2**53), 2**53 + 1)
"""Those that a reader who knows doubles only reads exactly."""


class Speller:
    """Writes values in random spellings."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def text(self, value: Any) -> str:
        """Return a JSON text: members in any order, white space anywhere."""
        match value:
            case dict():
                members = [f"{self.string(name)}{self.space()}:{self.text(part)}" for name, part in value.items()]
                self.random.shuffle(members)
                spelled = "{" + ",".join(members) + self.space() + "}"
            case list():
                spelled = "[" + ",".join(map(self.text, value)) + "]"
            case str():
                spelled = self.string(value)
            case bool() | None:
                spelled = json.dumps(value)
            case _:
                spelled = self.number(value)
        return self.space() + spelled

    def space(self) -> str:
        """Return white space between tokens."""
        return self.random.choice(("", "", "", " ", "\n\t"))

    def string(self, value: str) -> str:
        """Return a string with or without escapes."""
        spelled = json.dumps(value, ensure_ascii=self.random.random() < 0.5)
        return spelled.replace("/", "\\/") if self.random.random() < 0.1 else spelled

    def number(self, value: int | float) -> str:
        """Return a number with or without fraction and exponent."""
        spellings = [json.dumps(value)]
        if isinstance(value, float):
            spellings.append(f"{value:.17e}")
        elif value in EXACT_INTEGERS:
            spellings += [f"{value}.0", f"{value}e0", f"{value}.00E+0"]
        return self.random.choice(spellings)

    def moment(self, moment: datetime) -> str:
        """Return a date-time of RFC 3339: any zone, any number of digits, either case (section 5.6)."""
        local = moment.astimezone(self.random.choice(ZONES))
        digits = f"{local:%f}".rstrip("0")
        digits += "0" * self.random.choice((0, 6 - len(digits), 9 - len(digits)))
        offset = local.isoformat()[-6:].replace("+00:00", self.random.choice(("Z", "+00:00")))
        spelled = f"{local:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{digits}{offset}"
        return spelled.lower() if self.random.random() < 0.1 else spelled
