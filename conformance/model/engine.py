"""Lets Schemathesis make up requests from the contract: its examples, its coverage of the schema, and fuzzing.

Schemathesis supplies requests and nothing else; its own checks are switched off. It believes that it tests a WSGI
application: that application is ours, adapts each body to the target, sends it, and remembers what was exchanged.
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
"""Models that the generated requests are about: enough for creates and updates of each other's fields."""
LEAST = 6
"""Requests that are sent whatever the others took."""
AGAIN = 12
"""Requests that are kept to send some of them again, alone."""


def send_generated_requests(subject: Subject) -> list[Exchange]:
    """What one run of the engine over the upsert sent, valid and invalid. The same for the same seed."""
    subject.require_requests(1 + AGAIN)
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import from_schema
    from schemathesis.engine.events import Interrupted

    bridge = _Bridge(subject)
    config = SchemathesisConfig.from_dict(
        {
            "seed": subject.options.seed,
            "workers": 1,
            "checks": {"enabled": False},
            "generation": {"mode": "all", "max-examples": subject.options.profile.examples, "database": "none"},
            "phases": {"stateful": {"enabled": False}},
        }
    )
    document = {**copy.deepcopy(dict(subject.contract.document)), "servers": [{"url": "/"}]}
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = bridge
    for event in from_schema(schema.include(operation_id=subject.contract.upsert.operation.operation_id)).execute():
        if isinstance(event, Interrupted):
            raise KeyboardInterrupt
    if bridge.obstacle is not None:
        raise bridge.obstacle
    return bridge.sent


class _Bridge:
    """A WSGI application that passes upserts on to the target."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._names = [subject.names.model_name() for _ in range(NAMES)]
        self._known = subject.existing_references()
        self._bodies: set[bytes] = set()
        self.sent: list[Exchange] = []
        self.obstacle: Exception | None = None

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer every request alike: what is made up next must not hang on what the target said."""
        media_type = environ.get("CONTENT_TYPE", "")
        wanted = environ["REQUEST_METHOD"] == self._subject.contract.upsert.operation.method and "json" in media_type
        if wanted and self.obstacle is None:  # each further request to a target that is gone would wait its time out
            self._pass_on(environ)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    def _pass_on(self, environ: Mapping[str, Any]) -> None:
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = self._adapted(strict_json.parse(raw).value)
        enough = len(self.sent) >= LEAST and not self._subject.can_afford(1 + AGAIN)
        if enough or self._repeats(body):
            return
        key = body.get(self._subject.contract.upsert.key) if isinstance(body, dict) else None
        try:
            self.sent.append(self._subject.post(encoded(body), key=key, credential=self._subject.credentials.primary))
        except Exception as obstacle:  # noqa: BLE001 - the engine would swallow it
            self.obstacle = self.obstacle or obstacle

    def _repeats(self, body: Json) -> bool:
        """Whether the same was sent before, under another name perhaps: much that is made up is alike once adapted."""
        written = encoded(self._named(body, self._names[0]))
        known = written in self._bodies
        self._bodies.add(written)
        return known

    def _adapted(self, body: Json) -> Json:
        """The body with names of this run, and with references to what exists, wherever it has strings for them."""
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
        """The body under a name of this run, where it has any."""
        key = self._subject.contract.upsert.key
        named = isinstance(body, dict) and isinstance(body.get(key), str) and body[key]
        return {**body, key: name} if named else body


def _encodable(value: Json) -> Json:
    """`value` without lone surrogates, which no UTF-8 text can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(name): _encodable(child) for name, child in value.items()}
    return [_encodable(child) for child in value] if isinstance(value, list) else value
