"""What the mock serves of a contract: each operation and where its answers come from, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connexion.http_facts import METHODS

from contract import Contract, Upsert
from mock_server.http.media_types import is_json
from mock_server.pages import served_document
from mock_server.preferring.forced import ForcedAnswers, NothingToSendError, forced_answers
from mock_server.settings import ADMIN_PREFIX

RULES = "rules"
"""The origin of answers that the rules of the upsert decide."""


@dataclass(frozen=True, slots=True)
class ServedOperation:
    """One operation of the contract."""

    method: str
    path: str
    """With the base path."""
    status: int | None
    """That of the usual answer, None where rules decide."""
    origin: str
    """Where its answers come from: RULES, or what of the contract, in words."""


def ruled_operations(rules: Upsert) -> set[str]:
    """Return the ids of the operations whose answers the rules decide."""
    return {each.operation_id for each in (rules.operation, rules.read, rules.delete) if each}


def served_operations(contract: Contract, seed: str = "") -> list[ServedOperation]:
    """Return all operations of the contract, in its order."""
    document = served_document(contract)
    ruled = ruled_operations(contract.upsert)
    answers = forced_answers(document, contract.upsert, seed)
    return [
        _served(method, contract.base_path + path, None if (name := node["operationId"]) in ruled else answers[name])
        for path, method, node in _operations(document)
    ]


def left_out(contract: Contract, *, admin: bool) -> list[str]:
    """Return a sentence for each part of the contract that the mock does not serve as it is written."""
    return [
        *(sentence for item in _operations(contract.document) for sentence in _unserved(*item)),
        *_other_servers(contract.document),
        *(_hidden(contract) if admin else ()),
    ]


def _served(method: str, path: str, answers: ForcedAnswers | None) -> ServedOperation:
    if answers is None:
        return ServedOperation(method.upper(), path, None, RULES)
    try:
        return ServedOperation(method.upper(), path, answers.usual({}).status, answers.origin)
    except NothingToSendError:
        return ServedOperation(method.upper(), path, 501, "nothing: no data can be made up for its schema")


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return path, method and node of each operation."""
    for path, item in document["paths"].items():
        yield from ((path, method, node) for method, node in item.items() if method in METHODS)


def _unserved(path: str, method: str, node: Mapping[str, Any]) -> Iterator[str]:
    name = f"{method.upper()} {path}"
    if callbacks := node.get("callbacks"):
        yield f"{name}: the mock never calls the callbacks ({', '.join(callbacks)})."
    if other := [each for each in node.get("requestBody", {}).get("content", {}) if not is_json(each)]:
        yield f"{name}: request bodies of {', '.join(other)} are accepted and not validated."
    for status, response in node["responses"].items():
        content = response.get("content", {})
        if content and not any(map(is_json, content)):
            yield f"{name}: the response {status} has no body, because {', '.join(content)} is not JSON."
        elif other := [each for each in content if not is_json(each)]:
            yield f"{name}: the response {status} is never sent as {', '.join(other)}, always as JSON."


def _other_servers(document: Mapping[str, Any]) -> Iterator[str]:
    """Tell of servers that only a path or an operation has: one base path serves all."""
    for path, item in document["paths"].items():
        if "servers" in item:
            yield f"{path}: the servers of the path are ignored."
    for path, method, node in _operations(document):
        if "servers" in node:
            yield f"{method.upper()} {path}: the servers of the operation are ignored."


def _hidden(contract: Contract) -> Iterator[str]:
    """Tell of paths at which the console and the admin API answer."""
    for path in contract.document["paths"]:
        whole = contract.base_path + path
        if whole == "/" or whole.startswith(ADMIN_PREFIX):
            yield f"{whole} is not served: the console or the admin API is there; --no-admin leaves them out."
