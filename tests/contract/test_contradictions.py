"""Contracts that are valid OpenAPI but incomplete, malformed or contradictory are rejected.

One mistake makes one problem, whose hint says how to fix it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.altered import Edit, both, drop, put, write_altered
from tests.contract.conftest import ProblemsOf

POST = "#/paths/~1api~1models~1/post"
ITEM = "#/paths/~1api~1models~1{model_name}~1"
UPSERT = POST + "/x-upsert"
SCHEMAS = "#/components/schemas"
REQUEST = SCHEMAS + "/ModelUpsert/properties"
RESPONSE = SCHEMAS + "/Model/properties"
BODY = POST + "/requestBody/content/application~1json"

SHOWN = {"application/json": {"schema": {"$ref": SCHEMAS + "/Model"}}}
READ = {"operationId": "readOne", "responses": {"200": {"description": "The model.", "content": SHOWN}}}

OPENAPI = "see the OpenAPI 3.0.3 specification for what is allowed there"
WORDS = {"key": "model_name", "scope": "organization", "created": 201, "updated": 200, "omitted": "keep"}
STATUSES = {"invalid": 400, "reserved": 403, "forbidden": 403}

Row = tuple[Edit, str, str, str]

VERSION: dict[str, Row] = {
    "OpenAPI 3.1": (put("#/openapi", "3.1.0"), "#/openapi", "is '3.1.0'", "use OpenAPI 3.0"),
    "Swagger 2": (both(drop("#/openapi"), put("#/swagger", "2.0")), "#/openapi", "is missing", "use OpenAPI 3.0"),
    "a release candidate": (put("#/openapi", "3.0.3-rc1"), "#/openapi", "is '3.0.3-rc1'", "use OpenAPI 3.0"),
    "a number": (put("#/openapi", 3.0), "#/openapi", "is 3.0", "use OpenAPI 3.0"),
}

RULES: dict[str, Row] = {
    "no info": (drop("#/info"), "#", "'info' is a required property", OPENAPI),
    "no paths": (drop("#/paths"), "#", "'paths' is a required property", OPENAPI),
    "no responses": (drop(POST + "/responses"), POST, "'responses' is a required property", OPENAPI),
    "responses empty": (put(POST + "/responses", {}), POST + "/responses", "should be non-empty", OPENAPI),
    "responses a list": (put(POST + "/responses", []), POST + "/responses", "[] is not of type 'object'", OPENAPI),
    "responses null": (put(POST + "/responses", None), POST + "/responses", "None is not of type", OPENAPI),
    "response a number": (put(POST + "/responses/200", 1), POST + "/responses/200", "1 is not of type", OPENAPI),
    "misspelt keyword": (put(POST + "/sumary", "x"), POST, "'sumary' does not match any", OPENAPI),
    "type unknown": (put(REQUEST + "/display_name/type", "text"), REQUEST + "/display_name/type", "'text'", OPENAPI),
    "pattern malformed": (
        put(REQUEST + "/display_name/pattern", "("),
        REQUEST + "/display_name/pattern",
        "'(' is not a regular expression in Python, which reads it",
        OPENAPI,
    ),
    "default wrong": (
        put(REQUEST + "/display_name/default", 5),
        REQUEST + "/display_name/default",
        "the default is not valid: 5 is not of type 'string'",
        OPENAPI,
    ),
    "same operationId twice": (
        put(ITEM + "/get/operationId", "upsertModel"),
        "#",
        "Operation ID 'upsertModel' for 'get' in '/api/models/{model_name}/' is not unique",
        OPENAPI,
    ),
    "path parameter undeclared": (
        put("#/paths/~1other~1{name}~1", {"get": READ}),
        "#",
        "Path parameter 'name' for 'get' operation in '/other/{name}/' was not resolved",
        OPENAPI,
    ),
}

VOCABULARY: dict[str, Row] = {
    "near name": (put(POST + "/x-upserts", 1), POST + "/x-upserts", "not a known extension", "write x-upsert; "),
    "far name": (
        put(POST + "/x-go-name", 1),
        POST + "/x-go-name",
        "not a known extension",
        "remove it; the extensions are x-",
    ),
    "in a response": (
        put(POST + "/responses/x-source", 1),
        POST + "/responses/x-source",
        "x-source is malformed",
        "write it as x-source: one of {key: true}",
    ),
    "status a string": (put(UPSERT + "/created", "201"), UPSERT + "/created", "not of type", "created: 201"),
    "word unknown": (put(UPSERT + "/omitted", "drop"), UPSERT + "/omitted", '"drop" is not one of', "keep | reset"),
    "word missing": (drop(UPSERT + "/key"), UPSERT, '"key" is a required property', "key: FIELD"),
    "word too many": (put(UPSERT + "/deleted", 204), UPSERT, "'deleted' was unexpected", "key: FIELD"),
    "x-upsert null": (put(UPSERT, None), UPSERT, "null is not of type", "key: FIELD"),
    "x-known unknown": (
        put(REQUEST + "/display_name/x-known", "likely"),
        REQUEST + "/display_name/x-known",
        '"likely" is not one of',
        "write it as x-known: stated | published | standard | assumed | open",
    ),
    "x-known of no member": (
        put(UPSERT + "/x-known/kye", "stated"),
        UPSERT + "/x-known",
        "x-known is malformed",
        "write it as x-known: stated | published",
    ),
    "x-source of no form": (
        put(RESPONSE + "/id/x-source", {"kye": True}),
        RESPONSE + "/id/x-source",
        "x-source is malformed",
        "{lookup: models | providers, by: FIELD}",
    ),
    "x-source of two forms": (
        put(RESPONSE + "/id/x-source", {"key": True, "time": "created"}),
        RESPONSE + "/id/x-source",
        "x-source is malformed",
        "{time: created | updated}",
    ),
    "x-reference to what is unknown": (
        put(REQUEST + "/base_model_name/x-reference/to", "people"),
        REQUEST + "/base_model_name/x-reference/to",
        '"people" is not one of',
        "{to: models | providers, missing: 404}",
    ),
    "x-alias without a status": (
        drop(REQUEST + "/provider_id/x-alias/differing"),
        REQUEST + "/provider_id/x-alias",
        '"differing" is a required property',
        "{of: FIELD, differing: 400}",
    ),
    "x-merge a string": (
        put(REQUEST + "/supported_params_override/x-merge", "entries"),
        REQUEST + "/supported_params_override/x-merge",
        '"entries" is not of type "object"',
        "{by: entries}",
    ),
    "x-limits too deep": (
        put(POST + "/requestBody/x-limits/nesting", 5000),
        POST + "/requestBody/x-limits/nesting",
        "5000 is greater than the maximum of 200",
        "nesting: NUMBER from 1 to 200",
    ),
    "clause without a text": (
        drop(POST + "/x-clauses/returned/text"),
        POST + "/x-clauses/returned",
        '"text" is a required property',
        "{NAME: {x-known: PROVENANCE, text: SENTENCE}}",
    ),
}

MISPLACED: dict[str, Row] = {
    "x-source in the request": (
        put(REQUEST + "/display_name/x-source", {"value": "x"}),
        REQUEST + "/display_name/x-source",
        "x-source has no effect here",
        "x-source belongs to a response property; move it there or remove it",
    ),
    "x-reference in the response": (
        put(RESPONSE + "/display_name/x-reference", {"to": "models", "missing": 404}),
        RESPONSE + "/display_name/x-reference",
        "x-reference has no effect here",
        "x-reference belongs to a request property; move it there or remove it",
    ),
    "x-limits on the operation": (
        put(POST + "/x-limits", {"bytes": 1, "nesting": 1}),
        POST + "/x-limits",
        "x-limits has no effect here",
        "x-limits belongs to the request body of the upsert operation; move it there or remove it",
    ),
    "x-clauses on another operation": (
        put(ITEM + "/get/x-clauses", {}),
        ITEM + "/get/x-clauses",
        "x-clauses has no effect here",
        "x-clauses belongs to the upsert operation; move it there or remove it",
    ),
    "x-upsert outside an operation": (
        put("#/info/x-upsert", {**WORDS, **STATUSES}),
        "#/info/x-upsert",
        "x-upsert has no effect here",
        "x-upsert belongs to the upsert operation; move it there or remove it",
    ),
}

OPERATIONS: dict[str, Row] = {
    "no x-upsert": (drop(UPSERT), "#/paths", "no operation has x-upsert", "add it to the operation that creates"),
    "two x-upsert": (
        put(ITEM + "/get/x-upsert", {**WORDS, **STATUSES}),
        ITEM + "/get/x-upsert",
        "a second operation has x-upsert",
        "keep it at one operation",
    ),
    "no operationId": (drop(POST + "/operationId"), POST, "the operation has no operationId", "add an operationId"),
    "read unknown": (
        put(UPSERT + "/read", "getmodel"),
        UPSERT + "/read",
        "there is no operation getmodel",
        "name one of upsertModel, getModel, deleteModel, or remove read",
    ),
    "read by another method": (
        put(UPSERT + "/read", "deleteModel"),
        UPSERT + "/read",
        "deleteModel is a DELETE",
        "name a GET, or remove read",
    ),
    "delete by another method": (
        put(UPSERT + "/delete", "getModel"),
        UPSERT + "/delete",
        "getModel is a GET",
        "name a DELETE, or remove delete",
    ),
    "read without the key": (
        both(put("#/paths/~1api~1models~1/get", READ), put(UPSERT + "/read", "readOne")),
        UPSERT + "/read",
        "/api/models/ has no parameter {model_name}",
        "add the key to that path",
    ),
}

KEY: dict[str, Row] = {
    "not in the request": (
        put(UPSERT + "/key", "name"),
        UPSERT + "/key",
        "name is not a required string",
        "name a required string",
    ),
    "optional": (
        put(UPSERT + "/key", "display_name"),
        UPSERT + "/key",
        "display_name is not a required",
        "name a required string",
    ),
    "required of nothing": (
        drop(SCHEMAS + "/ModelUpsert/required"),
        UPSERT + "/key",
        "not a required string",
        "name a required string",
    ),
    "an integer": (
        both(put(REQUEST + "/model_name", {"type": "integer"}), drop(BODY + "/examples")),
        UPSERT + "/key",
        "model_name is not a required string of the request",
        "name a required string, or make it one",
    ),
    "not shown": (
        drop(RESPONSE + "/model_name"),
        UPSERT + "/key",
        "the response does not have model_name",
        "add it to the schema of the response",
    ),
}

STATUS: dict[str, Row] = {
    "created undeclared": (put(UPSERT + "/created", 202), UPSERT + "/created", "202 is not a declared", "declare it"),
    "created no success": (
        put(UPSERT + "/created", 403),
        UPSERT + "/created",
        "403 is not a status from 200",
        "in that range",
    ),
    "invalid undeclared": (put(UPSERT + "/invalid", 422), UPSERT + "/invalid", "422 is not a declared", "declare it"),
    "reserved a success": (
        put(UPSERT + "/reserved", 201),
        UPSERT + "/reserved",
        "201 is not a status from 400",
        "in that range",
    ),
    "forbidden undeclared": (
        put(UPSERT + "/forbidden", 409),
        UPSERT + "/forbidden",
        "409 is not a declared",
        "declare it",
    ),
    "response removed": (drop(POST + "/responses/201"), UPSERT + "/created", "201 is not a declared", "declare it"),
    "missing undeclared": (
        put(REQUEST + "/custom_provider_id/x-reference/missing", 410),
        REQUEST + "/custom_provider_id/x-reference/missing",
        "410 is not a declared response of the operation",
        "declare it under responses",
    ),
    "differing undeclared": (
        put(REQUEST + "/provider_id/x-alias/differing", 409),
        REQUEST + "/provider_id/x-alias/differing",
        "409 is not a declared response of the operation",
        "declare it under responses",
    ),
}

BODIES: dict[str, Row] = {
    "no request body": (
        drop(POST + "/requestBody"),
        POST,
        "no schema of a JSON object",
        "describe the properties of the application/json",
    ),
    "request of another type": (
        put(POST + "/requestBody/content", {"text/plain": {}}),
        POST + "/requestBody/content",
        "there is no schema of a JSON object with properties",
        "describe the properties of the application/json body",
    ),
    "response without a body": (
        drop(POST + "/responses/200/content"),
        POST + "/responses/200",
        "there is no schema of a JSON object with properties",
        "describe the properties of the application/json body",
    ),
    "create shows something else": (
        put(POST + "/responses/201/content/application~1json", {"schema": {"$ref": SCHEMAS + "/Error"}}),
        POST + "/responses/201/content/application~1json/schema",
        "the schema differs from that of the 200 response",
        "refer to the same schema in both",
    ),
    "read shows something else": (
        put(ITEM + "/get/responses/200/content/application~1json", {"schema": {"$ref": SCHEMAS + "/Error"}}),
        ITEM + "/get/responses/200/content/application~1json/schema",
        "the schema differs from that of the 200 response",
        "refer to the same schema in both",
    ),
    "allOf with two types": (
        put(REQUEST + "/input_cost/type", "string"),
        REQUEST + "/input_cost",
        "allOf gives type two different values",
        "give it one value; use allOf only to add to a reference",
    ),
    "null that allOf refuses": (
        put(REQUEST + "/input_cost/nullable", True),
        REQUEST + "/input_cost",
        "allOf gives nullable two different values",
        "give it one value; use allOf only to add to a reference",
    ),
}

FIELDS: dict[str, Row] = {
    "alias of nothing": (
        put(REQUEST + "/provider_id/x-alias/of", "provider"),
        REQUEST + "/provider_id/x-alias/of",
        "provider is not a request field that stores a value of its own",
        "name the field that this one is an alternative spelling of",
    ),
    "alias of itself": (
        put(REQUEST + "/provider_id/x-alias/of", "provider_id"),
        REQUEST + "/provider_id/x-alias/of",
        "provider_id is not a request field that stores a value of its own",
        "name the field that this one is an alternative spelling of",
    ),
    "alias of another type": (
        put(REQUEST + "/provider_id/x-alias/of", "input_cost"),
        REQUEST + "/provider_id/x-alias",
        "provider_id and input_cost have different types",
        "give both the same schema",
    ),
    "alias for a key": (
        put(REQUEST + "/model_name/x-alias", {"of": "display_name", "differing": 400}),
        UPSERT + "/key",
        "model_name is not a required string of the request",
        "name a required string, or make it one",
    ),
    "merge of a string": (
        put(REQUEST + "/display_name/x-merge", {"by": "entries"}),
        REQUEST + "/display_name/x-merge",
        "only an object has entries to merge",
        "remove it, or make the field an object",
    ),
    "no source": (
        drop(RESPONSE + "/model_type/x-source"),
        RESPONSE + "/model_type",
        "the source of its value is missing",
        "add x-source, or a request property of the same name",
    ),
    "inherits by no field": (
        put(RESPONSE + "/input_cost/x-source/inherit", "base"),
        RESPONSE + "/input_cost/x-source/inherit",
        "there is no request field base",
        "name one of model_name, base_model_name, ",
    ),
    "inherits by a field that refers to nothing": (
        put(RESPONSE + "/input_cost/x-source/inherit", "display_name"),
        RESPONSE + "/input_cost/x-source/inherit",
        "display_name does not refer to models",
        "add x-reference: {to: models, missing: 404} to it, or name another field",
    ),
    "overlay by a string": (
        put(RESPONSE + "/supported_params/x-source/overlay", "display_name"),
        RESPONSE + "/supported_params/x-source/overlay",
        "display_name is not an object of the request",
        "name a request field of type object",
    ),
    "look-up by another reference": (
        put(RESPONSE + "/provider/x-source/by", "base_model_name"),
        RESPONSE + "/provider/x-source/by",
        "base_model_name does not refer to providers",
        "add x-reference: {to: providers, missing: 404} to it, or name another field",
    ),
    "constant outside the enum": (
        put(RESPONSE + "/source/x-source/value", "cache"),
        RESPONSE + "/source/x-source/value",
        "the value is not valid for source: 'cache' is not one of",
        "correct the value, or the schema",
    ),
    "null where none may be": (
        put(RESPONSE + "/source/x-source/value", None),
        RESPONSE + "/source/x-source/value",
        "the value is not valid for source: None for not nullable",
        "correct the value, or the schema",
    ),
    "else outside the enum": (
        put(RESPONSE + "/model_type/x-source/else", "video"),
        RESPONSE + "/model_type/x-source/else",
        "the value is not valid for model_type: 'video' is not one of",
        "correct the value, or the schema",
    ),
    "time for a number": (
        put(RESPONSE + "/input_cost/x-source", {"time": "created"}),
        RESPONSE + "/input_cost/x-source",
        "gives input_cost a value of type string, but its schema has another type",
        "declare type: string, or another x-source",
    ),
    "provider for a number": (
        put(RESPONSE + "/input_cost/x-source", {"lookup": "providers", "by": "custom_provider_id"}),
        RESPONSE + "/input_cost/x-source",
        "gives input_cost a value of type object, but its schema has another type",
        "declare type: object, or another x-source",
    ),
}

EXAMPLES: dict[str, Row] = {
    "in the request": (
        put(BODY + "/examples/minimal/value/input_cost", "free"),
        BODY + "/examples/minimal/value/input_cost",
        "the example is not valid: 'free' is not of type 'number'",
        "correct the value, or the schema",
    ),
    "null": (
        put(BODY + "/examples/minimal/value/input_cost", None),
        BODY + "/examples/minimal/value/input_cost",
        "the example is not valid: None for not nullable",
        "correct the value, or the schema",
    ),
    "without the key": (
        drop(BODY + "/examples/minimal/value/model_name"),
        BODY + "/examples/minimal/value",
        "the example is not valid: 'model_name' is a required property",
        "correct the value, or the schema",
    ),
    "referred to": (
        put("#/components/examples/builtInModel/value/created_at", "yesterday"),
        "#/components/examples/builtInModel/value/created_at",
        "the example is not valid: 'yesterday' is not a 'date-time'",
        "correct the value, or the schema",
    ),
    "of a schema": (
        put(SCHEMAS + "/Cost/example", "x"),
        SCHEMAS + "/Cost/example",
        "the example is not valid: 'x' is not of type 'number'",
        "correct the value, or the schema",
    ),
    "of a parameter": (
        put(ITEM + "/parameters/0/examples/plain/value", ""),
        ITEM + "/parameters/0/examples/plain/value",
        "the example is not valid: '' should be non-empty",
        "correct the value, or the schema",
    ),
    "of a header": (
        put("#/components/responses/Unauthorized/headers/WWW-Authenticate/example", 401),
        "#/components/responses/Unauthorized/headers/WWW-Authenticate/example",
        "the example is not valid: 401 is not of type 'string'",
        "correct the value, or the schema",
    ),
}

SUBJECTS = {
    "version": VERSION,
    "rules": RULES,
    "vocabulary": VOCABULARY,
    "misplaced": MISPLACED,
    "operations": OPERATIONS,
    "key": KEY,
    "status": STATUS,
    "bodies": BODIES,
    "fields": FIELDS,
    "examples": EXAMPLES,
}
ROWS = {f"{subject}: {name}": row for subject, rows in SUBJECTS.items() for name, row in rows.items()}


@pytest.mark.parametrize(("edit", "pointer", "what", "hint"), ROWS.values(), ids=ROWS)
def test_broken_contract(
    edit: Edit, pointer: str, what: str, hint: str, tmp_path: Path, problems_of: ProblemsOf
) -> None:
    problem, *others = problems_of(write_altered(tmp_path, edit))
    assert (problem.pointer, others) == (pointer, [])
    assert what in problem.what
    assert hint in problem.hint
