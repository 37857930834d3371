"""The ceiling: what the mock does for an upsert that succeeds, written by hand with as little code as possible.

`python -m benchmarks.throughput.ceiling PORT`. It checks the key, validates the body by the schema of the contract,
stores the model and computes the same response from it, its base model and its provider. It leaves out everything
else: it has one operation, and its errors are bare statuses.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import orjson
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contract import default_file
from mock_server.fixtures import DEFAULT_FILE

_INHERITED = (
    "input_cost", "output_cost", "cache_hit_input_cost", "cache_creation_input_cost", "max_context_window",
    "streaming_support", "function_call", "image_support",
)  # fmt: skip


class Ceiling:
    """The models of one organization, in memory."""

    def __init__(self, contract: Any, fixtures: Any) -> None:
        schema = {"$ref": "#/components/schemas/ModelUpsert", "components": contract["components"]}
        self._validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
        self._organizations = {f"Bearer {key}": caller["organization"] for key, caller in fixtures["api_keys"].items()}
        self._providers = {name: each["providers"] for name, each in fixtures["organizations"].items()}
        self._built_in = fixtures["models"]
        self._models: dict[tuple[str, str], dict[str, Any]] = {}

    async def upsert(self, request: Request) -> Response:
        """Create or update a model."""
        organization = self._organizations.get(request.headers.get("authorization", ""))
        if organization is None:
            return Response(status_code=401)
        try:
            body = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return Response(status_code=400)
        if not self._validator.is_valid(body):
            return Response(status_code=400)
        base = self._built_in.get(body.get("base_model_name"), {})
        provider = self._providers[organization].get(body.get("custom_provider_id"))
        now = datetime.now(UTC)
        key = (organization, body["model_name"])
        before = self._models.get(key, {"created_at": now})
        self._models[key] = model = {**before, **body, "updated_at": now}
        content = orjson.dumps(_shown(model, base, provider), option=orjson.OPT_UTC_Z)
        return Response(content, 201 if before["created_at"] is now else 200, media_type="application/json")


def _shown(model: dict[str, Any], base: dict[str, Any], provider: Any) -> dict[str, Any]:
    name = model["model_name"]
    parameters = {**base.get("supported_params", {}), **model.get("supported_params_override", {})}
    shown = {
        "id": name,
        "model_name": name,
        "affiliation_category": "custom",
        "is_called_by_custom_name": True,
        "source": "db",
        "model_type": base.get("model_type", "chat"),
        "supported_params": {name: value for name, value in parameters.items() if value is not None},
        "throughput": None,
        "provider": provider,
        "created_at": model["created_at"],
        "updated_at": model["updated_at"],
    }
    for field in ("display_name", "base_model_name"):
        if field in model:
            shown[field] = model[field]
    for field in _INHERITED:
        if field in model:
            shown[field] = model[field]
        elif field in base:
            shown[field] = base[field]
    return shown


def application() -> Starlette:
    """Return the ceiling for the packaged contract and fixtures."""
    contract, fixtures = (
        yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) for file in (default_file(), DEFAULT_FILE)
    )
    return Starlette(routes=[Route("/api/models/", Ceiling(contract, fixtures).upsert, methods=["POST"])])


def main() -> None:
    """Serve on the port of the command line."""
    uvicorn.run(
        application(),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()
