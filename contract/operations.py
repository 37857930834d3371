"""Reads the operations of a document."""

from __future__ import annotations

from collections.abc import Iterator

from contract.model import Operation
from contract.place import Place

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"


def operations_at(root: Place) -> Iterator[Place]:
    """The place of each operation."""
    for item in root.at("paths").children():
        yield from (item.at(method) for method in METHODS if item.at(method).exists)


def operation_at(place: Place) -> Operation:
    """The operation at `place`."""
    if not place.at("operationId").exists:
        place.problem("the operation has no operationId", "give it one")
    statuses = (status.name for status in place.at("responses").children())
    return Operation(
        operation_id=str(place.node.get("operationId")),
        method=place.name.upper(),
        path=str(place.tokens[1]),
        statuses=frozenset(int(status) for status in statuses if status.isdecimal()),
        pointer=place.pointer,
        credentials=_asks_for_credentials(security_at(place)),
    )


def security_at(operation: Place) -> Place:
    """The place of what the operation says of credentials, or else of what the document says."""
    own = operation.at("security")
    return own if own.exists else operation.root.at("security")


def _asks_for_credentials(security: Place) -> bool:
    alternatives = list(security.children())
    return bool(alternatives) and all(alternative.node for alternative in alternatives)


def request_body_at(operation: Place) -> Place:
    """The place of the schema of the JSON request body."""
    return operation.at("requestBody", "content", JSON, "schema")


def response_body_at(operation: Place, status: int | str) -> Place:
    """The place of the schema of the JSON body of the response of that status."""
    return operation.at("responses", str(status), "content", JSON, "schema")
