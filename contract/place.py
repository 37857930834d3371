"""A cursor over a resolved document that knows the way it came, and notes what is found there.

It reads what stands at a place: schemas, operations, and the base path, which is the path of the first server.
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
"""A contract that gives no mark states what it says."""


@dataclass(slots=True)
class Findings:
    """What a reading of a document brings to light."""

    problems: list[Problem] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    """Pointers of the extensions that had an effect."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a document, and the way to it."""

    document: Document
    findings: Findings
    tokens: Tokens
    node: Any
    """ABSENT where the way leads to nothing."""

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
        """The last step of the way."""
        return str(self.tokens[-1])

    @property
    def pointer(self) -> str:
        """Where the node is written, or the nearest one that exists."""
        return self.document.pointer(self.tokens)

    def at(self, *tokens: Token) -> Place:
        """The place that `tokens` lead to from here."""
        return Place(self.document, self.findings, (*self.tokens, *tokens), node_at(self.node, tokens))

    def children(self) -> Iterator[Place]:
        """The places below, where this is a mapping or a list."""
        if isinstance(self.node, dict):
            yield from (self.at(name) for name in self.node)
        elif isinstance(self.node, list):
            yield from (self.at(index) for index in range(len(self.node)))

    def extension(self, name: str) -> Place:
        """The place of the extension of that name, noted as read where it exists."""
        place = self.at(name)
        if place.exists:
            self.findings.read.add(place.pointer)
        return place

    def provenance(self, member: str | None = None) -> Provenance:
        """The `x-known` of this node, or of one member where the node is an extension that marks them one by one.

        That such an extension stands here at all is as well known as the best known of its members.
        """
        mark = self.at("x-known").node
        if isinstance(mark, dict):
            marks = mark.values() if member is None else [word for name, word in mark.items() if name == member]
            return max((Provenance[word.upper()] for word in marks), default=UNMARKED)
        return UNMARKED if mark is ABSENT else Provenance[mark.upper()]

    def problem(self, what: str, hint: str) -> None:
        """Note that something is wrong here."""
        self.findings.problems.append(Problem(self.pointer, what, hint))


def folded_at(place: Place) -> dict[str, Any]:
    """The folded schema at `place`; an empty one where there is none, or, with the problem noted, none that folds."""
    if not place.exists:
        return {}
    try:
        return folded(place.node)
    except Unfoldable as error:
        place.problem(str(error), "say it once; allOf is for a reference with something beside it")
        return {}


def properties_at(place: Place) -> dict[str, Place]:
    """The places of the properties of the object schema at `place`, those of its `allOf` members included."""
    found: dict[str, Place] = {}
    for member in place.at("allOf").children():
        found.update(properties_at(member))
    found.update((child.name, child) for child in place.at("properties").children())
    return found


def required_at(place: Place) -> set[str]:
    """The names of the required properties of the object schema at `place`, those of its `allOf` members included."""
    members = (required_at(member) for member in place.at("allOf").children())
    return {name.node for name in place.at("required").children()}.union(*members)


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


_VARIABLE = re.compile(r"\{([^{}]*)\}")
_NEVER = re.compile(r"[ ?#\\{}]|%(?![0-9A-Fa-f]{2})")
"""What ends a path, or stands in none."""
_SAFE = "/%:@!$&'()*+,;=~"
"""What stands in a path as it is, beside letters, digits and `-._` (RFC 3986, section 3.3)."""


def base_path_at(root: Place) -> str:
    """Return the path of the first server, without a slash at its end, or note why it has none.

    Variables have their default values. A server of `/` or none at all has the base path "".
    """
    server = root.at("servers", 0)
    if not server.exists:
        return ""
    variables = server.at("variables").node if server.at("variables").exists else {}
    if missing := [name for name in _VARIABLE.findall(server.node["url"]) if name not in variables]:
        hint = "define it under variables, with a default"
        server.at("url").problem(f"the variable {missing[0]} of the server has no default", hint)
        return ""
    try:
        return _path_of(_filled(server.node["url"], variables))
    except ValueError as error:
        server.at("url").problem(f"the URL of the server is malformed: {error}", "write it as https://host/path")
        return ""


def normal_base_path(text: str) -> str:
    """Return a base path as a user writes it without the slash at its end. Raises ValueError.

    >>> normal_base_path("/v1/"), normal_base_path("/")
    ('/v1', '')
    """
    if not text.startswith("/") or text.startswith("//") or not text.isprintable() or _NEVER.search(text):
        raise ValueError(f"{text!r} is not a base path; write it as /v1, or / for none")
    return _path_of(text)


def _filled(url: str, variables: Mapping[str, Any]) -> str:
    return _VARIABLE.sub(lambda match: str(variables[match[1]]["default"]), url)


def _path_of(url: str) -> str:
    """Return the path of a URL, which is relative to the root of the server where it is relative."""
    path = urlsplit(url).path
    if not path.startswith("//"):  # else it would be taken for a host
        path = urlsplit(urljoin("http://mock/", path)).path  # resolves dot segments
    return quote(path, safe=_SAFE).rstrip("/")
