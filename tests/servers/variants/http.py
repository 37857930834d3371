"""Variants in what HTTP leaves to a server: headers, validators, how a body is sent and when a connection ends."""

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


class HeadIsOffered(PlainServer):
    """Standard: where a resource can be read, HEAD may be offered. Here it is."""

    def handlers(self, path: str) -> Mapping[str, Handler]:
        handlers = super().handlers(path)
        return {**handlers, "HEAD": self.head} if "GET" in handlers else handlers

    def head(self, request: Request) -> Response:
        """What a read would be answered, without its body."""
        return replace(self.read(request), body=None)


class _Tagged(PlainServer):
    def read(self, request: Request) -> Response:
        response = super().read(request)
        tag = self.tag(response.body)
        if tag in request.header("If-None-Match"):
            return Response(304, headers={"ETag": tag})
        return replace(response, headers={"ETag": tag})

    def tag(self, model: Values) -> str:
        """The ETag of a model."""
        raise NotImplementedError


class StrongTags(_Tagged):
    """Standard: a read may have an ETag. Here it is made of all that is shown."""

    def tag(self, model: Values) -> str:
        return f'"{sha256(json.dumps(model).encode()).hexdigest()}"'


class WeakTags(_Tagged):
    """Standard: a weak ETag may outlast a change (RFC 9110, section 8.8.1). Here it is the day of the last update."""

    def tag(self, model: Values) -> str:
        return f'W/"{model["id"].encode().hex()[:40]}-{str(model["updated_at"])[:10]}"'


class _Located(PlainServer):
    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        located = {"Location": self.location(quote(response.body[KEY]))} if response.status == 201 else {}
        return replace(response, headers=located)

    def location(self, name: str) -> str:
        """Where a model is, by its name as it stands in paths."""
        raise NotImplementedError


class LocationIsRelative(_Located):
    """Standard: Location may be relative (RFC 9110, section 10.2.2). Here it is, to the collection."""

    def location(self, name: str) -> str:
        return f"./{name}/#created"


class LocationIsElsewhere(_Located):
    """Standard: what was created may be at another host. Here it is, and who follows takes no key of ours there."""

    def location(self, name: str) -> str:
        return f"https://models.example{COLLECTION}{name}/"


class LocationLeadsOn(_Located):
    """Standard: what Location names may redirect. Here it lacks its last slash."""

    def location(self, name: str) -> str:
        return f"{COLLECTION}{name}"

    def handlers(self, path: str) -> Mapping[str, Handler]:
        named = path.startswith(COLLECTION) and not path.endswith("/")
        return {"GET": self.led_on} if named else super().handlers(path)

    def led_on(self, request: Request) -> Response:
        """Where a model is that is asked for without its last slash."""
        self.authenticate(request)
        raise HttpError(308, "Moved.", {"Location": f"{quote(request.path)}/"})


class SecretsAreMasked(PlainServer):
    """Published: secrets are never returned. Here it shows that there are some, and what they are called."""

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


class CharsetIsNamed(PlainServer):
    """Standard: a charset in the media type of JSON has no effect. Here it says what is so."""

    def content_type(self, response: Response) -> str:
        return 'Application/JSON ; Charset="UTF-8"'


class MoreHeaders(PlainServer):
    """Standard: an answer may have more headers. Here it has those of gateways."""

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


class ChunkedAnswers(PlainServer):
    """Standard: how a body is framed. Here it is sent in chunks, but to clients of HTTP/1.0."""

    careless = True
    front: ClassVar = _InChunks

    def respond(self, request: Request) -> Response:
        request.environ["wsgi.input"] = BytesIO(request.read(1 << 21))
        return super().respond(request)


class _Closing(Front):
    def end_headers(self) -> None:
        self.send_header("Connection", "close")
        super().end_headers()


class ClosesAfterEveryAnswer(PlainServer):
    """Standard: when a connection ends. Here after every answer, which says so."""

    careless = True
    front: ClassVar = _Closing
