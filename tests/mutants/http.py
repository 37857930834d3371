"""Bugs in what HTTP demands of every answer: headers that describe a body, and what they lead to."""

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
    """Long answers are compressed where the request takes it."""

    kills = frozenset({"SCH-20"})

    def is_compressed(self, request: Request, body: bytes) -> bool:
        """Whether the answer is worth it."""
        return len(body) >= LONG and "gzip" in request.header("Accept-Encoding")


class CompressedWithoutAWord(_Compresses):
    """Long answers are compressed, and a proxy of headers drops the line that says so."""

    def body_bytes(self, request: Request, response: Response) -> bytes:
        body = super().body_bytes(request, response)
        return gzip.compress(body) if self.is_compressed(request, body) else body


class CompressionClaimed(_Compresses):
    """The header of compressed answers is set, but the body was replaced after it was compressed."""

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        coding = {"Content-Encoding": "gzip"} if self.is_compressed(request, body) else {}
        return {**super().headers(request, response, body), **coding}


class CompressedTwice(_Compresses):
    """Application and server compress long answers one after the other, and the header is written once."""

    def body_bytes(self, request: Request, response: Response) -> bytes:
        body = super().body_bytes(request, response)
        return gzip.compress(gzip.compress(body)) if self.is_compressed(request, body) else body

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        coding = {"Content-Encoding": "gzip"} if body.startswith(b"\x1f\x8b") else {}
        return {**super().headers(request, response, body), **coding}


class CompressedFromACache(Mutant):
    """A cache keeps compressed answers, and hands them to whoever reads, without the header."""

    kills = frozenset({"SCH-20"})

    def body_bytes(self, request: Request, response: Response) -> bytes:
        body = super().body_bytes(request, response)
        return gzip.compress(body) if request.method == "GET" and response.status == 200 else body


class CharsetAsCoding(Mutant):
    """Content-Encoding says `utf-8`, where the charset of Content-Type was meant."""

    kills = frozenset({"SCH-20"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        return {**super().headers(request, response, body), "Content-Encoding": "utf-8"}


class CharsetOfTheContainer(Mutant):
    """Content-Type names the charset that the container writes by default, which is not the one of the body."""

    kills = frozenset({"SCH-21"})

    def content_type(self, response: Response) -> str:
        return "application/json; charset=ISO-8859-1"


class LengthInCharacters(Mutant):
    """Content-Length counts characters, and the body has more bytes than that."""

    kills = frozenset({"SCH-22"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        length = {"Content-Length": str(len(body.decode()))} if body else {}
        return {**super().headers(request, response, body), **length}


class LengthBesideChunks(Mutant):
    """The body is sent in chunks, and Content-Length stands beside them."""

    kills = frozenset({"SCH-22"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        chunked = {"Transfer-Encoding": "chunked"} if body else {}
        return {**super().headers(request, response, body), **chunked}


class NoContentOfLengthZero(Mutant):
    """Every answer has a Content-Length, a 204 as well."""

    kills = frozenset({"SCH-23"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        return {**super().headers(request, response, body), "Content-Length": str(len(body))}


class NoContentSaysOk(Mutant):
    """The delete is answered 204 with a body of JSON."""

    kills = frozenset({"SCH-23"})

    def delete(self, request: Request) -> Response:
        return replace(super().delete(request), body={"deleted": True})


class _Locates(Mutant):
    """A create says where its model is."""

    kills = frozenset({"SCH-24"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        return (
            response
            if response.status != 201
            else replace(response, headers={"Location": quote(self.location(response.body))})
        )

    def location(self, model: Values) -> str:
        """Where the model is, or is not."""
        raise NotImplementedError


class LocationWithoutPrefix(_Locates):
    """Location lacks the prefix that the application is mounted at."""

    def location(self, model: Values) -> str:
        return f"/models/{model[KEY]}/"


class LocationOfTheRow(_Locates):
    """Location ends in the number of the row, under which there is nothing."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.rows = count(1)

    def location(self, model: Values) -> str:
        return f"{COLLECTION}{next(self.rows)}/"


class LocationIsRelativeToTheItem(_Locates):
    """Location is relative, and was meant to be taken from one level above."""

    def location(self, model: Values) -> str:
        return f"models/{model[KEY]}/"


class LocationOfTheOneBefore(_Locates):
    """Location is that of the model that was created before."""

    latest = ""

    def location(self, model: Values) -> str:
        before, self.latest = self.latest or str(model[KEY]), str(model[KEY])
        return f"{COLLECTION}{before}/"


class LocationWithoutDots(_Locates):
    """Location is made by a function for slugs, which drops dots."""

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
        """The ETag of a model as it is shown."""
        raise NotImplementedError


def tagged(value: Json) -> str:
    """A strong ETag made of a value."""
    return f'"{sha256(json.dumps(value).encode()).hexdigest()[:16]}"'


class TagOfTheName(_Tags):
    """The ETag is made of the name of a model."""

    def tag(self, model: Values) -> str:
        return tagged(model[KEY])


class TagOfTheCreation(_Tags):
    """The ETag is made of the name and the time of the create."""

    def tag(self, model: Values) -> str:
        return tagged([model[KEY], model["created_at"]])


class TagWithoutParameters(_Tags):
    """The ETag is made of the columns of a model, and its parameters are kept in another table."""

    def tag(self, model: Values) -> str:
        return tagged({name: value for name, value in model.items() if name not in ("supported_params", "updated_at")})


class NotModifiedForAnyTag(Mutant):
    """A read that names any ETag at all is answered 304."""

    kills = frozenset({"SCH-25"})

    def read(self, request: Request) -> Response:
        response = super().read(request)
        if request.header("If-None-Match"):
            return Response(304)
        return replace(response, headers={"ETag": tagged(response.body)})


class _ShowsMoreOfProviders(Mutant):
    """A provider is shown with all that is known of it."""

    kills = frozenset({"SCH-27"})

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        returned = super().provider_field(organization, lineage)
        return {name: self.more(provider) for name, provider in returned.items()}

    def more(self, provider: Values) -> Values:
        """The provider with its secret."""
        raise NotImplementedError


class ProviderShowsItsKey(_ShowsMoreOfProviders):
    """The serializer of providers has all columns, the API key among them."""

    def more(self, provider: Values) -> Values:
        return {**provider, "api_key": "sk-live-4f0c9a1b7d"}


class SettingsShowThePassword(_ShowsMoreOfProviders):
    """Further settings of a provider are shown as they were stored, with the password in them."""

    def more(self, provider: Values) -> Values:
        return {**provider, "extra_kwargs": {**provider["extra_kwargs"], "clientSecret": "Zq8-horse-battery"}}


class HeadersShowTheToken(_ShowsMoreOfProviders):
    """The headers that are sent to a provider are shown, Authorization as well."""

    def more(self, provider: Values) -> Values:
        headers = {"X-Region": "eu", "Authorization": "Bearer 9f8e7d6c5b4a"}
        return {**provider, "extra_kwargs": {**provider["extra_kwargs"], "headers": headers}}


class ModelShowsTheProvidersKey(Mutant):
    """The key of the provider is joined into the model's own row."""

    kills = frozenset({"SCH-27"})

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        returned = super().provider_field(organization, lineage)
        return {**returned, "provider_api_key": "sk-live-4f0c9a1b7d"} if returned else returned
