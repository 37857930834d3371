"""A cursor over a resolved document, which knows its own path and collects problems.

The functions read what is at a place: schemas, operations, and the base path, which is the path of the first server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from contract.document import Document
from contract.errors import Problem
from contract.model import Operation, Provenance
from contract.pointer import ABSENT, Token, Tokens, node_at
from contract.schemas import Unfoldable, folded

UNMARKED = Provenance.STATED
"""The provenance of a fact without `x-known`."""


@dataclass(slots=True)
class Findings:
    """What reading a document finds: problems, and the extensions that were used."""

    problems: list[Problem] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    """Pointers of the extensions that had an effect."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a document, and the path to it."""

    document: Document
    findings: Findings
    tokens: Tokens
    node: Any
    """ABSENT if there is no such node."""

    @classmethod
    def root_of(cls, document: Document, findings: Findings) -> Place:
        return cls(document, findings, (), document.resolved)

    @property
    def root(self) -> Place:
        """The place of the whole document."""
        return Place.root_of(self.document, self.findings)

    @property
    def exists(self) -> bool:
        return self.node is not ABSENT

    @property
    def name(self) -> str:
        """The last token of the path."""
        return str(self.tokens[-1])

    @property
    def pointer(self) -> str:
        """JSON pointer to the node, or to its nearest existing ancestor."""
        return self.document.pointer(self.tokens)

    def at(self, *tokens: Token) -> Place:
        """Return the place at `tokens` below this one."""
        return Place(self.document, self.findings, (*self.tokens, *tokens), node_at(self.node, tokens))

    def children(self) -> Iterator[Place]:
        """Yield the places of the members of a mapping or of the items of a list."""
        if isinstance(self.node, dict):
            yield from (self.at(name) for name in self.node)
        elif isinstance(self.node, list):
            yield from (self.at(index) for index in range(len(self.node)))

    def extension(self, name: str) -> Place:
        """Return the place of an extension, and note that it was read if it exists."""
        place = self.at(name)
        if place.exists:
            self.findings.read.add(place.pointer)
        return place

    def provenance(self, member: str | None = None) -> Provenance:
        """Return the provenance of this node, or of one member of an extension whose members have their own.

        The provenance of such an extension as a whole is that of its best known member.
        """
        mark = self.at("x-known").node
        if isinstance(mark, dict):
            marks = mark.values() if member is None else [word for name, word in mark.items() if name == member]
            return max((Provenance[word.upper()] for word in marks), default=UNMARKED)
        return UNMARKED if mark is ABSENT else Provenance[mark.upper()]

    def problem(self, what: str, hint: str) -> None:
        """Note a problem here."""
        self.findings.problems.append(Problem(self.pointer, what, hint))


def folded_at(place: Place) -> dict[str, Any]:
    """Return the folded schema at `place`; an empty one if it is missing, or if it cannot be folded, which is noted."""
    if not place.exists:
        return {}
    try:
        return folded(place.node)
    except Unfoldable as error:
        place.problem(str(error), "give it one value; use allOf only to add to a reference")
        return {}


def properties_at(place: Place) -> dict[str, Place]:
    """Return the places of the properties of the object schema at `place`, including those of its `allOf` members."""
    found: dict[str, Place] = {}
    for member in place.at("allOf").children():
        found.update(properties_at(member))
    found.update((child.name, child) for child in place.at("properties").children())
    return found


def required_at(place: Place) -> set[str]:
    """Return the required properties of the object schema at `place`, including those of its `allOf` members."""
    members = (required_at(member) for member in place.at("allOf").children())
    return {name.node for name in place.at("required").children()}.union(*members)


METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"


def operations_at(root: Place) -> Iterator[Place]:
    """Yield the place of each operation."""
    for item in root.at("paths").children():
        yield from (item.at(method) for method in METHODS if item.at(method).exists)


def operation_at(place: Place) -> Operation:
    """Return the operation at `place`."""
    if not place.at("operationId").exists:
        place.problem("the operation has no operationId", "add an operationId")
    statuses = (status.name for status in place.at("responses").children())
    return Operation(
        operation_id=str(place.node.get("operationId")),
        method=place.name.upper(),
        path=str(place.tokens[1]),
        statuses=frozenset(int(status) for status in statuses if status.isdecimal()),
        pointer=place.pointer,
        credentials=_requires_credentials(security_at(place)),
    )


def security_at(operation: Place) -> Place:
    """Return the place of the `security` of the operation, or else of the document."""
    own = operation.at("security")
    return own if own.exists else operation.root.at("security")


def _requires_credentials(security: Place) -> bool:
    alternatives = list(security.children())
    return bool(alternatives) and all(alternative.node for alternative in alternatives)


def request_body_at(operation: Place) -> Place:
    """Return the place of the schema of the JSON request body."""
    return operation.at("requestBody", "content", JSON, "schema")


def response_body_at(operation: Place, status: int | str) -> Place:
    """Return the place of the schema of the JSON body of a response."""
    return operation.at("responses", str(status), "content", JSON, "schema")


_VARIABLE = re.compile(r"\{([^{}]*)\}")
_NEVER = re.compile(r"[ ?#\\{}]|%(?![0-9A-Fa-f]{2})")
"""What ends a path, or is not allowed in one."""
_SAFE = "/%:@!$&'()*+,;=~"
"""What needs no percent-encoding in a path, besides letters, digits and `-._` (RFC 3986, section 3.3)."""


def base_path_at(root: Place) -> str:
    """Return the path of the first server without its trailing slash, or note why it is invalid.

    Variables have their default values. Without a server, or with `/`, the base path is "".
    """
    server = root.at("servers", 0)
    if not server.exists:
        return ""
    variables = server.at("variables").node if server.at("variables").exists else {}
    if missing := [name for name in _VARIABLE.findall(server.node["url"]) if name not in variables]:
        hint = "declare it under variables, with a default"
        server.at("url").problem(f"the variable {missing[0]} of the server has no default", hint)
        return ""
    try:
        return _path_of(_filled(server.node["url"], variables))
    except ValueError as error:
        server.at("url").problem(f"the URL of the server is malformed: {error}", "write it as https://host/path")
        return ""


def normal_base_path(text: str) -> str:
    """Return the base path that a user wrote without its trailing slash. Raises ValueError.

    >>> normal_base_path("/v1/"), normal_base_path("/")
    ('/v1', '')
    """
    if not text.startswith("/") or text.startswith("//") or not text.isprintable() or _NEVER.search(text):
        raise ValueError(f"{text!r} is not a base path; write it as /v1, or / for none")
    return _path_of(text)


def _filled(url: str, variables: Mapping[str, Any]) -> str:
    return _VARIABLE.sub(lambda match: str(variables[match[1]]["default"]), url)


def _path_of(url: str) -> str:
    """Return the path of a URL; a relative URL is relative to the root of the server."""
    path = urlsplit(url).path
    if not path.startswith("//"):  # urljoin would take it for a host
        path = urlsplit(urljoin("http://mock/", path)).path  # resolves dot segments
    return quote(path, safe=_SAFE).rstrip("/")
