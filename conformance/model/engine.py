"""Requests that Schemathesis generates from the contract: its examples, its coverage of the schema, and fuzzing.

Schemathesis supplies requests and nothing else: its own checks are switched off, and requirements judge the responses.
It tests a WSGI application of ours, which adapts each body to the target, sends it, and records the exchange.
This is the only module that uses Schemathesis, whose internals change between releases.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.target.operations import encoded
from conformance.target.subject import Subject
from conformance.wire import strict_json
from conformance.wire.exchange import Exchange, Json

NAMES = 4
"""How many models the generated requests are about: few, so that requests update what earlier ones created."""
LEAST = 6
"""How many requests are sent even if the request budget is nearly exhausted."""
AGAIN = 12
"""How many requests of the budget are reserved to send some of them again, alone."""


def send_generated_requests(subject: Subject) -> list[Exchange]:
    """Send the requests, valid and invalid, and return the exchanges. The requests depend on the seed alone."""
    subject.require_requests(1 + AGAIN)
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import from_schema
    from schemathesis.engine.events import FatalError, Interrupted, NonFatalError

    bridge = _Bridge(subject)
    config = SchemathesisConfig.from_dict(
        {
            "seed": subject.options.seed,
            "workers": 1,
            "checks": {"enabled": False},
            "analysis": {"constants": {"enabled": False}},  # those in our own source say nothing about the target
            "generation": {"mode": "all", "max-examples": subject.options.profile.examples, "database": "none"},
            "phases": {"stateful": {"enabled": False}},
        }
    )
    document = {**copy.deepcopy(dict(subject.contract.document)), "servers": [{"url": "/"}]}
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = bridge
    errors = []
    for event in from_schema(schema.include(operation_id=subject.contract.upsert.operation.operation_id)).execute():
        if isinstance(event, Interrupted):
            raise KeyboardInterrupt
        if isinstance(event, NonFatalError | FatalError):
            errors.append(event.value if isinstance(event, NonFatalError) else event.exception)
    if bridge.obstacle is not None:
        raise bridge.obstacle
    if errors and not bridge.sent:
        raise NothingGenerated(f"Schemathesis {schemathesis.__version__} sent no request: {errors[0]!r}") from errors[0]
    return bridge.sent


class NothingGenerated(Exception):
    """Schemathesis failed before it sent a request. The text says how."""


class _Bridge:
    """A WSGI application that forwards upserts to the target."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._names = [subject.names.model_name() for _ in range(NAMES)]
        self._known = subject.existing_references()
        self._bodies: set[bytes] = set()
        self.sent: list[Exchange] = []
        self.obstacle: Exception | None = None

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Return the same response to every request: what is generated next must not depend on the target."""
        media_type = environ.get("CONTENT_TYPE", "")
        wanted = environ["REQUEST_METHOD"] == self._subject.contract.upsert.operation.method and "json" in media_type
        if wanted and self.obstacle is None:  # each further request to a target that is gone would wait for its timeout
            self._forward(environ)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    def _forward(self, environ: Mapping[str, Any]) -> None:
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = self._adapted(strict_json.parse(raw).value)
        enough = len(self.sent) >= LEAST and not self._subject.can_afford(1 + AGAIN)
        if enough or self._repeats(body):
            return
        key = body.get(self._subject.contract.upsert.key) if isinstance(body, dict) else None
        try:
            self.sent.append(self._subject.post(encoded(body), key=key, credential=self._subject.credentials.primary))
        except Exception as obstacle:  # noqa: BLE001 - Schemathesis would swallow it
            self.obstacle = self.obstacle or obstacle

    def _repeats(self, body: Json) -> bool:
        """Return whether the same body was sent before, perhaps under another name: adapting makes many equal."""
        written = encoded(self._named(body, self._names[0]))
        known = written in self._bodies
        self._bodies.add(written)
        return known

    def _adapted(self, body: Json) -> Json:
        """Return the body with a name of this run as key, and with references that exist, where it has strings."""
        if not isinstance(body, dict):
            return body
        adapted = _encodable({name: value for name, value in body.items() if name not in self._known})
        for name, known in self._known.items():
            if not isinstance(body.get(name, ""), str):
                adapted[name] = body[name]
            elif name in body and known is not None:
                adapted[name] = known
        return self._named(adapted, self._names[len(self.sent) % NAMES])

    def _named(self, body: Json, name: str) -> Json:
        """Return the body with `name` as its key, if its key is a string that is not empty."""
        key = self._subject.contract.upsert.key
        named = isinstance(body, dict) and isinstance(body.get(key), str) and body[key]
        return {**body, key: name} if named else body


def _encodable(value: Json) -> Json:
    """Return `value` without lone surrogates, which UTF-8 cannot encode."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(name): _encodable(child) for name, child in value.items()}
    return [_encodable(child) for child in value] if isinstance(value, list) else value
