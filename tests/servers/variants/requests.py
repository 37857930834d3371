"""Variants in which requests are accepted, and how they are parsed."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import TYPE_CHECKING

from tests.servers.plain import PlainServer
from tests.servers.plain_fields import BASE, COSTS, KINDS, PROVIDER, PROVIDER_ALIAS, Values
from tests.servers.wire import FieldError, HttpError, Json, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping


class NamesUpTo255Characters(PlainServer):
    """Open: a name of more than 255 characters is accepted. Here it is rejected."""

    def key(self, name: str) -> str:
        if len(name) > 255:
            raise FieldError("Ensure this field has no more than 255 characters.")
        return super().key(name)


class ControlCharactersRejected(PlainServer):
    """Open: control characters in a string are accepted. Here they are rejected."""

    def string(self, name: str, value: Json) -> str:
        text = super().string(name, value)
        if any(character < " " or character == "\x7f" for character in text):
            raise FieldError("Control characters are not allowed.")
        return text


class EmptyDisplayNameRejected(PlainServer):
    """Open: an empty display name is accepted. Here it is rejected."""

    def string(self, name: str, value: Json) -> str:
        if name == "display_name" and value == "":
            raise FieldError("This field may not be blank.")
        return super().string(name, value)


class NegativeCostsRejected(PlainServer):
    """Open: a negative cost is accepted. Here it is rejected, and so is -0.0."""

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        if name in COSTS and str(number).startswith("-"):
            raise FieldError("Ensure this value is greater than or equal to 0.")
        return number


class WindowsUpTo31Bits(PlainServer):
    """Open: an integer beyond 2^31-1 is accepted. Here it is rejected."""

    def integer(self, name: str, value: Json) -> int:
        number = super().integer(name, value)
        if not -(2**31) <= number < 2**31:
            raise FieldError("Ensure this value is less than or equal to 2147483647.")
        return number


class WholeFloatsRejected(PlainServer):
    """Open: 7.0 is an integer. Here an integer has no decimal point."""

    def integer(self, name: str, value: Json) -> int:
        if isinstance(value, float):
            raise FieldError("A valid integer is required.")
        return super().integer(name, value)


class EmptyNameAllowed(PlainServer):
    """Assumed: an empty name is rejected. Here it is accepted."""

    deviates = frozenset({"STA-12"})

    def key(self, name: str) -> str:
        return name


class NullCountsAsOmitted(PlainServer):
    """Assumed: null is rejected. Here a null field counts as omitted."""

    deviates = frozenset({"STA-11"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return {name: value for name, value in super().known_fields(body).items() if value is not None}


class StockSerializers(PlainServer):
    """Assumed: the server rejects what a lenient reader would convert, and strings are exact.

    Here fields read as the stock ones of Django REST framework do: they make numbers into strings and strings into
    numbers, trim strings, and refuse blank ones.
    """

    deviates = frozenset({"STA-10", "IDM-09", "IDM-11", "IDM-20"})

    def string(self, name: str, value: Json) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise FieldError("Not a valid string.")
        text = str(value).strip()
        if not text:
            raise FieldError("This field may not be blank.")
        if "\0" in text:
            raise FieldError("Null characters are not allowed.")
        return text

    def number(self, name: str, value: Json) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise FieldError("A valid number is required.") from None
        if not isfinite(number):
            raise FieldError("A valid number is required.")
        return number

    def integer(self, name: str, value: Json) -> int:
        match = re.fullmatch(r"\s*(-?\d{1,18})(\.0*)?\s*", str(value))
        if not match or isinstance(value, list | dict):
            raise FieldError("A valid integer is required.")
        return int(match[1])

    def flag(self, name: str, value: Json) -> int:
        if isinstance(value, list | dict) or str(value) not in {"0", "1"}:
            raise FieldError(f'"{value}" is not a valid choice.')
        return int(value)


class UnknownFieldsRejected(PlainServer):
    """Open: the server ignores fields that the contract does not name. Here it rejects them."""

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        unknown = [name for name in body if name not in KINDS]
        if unknown:
            raise HttpError(400, {name: ["Unknown field."] for name in unknown})
        return super().known_fields(body)


class DifferingProvidersAllowed(PlainServer):
    """Assumed: two different spellings of the provider are rejected. Here the main one wins."""

    deviates = frozenset({"STA-14"})

    def resolve_aliases(self, values: Values) -> Values:
        both = PROVIDER in values and PROVIDER_ALIAS in values
        return super().resolve_aliases({**values, PROVIDER_ALIAS: values[PROVIDER]} if both else values)


class UnknownBaseReturns400(PlainServer):
    """Assumed: an unknown base model gets 404. Here it gets 400."""

    deviates = frozenset({"STA-13", "TEN-06"})

    def unknown_reference(self, field: str, name: str) -> HttpError:
        if field == BASE:
            return HttpError(400, {field: [f'Invalid pk "{name}" - object does not exist.']})
        return super().unknown_reference(field, name)


class UnknownBaseAllowed(PlainServer):
    """Assumed: an unknown base model is rejected. Here it is accepted, and inherited from once it exists."""

    deviates = frozenset({"STA-13", "TEN-06"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, {name: value for name, value in values.items() if name != BASE})


class UnknownProviderAllowed(PlainServer):
    """Assumed: an unknown provider is rejected. Here it is accepted, and no provider is returned."""

    deviates = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        others = {name: value for name, value in values.items() if name != PROVIDER}
        super().reject_unknown_references(organization, others)


class LenientJsonAllowed(PlainServer):
    """Open: the server rejects JSON that only a lenient parser can read. Here BOM and trailing commas are accepted."""

    def parse(self, data: bytes) -> Json:
        try:
            return super().parse(data)
        except json.JSONDecodeError:
            without_bom = data.removeprefix(b"\xef\xbb\xbf")
            return super().parse(re.sub(rb",(\s*[}\]])", rb"\1", without_bom))


class TextAfterObjectIgnored(PlainServer):
    """Open: the server rejects JSON that only a lenient parser can read. Here it reads the first value only."""

    def parse(self, data: bytes) -> Json:
        text = data.decode("utf-8").lstrip()
        return super().parse(text[: json.JSONDecoder().raw_decode(text)[1]].encode())


class DuplicateMembersAllowed(PlainServer):
    """Open: a duplicate member of an object is rejected. Here the last one wins."""

    def build_object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        return dict(pairs)


class AnyMediaTypeAllowed(PlainServer):
    """Open: another media type gets 415. Here every body is read as JSON."""

    def reject_media_type(self, content_type: str) -> None:
        pass


class MediaTypeReturns400(PlainServer):
    """Open: another media type gets 415. Here it gets 400."""

    def reject_media_type(self, content_type: str) -> None:
        try:
            super().reject_media_type(content_type)
        except HttpError as error:
            raise HttpError(400, error.problem) from error


class ChunkedBodiesRejected(PlainServer):
    """Standard: a server may require Content-Length. This one does, with 411."""

    def read_body(self, request: Request) -> bytes:
        if request.header("Transfer-Encoding"):
            raise HttpError(411, "Content-Length is required.")
        return super().read_body(request)


class IntegersAsDoubles(PlainServer):
    """Open: an integer beyond 2^53 comes back exactly. Here the nearest double does, as in JavaScript."""

    def parse(self, data: bytes) -> Json:
        self.reject_unstorable(super().parse(data))
        return json.loads(data, parse_int=lambda digits: int(float(digits)))


class LoneSurrogatesAllowed(PlainServer):
    """Open: lone surrogates are rejected. Here they are accepted and returned as the escapes that were sent."""

    def reject_unstorable(self, value: Json, depth: int = 1) -> None:
        if not isinstance(value, str):
            super().reject_unstorable(value, depth)

    def encode(self, value: Json) -> bytes:
        return json.dumps(value, allow_nan=False).encode()


class EmptyReferencesAllowed(PlainServer):
    """Open: an empty base model or provider gets 404. Here it is accepted and means none."""

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        references = {name: value for name, value in values.items() if name not in {BASE, PROVIDER} or value}
        super().reject_unknown_references(organization, references)


class BodiesUpTo8KiB(PlainServer):
    """Open: the body size that gets 413. Here it is more than 8 KiB."""

    def read_body(self, request: Request) -> bytes:
        data = super().read_body(request)
        if len(data) > 1 << 13:
            raise HttpError(413, "The body is larger than 8 KiB.")
        return data


class LongPathsRejected(PlainServer):
    """Standard: a server may reject a long path (RFC 9110, 15.5.15). Here from 2,000 characters."""

    def respond(self, request: Request) -> Response:
        return Response(414, {"detail": "Too long."}) if len(request.path) > 2000 else super().respond(request)


class ReferencesCheckedBeforeSpellings(PlainServer):
    """Open: which of two errors comes first. Here unknown providers are rejected before spellings are compared."""

    def resolve_aliases(self, values: Values) -> Values:
        both = [values[name] for name in (PROVIDER, PROVIDER_ALIAS) if name in values]
        known = {name for providers in self.fixtures.providers.values() for name in providers}
        unknown = next((name for name in both if name not in known), None)
        return super().resolve_aliases(
            values if unknown is None else {**values, PROVIDER: unknown, PROVIDER_ALIAS: unknown}
        )


class BodiesUpTo3000Bytes(PlainServer):
    """Open: the body size that gets 413. Here it is more than 3,000 bytes, and the response has no body."""

    def read_body(self, request: Request) -> bytes:
        data = super().read_body(request)
        if len(data) > 3000:
            raise HttpError(413, "The body is larger than 3,000 bytes.")
        return data
