"""Variants in the content of responses."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, ClassVar

from tests.servers.plain import PlainServer, Stored
from tests.servers.plain_fields import BASE, COSTS, INHERITED, KEY, PROVIDER, Values
from tests.servers.wire import HttpError, Json, Request, Response

if TYPE_CHECKING:
    from tests.servers.fixtures import Fixtures

INDIA = timezone(timedelta(hours=5, minutes=30))
OPTIONAL = ("display_name", "base_model_name", *INHERITED, "provider")


class AbsentValuesAreNull(PlainServer):
    """Assumed: an optional value that a model does not have is absent. Here it is null, as many servers write it."""

    deviates = frozenset({"SCH-04"})

    def serialize(self, organization: str, stored: Stored) -> Values:
        return dict.fromkeys(OPTIONAL) | super().serialize(organization, stored)


class ConstantsAbsent(PlainServer):
    """Published: everything but the name may be absent. Here fields with the same value in every custom model are."""

    def constant_fields(self, stored: Stored) -> Values:
        return {}


class DefaultValuesReturned(PlainServer):
    """Open: the value if neither the model nor its base model has one. Here it is a default."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        numbers = dict.fromkeys(INHERITED, 0) | {"max_context_window": 4096}
        return numbers | {"display_name": stored.name} | super().serialize(organization, stored)


class ProviderAbsent(PlainServer):
    """Published: everything but the name may be absent. Here the provider is."""

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        return {}


class ProviderChangesBetweenReads(PlainServer):
    """Published: further fields may be returned. Here the provider has the time of its last use."""

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        returned = super().provider_field(organization, lineage)
        return {name: {**provider, "last_used": self.format_time(self.now())} for name, provider in returned.items()}


class ReadsOmitParameters(PlainServer):
    """Published: everything but the name may be absent. Here reads omit parameters and provider."""

    absent: ClassVar[tuple[str, ...]] = ("supported_params", "provider")

    def read(self, request: Request) -> Response:
        response = super().read(request)
        return replace(response, body={name: value for name, value in response.body.items() if name not in self.absent})


class ReadsOmitMore(ReadsOmitParameters):
    """Published: everything but the name may be absent. Here reads omit display name, base model and cache costs."""

    absent = ("display_name", BASE, *COSTS[2:], "image_support")


class ReadsReturnNames(PlainServer):
    """Published: everything but the name may be absent. Here reads return nothing else."""

    def read(self, request: Request) -> Response:
        response = super().read(request)
        return replace(response, body={name: response.body[name] for name in ("id", KEY)})


class ParametersAbsent(PlainServer):
    """Published: everything but the name may be absent. Here the parameters are, despite an override."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        returned = super().serialize(organization, stored)
        return {name: value for name, value in returned.items() if name != "supported_params"}


class EmptyParametersAbsent(PlainServer):
    """Published: everything but the name may be absent. Here empty parameters are."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        returned = super().serialize(organization, stored)
        return {name: value for name, value in returned.items() if name != "supported_params" or value}


class DisplayNameFromName(PlainServer):
    """Open: the display name of a model that has none. Here it is its name in title case."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        title = re.sub("[^A-Za-z0-9]+", " ", stored.name).strip().title()
        return {"display_name": title} | super().serialize(organization, stored)


class ProviderDecides(PlainServer):
    """Open: under which name a model is called, and its own default parameters. Here the provider decides."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        returned = super().serialize(organization, stored)
        provider = stored.values.get(PROVIDER)
        defaults = {f"{provider}_user": {"max": 1}} if provider else {}
        return {
            **returned,
            "supported_params": {**defaults, **returned["supported_params"]},
            "is_called_by_custom_name": provider is None,
        }


class TimesOfTwoPrecisions(PlainServer):
    """Open: the precision of date-times. Here a create returns nine digits, and the store keeps seconds."""

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        if response.status != 201:
            return response
        return replace(response, body={**response.body, "created_at": f"{response.body['created_at'][:-1]}789Z"})

    def time_fields(self, stored: Stored) -> Values:
        return {**super().time_fields(stored), "updated_at": self.format_time(self.rounded(stored.updated))}

    def rounded(self, moment: datetime | None) -> datetime | None:
        """Return the moment rounded to the second."""
        return moment and moment.replace(microsecond=0)


class LongIntegers(PlainServer):
    """Open: further fields may be returned. Here one is an integer with more digits than many parsers accept."""

    def encode(self, value: Json) -> bytes:
        written = super().encode(value)
        return written[:-1] + b',"shares":' + b"9" * 5001 + b"}" if isinstance(value, dict) and value else written


class TimesAbsent(PlainServer):
    """Assumed, with a choice: the times may be absent. Here they are."""

    def time_fields(self, stored: Stored) -> Values:
        return {}


class TimesNull(PlainServer):
    """Assumed, with a choice: the times may be null. Here they are."""

    def time_fields(self, stored: Stored) -> Values:
        return {"created_at": None, "updated_at": None}


class TimesInSeconds(PlainServer):
    """Open: the precision of date-times. Here they have no fraction."""

    def format_time(self, moment: datetime | None) -> str | None:
        return super().format_time(moment.replace(microsecond=0) if moment else None)


class TimesInOtherZone(PlainServer):
    """Open: the offset of date-times. Here it is that of India."""

    def format_time(self, moment: datetime | None) -> str | None:
        return super().format_time(moment.astimezone(INDIA) if moment else None)


class CostsAsFloats(PlainServer):
    """Open: the spelling of numbers. Here a cost of 2 is written 2.0."""

    def inherited_fields(self, lineage: list[Stored]) -> Values:
        values = super().inherited_fields(lineage)
        return {name: float(value) if name in COSTS else value for name, value in values.items()}


class ThroughputChangesBetweenReads(PlainServer):
    """Stated: throughput is an object or null. Here it is an object that differs in every response."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.requests = count(1)

    def throughput(self, stored: Stored) -> Json:
        requests = next(self.requests)
        tps = 70 + requests % 7 / 2
        return {"average_tps": tps, "average_ttft": 0.3, "average_latency": 2.5, "number_of_requests": requests}


class MoreFieldsReturned(PlainServer):
    """Allowed: a response may have more fields than the contract names."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        more: Values = {"organization": organization, "tags": [], "owner": {"name": organization}, "deprecated": None}
        return {**super().serialize(organization, stored), **more}


class ProblemDetails(PlainServer):
    """Assumed: the shape of errors. Here they are problem details of RFC 9457."""

    def content_type(self, response: Response) -> str:
        return "application/problem+json" if response.status >= 400 else super().content_type(response)

    def error_body(self, error: HttpError) -> Json:
        detail = error.problem if isinstance(error.problem, str) else json.dumps(error.problem)
        return {"type": "about:blank", "title": "Refused", "status": error.status, "detail": detail}


class Gzipped(PlainServer):
    """Standard: a response may be compressed if the request accepts it (RFC 9110, 12.5.3)."""

    def accepts_gzip(self, request: Request) -> bool:
        """Return whether the request accepts gzip."""
        codings = (coding.strip().split(";")[0] for coding in request.header("Accept-Encoding").split(","))
        return "gzip" in codings

    def body_bytes(self, request: Request, response: Response) -> bytes:
        body = super().body_bytes(request, response)
        return gzip.compress(body) if body and self.accepts_gzip(request) else body

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        coding = {"Content-Encoding": "gzip"} if body and self.accepts_gzip(request) else {}
        return {**super().headers(request, response, body), "Vary": "Accept-Encoding", **coding}


class RateLimited(PlainServer):
    """Standard: a server may return 429. This one has three tokens, and refills when they are used up."""

    TOKENS = 3

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.tokens = self.TOKENS
        self.put_off: set[bytes] = set()
        """Digests of requests that got 429: a repeated one is not rejected again."""

    def respond(self, request: Request) -> Response:
        digest = self.digest(request)
        with self.lock:
            if digest in self.put_off:
                self.put_off.remove(digest)
            elif self.tokens == 0:
                self.tokens = self.TOKENS
                self.put_off.add(digest)
                return Response(429, {"detail": "Request was throttled."}, {"Retry-After": "0"})
            else:
                self.tokens -= 1
        return super().respond(request)

    def digest(self, request: Request) -> bytes:
        """Return what distinguishes a request; its body can be read again."""
        body = request.read(1 << 24)
        request.environ["wsgi.input"] = BytesIO(body)
        return sha256(repr((request.method, request.path, request.header("Authorization"), body)).encode()).digest()
