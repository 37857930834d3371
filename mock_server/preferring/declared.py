"""The responses that an operation declares, in the form in which they are asked for by code and by example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connexion.http_facts import METHODS

from contract import Schema
from contract.pointer import to_pointer
from mock_server.answers import JSON
from mock_server.callers.security import CHALLENGE
from mock_server.http.media_types import is_json
from mock_server.http.routing import allowed_methods
from mock_server.preferring.sampling import sample


@dataclass(frozen=True, slots=True)
class Response:
    """One declared response."""

    code: str
    """A status, a class of statuses such as `4XX`, or `DEFAULT`."""
    headers: Mapping[str, str]
    """A value for each declared header, and for one that HTTP demands with that status."""
    required_headers: tuple[str, ...] = ()
    """The names of the declared headers that are never left out."""
    media_type: str = JSON
    schema: Schema | None = None
    """The schema of the JSON body; None where there is no such body."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """The bodies that the contract gives as examples, by name."""
    unnamed: Any = None
    """The body that it gives as an example without a name."""
    other_media_types: tuple[str, ...] = ()
    """The media types of its body where none is JSON. The mock sends no such body."""

    @property
    def status(self) -> int:
        """The status, or one of those that the code stands for."""
        return 500 if self.code == "DEFAULT" else int(self.code.replace("X", "0"))


class Responses:
    """The declared responses of one operation."""

    def __init__(self, operation: Mapping[str, Any], pointer: str, allow: str) -> None:
        """`operation` is the node of the contract at `pointer`, `allow` the methods of its path."""
        self.pointer = f"{pointer}/responses"
        demanded = {"401": {"WWW-Authenticate": CHALLENGE}, "405": {"Allow": allow}}
        nodes = {str(code).upper(): node for code, node in operation["responses"].items()}
        self._by_code = {code: _response(code, node, demanded.get(code, {})) for code, node in nodes.items()}

    def __iter__(self) -> Iterator[Response]:
        return iter(self._by_code.values())

    @property
    def codes(self) -> list[str]:
        """The codes that are declared."""
        return list(self._by_code)

    def find(self, status: str) -> Response | None:
        """The response of just that status, else that of its class, else the default one."""
        if not (len(status) == 3 and status.isdecimal() and "2" <= status[0] <= "5"):
            return None
        codes = (status, f"{status[0]}XX", "DEFAULT")
        return next((self._by_code[code] for code in codes if code in self._by_code), None)

    @property
    def success(self) -> Response:
        """The success of the lowest status, else the default response as a 200, else that of the lowest status."""
        if "DEFAULT" in self._by_code and not any(code.startswith("2") for code in self._by_code):
            return replace(self._by_code["DEFAULT"], code="200")
        return min(self, key=lambda it: (not it.code.startswith("2"), it.code))


def declared_responses(document: Mapping[str, Any]) -> dict[str, Responses]:
    """The responses of each operation of an OpenAPI document without references, by operationId."""
    return {
        item[method]["operationId"]: Responses(item[method], to_pointer(["paths", path, method]), allowed_methods(item))
        for path, item in document["paths"].items()
        for method in METHODS & item.keys()
    }


def _response(code: str, node: Mapping[str, Any], demanded: Mapping[str, str]) -> Response:
    declared: Mapping[str, Any] = node.get("headers", {})
    headers = {**demanded, **{name: _header(name, header) for name, header in declared.items()}}
    required = tuple(name for name, header in declared.items() if header.get("required"))
    for media_type, content in node.get("content", {}).items():
        if is_json(media_type):
            named = {name: it["value"] for name, it in content.get("examples", {}).items() if "value" in it}
            schema = content.get("schema", {})
            unnamed = content.get("example", schema.get("example"))
            return Response(code, headers, required, media_type, schema, named, unnamed)
    return Response(code, headers, required, other_media_types=tuple(node.get("content", {})))


def _header(name: str, header: Mapping[str, Any]) -> str:
    schema = header.get("schema", {})
    named = (it["value"] for it in header.get("examples", {}).values() if "value" in it)
    value = next(named, header.get("example", schema.get("example")))
    return str(sample(schema, name) if value is None else value)
