"""Invalid and unusual requests, which a server rejects or may reject, by label."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.fields import overlays
from conformance.generate.values import Invalidity, invalid_values
from conformance.judge.outcome import NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements.cases import references
from conformance.requirements.features import (
    BASE_MODELS,
    CREDENTIALS,
    NUMERIC_FIELDS,
    OVERRIDES,
    PROVIDER_REFERENCES,
    READ,
    READ_ONLY,
    REFERENCES,
    VALUE_FIELDS,
    Feature,
)
from conformance.target.client import UNKNOWN
from conformance.target.operations import JSON_HEADERS
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Headers
from contract import Contract


@dataclass(frozen=True, slots=True)
class InvalidRequest:
    """A request that a server should reject. It must not use the name and the values of the request."""

    label: str
    request: Callable[[Subject, str, Mapping[str, Any]], Exchange]
    missing: Prerequisite | None = None
    """The behavior that a server lacks if it accepts the request."""
    writes: bool = True
    """Whether the request could change something. A read could not."""
    about: Sequence[Feature] = ()
    """Features that the contract must have for the request."""

    def send(self, subject: Subject, key: str | None = None, changes: Mapping[str, Any] | None = None) -> Exchange:
        """Send the request about the model `key`, with `changes` in its body."""
        return self.request(subject, key or subject.names.new_name(), changes or {})


def _raw(
    make: Callable[[bytes], bytes], *, may_be_intercepted: bool = False
) -> Callable[[Subject, str, Mapping[str, Any]], Exchange]:
    """Return a request whose body is made from the bytes of a valid one."""

    def request(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
        body = make(subject.encoded({subject.contract.upsert.key: key, **changes}))
        about = key if key.encode() in body else None
        return subject.post(
            body, key=about, credential=subject.credentials.primary, may_be_intercepted=may_be_intercepted
        )

    return request


def _applicable(*requests: InvalidRequest) -> Callable[[Contract], Mapping[str, InvalidRequest]]:
    """Return a function from a contract to the requests that it has the features for, by label."""
    return lambda contract: {
        request.label: request for request in requests if all(feature.is_in(contract) for feature in request.about)
    }


ACCEPT = JSON_HEADERS[1]
MARKUP = "'\"; DROP TABLE models; -- <script>${x}{{7*7}}%s%n"
JSON_MEDIA_TYPES: Mapping[str, Headers] = {
    "media type in capitals": (("Content-Type", "Application/JSON"),),
    "charset=UTF-8": (("Content-Type", "application/json; charset=UTF-8"),),
    "a charset in quotes": (("Content-Type", 'application/json;charset="utf-8"'),),
}
"""Headers with the media type of JSON, in several spellings."""
JSON_HEADER_SPELLINGS: Mapping[str, Headers] = {
    **JSON_MEDIA_TYPES,
    "no Accept": (("Content-Type", "application/json"),),
    "header names in lower case": (("content-type", "application/json"), ("accept", "application/json")),
}
"""Headers of a JSON body, all with the same meaning."""
OTHER_MEDIA_TYPES: Mapping[str, Headers] = {
    "text/plain": (("Content-Type", "text/plain"), ACCEPT),
    "no media type": (ACCEPT,),
}
"""Headers for which a server may reject a body."""

NOT_JSON = _applicable(
    InvalidRequest("an empty body", _raw(lambda _: b"")),
    InvalidRequest("a truncated body", _raw(lambda body: body[:-1])),
    InvalidRequest("a body cut in a string", _raw(lambda body: body[: len(body) // 2])),
    InvalidRequest("plain text", _raw(lambda _: b"model_name is my-model")),
    InvalidRequest("a form", _raw(lambda _: b"model_name=my-model")),
)

NOT_AN_OBJECT = _applicable(
    InvalidRequest("a list", _raw(lambda body: b"[" + body + b"]")),
    InvalidRequest("a string", _raw(lambda body: json.dumps(body.decode()).encode())),
    InvalidRequest("a number", _raw(lambda _: b"42")),
    InvalidRequest("null", _raw(lambda _: b"null")),
    InvalidRequest("true", _raw(lambda _: b"true")),
)


def _wrong_value(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
    """Send a wrong value after valid ones, which a careless server has stored by then."""
    overriding = [override for override, _, _ in overlays(subject.contract)]
    plain = [field for field in subject.own_fields() if field not in overriding]
    for last in (*plain[-1:], *overriding[:1]):
        wrong = next(wrong for wrong in invalid_values(last.schema) if wrong.invalidity is Invalidity.TYPE)
        others = {name: value for name, value in changes.items() if name != last.name}
        exchange = subject.upsert({subject.contract.upsert.key: key, **others, last.name: wrong.value})
        if exchange.response.successful:
            break
    return exchange


def _unknown_base(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
    base = subject.require_base()
    return subject.upsert({subject.contract.upsert.key: key, **changes, base.name: subject.names.new_name()})


def _unknown_provider(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
    providers = (f for f in subject.contract.upsert.request.values() if f.reference and f.reference.to == "providers")
    field = next(providers, None)
    if field is None:
        raise NotTestable("the contract has no providers")
    return subject.upsert({subject.contract.upsert.key: key, **changes, field.name: subject.names.new_name()})


def _no_credentials(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
    return subject.post(subject.encoded({subject.contract.upsert.key: key, **changes}), key=key)


def _wrong_credentials(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
    return subject.post(subject.encoded({subject.contract.upsert.key: key, **changes}), key=key, credential=UNKNOWN)


def _read_only(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
    if subject.credentials.read_only is None:
        raise NotTestable("needs RESPAN_READ_ONLY_KEY")
    return subject.upsert({subject.contract.upsert.key: key, **changes}, subject.credentials.read_only)


def _other_media_type(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
    body = subject.encoded({subject.contract.upsert.key: key, **changes})
    headers = (("Content-Type", "text/plain"), JSON_HEADERS[1])
    return subject.post(body, key=key, credential=subject.credentials.primary, headers=headers)


INVALID_REQUESTS = _applicable(
    InvalidRequest("a truncated body", _raw(lambda body: body[:-1])),
    InvalidRequest("a wrong value", _wrong_value, missing=Prerequisite.REJECTS_WRONG_TYPE, about=[VALUE_FIELDS]),
    InvalidRequest("an unknown base model", _unknown_base, about=[BASE_MODELS]),
    InvalidRequest("an unknown provider", _unknown_provider, about=[PROVIDER_REFERENCES]),
    InvalidRequest("no credentials", _no_credentials, about=[CREDENTIALS]),
    InvalidRequest("unknown credentials", _wrong_credentials, about=[CREDENTIALS]),
    InvalidRequest("a read-only key", _read_only, about=[CREDENTIALS, READ_ONLY]),
    InvalidRequest("another media type", _other_media_type),
)
"""One request of each kind, with a body that would change the model if the server accepted it."""


def _unusual_name(
    name: str, *, may_be_intercepted: bool = False
) -> Callable[[Subject, str, Mapping[str, Any]], Exchange]:
    def request(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
        unusual = key + name
        body = subject.encoded({subject.contract.upsert.key: unusual})
        return subject.post(
            body, key=unusual, credential=subject.credentials.primary, may_be_intercepted=may_be_intercepted
        )

    return request


def _nested(levels: int) -> Callable[[Subject, str, Mapping[str, Any]], Exchange]:
    def request(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
        override = next((override for override, _, _ in overlays(subject.contract)), None)
        if override is None:
            raise NotTestable("the contract has no free-form object")
        deep = b'{"a":' * levels + b"1" + b"}" * levels
        head = subject.encoded({subject.contract.upsert.key: key})[:-1]
        body = head + f',"{override.name}":'.encode() + deep + b"}"
        return subject.post(body, key=key, credential=subject.credentials.primary, may_be_intercepted=True)

    return request


def _references_to(
    name: str, *, may_be_intercepted: bool = False
) -> Callable[[Subject, str, Mapping[str, Any]], Exchange]:
    """Send each reference to that name in a request of its own; the server may reject only the first of several."""

    def request(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
        fields = references(subject.contract)
        bodies = [subject.encoded({subject.contract.upsert.key: key, field: name}) for field in fields]
        caller = subject.credentials.primary
        sent = [
            subject.post(body, key=key, credential=caller, may_be_intercepted=may_be_intercepted) for body in bodies
        ]
        if not sent:
            raise NotTestable("the contract has no references")
        return sent[-1]

    return request


def _read_path(encoded_name: str) -> Callable[[Subject, str, Mapping[str, Any]], Exchange]:
    def request(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
        subject.require_read()
        return subject.read_encoded(key + encoded_name)

    return request


def _member(text: bytes) -> Callable[[Subject, str, Mapping[str, Any]], Exchange]:
    """Return a request with a valid body and one more member, written exactly as given."""
    return _raw(lambda body: body[:-1] + b"," + text + b"}", may_be_intercepted=True)


def _number(*texts: bytes) -> Callable[[Subject, str, Mapping[str, Any]], Exchange]:
    """Return a request with numbers, written exactly as given, each in a numeric field of its own."""

    def request(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
        names = [f.name for f in subject.own_fields() if f.schema.get("type") in ("number", "integer")]
        if not names:
            raise NotTestable("the contract has no numeric field")
        members = [f'"{name}":'.encode() + text for name, text in zip(names, texts, strict=False)]
        return _member(b",".join(members))(subject, key, changes)

    return request


def _headers(*headers: tuple[str, str]) -> Callable[[Subject, str, Mapping[str, Any]], Exchange]:
    def request(subject: Subject, key: str, changes: Mapping[str, Any]) -> Exchange:
        body = subject.encoded({subject.contract.upsert.key: key})
        return subject.post(
            body, key=key, credential=subject.credentials.primary, headers=headers, may_be_intercepted=True
        )

    return request


UNUSUAL_REQUESTS = _applicable(
    InvalidRequest("a name of 10,000 characters", _unusual_name("x" * 10_000)),
    InvalidRequest(  # a firewall in front may take this for an attack
        "a name with quotes and markup",
        _unusual_name(MARKUP, may_be_intercepted=True),
    ),
    InvalidRequest(  # a firewall may take this for an attack, too
        "references with path segments", _references_to("../../etc/passwd", may_be_intercepted=True), about=[REFERENCES]
    ),
    InvalidRequest("references of 10,000 characters", _references_to("x" * 10_000), about=[REFERENCES]),
    InvalidRequest("objects nested 100 deep", _nested(100), about=[OVERRIDES]),
    InvalidRequest("objects nested 10,000 deep", _nested(10_000), about=[OVERRIDES]),
    InvalidRequest("NaN", _number(b"NaN"), about=[NUMERIC_FIELDS]),
    InvalidRequest("a number beyond the range of doubles", _number(b"1e400"), about=[NUMERIC_FIELDS]),
    InvalidRequest(
        "integers beyond 64 bits and the range of doubles",
        _number(b"1" + b"0" * 400, b"18446744073709551616"),
        about=[NUMERIC_FIELDS],
    ),
    InvalidRequest("an integer of 5,000 digits", _number(b"9" * 5_000), about=[NUMERIC_FIELDS]),
    InvalidRequest("a duplicate name in the object", _member(b'"a":1,"a":2')),
    InvalidRequest("a lone surrogate", _member(b'"a":"\\ud800"')),
    InvalidRequest("a field named __proto__", _member(b'"__proto__":{"a":1},"constructor":{"prototype":1}')),
    InvalidRequest(
        "a thousand unknown fields", _raw(lambda b: b[:-1] + b"".join(b',"f%d":1' % i for i in range(1000)) + b"}")
    ),
    InvalidRequest("a byte order mark", _raw(lambda body: b"\xef\xbb\xbf" + body, may_be_intercepted=True)),
    InvalidRequest(
        "bytes that are not UTF-8", _raw(lambda body: body.replace(b'"}', b'\xff\xfe"}'), may_be_intercepted=True)
    ),
    InvalidRequest("UTF-16", _raw(lambda body: body.decode().encode("utf-16"), may_be_intercepted=True)),
    InvalidRequest("a trailing comma", _raw(lambda body: body[:-1] + b",}", may_be_intercepted=True)),
    InvalidRequest("single quotes", _raw(lambda body: body.replace(b'"', b"'"), may_be_intercepted=True)),
    InvalidRequest("white space only", _raw(lambda _: b" \n\t ", may_be_intercepted=True)),
    InvalidRequest("an invalid media type", _headers(("Content-Type", "json"))),
    InvalidRequest("an unknown charset", _headers(("Content-Type", "application/json; charset=no-such-charset"))),
    InvalidRequest(
        "an Accept header that excludes JSON", _headers(("Content-Type", "application/json"), ("Accept", "image/png"))
    ),
    InvalidRequest("a read of a name that is not UTF-8", _read_path("%ff%fe"), writes=False, about=[READ]),
    InvalidRequest("a read of a name with invalid percent-encoding", _read_path("%zz"), writes=False, about=[READ]),
    InvalidRequest("a read of a name of 500 characters", _read_path("z" * 500), writes=False, about=[READ]),
    InvalidRequest("a read of a name with control characters", _read_path("%00%01%0A%7F"), writes=False, about=[READ]),
)
"""Requests that a server may accept or reject, but that must not make it fail."""
