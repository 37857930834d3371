"""Routing: the operation of a request, by its raw path.

This replaces Connexion's routing, which sees only the decoded path. There, a name cannot contain a line break; bytes
that are not UTF-8 are lost; `Allow` has the methods of one operation only; and a path without its final slash is
redirected, on which some clients drop the body.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from connexion.http_facts import METHODS
from connexion.middleware.abstract import ROUTING_CONTEXT, SpecMiddleware
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.pointer import to_pointer
from mock_server.context import context_of
from mock_server.errors import RejectedError, RequestPart, ValidationError, alternatives, quoted, rejected

_LONGEST_HINT = 300
"""The maximum characters of a path in a message. For a longer path, the message has the template."""
_DEEPEST_BASE = 4
"""The maximum segments of a wrong base path that the hint recognizes."""
_ENCODED_SLASH = "\ud800"
"""Half of a surrogate pair, which no decoded path contains."""
_PARAMETER = re.compile(r"\{([^{}]+)\}")


class Resource:
    """A path of the contract, under a base path, and the operations on it."""

    def __init__(self, template: str, item: dict[str, Any], base_path: str = "") -> None:
        self.template = template
        """The path as in the contract."""
        self.path = base_path + template
        """The path as clients see it, with the base path."""
        named = [method for method in item if method in METHODS and "operationId" in item[method]]
        self.routed = {
            method.upper(): {"api_base_path": "", "operation_id": item[method]["operationId"]} for method in named
        }
        if "GET" in self.routed:
            self.routed.setdefault("HEAD", self.routed["GET"])
        """What Connexion's middlewares look for, by method. Nobody changes it."""
        self.allow = allowed_methods(item)
        slashes = _with_slashes(item)
        self._names = _PARAMETER.findall(template)
        self._pattern = re.compile(re.escape(unquote(base_path)) + _as_pattern(template, slashes), re.DOTALL)
        self.rank = _rank(template, slashes)
        """If several resources match a path, the one with the lowest rank counts."""

    def parameters(self, path: str) -> dict[str, str] | None:
        """Return the path parameters of `path`, or None if it is not a path of this resource."""
        match = self._pattern.fullmatch(path)
        return dict(zip(self._names, match.groups(), strict=True)) if match else None


def find_resource(resources: Iterable[Resource], raw: bytes) -> tuple[Resource, dict[str, str]] | None:
    """Return the resource at a raw path and its path parameters, or None. An encoded slash separates nothing."""
    encoded = b"%2" in raw  # perhaps a slash
    path = _decoded_apart(raw) if encoded else decoded(raw)
    for resource in resources:
        if (parameters := resource.parameters(path)) is not None:
            if encoded:
                parameters = {name: value.replace(_ENCODED_SLASH, "/") for name, value in parameters.items()}
            return resource, parameters
    return None


def resources_of(paths: Mapping[str, dict[str, Any]], base_path: str = "") -> list[Resource]:
    """Return the resources of a document, the more specific ones first: `/models/list/` before `/models/{name}/`."""
    served = {path: item for path, item in paths.items() if path.startswith("/") and METHODS & item.keys()}
    resources = (Resource(template, item, base_path) for template, item in served.items())
    return sorted(resources, key=lambda it: it.rank)


def _with_slashes(item: dict[str, Any]) -> set[str]:
    """Return the names of the path parameters that may contain slashes: those with `format: path`."""
    declared = [*item.get("parameters", []), *(each for m in METHODS for each in item.get(m, {}).get("parameters", []))]
    paths = (each for each in declared if each["in"] == "path")
    return {each["name"] for each in paths if each.get("schema", {}).get("format") == "path"}


def _as_pattern(template: str, slashes: set[str]) -> str:
    """Return a regular expression for a path template, with a group for each parameter."""
    parts = _PARAMETER.split(template)
    return "".join(
        ("(.+)" if part in slashes else "([^/]+)") if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )


def _rank(template: str, slashes: set[str]) -> tuple[int, ...]:
    """Return a sort key for templates. For each segment: words, then parameters, then parameters with slashes.

    A longer template comes first, so `/{name}/status/` precedes `/{name}/` even if names may contain slashes.
    """
    kinds = []
    for segment in template.split("/")[1:]:
        names = _PARAMETER.findall(segment)
        kinds.append(0 if not names else 2 if slashes & set(names) else 1)
    return (*kinds, 3)


class RoutingMiddleware(SpecMiddleware):
    """Puts the operation and the path parameters into the scope, where Connexion's middlewares look for them.

    Raises the 405 for a method that the resource does not have, and the 404 for a path without its final slash. All
    other requests are passed on without an operation.
    """

    def __init__(self, app: ASGIApp, base_path: str = "") -> None:
        self.app = app
        self._base_path = base_path
        self._resources: list[Resource] = []
        self._plain: dict[bytes, Resource] = {}

    def add_api(self, specification: Specification, **_options: Any) -> None:
        """Add the paths of `specification`, under the base path of this middleware."""
        self._resources = resources_of(specification["paths"], self._base_path)
        plain = (each for each in self._resources if not _PARAMETER.search(each.template))
        self._plain = {each.path.encode(): each for each in plain}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]
        """Route an HTTP request, and pass it on."""
        if scope["type"] == "http":
            raw = raw_path(scope)
            if resource := self._plain.get(raw):
                _enter(scope, resource, {})
            else:
                self._route(scope, raw)
        return self.app(scope, receive, send)

    def _route(self, scope: Scope, raw: bytes) -> None:
        if found := find_resource(self._resources, raw):
            return _enter(scope, *found)
        path = decoded(raw)
        if not path.endswith("/") and (unended := self._resource_at(path + "/")):
            raise nothing_at(path, f"The path must end with a slash: {unended.path}")
        if hint := self._hint(path):
            context_of(scope).path_hint = hint
        return _enter(scope, None, {})

    def _resource_at(self, path: str) -> Resource | None:
        return next((each for each in self._resources if each.parameters(path) is not None), None)

    def _hint(self, path: str) -> str:
        """Return a sentence about the path that was probably meant, or the empty string."""
        if path.endswith("/") and (ended := self._resource_at(path[:-1])):
            return f"The path has one slash too many at its end: {ended.path}"
        for meant in self._elsewhere(path):
            for each in (meant, meant + "/"):
                resource = self._resource_at(each)
                if resource and not resource.template.startswith("/{"):
                    under = self._base_path or "/"
                    near = quote(each, errors="surrogateescape")
                    meant_path = near if len(near) <= _LONGEST_HINT else resource.path
                    return f"The base path of the API is {under}; did you mean {meant_path}?"
        return ""

    def _elsewhere(self, path: str) -> Iterator[str]:
        """Yield the paths that a client with a wrong base path may mean: with ours added, or in place of its own."""
        base = unquote(self._base_path)
        yield base + path
        rest = path
        for _ in range(_DEEPEST_BASE):
            slash = rest.find("/", 1)
            if slash < 0:
                return
            rest = rest[slash:]
            yield base + rest


def allowed_methods(item: Mapping[str, Any]) -> str:
    """Return the methods of a path, as `Allow` lists them."""
    methods = {method.upper() for method in item if method in METHODS}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def raw_path(scope: Scope) -> bytes:
    """Return the path as it was sent, if the server provides it, else the decoded path."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw


def decoded(raw: bytes) -> str:
    """Return a raw path without percent-encoding. Bytes that are not UTF-8 become lone surrogates."""
    return _unquoted(raw) if b"%" in raw else raw.decode("utf-8", "surrogateescape")


@lru_cache(maxsize=16)
def _unquoted(raw: bytes) -> str:
    """Decode a path. One of 64 KiB takes milliseconds, and many rules or filters may need it."""
    return unquote_to_bytes(raw).decode("utf-8", "surrogateescape")


@lru_cache(maxsize=16)
def _decoded_apart(raw: bytes) -> str:
    """Return a decoded path with _ENCODED_SLASH in place of each encoded slash."""
    return _ENCODED_SLASH.join(map(decoded, re.split(b"%2[Ff]", raw)))


def nothing_at(path: str, hint: str = "") -> RejectedError:
    """Return the 404 for a path that is not in the contract."""
    message = f"There is nothing at {quoted(path)}. {hint}".rstrip()
    return rejected(
        404,
        ValidationError(
            RequestPart.PATH, None, "paths", "a path of the contract", quoted(path), message, None, "#/paths"
        ),
    )


def _not_allowed(resource: Resource, method: str) -> RejectedError:
    allowed = alternatives(resource.allow.split(", "))
    message = f"{resource.path} has no {method}, only {allowed}."
    at = to_pointer(["paths", resource.template])
    error = ValidationError(RequestPart.METHOD, None, "paths", allowed, method, message, None, at)
    return rejected(405, error, Allow=resource.allow)


def matches_path(path: bytes, pattern: str) -> bool:
    """Return whether a raw path matches `pattern`, as sent or decoded. `*` stands for any characters.

    >>> matches_path(b"/api/models/a%20b/", "/api/models/*"), matches_path(b"/api/models/a%20b/", "*/a b/")
    (True, True)
    >>> matches_path(b"/api/models/a[1]/", "*/a[1]/"), matches_path(b"/api/models/ab/", "*/a?/")
    (True, False)
    """
    return _matches(path.decode("latin-1"), pattern) or _matches(decoded(path), pattern)


def _matches(text: str, pattern: str) -> bool:
    """Return whether `text` matches `pattern`, in one pass."""
    first, *rest = _parts(pattern)
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


@lru_cache(maxsize=16)
def _parts(pattern: str) -> list[str]:
    return re.sub(r"\*+", "*", pattern).split("*")


def _enter(scope: Scope, resource: Resource | None, parameters: dict[str, str]) -> None:
    routed: dict[str, str] | None = {}
    if resource is None:
        context_of(scope).in_contract = False
    else:
        routed = resource.routed.get(scope["method"])
        if routed is None:
            raise _not_allowed(resource, scope["method"])
    scope["path_params"] = parameters
    scope.setdefault("extensions", {})[ROUTING_CONTEXT] = routed
