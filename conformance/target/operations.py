"""The operations of the contract, sent to one target, and which of them work on it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from conformance.fields import EchoedField, base_field
from conformance.generate.values import required_values
from conformance.judge.outcome import NotTestable
from conformance.target.client import Client, Credentials
from conformance.target.ledger import Creations
from conformance.wire.exchange import Credential, Exchange, Json, NoResponse, Request
from contract import Contract, Operation

JSON_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))
SETTLED = 2.0
"""Seconds after which a model that was written has to exist for later requests."""
READ_HEADERS = (("Accept", "application/json"),)


class Operations:
    """Requests for each operation of the contract; `creations` records the models that they may create."""

    def __init__(self, contract: Contract, client: Client, credentials: Credentials, creations: Creations) -> None:
        self.contract = contract
        self.client = client
        self.credentials = credentials
        self.creations = creations
        self.capabilities = Capabilities()
        self.absent_name = ""
        """A name that no model has."""
        self.waits_left = 2
        """How many more times to wait for a write that may only be late, although waiting does not help."""
        self._written: dict[tuple[Credential | None, str], float] = {}
        """When a model was last written, by credential and name."""
        self._based: set[str] = set()
        """Names of derived models."""

    def upsert(self, body: Mapping[str, Json], credential: Credential | None = None) -> Exchange:
        """Send `body` to the upsert, with the primary credentials unless others are given."""
        key, base = body.get(self.contract.upsert.key), base_field(self.contract)
        credential = credential or self.credentials.primary
        exchange = self.post(self.encoded(body), key=key, credential=credential)
        if base is not None and self._await_base(exchange, (credential, str(body.get(base.name)))):
            exchange = self.post(self.encoded(body), key=key, credential=credential)
            self.waits_left -= exchange.response.status == 404
        if exchange.response.successful:
            self._written[credential, str(key)] = time.monotonic()
        if exchange.response.successful and base is not None and base.name in body:
            self._based.add(str(key))
        return exchange

    def complete(self, body: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return `body` with a value for each required field that it lacks, other than the key."""
        required = required_values(self.contract)
        return {**body, **{name: value for name, value in required.items() if name not in body}} if required else body

    def encoded(self, body: Mapping[str, Json]) -> bytes:
        """Return `body` as JSON, complete."""
        return encoded(self.complete(body))

    def _await_base(self, rejected: Exchange, base: tuple[Credential | None, str]) -> bool:
        """Return whether a 404 may be due to a base model that is not visible yet, after waiting until it has to be."""
        age = time.monotonic() - self._written.get(base, -SETTLED)
        if rejected.response.status != 404 or age >= SETTLED or not self.waits_left:
            return False
        time.sleep(SETTLED - age)
        return True

    def post(
        self,
        body: bytes | None,
        *,
        key: Any = None,
        credential: Credential | None = None,
        headers: tuple[tuple[str, str], ...] = JSON_HEADERS,
        may_be_intercepted: bool = False,
        chunked: bool = False,
    ) -> Exchange:
        """Send any bytes to the upsert, without an Authorization header if `credential` is None."""
        operation = self.contract.upsert.operation
        about = key if isinstance(key, str) else None
        return self.send(
            Request(
                operation.method,
                operation.path,
                headers,
                body,
                credential,
                operation.operation_id,
                about,
                may_be_intercepted,
                chunked,
            )
        )

    def send(self, request: Request) -> Exchange:
        """Send a request to the upsert, and record the model that it may create."""
        new = self.creations.record_request(request)
        try:
            exchange = self.client.send(request)
        except NoResponse as lost:
            if new and lost.unsent:
                self.creations.withdraw(request)
            raise
        self.creations.record_response(exchange)
        return exchange

    def read(
        self,
        key: str,
        credential: Credential | None = None,
        *,
        anonymous: bool = False,
        may_be_intercepted: bool = False,
    ) -> Exchange:
        """Read the model of that name."""
        return self.client.send(self._by_key(self.contract.upsert.read, key, credential, anonymous, may_be_intercepted))

    def delete(
        self,
        key: str,
        credential: Credential | None = None,
        *,
        anonymous: bool = False,
        may_be_intercepted: bool = False,
    ) -> Exchange:
        """Delete the model of that name."""
        exchange = self.client.send(
            self.delete_request(key, credential, anonymous=anonymous, may_be_intercepted=may_be_intercepted)
        )
        if exchange.response.successful:
            self._written.pop((credential or self.credentials.primary, key), None)
        raced = exchange.race is not None  # an upsert in the race may have been processed after the delete
        if exchange.response.successful and self.capabilities.delete_removes_model and not raced:
            self.creations.record_deletion(key, exchange.request.credential)
        return exchange

    def delete_request(
        self,
        key: str,
        credential: Credential | None = None,
        *,
        anonymous: bool = False,
        may_be_intercepted: bool = False,
    ) -> Request:
        """Return the request that deletes the model of that name."""
        return self._by_key(self.contract.upsert.delete, key, credential, anonymous, may_be_intercepted)

    def delete_at_path(self, path: str, key: str, credential: Credential | None) -> Exchange:
        """Delete the model of that name; `path` is the name as it is written in the path."""
        operation = self.contract.upsert.delete
        if operation is None:
            raise NotTestable("the contract has no delete")
        target = operation.path.replace("{" + self.contract.upsert.key + "}", path)
        credential = credential or self.credentials.primary
        return self.client.send(
            Request(operation.method, target, READ_HEADERS, None, credential, None, key, may_be_intercepted=True)
        )

    def call_undeclared_method(self, method: str, at: Operation | None = None) -> Exchange:
        """Call the path of an operation, by default the upsert, with a method that the contract does not declare."""
        path, absent = (at or self.contract.upsert.operation).path, quote(self.absent_name, safe="/")
        target = path.replace("{" + self.contract.upsert.key + "}", absent)
        return self.client.send(
            Request(method, target, READ_HEADERS, None, self.credentials.primary, may_be_intercepted=True)
        )

    def read_encoded(self, name: str) -> Exchange:
        """Read a model whose name is already percent-encoded, in a way that `read` would not encode it."""
        read = self.contract.upsert.read
        if read is None:
            raise NotTestable("the contract has no read")
        target = read.path.replace("{" + self.contract.upsert.key + "}", name)
        return self.client.send(
            Request(read.method, target, READ_HEADERS, None, self.credentials.primary, may_be_intercepted=True)
        )

    def _by_key(
        self,
        operation: Operation | None,
        key: str,
        credential: Credential | None,
        anonymous: bool,
        may_be_intercepted: bool,
    ) -> Request:
        if operation is None:
            raise NotTestable("the contract does not have the operation")
        target = operation.path.replace("{" + self.contract.upsert.key + "}", quote(key, safe="/"))
        credential = None if anonymous else credential or self.credentials.primary
        return Request(
            operation.method, target, READ_HEADERS, None, credential, operation.operation_id, key, may_be_intercepted
        )


def encoded(body: Json) -> bytes:
    """Return `body` as compact JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(slots=True)
class Capabilities:
    """What the probe found the target able to do."""

    probed: bool = False
    """Whether the target was probed at all."""
    read_works: bool = False
    """The read returns 2xx for a model that exists."""
    read_status: int | None = None
    """The status of a read of a model that exists; None if it got no response, or the contract has no read."""
    read_returns_state: bool = False
    """The read returns the values that the upsert returned."""
    read_omits_values: bool = False
    """The read returns none of the values that the upsert returned, as a read may."""
    read_may_be_stale: bool = False
    """The read may return old state after a write, so it is not used."""
    read_reports_absence: bool = False
    """The read fails for a model that was never created, so it tells whether a model exists."""
    delete_works: bool = False
    """The delete returns 2xx for a model that exists."""
    delete_status: int | None = None
    """The status of a delete of a model that exists; None if it got no response, or the contract has no delete."""
    delete_removes_model: bool = False
    """A model that was deleted cannot be read any more."""
    create_returns_created: bool = False
    """A create gets the status of a create."""
    update_returns_updated: bool = False
    """An update gets the status of an update."""
    create_echoes_fields: bool = False
    """The response to a create returns at least one field as it was sent."""
    update_works: bool = False
    """An update returns 2xx."""
    rejected_fields: frozenset[str] = frozenset()
    """Fields whose plain values the target rejects even in a request of their own; other checks leave them out."""
    bare_upsert_returns_state: bool = False
    """An upsert of the name alone keeps omitted fields and returns them, so state can be read with it."""
    reliable_fields: tuple[EchoedField, ...] = ()
    """The fields that creates and updates return as sent, and that the ways of reading state return too."""
