"""Finds the operation of a request by its raw path.

It stands in for Connexion's own routing, which sees the path only decoded: there a name cannot contain a line break,
a percent-encoded octet that is not UTF-8 is lost, `Allow` names the methods of one operation only, and a path without
its last slash is redirected, which costs some clients the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from connexion.http_facts import METHODS
from connexion.middleware.abstract import ROUTING_CONTEXT, SpecMiddleware
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.pointer import to_pointer
from mock_server.refusing.refusals import RefusedError, refused
from mock_server.refusing.violations import Part, Violation
from mock_server.refusing.wording import alternatives, quoted

OUTSIDE = "mock_server.outside"
"""Where the scope of a request says that its path is none of the contract's."""
_PARAMETER = re.compile(r"\{([^{}]+)\}")


class Resource:
    """A path of the contract and the operations on it."""

    def __init__(self, template: str, item: dict[str, Any]) -> None:
        self.template = template
        named = [method for method in item if method in METHODS and "operationId" in item[method]]
        self.operations = {method.upper(): item[method]["operationId"] for method in named}
        if "GET" in self.operations:
            self.operations["HEAD"] = self.operations["GET"]
        self.allow = allowed_methods(item)
        self._pattern = re.compile(_as_pattern(template, item), re.DOTALL)

    def parameters(self, path: str) -> dict[str, str] | None:
        """The path parameters in `path`, or None where it is not a path of this resource."""
        match = self._pattern.fullmatch(path)
        return match.groupdict() if match else None


def _as_pattern(template: str, item: dict[str, Any]) -> str:
    """A regular expression for a path template. A parameter of `format: path` takes slashes too."""
    declared = [*item.get("parameters", []), *(each for m in METHODS for each in item.get(m, {}).get("parameters", []))]
    slashes = {each["name"] for each in declared if each["in"] == "path" and each["schema"].get("format") == "path"}
    parts = _PARAMETER.split(template)
    return "".join(
        f"(?P<{part}>{'.+' if part in slashes else '[^/]+'})" if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )


class RoutingMiddleware(SpecMiddleware):
    """Puts the operation and the path parameters into the scope, where Connexion's routed middlewares look for them.

    Raises the 405 for a method that the resource does not have, and the 404 for a path without its last slash. All
    other paths go on without an operation.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._resources: list[Resource] = []
        self._plain: dict[bytes, Resource] = {}

    def add_api(self, specification: Specification, **_options: Any) -> None:
        """Take the paths of `specification`, which has no base path."""
        for template, item in specification["paths"].items():
            resource = Resource(template, item)
            self._resources.append(resource)
            if not _PARAMETER.search(template):
                self._plain[template.encode()] = resource

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route an HTTP request, and pass it on."""
        if scope["type"] == "http":
            self._route(scope)
        await self.app(scope, receive, send)

    def _route(self, scope: Scope) -> None:
        raw = raw_path(scope)
        if resource := self._plain.get(raw):
            return _enter(scope, resource, {})
        path = decoded(raw)
        for resource in self._resources:
            if (parameters := resource.parameters(path)) is not None:
                return _enter(scope, resource, parameters)
            if resource.parameters(path + "/") is not None:
                raise nothing_at(path, f"The path has to end in a slash: {resource.template}")
        return _enter(scope, None, {})


def allowed_methods(item: Mapping[str, Any]) -> str:
    """The methods of a path, as `Allow` lists them."""
    methods = {method.upper() for method in item if method in METHODS}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def raw_path(scope: Scope) -> bytes:
    """The path as it was sent, where the server tells it, else as it would be sent without percent-encoding."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw


def decoded(raw: bytes) -> str:
    """A raw path without percent-encoding. Octets that are not UTF-8 become lone surrogates, which no name has."""
    return (unquote_to_bytes(raw) if b"%" in raw else raw).decode("utf-8", "surrogateescape")


def nothing_at(path: str, mend: str = "") -> RefusedError:
    """The 404 for a path that is none of the contract's."""
    message = f"There is nothing at {quoted(path)}. {mend}".rstrip()
    return refused(
        404, Violation(Part.PATH, None, "paths", "a path of the contract", quoted(path), message, None, "#/paths")
    )


def _not_allowed(resource: Resource, method: str) -> RefusedError:
    allowed = alternatives(resource.allow.split(", "))
    message = f"{resource.template} has no {method}, only {allowed}."
    at = to_pointer(["paths", resource.template])
    violation = Violation(Part.METHOD, None, "paths", allowed, method, message, None, at)
    return refused(405, violation, Allow=resource.allow)


def matches_path(path: bytes, pattern: str) -> bool:
    """Whether a raw path is like `pattern`, as it was sent or decoded. Only `*` stands for other characters.

    >>> matches_path(b"/api/models/a%20b/", "/api/models/*"), matches_path(b"/api/models/a%20b/", "*/a b/")
    (True, True)
    >>> matches_path(b"/api/models/a[1]/", "*/a[1]/"), matches_path(b"/api/models/ab/", "*/a?/")
    (True, False)
    """
    return _is_like(path.decode("latin-1"), pattern) or _is_like(decoded(path), pattern)


def _is_like(text: str, pattern: str) -> bool:
    """Whether `text` is `pattern`, in which `*` stands for any characters. It takes no more than one pass."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not (text.startswith(first) and text.endswith(last)) or len(text) < len(first) + len(last):
        return False
    start, end = len(first), len(text) - len(last)
    for part in middle:
        start = text.find(part, start, end)
        if start < 0:
            return False
        start += len(part)
    return True


def _enter(scope: Scope, resource: Resource | None, parameters: dict[str, str]) -> None:
    context: dict[str, str] = {}
    if resource is None:
        scope[OUTSIDE] = True
    else:
        method = scope["method"]
        if method not in resource.operations:
            raise _not_allowed(resource, method)
        context = {"api_base_path": "", "operation_id": resource.operations[method]}
    scope["path_params"] = parameters
    scope.setdefault("extensions", {})[ROUTING_CONTEXT] = context
