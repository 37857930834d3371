"""Faults of reading bodies: casts, limits, spelling, and values that make the server fail."""

from __future__ import annotations

import json
import struct
import unicodedata
from dataclasses import replace
from typing import Any

from tests.servers.aiohttp_server import model, reading, views, web_app
from tests.servers.aiohttp_server.fault_kit import current, fault, put
from tests.servers.aiohttp_server.log import Stream
from tests.servers.aiohttp_server.model import BASE, COSTS, OVERRIDE, Model
from tests.servers.aiohttp_server.reading import Problem
from tests.servers.aiohttp_server.views import Catalogue, Document


def reading_values(change: Any) -> None:
    """Let `change(values)` alter the values that a request sent, in place."""

    def read(body: bytes) -> Any:
        wanted = original(body)
        change(wanted.values)
        return wanted

    original = current(web_app, "read_upsert")
    put(web_app, "read_upsert", read)


def casting(field: str, cast: Any) -> None:
    """Let `cast(value)` replace the value of a field."""
    reading_values(lambda values: field in values and values.update({field: cast(values[field])}))


def everywhere(value: Any, cast: Any) -> Any:
    """Cast each plain value within a JSON value."""
    if isinstance(value, dict):
        return {name: everywhere(member, cast) for name, member in value.items()}
    if isinstance(value, list):
        return [everywhere(member, cast) for member in value]
    return cast(value)


def as_number(value: Any) -> Any:
    """Return the number that a string spells, or the value itself."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


@fault("MUST", "returned", "A display name that spells a number is stored as one.")
def display_name_as_number() -> None:
    casting("display_name", as_number)


@fault("MUST", "returned", "Display names are normalized to NFC.")
def display_name_normalized() -> None:
    casting("display_name", lambda text: unicodedata.normalize("NFC", text))


@fault("SHOULD", "exact", "Display names are cut to 255 characters.")
def display_name_cut() -> None:
    casting("display_name", lambda text: text[:255])


@fault("SHOULD", "exact", "White space at the end of a display name is trimmed.")
def display_name_trimmed() -> None:
    casting("display_name", str.rstrip)


@fault("MUST", "returned", "Markup characters of display names are escaped as HTML.")
def display_name_escaped() -> None:
    casting("display_name", lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))


@fault("MUST", "returned", "Strings within an override that spell a number are stored as one.")
def override_numbers_cast() -> None:
    casting(OVERRIDE, lambda value: everywhere(value, as_number))


@fault("MUST", "returned", "Booleans within an override are stored as 0 or 1.")
def override_booleans_cast() -> None:
    casting(OVERRIDE, lambda value: everywhere(value, lambda leaf: int(leaf) if isinstance(leaf, bool) else leaf))


@fault("SHOULD", "exact", "An override has at most 24 entries; further ones are dropped.")
def override_entries_limited() -> None:
    casting(OVERRIDE, lambda value: dict(list(value.items())[:24]))


@fault("SHOULD", "exact", "Strings within an override are cut to 1,000 characters.")
def override_strings_cut() -> None:
    casting(OVERRIDE, lambda value: everywhere(value, lambda leaf: leaf[:1000] if isinstance(leaf, str) else leaf))


@fault("MUST", "returned", "Lists within an override are sorted.")
def override_lists_sorted() -> None:
    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: ordered(member) for name, member in value.items()}
        return sorted(value, key=json.dumps) if isinstance(value, list) else value

    casting(OVERRIDE, ordered)


@fault("MUST", "returned", "Names of parameters in an override are made lower case.")
def override_names_folded() -> None:
    casting(OVERRIDE, lambda value: {name.lower(): member for name, member in value.items()})


@fault("MUST", "returned", "Costs are rounded to 5 decimals.")
def costs_rounded() -> None:
    for cost in COSTS:
        casting(cost, lambda value: round(value, 5))


@fault("MUST", "returned", "The cost of cache creation is stored with single precision.")
def cost_in_single_precision() -> None:
    casting("cache_creation_input_cost", lambda value: struct.unpack("f", struct.pack("f", min(value, 3e38)))[0])


@fault("SHOULD", "exact", "A window beyond 32 bits is stored as 2^31-1.")
def window_clipped() -> None:
    casting("max_context_window", lambda value: min(value, 2**31 - 1))


@fault("MUST", "own-wins", "A base model named after other members of the body replaces their values.")
def base_replaces_earlier_members() -> None:
    def change(values: dict[str, Any]) -> None:
        names = list(values)
        for name in names[: names.index(BASE)] if BASE in names else ():
            if name in views.INHERITED:
                del values[name]

    reading_values(change)


def rejecting(is_rejected: Any) -> None:
    """Return 400 for bodies for which `is_rejected(body)` is true."""

    def read(body: bytes) -> Any:
        if is_rejected(body):
            raise Problem(400, "The body is no JSON text.")
        return original(body)

    original = current(web_app, "read_upsert")
    put(web_app, "read_upsert", read)


@fault("MUST", "json-spelling", "A body in which surrogate pairs are escaped returns 400.")
def surrogate_pairs_rejected() -> None:
    rejecting(lambda body: b"\\ud8" in body.lower())


@fault("MUST", "json-spelling", "A body that starts with white space returns 400.")
def leading_space_rejected() -> None:
    rejecting(lambda body: body[:1] in b" \n\t\r" and body[:1])


@fault("MUST", "json-spelling", "A number with a capital E returns 400.")
def capital_exponent_rejected() -> None:
    def number(text: str) -> float:
        if "E" in text:
            raise ValueError(text)
        return original(text)

    original = reading.finite
    put(reading, "finite", number)


@fault("MUST", "no-server-error", "A body nested too deep for the parser fails with 500.")
def nesting_fails() -> None:
    def read(body: bytes) -> Any:
        try:
            return original(body)
        except Problem as problem:
            if isinstance(problem.__cause__, RecursionError):
                raise problem.__cause__ from None
            raise

    original = reading.read_object
    put(reading, "read_object", read)


@fault("MUST", "no-server-error", "A body that is JSON but no object fails with 500.")
def list_fails() -> None:
    def read(body: bytes) -> Any:
        try:
            return original(body)
        except Problem as problem:
            if problem.__cause__ is None:
                raise AttributeError("'list' object has no attribute 'items'") from None
            raise

    original = reading.read_object
    put(reading, "read_object", read)


@fault("MUST", "no-server-error", "An integer too large for a double fails with 500 where a cost is expected.")
def huge_cost_fails() -> None:
    def check(value: Any) -> str | None:
        return None if reading.is_number(value) and float(value) >= 0 else "must be a number"

    reading.CHECKS |= dict.fromkeys(COSTS, check)


@fault("MUST", "no-server-error", "A name with a character outside the Basic Multilingual Plane fails with 500.")
def astral_name_fails() -> None:
    def check(value: Any) -> str | None:
        if isinstance(value, str) and value > "" and max(value) > "\uffff":
            raise UnicodeError("ucs2")
        return original(value)

    original = reading.CHECKS["model_name"]
    reading.CHECKS["model_name"] = check


@fault("SHOULD", "server-owned", "A request can set `created_at`.")
def creation_time_taken() -> None:
    reading.CHECKS["created_at"] = reading.not_a_text
    model.FIELDS_OF_EVENTS["Imported"] = ("created_at",)

    def document(self: Catalogue, stream: Any, found: Model) -> Document:
        shown = original(self, stream, found)
        return shown | {"created_at": found.own.get("created_at", shown["created_at"])}

    original = Catalogue.document
    put(Catalogue, "document", document)


@fault("SHOULD", "coercible", "Null for an optional field counts as omitted.")
def null_taken() -> None:
    def read(body: bytes) -> Any:
        document = original(body)
        return {name: value for name, value in document.items() if value is not None or name == "model_name"}

    original = reading.read_object
    put(reading, "read_object", read)


@fault("SHOULD", "rejected", "The valid fields of a request that gets 400 are stored in an existing model.")
def valid_part_stored() -> None:
    async def upsert(self: Any, request: Any) -> Any:
        try:
            return await original(self, request)
        except Problem as problem:
            if problem.status == 400 and "model_name" not in problem.reasons and problem.reasons:
                sent = {k: v for k, v in reading.read_object(await request.read()).items() if k not in problem.reasons}
                wanted = reading.read_upsert(json.dumps(sent).encode())
                stream = Stream(web_app.caller_of(request).organization, wanted.name)
                if self.models.projection.find(stream):
                    await self.models.upsert(stream, replace(wanted, aliases=()))
            raise

    original = web_app.Api.upsert
    web_app.Api.upsert = upsert  # type: ignore[method-assign]
