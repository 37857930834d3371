"""The operations of the contract, sent to one target, and which of them it is able to do."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from conformance.fields import EchoedField, base_field
from conformance.judge.outcome import NotTestable
from conformance.target.client import Client, Credentials
from conformance.target.ledger import Creations
from conformance.wire.exchange import Credential, Exchange, Json, NoResponse, Request
from contract import Contract, Operation

JSON_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))
SETTLED = 2.0
"""Seconds after which a model that was written has to be seen."""
READ_HEADERS = (("Accept", "application/json"),)


class Operations:
    """Sends each as a request, through `client`, which records it, and keeps in mind what may have been created."""

    def __init__(self, contract: Contract, client: Client, credentials: Credentials, creations: Creations) -> None:
        self.contract = contract
        self.client = client
        self.credentials = credentials
        self.creations = creations
        self.capabilities = Capabilities()
        self.absent_name = ""
        """A name that no model has."""
        self.waits_left = 2
        """How often it is still waited in vain for what may only be late."""
        self._written: dict[tuple[Credential | None, str], float] = {}
        """When a model was last written, by its caller and name."""
        self._based: set[str] = set()
        """Models that have a base model."""

    def upsert(self, body: Mapping[str, Json], credential: Credential | None = None) -> Exchange:
        """Send `body` to the upsert, as the owner unless told otherwise."""
        key, base = body.get(self.contract.upsert.key), base_field(self.contract)
        credential = credential or self.credentials.primary
        exchange = self.post(encoded(body), key=key, credential=credential)
        if base is not None and self._is_late(exchange, (credential, str(body.get(base.name)))):
            exchange = self.post(encoded(body), key=key, credential=credential)
            self.waits_left -= exchange.response.status == 404
        if exchange.response.successful:
            self._written[credential, str(key)] = time.monotonic()
        if exchange.response.successful and base is not None and base.name in body:
            self._based.add(str(key))
        return exchange

    def _is_late(self, refused: Exchange, base: tuple[Credential | None, str]) -> bool:
        """Whether a base model may only not be seen yet: if so, return when it has to be."""
        age = time.monotonic() - self._written.get(base, -SETTLED)
        if refused.response.status != 404 or age >= SETTLED or not self.waits_left:
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
        """Send any bytes to the upsert. Without `credential` there is no Authorization header."""
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
        """Send a request to the upsert, and keep in mind what it may have created."""
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
        raced = exchange.race is not None  # with an upsert, perhaps, that was done after it and answered before
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
        """What deletes the model of that name."""
        return self._by_key(self.contract.upsert.delete, key, credential, anonymous, may_be_intercepted)

    def delete_at_path(self, path: str, key: str, credential: Credential | None) -> Exchange:
        """Delete the model of that name, which stands in the path as it is given."""
        operation = self.contract.upsert.delete
        if operation is None:
            raise NotTestable("the contract has no delete")
        target = operation.path.replace("{" + self.contract.upsert.key + "}", path)
        credential = credential or self.credentials.primary
        return self.client.send(
            Request(operation.method, target, READ_HEADERS, None, credential, None, key, may_be_intercepted=True)
        )

    def call_undeclared_method(self, method: str, at: Operation | None = None) -> Exchange:
        """Call the path of an operation, or else of the upsert, with a method that the contract does not have there."""
        path, absent = (at or self.contract.upsert.operation).path, quote(self.absent_name, safe="/")
        target = path.replace("{" + self.contract.upsert.key + "}", absent)
        return self.client.send(
            Request(method, target, READ_HEADERS, None, self.credentials.primary, may_be_intercepted=True)
        )

    def read_encoded(self, name: str) -> Exchange:
        """Read at a path that no name of this suite leads to; `name` is percent-encoded as it is to be sent."""
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
            raise NotTestable("the contract has no such operation")
        target = operation.path.replace("{" + self.contract.upsert.key + "}", quote(key, safe="/"))
        credential = None if anonymous else credential or self.credentials.primary
        return Request(
            operation.method, target, READ_HEADERS, None, credential, operation.operation_id, key, may_be_intercepted
        )


def encoded(body: Json) -> bytes:
    """`body` as compact JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(slots=True)
class Capabilities:
    """What a probe found the target able to do."""

    probed: bool = False
    """Whether the target was probed at all."""
    read_works: bool = False
    """The read returns 2xx for a model that exists."""
    read_status: int | None = None
    """What the read of a model that exists got; None where it got nothing, or the contract has no read."""
    read_returns_state: bool = False
    """The read shows what the upsert showed, so that state can be read by it."""
    read_may_be_stale: bool = False
    """There is a read, but it may show what was before: nothing is judged by it, as if there were none."""
    read_reports_absence: bool = False
    """The read does not show a model that was never created, so that it tells whether one exists."""
    delete_works: bool = False
    """The delete returns 2xx for a model that exists."""
    delete_status: int | None = None
    """What the delete of a model that exists got; None where it got nothing, or the contract has no delete."""
    delete_removes_model: bool = False
    """... and what was deleted is gone."""
    create_returns_created: bool = False
    """A create is answered as a create."""
    update_returns_updated: bool = False
    """An update is answered as an update."""
    create_echoes_fields: bool = False
    """Some field of a create is shown as it was sent."""
    update_works: bool = False
    """An update returns 2xx."""
    rejected_fields: frozenset[str] = frozenset()
    """Fields whose plain values the target refuses, each alone: other checks do without them."""
    bare_upsert_returns_state: bool = False
    """An upsert of the key alone changes nothing, so that state can be read by it."""
    reliable_fields: tuple[EchoedField, ...] = ()
    """The fields that are shown as they were sent, and read as they were shown."""
