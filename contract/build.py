"""Builds the typed objects of a contract from a document whose extensions are well formed, and finds contradictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from contract.document import Document
from contract.errors import Problem
from contract.known import Known
from contract.model import (
    Alias,
    Clause,
    Constant,
    FromKey,
    FromRequest,
    Inherited,
    Limits,
    LookedUp,
    Omitted,
    Operation,
    Overlaid,
    Reference,
    RequestField,
    ResponseField,
    Source,
    Timestamp,
    Upsert,
)
from contract.pointer import Token, written_at
from contract.schemas import folded

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"
DEFAULT_LIMITS = Limits(bytes=1_048_576, nesting=64)
UNMARKED = Known.STATED
"""A contract that gives no mark states what it says."""


def mark(node: Mapping[str, Any], member: str | None = None, default: Known = UNMARKED) -> Known:
    """The `x-known` of `node`, or of one member of an extension."""
    known = node.get("x-known")
    if isinstance(known, Mapping):
        known = known.get(member)
    return Known[known.upper()] if isinstance(known, str) else default


class Builder:
    """One reading of one document. `problems` and `used` fill while `upsert()` builds."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.used: list[str] = []
        """Pointers of the extensions that were read."""
        self._path: list[Token] = []
        self._operation: Mapping[str, Any] = {}

    def upsert(self) -> Upsert | None:
        """The upsert that the document describes, or None with `problems` set."""
        marked = [(path, node) for path, node in self._operations() if "x-upsert" in node]
        if len(marked) != 1:
            self._problem([], f"{len(marked)} operations carry x-upsert", "mark exactly one operation with x-upsert")
            return None
        self._path, self._operation = marked[0]
        self._use(*self._path, "x-upsert")
        if "x-clauses" in self._operation:
            self._use(*self._path, "x-clauses")
        words = self._operation["x-upsert"]
        request = self._request_fields()
        upsert = Upsert(
            operation=self._as_operation(self._path, self._operation),
            key=words["key"],
            scope=words["scope"],
            created=words["created"],
            updated=words["updated"],
            omitted=Omitted(words["omitted"]),
            invalid=words["invalid"],
            reserved=words["reserved"],
            forbidden=words["forbidden"],
            read=self._sibling("read", words),
            delete=self._sibling("delete", words),
            limits=self._limits(),
            request=MappingProxyType(request),
            response=MappingProxyType(self._response_fields(request)),
        )
        self._check(upsert)
        return upsert

    def clauses(self) -> Mapping[str, Clause]:
        """The statements that a requirement can rest on, by their path in the upsert operation."""
        found: dict[str, Clause] = {}

        def add(name: str, known: Known, text: str, *tokens: Token) -> None:
            found[name] = Clause(name, self._written(*self._path, *tokens), known, text)

        for name, statement in self._operation.get("x-clauses", {}).items():
            add(f"x-clauses/{name}", mark(statement), statement["text"], "x-clauses", name)
        words = self._operation["x-upsert"]
        for member, value in words.items():
            if member != "x-known":
                add(f"x-upsert/{member}", mark(words, member), f"{member}: {value}", "x-upsert", member)
        for status, response in self._operation["responses"].items():
            add(f"responses/{status}", mark(response), response["description"], "responses", status)
        body = self._operation["requestBody"]
        add("requestBody", mark(body), body.get("description", "The request body."), "requestBody")
        add("security", mark(self._operation), "Credentials are required.", *(["security"] if "security" in self._operation else []))
        for name, extension, where in self._field_extensions():
            add(f"{name}/{extension}", mark(where[extension]), f"{extension} of {name}", *self._body_path(), "properties", name, extension)
        return MappingProxyType(found)

    # -- the parts -----------------------------------------------------------------------------------------------

    def _operations(self) -> Iterator[tuple[list[Token], Mapping[str, Any]]]:
        for path, item in self.document.resolved.get("paths", {}).items():
            for method in METHODS:
                if isinstance(item, dict) and method in item:
                    yield ["paths", path, method], item[method]

    def _as_operation(self, path: list[Token], node: Mapping[str, Any]) -> Operation:
        if "operationId" not in node:
            self._problem(path, "the operation has no operationId", "give it one")
        statuses = frozenset(int(status) for status in node["responses"] if str(status).isdigit())
        return Operation(
            str(node.get("operationId")), str(path[2]).upper(), str(path[1]), statuses, self._written(*path)
        )

    def _sibling(self, word: str, words: Mapping[str, Any]) -> Operation | None:
        if word not in words:
            return None
        for path, node in self._operations():
            if node.get("operationId") == words[word]:
                if "{" + words["key"] + "}" not in str(path[1]):
                    here = [*self._path, "x-upsert", word]
                    self._problem(here, f"{path[1]} has no parameter {{{words['key']}}}", "put the key into that path")
                return self._as_operation(path, node)
        known = ", ".join(str(node.get("operationId")) for _, node in self._operations())
        here = [*self._path, "x-upsert", word]
        self._problem(here, f"there is no operation {words[word]}", f"name one of {known}, or leave {word} out")
        return None

    def _limits(self) -> Limits:
        body = self._operation.get("requestBody", {})
        if "x-limits" not in body:
            return DEFAULT_LIMITS
        self._use(*self._path, "requestBody", "x-limits")
        return Limits(body["x-limits"]["bytes"], body["x-limits"]["nesting"])

    def _body_path(self) -> list[Token]:
        return ["requestBody", "content", JSON, "schema"]

    def _schema(self, *tokens: Token) -> dict[str, Any]:
        """The object schema at `tokens` below the operation; an empty one, with a problem, where there is none."""
        node: Any = self._operation
        for token in tokens:
            node = node.get(token, {}) if isinstance(node, dict) else {}
        if not (isinstance(node, dict) and isinstance(node.get("properties"), dict)):
            here = [*self._path, *tokens]
            self._problem(here, "there is no JSON object schema with properties", f"describe the {JSON} body there")
            return {"properties": {}}
        return node

    def _request_fields(self) -> dict[str, RequestField]:
        body = self._schema(*self._body_path())
        return {
            name: self._request_field(name, node, name in body.get("required", []))
            for name, node in body["properties"].items()
        }

    def _request_field(self, name: str, node: Mapping[str, Any], required: bool) -> RequestField:
        here: list[Token] = [*self._path, *self._body_path(), "properties", name]
        for extension in ("x-reference", "x-alias", "x-merge"):
            if extension in node:
                self._use(*here, extension)
        reference, alias = node.get("x-reference"), node.get("x-alias")
        return RequestField(
            name=name,
            schema=folded(dict(node)),
            required=required,
            known=mark(node),
            pointer=self._written(*here),
            reference=Reference(reference["to"], reference["missing"], mark(reference)) if reference else None,
            alias=Alias(alias["of"], alias["differing"], mark(alias, "of"), mark(alias, "differing")) if alias else None,
            merges="x-merge" in node,
        )

    def _response_fields(self, request: Mapping[str, RequestField]) -> dict[str, ResponseField]:
        status = str(self._operation["x-upsert"]["updated"])
        tokens: list[Token] = ["responses", status, "content", JSON, "schema"]
        body = self._schema(*tokens)
        fields = {}
        for name, node in body["properties"].items():
            here = [*self._path, *tokens, "properties", name]
            fields[name] = ResponseField(
                name=name,
                schema=folded(node),
                required=name in body.get("required", []),
                nullable=bool(folded(node).get("nullable", False)),
                known=mark(node),
                source=self._source(name, node, request, here),
                pointer=self._written(*here),
            )
        return fields

    def _source(
        self, name: str, node: Mapping[str, Any], request: Mapping[str, RequestField], here: list[Token]
    ) -> Source:
        if "x-source" not in node:
            if name not in request:
                self._problem(here, "nothing says where its value comes from", "add x-source, or a request property of that name")
            return FromRequest(name)
        self._use(*here, "x-source")
        match node["x-source"]:
            case {"key": True}:
                return FromKey()
            case {"overlay": override, "inherit": base}:
                return Overlaid(override, base)
            case {"inherit": base, **rest}:
                return Inherited(name, base, rest.get("else"), "else" in rest)
            case {"lookup": collection, "by": by}:
                return LookedUp(collection, by)
            case {"time": of}:
                return Timestamp(of)
            case words:
                return Constant(words["value"])

    def _field_extensions(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for name, node in self._schema(*self._body_path())["properties"].items():
            for extension in ("x-reference", "x-alias"):
                if extension in node:
                    yield name, extension, node

    # -- contradictions ------------------------------------------------------------------------------------------

    def _check(self, upsert: Upsert) -> None:
        self._check_key(upsert)
        self._check_statuses(upsert)
        for field in upsert.request.values():
            self._check_request_field(field, upsert)
        for shown in upsert.response.values():
            self._check_source(shown, upsert)

    def _check_key(self, upsert: Upsert) -> None:
        field = upsert.request.get(upsert.key)
        if field is None or not field.required or field.schema.get("type") != "string":
            here = [*self._path, "x-upsert", "key"]
            self._problem(here, f"{upsert.key} is no required string of the request", "name one, or make it so")
        elif upsert.key not in upsert.response:
            here = [*self._path, "x-upsert", "key"]
            self._problem(here, f"the response does not show {upsert.key}", "add it to the response schema")

    def _check_statuses(self, upsert: Upsert) -> None:
        for word in ("created", "updated", "invalid", "reserved", "forbidden"):
            status = getattr(upsert, word)
            here = [*self._path, "x-upsert", word]
            self._check_status(here, status, (200, 299) if word in ("created", "updated") else (400, 499))

    def _check_status(self, here: list[Token], status: int, within: tuple[int, int] = (400, 499)) -> None:
        if not within[0] <= status <= within[1]:
            self._problem(here, f"{status} is no status from {within[0]} to {within[1]}", "give one of that class")
        elif str(status) not in self._operation["responses"]:
            self._problem(here, f"{status} is no declared response of the operation", "declare it under responses")

    def _check_request_field(self, field: RequestField, upsert: Upsert) -> None:
        here: list[Token] = [*self._path, *self._body_path(), "properties", field.name]
        if field.reference:
            self._check_status([*here, "x-reference", "missing"], field.reference.missing)
        if field.alias:
            self._check_status([*here, "x-alias", "differing"], field.alias.differing)
            target = upsert.request.get(field.alias.of)
            if target is None or target.alias or target is field:
                self._problem([*here, "x-alias", "of"], f"{field.alias.of} is no other request field with a slot of its own", "name the field that this one is another spelling of")
            elif target.schema.get("type") != field.schema.get("type"):
                self._problem([*here, "x-alias"], f"{field.name} and {field.alias.of} have different types", "give both the same schema")
        if field.merges and field.schema.get("type") != "object":
            self._problem([*here, "x-merge"], "only an object has entries to merge", "remove it, or make the field an object")

    def _check_source(self, shown: ResponseField, upsert: Upsert) -> None:
        status = str(upsert.updated)
        here: list[Token] = [*self._path, "responses", status, "content", JSON, "schema", "properties", shown.name, "x-source"]

        def names(member: str, field: str, to: str | None = None, kind: str | None = None) -> None:
            target = upsert.request.get(field)
            if target is None:
                self._problem([*here, member], f"there is no request field {field}", f"name one of {', '.join(upsert.request)}")
            elif to and (target.reference is None or target.reference.to != to):
                self._problem([*here, member], f"{field} refers to no {to}", f"add x-reference: {{to: {to}, missing: 404}} to it, or name another field")
            elif kind and target.schema.get("type") != kind:
                self._problem([*here, member], f"{field} is no {kind}", f"name a request field of type {kind}")

        match shown.source:
            case Inherited(base=base):
                names("inherit", base, to="models")
            case Overlaid(override=override, base=base):
                names("overlay", override, kind="object")
                names("inherit", base, to="models")
            case LookedUp(collection=collection, by=by):
                names("by", by, to=collection)

    # -- places --------------------------------------------------------------------------------------------------

    def _written(self, *tokens: Token) -> str:
        return written_at(self.document.written, tokens)

    def _use(self, *tokens: Token) -> None:
        self.used.append(self._written(*tokens))

    def _problem(self, tokens: list[Token], what: str, mend: str) -> None:
        self.problems.append(Problem(self._written(*tokens), what, mend))
