"""Variants that accept little more than plain values, in creates, in updates or in both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.servers.plain import PlainServer
from tests.servers.plain_fields import BASE, COSTS, KEY, OVERRIDE, PROVIDER
from tests.servers.wire import FieldError

if TYPE_CHECKING:
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json

NAME = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


class PlainValuesOnly(PlainServer):
    """Open: whether values outside the plain core are accepted. Here none is."""

    def validate_field(self, name: str, value: Json) -> Json:
        checked = super().validate_field(name, value)
        if not self.is_plain(name, checked):
            raise FieldError("This value is not supported.")
        return checked

    def is_plain(self, name: str, value: Json) -> bool:
        """Return whether every server has to accept a value of the right type."""
        if name == KEY:
            return NAME.fullmatch(value) is not None
        if name == "display_name":
            return self.is_plain_text(value)
        if name in COSTS:
            return bool(0 <= value <= 1000 and round(value, 6) == value) and not str(value).startswith("-")
        if name == "max_context_window":
            return bool(1 <= value <= 10_000_000)
        return name != OVERRIDE or (len(value) <= 8 and all(map(self.is_plain_entry, value.values())))

    def is_plain_text(self, text: str) -> bool:
        """Return whether a text has 1 to 100 printable characters."""
        return 1 <= len(text) <= 100 and text.isprintable() and text == text.strip()

    def is_plain_entry(self, entry: Json) -> bool:
        """Return whether an entry is an object of plain values."""
        return isinstance(entry, dict) and all(isinstance(value, str | int | float) for value in entry.values())


class _PlainCoreSometimes(PlainValuesOnly):
    """Values outside the plain core are accepted only in creates, or only in updates."""

    taken_where_the_model_exists: bool

    def validate_fields(self, fields: Values) -> Values:
        exists = any(name == fields.get(KEY) for _, name in self.snapshot())
        self.lenient = exists is self.taken_where_the_model_exists
        return super().validate_fields(fields)

    def is_plain(self, name: str, value: Json) -> bool:
        return self.lenient or super().is_plain(name, value)


class PlainUpdatesOnly(_PlainCoreSometimes):
    """Open: whether values outside the plain core are accepted. Here creates accept them and updates do not."""

    taken_where_the_model_exists = False


class PlainCreatesOnly(_PlainCoreSometimes):
    """Open: whether values outside the plain core are accepted. Here updates accept them and creates do not."""

    taken_where_the_model_exists = True


class NonObjectEntriesRejected(PlainServer):
    """Open: entries of an override that are not objects. Here lists and null are rejected."""

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        entries = super().mapping(name, value)
        if not all(isinstance(entry, dict) and parameter.strip() for parameter, entry in entries.items()):
            raise FieldError("Expected an object of objects.")
        return entries


class SixteenEntries(PlainServer):
    """Open: how many entries an override may have. Here it is sixteen."""

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        if len(entries := super().mapping(name, value)) > 16:
            raise FieldError("Ensure this field has no more than 16 entries.")
        return entries


class EmptyReferenceReturns400(PlainServer):
    """Open: an empty base model or provider gets 404. Here it gets 400."""

    def string(self, name: str, value: Json) -> str:
        if value == "" and name in {BASE, PROVIDER}:
            raise FieldError("This field may not be blank.")
        return super().string(name, value)


class SignOfZeroLost(PlainServer):
    """Open: -0.0 may come back as 0. Here it does, in costs and in overrides, as with many JSON serializers."""

    def parse(self, data: bytes) -> Json:
        return self.unsigned(super().parse(data))

    def unsigned(self, value: Json) -> Json:
        """Return the value without the sign of zeros and without the decimal point of whole numbers."""
        if isinstance(value, dict):
            return {name: self.unsigned(child) for name, child in value.items()}
        if isinstance(value, list):
            return [self.unsigned(child) for child in value]
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
