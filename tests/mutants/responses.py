"""Bugs in response bodies and media types."""

from __future__ import annotations

import json
from dataclasses import replace
from email.utils import format_datetime
from math import nan
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import COSTS, FLAGS, KEY
from tests.servers.wire import Response

if TYPE_CHECKING:
    from datetime import datetime

    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import HttpError, Json, Request


class _ChangesModels(Mutant):
    """Models are changed just before they are returned."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        return self.seen(super().serialize(organization, stored))

    def seen(self, model: Values) -> Values:
        """Return the model as it is written."""
        raise NotImplementedError


class ByteOrderMark(Mutant):
    """Responses begin with a byte order mark: they are encoded as `utf-8-sig`."""

    kills = frozenset({"SCH-01"})

    def encode(self, value: Json) -> bytes:
        return b"\xef\xbb\xbf" + super().encode(value)


class NanInResponse(Mutant):
    """The throughput of a model without requests is 0/0 and is written as NaN."""

    kills = frozenset({"SCH-01"})

    def throughput(self, stored: Stored) -> Json:
        return {"average_tps": nan, "number_of_requests": 0}

    def encode(self, value: Json) -> bytes:
        return json.dumps(value, ensure_ascii=False).encode()


class DuplicateMember(Mutant):
    """Responses are built by string concatenation, and one member appears twice."""

    kills = frozenset({"SCH-01"})

    def encode(self, value: Json) -> bytes:
        text = super().encode(value)
        return text[:-1] + b', "id": ' + super().encode(value["id"]) + b"}" if "id" in value else text


class Latin1Responses(Mutant):
    """Responses are encoded in Latin-1 whenever that has all their characters."""

    kills = frozenset({"IDM-11", "SCH-01"})

    def encode(self, value: Json) -> bytes:
        text = super().encode(value)
        try:
            return text.decode().encode("latin-1")
        except UnicodeEncodeError:
            return text


class ErrorsAsPythonDict(Mutant):
    """Errors are written by `str()` of a dictionary: JSON with single quotes."""

    kills = frozenset({"SCH-01"})

    def encode(self, value: Json) -> bytes:
        return super().encode(value) if KEY in value and "id" in value else str(value).encode()


class NotFoundIsHtml(Mutant):
    """The 404 of a missing model is the web framework's own HTML page."""

    kills = frozenset({"SCH-01", "SCH-02"})

    def body_bytes(self, request: Request, response: Response) -> bytes:
        page = b"<!doctype html><title>Not Found</title><h1>404 Not Found</h1>"
        return page if response.status == 404 else super().body_bytes(request, response)

    def content_type(self, response: Response) -> str:
        return "text/html; charset=utf-8" if response.status == 404 else super().content_type(response)


class JsonAsText(Mutant):
    """Responses have the media type `text/plain`."""

    kills = frozenset({"SCH-02", "SCH-06"})

    def content_type(self, response: Response) -> str:
        return "text/plain; charset=utf-8"


class ErrorsWithoutMediaType(Mutant):
    """Error responses have no Content-Type."""

    kills = frozenset({"SCH-02", "SCH-06"})

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        headers = super().headers(request, response, body)
        return {name: value for name, value in headers.items() if name != "Content-Type" or response.status < 400}


class ErrorsWithoutBody(Mutant):
    """Error responses have no body."""

    kills = frozenset({"SCH-01", "SCH-02", "SCH-06"})

    def error_body(self, error: HttpError) -> Json:
        return None


class IdMissing(_ChangesModels):
    """Responses have a name but no `id`."""

    kills = frozenset({"SCH-03"})

    def seen(self, model: Values) -> Values:
        return {name: value for name, value in model.items() if name != "id"}


class CostsAsStrings(_ChangesModels):
    """Costs are decimals and are returned as strings, as Django REST framework does by default."""

    kills = frozenset({"SCH-03"})

    def seen(self, model: Values) -> Values:
        return {name: str(value) if name in COSTS else value for name, value in model.items()}


class FlagsAsBooleans(_ChangesModels):
    """Flags are returned as true and false."""

    kills = frozenset({"SCH-03"})

    def seen(self, model: Values) -> Values:
        return {name: bool(value) if name in FLAGS else value for name, value in model.items()}


class ParametersAsList(_ChangesModels):
    """`supported_params` is a list of names instead of an object."""

    kills = frozenset({"SCH-03"})

    def seen(self, model: Values) -> Values:
        return {**model, "supported_params": list(model["supported_params"])}


class UnknownModelType(_ChangesModels):
    """`model_type` is `llm`, which the contract does not declare."""

    kills = frozenset({"SCH-03"})

    def seen(self, model: Values) -> Values:
        return {**model, "model_type": "llm"}


class UnixTimestamps(Mutant):
    """Times are seconds since 1970."""

    kills = frozenset({"SCH-03"})

    def time_fields(self, stored: Stored) -> Values:
        moments = {"created_at": stored.created, "updated_at": stored.updated}
        return {name: moment and moment.timestamp() for name, moment in moments.items()}


class NullDisplayName(_ChangesModels):
    """A missing display name is returned as null."""

    kills = frozenset({"SCH-04"})

    def seen(self, model: Values) -> Values:
        return {"display_name": None, **model}


class ErrorsAsList(Mutant):
    """The body of a validation error is a list of messages."""

    kills = frozenset({"SCH-06"})

    def error_body(self, error: HttpError) -> Json:
        return [super().error_body(error)] if error.status == 400 else super().error_body(error)


class NotFoundIsAString(Mutant):
    """The body of a 404 is a JSON string."""

    kills = frozenset({"SCH-05"})

    def error_body(self, error: HttpError) -> Json:
        return error.problem if error.status == 404 else super().error_body(error)


class DetailIsAnObject(Mutant):
    """`detail` is an object with a code and a message, as some gateways write it."""

    kills = frozenset({"SCH-06"})

    def error_body(self, error: HttpError) -> Json:
        body = super().error_body(error)
        return {"detail": {"code": error.status, "message": error.problem}} if "detail" in body else body


class IdIsAUuid(_ChangesModels):
    """`id` is the primary key of the row, a UUID."""

    kills = frozenset({"SCH-07"})

    def seen(self, model: Values) -> Values:
        return {**model, "id": str(uuid5(NAMESPACE_URL, model["id"]))}


class IdIsANumber(_ChangesModels):
    """`id` is the number of the row."""

    kills = frozenset({"SCH-03", "SCH-07"})

    def seen(self, model: Values) -> Values:
        return {**model, "id": crc32(model["id"].encode())}


class ProviderIdIsPrimaryKey(_ChangesModels):
    """`provider.id` is the primary key of the row instead of the provider's identifier."""

    kills = frozenset({"SCH-08"})

    def seen(self, model: Values) -> Values:
        return {**model, "provider": {**model["provider"], "id": "17"}} if "provider" in model else model


class NaiveTimesInProvider(_ChangesModels):
    """Times inside the provider have no UTC offset; those of the model do."""

    kills = frozenset({"SCH-09"})

    def seen(self, model: Values) -> Values:
        provider = model.get("provider")
        return {**model, "provider": {**provider, "created_at": "2026-01-15T09:30:00"}} if provider else model


class NaiveTimes(Mutant):
    """Times have no UTC offset: `datetime.utcnow().isoformat()`."""

    kills = frozenset({"SCH-09"})

    def format_time(self, moment: datetime | None) -> str | None:
        return None if moment is None else moment.replace(tzinfo=None).isoformat()


class HttpDates(Mutant):
    """Times have the format of HTTP headers, as in Flask by default."""

    kills = frozenset({"SCH-09"})

    def format_time(self, moment: datetime | None) -> str | None:
        return None if moment is None else format_datetime(moment, usegmt=True)


class OffsetWithoutColon(Mutant):
    """Times are written by `strftime("%z")`, whose offset has no colon."""

    kills = frozenset({"SCH-09"})

    def format_time(self, moment: datetime | None) -> str | None:
        return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S.%f%z}"


class CustomModelsInVendorCategory(_ChangesModels):
    """`affiliation_category` of a custom model is the vendor's."""

    kills = frozenset({"SCH-10"})

    def seen(self, model: Values) -> Values:
        return {**model, "affiliation_category": "respan"}


class CustomModelsAreHardcoded(Mutant):
    """`source` is a constant of the serializer from the time before custom models."""

    kills = frozenset({"SCH-10"})

    def constant_fields(self, stored: Stored) -> Values:
        return {**super().constant_fields(stored), "source": "hardcoded"}


class CategoryCapitalized(_ChangesModels):
    """`affiliation_category` is `Custom`, the label of the choice instead of its value."""

    kills = frozenset({"SCH-03", "SCH-10"})

    def seen(self, model: Values) -> Values:
        return {**model, "affiliation_category": model["affiliation_category"].capitalize()}


class LongNamesAbbreviated(Mutant):
    """Long names are returned with an ellipsis in the middle, as on the dashboard."""

    kills = frozenset({"IDM-10", "IDM-20", "SCH-11"})

    def name_fields(self, stored: Stored) -> Values:
        name = stored.name if len(stored.name) <= 50 else f"{stored.name[:24]}...{stored.name[-20:]}"
        return {"id": name, KEY: name}


class ReadReturnsLatestModel(Mutant):
    """A read returns the model that was written last: the handler caches it and never drops it."""

    kills = frozenset(
        {
            "CON-08",
            "IDM-04",
            "IDM-10",
            "IDM-11",
            "IDM-17",
            "IDM-27",
            "SCH-11",
            "SEM-02",
            "SEM-11",
            "SEM-16",
            "SEM-22",
            "TEN-02",
        }
    )
    may_also_fail = frozenset({"CON-04"})  # where a model on a base is written last
    flaky = frozenset({"CON-04"})

    latest: Response

    def upsert(self, request: Request) -> Response:
        with self.lock:  # else a race decides which response is kept
            response = self.latest = super().upsert(request)
        return response

    def read(self, request: Request) -> Response:
        return replace(self.latest, status=super().read(request).status)


class SourceHardcodedAfterUpdate(Mutant):
    """`source` of an updated model is `hardcoded`."""

    kills = frozenset({"SCH-10"})

    def constant_fields(self, stored: Stored) -> Values:
        updated = stored.updated != stored.created
        return {**super().constant_fields(stored), **({"source": "hardcoded"} if updated else {})}


class VendorCategoryInReads(Mutant):
    """A read returns the vendor's `affiliation_category` for a custom model."""

    kills = frozenset({"IDM-26", "SCH-10"})

    def read(self, request: Request) -> Response:
        response = super().read(request)
        return Response(response.status, {**response.body, "affiliation_category": "respan"})
