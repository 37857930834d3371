"""Judges responses of the mock by the contract with openapi-core, which shares no code with it."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from contract import Contract

HOST = "http://target"


class Judge:
    """openapi-core, told of one contract."""

    def __init__(self, contract: Contract) -> None:
        document = copy.deepcopy(dict(contract.document))
        document["servers"] = [{"url": HOST}]
        self._api = OpenAPI.from_dict(document)

    def check(self, method: str, template: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Raises an error where the response to the operation at `method` and `template` is not the contract's."""
        path = template.replace("{", "").replace("}", "")  # it matches no raw slash, and any name will do
        media_type = headers.get("content-type", "application/json")
        request = MockRequest(HOST, method.lower(), path, content_type="application/json")
        response = MockResponse(body, status, dict(headers), media_type)
        self._api.validate_response(request, response)
