"""The features of the contract, each taken away or changed. The mock and the suite follow what is left.

An alteration finds nothing to do where another one has been there before it, so that any of them go together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from contract import default_file, read_mapping
from tests.contract.altered import Edit, both

Document = dict[str, Any]
Node = dict[str, Any]
MODELS, MODEL = "/api/models/", "/api/models/{model_name}/"
COSTS = ("input_cost", "output_cost", "cache_hit_input_cost", "cache_creation_input_cost")
FLAGS = ("streaming_support", "function_call", "image_support")
OWN = (*COSTS, *FLAGS, "max_context_window", "display_name")


def _upsert(document: Document) -> Node:
    return next(node for item in document["paths"].values() for node in item.values() if "x-upsert" in node)


def _operations(document: Document) -> Iterator[Node]:
    for item in document["paths"].values():
        yield from (node for method, node in item.items() if method != "parameters")


def _request(document: Document) -> Node:
    properties: Node = document["components"]["schemas"]["ModelUpsert"]["properties"]
    return properties


def _response(document: Document) -> Node:
    properties: Node = document["components"]["schemas"]["Model"]["properties"]
    return properties


def _without(of: Callable[[Document], Node], names: Sequence[str]) -> Edit:
    def edit(document: Document) -> None:
        fields = of(document)
        spellings = [name for name, field in fields.items() if field.get("x-alias", {}).get("of") in names]
        for name in (*names, *spellings):
            fields.pop(name, None)

    return edit


def without_request(*names: str) -> Edit:
    return _without(_request, names)


def without_response(*names: str) -> Edit:
    return _without(_response, names)


def without(*names: str) -> Edit:
    """Without fields, in requests and in responses."""
    return both(without_request(*names), without_response(*names))


def _sources(change: Callable[[Node], None]) -> Edit:
    """Changes each field of the response that has an `x-source`."""

    def edit(document: Document) -> None:
        for field in _response(document).values():
            if "x-source" in field:
                change(field)

    return edit


def _inherit_nothing(field: Node) -> None:
    source = field["x-source"]
    base = source.pop("inherit", None)
    if base is not None and "overlay" not in source:
        default = source.get("else")
        field.pop("x-source")
        if default is not None:
            field["x-source"] = {"value": default, "x-known": source["x-known"]}


def without_inheritance(document: Document) -> None:
    _sources(_inherit_nothing)(document)
    both(without("base_model_name"), _only_with_a_source)(document)


def _only_with_a_source(document: Document) -> None:
    """Leaves out what nothing says any more where it comes from."""
    request, response = _request(document), _response(document)
    for name in [name for name, field in response.items() if "x-source" not in field and name not in request]:
        del response[name]


def _nothing_inherited(document: Document) -> None:
    """The base model is a reference that gives nothing."""
    _sources(_inherit_nothing)(document)
    _only_with_a_source(document)


def without_override(document: Document) -> None:
    both(without_request("supported_params_override"), without_response("supported_params"))(document)


def _boolean_flags(document: Document) -> None:
    schema = document["components"]["schemas"].get("Flag")
    if schema is None:
        return
    schema.pop("enum", None)
    schema["type"] = "boolean"
    _flags_in_examples(document)


def _flags_in_examples(node: Any) -> None:
    if isinstance(node, dict):
        for name, child in node.items():
            if name in FLAGS and isinstance(child, int):
                node[name] = bool(child)
            else:
                _flags_in_examples(child)
    elif isinstance(node, list):
        for child in node:
            _flags_in_examples(child)


def without_operation(word: str, method: str) -> Edit:
    """Without the read or the delete: neither the word nor the operation, nor a link to it."""

    def edit(document: Document) -> None:
        operation = _upsert(document)
        operation["x-upsert"].pop(word, None)
        operation["x-upsert"]["x-known"].pop(word, None)
        for response in operation["responses"].values():
            response.get("links", {}).pop(word, None)
        for path, item in list(document["paths"].items()):
            if "{" in path:
                item.pop(method, None)
                if not item.keys() - {"parameters"}:
                    del document["paths"][path]

    return edit


def upsert_word(word: str, value: Any) -> Edit:
    """Another word of `x-upsert`; None leaves it out."""

    def edit(document: Document) -> None:
        words = _upsert(document)["x-upsert"]
        if value is None:
            words.pop(word, None)
            words["x-known"].pop(word, None)
        else:
            words[word] = value

    return edit


def without_limits(document: Document) -> None:
    _upsert(document)["requestBody"].pop("x-limits", None)


def without_status(status: str) -> Edit:
    """Without a response, wherever nothing else in the contract asks for it."""

    def edit(document: Document) -> None:
        for operation in _operations(document):
            words = json.dumps([operation.get("x-upsert", {}), _request(document)])
            if not ("x-upsert" in operation and f": {status}" in words):
                operation["responses"].pop(status, None)

    return edit


def with_status(status: str, description: str) -> Edit:
    def edit(document: Document) -> None:
        for operation in _operations(document):
            operation["responses"].setdefault(status, {"description": description})

    return edit


def move_status(old: int, new: int) -> Edit:
    """Another status for what has one."""

    def edit(document: Document) -> None:
        operation = _upsert(document)
        operation["responses"][str(new)] = operation["responses"].pop(str(old), {"description": "Moved."})
        words = operation["x-upsert"]
        words.update({word: new for word, value in words.items() if value == old})
        for field in _request(document).values():
            for extension in ("x-reference", "x-alias"):
                own = field.get(extension, {})
                own.update({word: new for word, value in own.items() if value == old})

    return edit


def _delete_returns(status: str) -> Edit:
    """Declare another status for a delete, without a body."""

    def edit(document: Document) -> None:
        for item in document["paths"].values():
            if "delete" in item:
                item["delete"]["responses"][status] = item["delete"]["responses"].pop("204")

    return edit


def without_clause(name: str) -> Edit:
    return lambda document: _upsert(document).get("x-clauses", {}).pop(name, None)


def _no_clauses(document: Document) -> None:
    _upsert(document).pop("x-clauses", None)


def _renamed(old: str, new: str) -> Edit:
    """Another word for one, wherever it stands."""

    def edit(document: Document) -> None:
        renamed = json.loads(json.dumps(document).replace(old, new))
        document.clear()
        document.update(renamed)

    return edit


def _security_of_the_document(security: Any) -> Edit:
    """What all operations ask for, as far as the schemes are there."""

    def edit(document: Document) -> None:
        if document["components"].get("securitySchemes"):
            document["security"] = security

    return edit


def _no_security(document: Document) -> None:
    document.pop("security", None)
    document["components"].pop("securitySchemes", None)
    for operation in _operations(document):
        operation.pop("security", None)


def _security_of(*methods: str) -> Edit:
    """Operations that ask for no credentials."""

    def edit(document: Document) -> None:
        for item in document["paths"].values():
            for method in methods:
                if method in item:
                    item[method]["security"] = []

    return edit


def _field(of: Callable[[Document], Node], name: str, change: Callable[[Node], Any]) -> Edit:
    """Changes one field, where it is there."""

    def edit(document: Document) -> None:
        if name in of(document):
            change(of(document)[name])

    return edit


def _no_enums(node: Any) -> None:
    """Leaves out every enumeration of the schemas."""
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            del node["enum"]
        for child in node.values():
            _no_enums(child)


def _with_alias(name: str, of: str) -> Edit:
    def edit(document: Document) -> None:
        request = _request(document)
        if of in request and "x-alias" not in request[of]:
            request[name] = {**request[of], "x-alias": {"of": of, "differing": 400}}
            request[name].pop("x-reference", None)

    return edit


def _flat(document: Document) -> None:
    """Another path, whose names take no slashes."""
    _renamed("/api/models/", "/v9/models/")(document)
    document["paths"] = {path.removesuffix("/"): item for path, item in document["paths"].items()}
    for item in document["paths"].values():
        for parameter in item.get("parameters", []):
            parameter["schema"].pop("format", None)
            parameter.pop("examples", None)


def _no_lookup(document: Document) -> None:
    without_response("provider")(document)


def _no_provider_reference(document: Document) -> None:
    without_response("provider")(document)
    _field(_request, "custom_provider_id", lambda field: field.pop("x-reference", None))(document)


def _no_examples(node: Any) -> None:
    if isinstance(node, dict):
        if "properties" not in node:
            node.pop("examples", None)
        for child in node.values():
            _no_examples(child)
    elif isinstance(node, list):
        for child in node:
            _no_examples(child)


FEATURES: Mapping[str, Edit] = {
    "no alias": without_request("provider_id"),
    "no override": without_override,
    "an override that is not shown": without_response("supported_params"),
    "no merging": _field(_request, "supported_params_override", lambda field: field.pop("x-merge", None)),
    "no base models": without_inheritance,
    "nothing is inherited": _nothing_inherited,
    "the base model is not shown": without_response("base_model_name"),
    "no references to providers": _no_provider_reference,
    "no providers": both(without_request("custom_provider_id", "provider_id"), without_response("provider")),
    "no provider is shown": _no_lookup,
    "no costs": without(*COSTS),
    "one cost": without(*COSTS[1:]),
    "no window": without("max_context_window"),
    "no flags": without(*FLAGS),
    "no display name": without("display_name"),
    "no fields of values": without(*OWN),
    "flags alone": without(*(name for name in OWN if name not in FLAGS)),
    "no own fields": both(without(*OWN), without_override),
    "the name alone": both(
        without(*OWN, "base_model_name"),
        without_override,
        without_inheritance,
        without_request("custom_provider_id", "provider_id"),
        without_response("provider"),
    ),
    "flags are booleans": _boolean_flags,
    "costs are not shown": without_response(*COSTS),
    "costs cannot be set": both(without_request(*COSTS), _only_with_a_source),
    "no read": without_operation("read", "get"),
    "no delete": without_operation("delete", "delete"),
    "neither read nor delete": both(without_operation("read", "get"), without_operation("delete", "delete")),
    "no limits": without_limits,
    "security is empty": _security_of_the_document([]),
    "no security": _no_security,
    "credentials are optional": _security_of_the_document([{}, {"apiKey": []}, {"dashboardJwt": []}]),
    "an upsert needs no credentials": _security_of("post"),
    "no operation needs credentials": _security_of("post", "get", "delete"),
    "a read needs no credentials": _security_of("get"),
    "API keys alone": _security_of_the_document([{"apiKey": []}]),
    "no 401": without_status("401"),
    "no 403": without_status("403"),
    "no 404": without_status("404"),
    "no 413": without_status("413"),
    "no 415": without_status("415"),
    "405 declared": with_status("405", "There is no such method."),
    "no reserved names": upsert_word("reserved", None),
    "no read-only callers": upsert_word("forbidden", None),
    "no organizations": upsert_word("scope", None),
    "no times": without_response("created_at", "updated_at"),
    "no time of creation": without_response("created_at"),
    "no time of update": without_response("updated_at"),
    "no throughput": without_response("throughput"),
    "no constants": without_response("affiliation_category", "is_called_by_custom_name", "source"),
    "no model type": without_response("model_type"),
    "no enums": lambda document: _no_enums(document["components"]["schemas"]),
    "no identifier": both(
        without_response("id"),
        lambda document: document["components"]["schemas"]["Model"].update(required=["model_name"]),
    ),
    "an empty name is taken": _field(_request, "model_name", lambda field: field.pop("minLength", None)),
    "no clauses": _no_clauses,
    "another key": _renamed("model_name", "the_name"),
    "another path": _renamed("/api/models/", "/v9/things/"),
    "paths without a last slash": _flat,
    "no servers": lambda document: document.pop("servers", None),
    "omitted fields are reset": upsert_word("omitted", "reset"),
    "creates are answered as updates": upsert_word("created", 200),
    "another status for what is not valid": move_status(400, 422),
    "another status for what is not there": move_status(404, 410),
    "another status for what is forbidden": move_status(403, 409),
    "deletes are answered with 200": _delete_returns("200"),
    "deletes are answered with 202": _delete_returns("202"),
    "an alias of a text": _with_alias("title", "display_name"),
    "an alias of a number": _with_alias("price", "input_cost"),
    "no examples": _no_examples,
}
"""Each with its name."""
KINDS: Mapping[str, Node] = {
    "a short text": {"type": "string", "maxLength": 5},
    "a long text": {"type": "string", "minLength": 300},
    "a code": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "a colour": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
    "a text of another script": {"type": "string", "pattern": "^[\\u4e00-\\u9fff]{2,8}$"},
    **{
        f"a {name}": {"type": "string", "format": name}
        for name in ("byte", "date", "date-time", "email", "uri", "uuid")
    },
    "one word": {"type": "string", "enum": ["only"]},
    "a price in cents": {"type": "number", "minimum": 0, "multipleOf": 0.01},
    "a small share": {"type": "number", "minimum": 0, "maximum": 0.5},
    "a negative integer": {"type": "integer", "minimum": -5, "maximum": -1},
    "one integer": {"type": "integer", "minimum": 1, "maximum": 1},
    "labels": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3, "uniqueItems": True},
    "many integers": {"type": "array", "items": {"type": "integer"}, "minItems": 5},
    "a closed object": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
}
"""Schemas that leave few values, each of which takes the place of that of the display name."""


def of_kind(name: str) -> Edit:
    """Give the display name the schema of a kind."""

    def edit(document: Document) -> None:
        _no_examples(document)
        for fields in (_request(document), _response(document)):
            fields["display_name"] = {**KINDS[name], "description": "A field.", "x-known": "stated"}

    return edit


def requiring(*names: str) -> Edit:
    """Make fields required in requests."""

    def edit(document: Document) -> None:
        _no_examples(document)
        document["components"]["schemas"]["ModelUpsert"]["required"] += names

    return edit


SHIPPED = read_mapping(default_file())
CLAUSES: Mapping[str, Edit] = {f"no clause {name}": without_clause(name) for name in _upsert(SHIPPED)["x-clauses"]}
