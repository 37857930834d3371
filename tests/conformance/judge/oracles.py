"""Two judges of request bodies that are not the suite's: openapi-core, and jsonschema-rs."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema_rs
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters

from contract import Contract


class Oracles:
    """Both judges, told of one contract."""

    def __init__(self, contract: Contract) -> None:
        document = copy.deepcopy(dict(contract.document))
        document["servers"] = [{"url": "http://target"}]
        operation = contract.upsert.operation
        self._api = OpenAPI.from_dict(document)
        self._path, self._method = operation.path, operation.method.lower()
        media_types = document["paths"][self._path][self._method]["requestBody"]["content"]
        schema = _in_words_of_json_schema(media_types["application/json"]["schema"])
        self._rust = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)

    def verdicts(self, body: Any) -> tuple[bool, bool]:
        """Whether openapi-core takes the body, and whether jsonschema-rs does."""
        return self._openapi_core_takes(body), self._rust.is_valid(body)

    def _openapi_core_takes(self, body: Any) -> bool:
        return not list(self._api.iter_request_errors(_Request(self._path, self._method, _whole_numbers(body))))


class _Request:
    host_url = "http://target"
    content_type = "application/json"

    def __init__(self, path: str, method: str, body: Any) -> None:
        self.path, self.method = path, method
        self.full_url_pattern = self.host_url + path
        self.parameters = RequestParameters(header={"Authorization": "Bearer key"})
        self.body = json.dumps(body).encode()


def _whole_numbers(value: Any) -> Any:
    """1.0 as 1: openapi-core alone tells them apart."""
    if isinstance(value, dict):
        return {name: _whole_numbers(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(child) for child in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _in_words_of_json_schema(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 in the words of JSON Schema 2020-12."""
    if isinstance(schema, list):
        return [_in_words_of_json_schema(child) for child in schema]
    if not isinstance(schema, dict):
        return schema
    words = {name: _in_words_of_json_schema(child) for name, child in schema.items()}
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if words.get(exclusive) is True:
            words[exclusive] = words.pop(bound)
        elif words.get(exclusive) is False:
            del words[exclusive]
    return {"anyOf": [words, {"type": "null"}]} if words.pop("nullable", False) is True else words
