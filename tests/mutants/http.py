"""Bugs in headers that describe a body, in Location and ETag, and leaked provider secrets."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.mutants.mutant import Mutant
from tests.servers.plain import COLLECTION
from tests.servers.plain_fields import KEY
from tests.servers.wire import Response

if TYPE_CHECKING:
    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request

LONG = 1000
"""Bytes from which on compression is worth its while."""


class _Compresses(Mutant):
    """Long responses are compressed if the request accepts it."""

    kills = frozenset({"SCH-20"})

    def is_compressed(self, request: Request, body: bytes) -> bool:
        """Return whether the response is to be compressed."""
        return len(body) >= LONG and "gzip" in request.header("Accept-Encoding")


class CompressedWithoutContentEncoding(_Compresses):
    """Compressed responses have no Content-Encoding."""

    def body_bytes(self, request: Request, response: Response) -> bytes:
        body = super().body_bytes(request, response)
        return gzip.compress(body) if self.is_compressed(request, body) else body


class ContentEncodingWithoutCompression(_Compresses):
    """Content-Encoding is gzip, but the body is not compressed."""

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        coding = {"Content-Encoding": "gzip"} if self.is_compressed(request, body) else {}
        return {**super().headers(request, response, body), **coding}


class CompressedTwice(_Compresses):
    """Long responses are compressed twice, with one Content-Encoding."""

    def body_bytes(self, request: Request, response: Response) -> bytes:
        body = super().body_bytes(request, response)
        return gzip.compress(gzip.compress(body)) if self.is_compressed(request, body) else body

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        coding = {"Content-Encoding": "gzip"} if body.startswith(b"\x1f\x8b") else {}
        return {**super().headers(request, response, body), **coding}


class CompressedResponseCached(Mutant):
    """A read returns compressed bytes from a cache, without Content-Encoding."""

    kills = frozenset({"SCH-20"})

    def body_bytes(self, request: Request, response: Response) -> bytes:
        body = super().body_bytes(request, response)
        return gzip.compress(body) if request.method == "GET" and response.status == 200 else body


class CharsetAsContentEncoding(Mutant):
    """Content-Encoding is `utf-8`."""

    kills = frozenset({"SCH-20"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        return {**super().headers(request, response, body), "Content-Encoding": "utf-8"}


class WrongCharsetInContentType(Mutant):
    """Content-Type names another charset than that of the body."""

    kills = frozenset({"SCH-21"})

    def content_type(self, response: Response) -> str:
        return "application/json; charset=ISO-8859-1"


class ContentLengthInCharacters(Mutant):
    """Content-Length counts characters instead of bytes."""

    kills = frozenset({"SCH-22"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        length = {"Content-Length": str(len(body.decode()))} if body else {}
        return {**super().headers(request, response, body), **length}


class ContentLengthWithChunks(Mutant):
    """A chunked response also has a Content-Length."""

    kills = frozenset({"SCH-22"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        chunked = {"Transfer-Encoding": "chunked"} if body else {}
        return {**super().headers(request, response, body), **chunked}


class ContentLengthIn204(Mutant):
    """A 204 has a Content-Length."""

    kills = frozenset({"SCH-23"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        return {**super().headers(request, response, body), "Content-Length": str(len(body))}


class BodyIn204(Mutant):
    """A delete returns 204 with a JSON body."""

    kills = frozenset({"SCH-23"})

    def delete(self, request: Request) -> Response:
        return replace(super().delete(request), body={"deleted": True})


class _Locates(Mutant):
    """A create returns a Location header."""

    kills = frozenset({"SCH-24"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        return (
            response
            if response.status != 201
            else replace(response, headers={"Location": quote(self.location(response.body))})
        )

    def location(self, model: Values) -> str:
        """Return the Location of a model."""
        raise NotImplementedError


class LocationWithoutPrefix(_Locates):
    """Location lacks the prefix that the application is mounted at."""

    def location(self, model: Values) -> str:
        return f"/models/{model[KEY]}/"


class LocationWithRowNumber(_Locates):
    """Location ends with the row number, where no model can be read."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.rows = count(1)

    def location(self, model: Values) -> str:
        return f"{COLLECTION}{next(self.rows)}/"


class LocationRelativeToWrongBase(_Locates):
    """Location is relative to the wrong base."""

    def location(self, model: Values) -> str:
        return f"models/{model[KEY]}/"


class LocationOfPreviousModel(_Locates):
    """Location is that of the previously created model."""

    latest = ""

    def location(self, model: Values) -> str:
        before, self.latest = self.latest or str(model[KEY]), str(model[KEY])
        return f"{COLLECTION}{before}/"


class LocationWithoutDots(_Locates):
    """Location is a slug without the dots of the name."""

    def location(self, model: Values) -> str:
        return f"{COLLECTION}{str(model[KEY]).replace('.', '')}/"


class _Tags(Mutant):
    """Reads have an ETag."""

    kills = frozenset({"SCH-25"})

    def read(self, request: Request) -> Response:
        response = super().read(request)
        tag = self.tag(response.body)
        if request.header("If-None-Match") == tag:
            return Response(304, headers={"ETag": tag})
        return replace(response, headers={"ETag": tag})

    def tag(self, model: Values) -> str:
        """Return the ETag of a model as it is returned."""
        raise NotImplementedError


def tagged(value: Json) -> str:
    """Return a strong ETag of a value."""
    return f'"{sha256(json.dumps(value).encode()).hexdigest()[:16]}"'


class ETagOfName(_Tags):
    """The ETag depends only on the model's name."""

    def tag(self, model: Values) -> str:
        return tagged(model[KEY])


class ETagOfCreation(_Tags):
    """The ETag depends only on the name and the creation time."""

    def tag(self, model: Values) -> str:
        return tagged([model[KEY], model["created_at"]])


class ETagWithoutParameters(_Tags):
    """The ETag does not depend on the parameters."""

    def tag(self, model: Values) -> str:
        return tagged({name: value for name, value in model.items() if name not in ("supported_params", "updated_at")})


class NotModifiedForAnyETag(Mutant):
    """A read with any If-None-Match returns 304."""

    kills = frozenset({"SCH-25"})

    def read(self, request: Request) -> Response:
        response = super().read(request)
        if request.header("If-None-Match"):
            return Response(304)
        return replace(response, headers={"ETag": tagged(response.body)})


class _LeaksProvider(Mutant):
    """The provider is returned with more than is allowed."""

    kills = frozenset({"SCH-27"})

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        returned = super().provider_field(organization, lineage)
        return {name: self.more(provider) for name, provider in returned.items()}

    def more(self, provider: Values) -> Values:
        """Return the provider with its secret."""
        raise NotImplementedError


class ProviderLeaksApiKey(_LeaksProvider):
    """The provider is returned with its API key."""

    def more(self, provider: Values) -> Values:
        return {**provider, "api_key": "sk-live-4f0c9a1b7d"}


class ProviderLeaksPassword(_LeaksProvider):
    """The settings of the provider are returned with a password."""

    def more(self, provider: Values) -> Values:
        return {**provider, "extra_kwargs": {**provider["extra_kwargs"], "clientSecret": "Zq8-horse-battery"}}


class ProviderLeaksToken(_LeaksProvider):
    """The headers for the provider are returned with Authorization."""

    def more(self, provider: Values) -> Values:
        headers = {"X-Region": "eu", "Authorization": "Bearer 9f8e7d6c5b4a"}
        return {**provider, "extra_kwargs": {**provider["extra_kwargs"], "headers": headers}}


class ModelLeaksProviderKey(Mutant):
    """The model is returned with the provider's API key."""

    kills = frozenset({"SCH-27"})

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        returned = super().provider_field(organization, lineage)
        return {**returned, "provider_api_key": "sk-live-4f0c9a1b7d"} if returned else returned
