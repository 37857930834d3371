"""Variants in what HTTP leaves open: headers, validators, framing and connections."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from tests.servers.careless import Front
from tests.servers.plain import COLLECTION, PlainServer, Stored
from tests.servers.plain_fields import KEY
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain_fields import Values
    from tests.servers.plain_http import Handler
    from tests.servers.wire import Request


class HeadOffered(PlainServer):
    """Standard: a resource with GET may have HEAD. Here it has."""

    def handlers(self, path: str) -> Mapping[str, Handler]:
        handlers = super().handlers(path)
        return {**handlers, "HEAD": self.head} if "GET" in handlers else handlers

    def head(self, request: Request) -> Response:
        """Return the response to a read without its body."""
        return replace(self.read(request), body=None)


class _Tagged(PlainServer):
    def read(self, request: Request) -> Response:
        response = super().read(request)
        tag = self.tag(response.body)
        if tag in request.header("If-None-Match"):
            return Response(304, headers={"ETag": tag})
        return replace(response, headers={"ETag": tag})

    def tag(self, model: Values) -> str:
        """Return the ETag of a model."""
        raise NotImplementedError


class StrongETags(_Tagged):
    """Standard: a read may have an ETag. Here it depends on everything returned."""

    def tag(self, model: Values) -> str:
        return f'"{sha256(json.dumps(model).encode()).hexdigest()}"'


class WeakETags(_Tagged):
    """Standard: a weak ETag may survive a change (RFC 9110, 8.8.1). Here it is the day of the last update."""

    def tag(self, model: Values) -> str:
        return f'W/"{model["id"].encode().hex()[:40]}-{str(model["updated_at"])[:10]}"'


class _Located(PlainServer):
    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        located = {"Location": self.location(quote(response.body[KEY]))} if response.status == 201 else {}
        return replace(response, headers=located)

    def location(self, name: str) -> str:
        """Return the Location of a model, from its name as it is in paths."""
        raise NotImplementedError


class RelativeLocation(_Located):
    """Standard: Location may be relative (RFC 9110, 10.2.2). Here it is relative to the collection."""

    def location(self, name: str) -> str:
        return f"./{name}/#created"


class LocationAtOtherHost(_Located):
    """Standard: a created resource may be at another host. Here it is; the API key must not be sent there."""

    def location(self, name: str) -> str:
        return f"https://models.example{COLLECTION}{name}/"


class LocationRedirects(_Located):
    """Standard: a Location may redirect. Here it lacks the trailing slash."""

    def location(self, name: str) -> str:
        return f"{COLLECTION}{name}"

    def handlers(self, path: str) -> Mapping[str, Handler]:
        named = path.startswith(COLLECTION) and not path.endswith("/")
        return {"GET": self.redirect} if named else super().handlers(path)

    def redirect(self, request: Request) -> Response:
        """Redirect to the path of a model with its trailing slash."""
        self.authenticate(request)
        raise HttpError(308, "Moved.", {"Location": f"{quote(request.path)}/"})


class SecretsMasked(PlainServer):
    """Published: secrets are never returned. Here their names are returned, with masked values."""

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        returned = super().provider_field(organization, lineage)
        secrets: Values = {
            "api_key": "sk-...f00d", "has_api_key": True, "secret": None, "token": "", "password": "********",
            "client_secret": "<redacted>", "credentials": {"type": "service_account", "private_key": "[HIDDEN]"},
            "authorization": "Bearer", "access_token": "vault:secret/acme#9f8e7d6c", "secret_key": "${ACME_KEY_1}",
            "api_key_name": "production-key-1", "signing_key": {"set": True, "length": 32},
        }  # fmt: skip
        settings: Values = {
            "stop_token": "<|end_of_text_1|>",
            "max_token": 4096,
            "apiKey": "xxxx-1234",
            "tokens": ["a1b2c3d4"],
        }
        return {
            name: {**provider, **secrets, "extra_kwargs": {**provider["extra_kwargs"], **settings}}
            for name, provider in returned.items()
        }


class CharsetInJsonType(PlainServer):
    """Standard: a charset in the media type of JSON has no effect. Here UTF-8 is given, in an unusual spelling."""

    def content_type(self, response: Response) -> str:
        return 'Application/JSON ; Charset="UTF-8"'


class MoreHeaders(PlainServer):
    """Standard: a response may have further headers. Here it has those of gateways."""

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        more = {"Cache-Control": "no-store", "Vary": "Accept", "X-Request-Id": "17", "Via": "1.1 gateway", "Age": "0"}
        return {**super().headers(request, response, body), **more}


class _InChunks(Front):
    def frame(self, written: bytes) -> None:
        if self.request_version == "HTTP/1.0":
            super().frame(written)
        else:
            self.send_header("Transfer-Encoding", "chunked")

    def content(self, written: bytes) -> None:
        if self.request_version == "HTTP/1.0":
            super().content(written)
        elif self._status != 204:
            pieces = [written[start : start + 100] for start in range(0, len(written), 100)]
            self.wfile.write(b"".join(b"%X;x=y\r\n%s\r\n" % (len(piece), piece) for piece in pieces))
            self.wfile.write(b"0\r\nX-Trailer: 1\r\n\r\n")


class ChunkedResponses(PlainServer):
    """Standard: how a body is framed. Here it is chunked, except for HTTP/1.0 clients."""

    careless = True
    front: ClassVar = _InChunks

    def respond(self, request: Request) -> Response:
        request.environ["wsgi.input"] = BytesIO(request.read(1 << 21))
        return super().respond(request)


class _Closing(Front):
    def end_headers(self) -> None:
        self.send_header("Connection", "close")
        super().end_headers()


class ClosesAfterEveryResponse(PlainServer):
    """Standard: when a connection closes. Here it closes after every response, which says so."""

    careless = True
    front: ClassVar = _Closing
