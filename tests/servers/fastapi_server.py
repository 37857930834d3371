"""A correct server on FastAPI and pydantic, written from the contract alone.

Serve it with `uvicorn tests.servers.fastapi_server:app`. It keeps its models in memory; handlers are coroutines that
never await between reading and writing them, so requests do not interleave there.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import HTTPConnection

FIXTURES = json.loads(Path(__file__).with_name("fixtures.json").read_text(encoding="utf-8"))
INHERITED_FIELDS = (
    "input_cost",
    "output_cost",
    "cache_hit_input_cost",
    "cache_creation_input_cost",
    "max_context_window",
    "streaming_support",
    "function_call",
    "image_support",
)


def storable(value: Any, depth: int = 1) -> Any:
    """Reject what cannot be returned exactly, such as infinite numbers and lone surrogates."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be finite")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("must fit in 64 bits")
    if isinstance(value, str) and not value.isascii():
        value.encode()
    if isinstance(value, dict | list):
        if depth == 64:
            raise ValueError("is nested too deep")
        for part in value if isinstance(value, list) else (*value, *value.values()):
            storable(part, depth + 1)
    return value


Text = Annotated[str, AfterValidator(storable)]
Cost = Annotated[float, Field(allow_inf_nan=False)]
Flag = Annotated[int, Field(ge=0, le=1)]
Parameters = Annotated[dict[str, Any], AfterValidator(storable)]
NOT_GIVEN: Any = None
"""Default of fields that may be left out but not be null."""


class ModelUpsert(BaseModel):
    """The request. No field may be null; `model_fields_set` has the optional fields that were sent."""

    model_config = ConfigDict(strict=True)

    model_name: Text = Field(min_length=1)
    base_model_name: Text = NOT_GIVEN
    display_name: Text = NOT_GIVEN
    custom_provider_id: Text = NOT_GIVEN
    provider_id: Text = NOT_GIVEN
    input_cost: Cost = NOT_GIVEN
    output_cost: Cost = NOT_GIVEN
    cache_hit_input_cost: Cost = NOT_GIVEN
    cache_creation_input_cost: Cost = NOT_GIVEN
    max_context_window: int = Field(default=NOT_GIVEN, ge=-(2**63), lt=2**63)
    streaming_support: Flag = NOT_GIVEN
    function_call: Flag = NOT_GIVEN
    image_support: Flag = NOT_GIVEN
    supported_params_override: Parameters = NOT_GIVEN


class ProviderRead(BaseModel):
    """A provider in the response."""

    id: str
    provider_id: str
    provider_name: str
    extra_kwargs: dict[str, Any]
    created_at: datetime | None
    updated_at: datetime | None


class ModelRead(BaseModel):
    """The response. Optional fields without a value are omitted."""

    id: str
    model_name: str
    display_name: str = NOT_GIVEN
    base_model_name: str = NOT_GIVEN
    affiliation_category: Literal["respan", "custom"]
    is_called_by_custom_name: bool
    input_cost: float = NOT_GIVEN
    output_cost: float = NOT_GIVEN
    cache_hit_input_cost: float = NOT_GIVEN
    cache_creation_input_cost: float = NOT_GIVEN
    max_context_window: int = NOT_GIVEN
    streaming_support: Flag = NOT_GIVEN
    function_call: Flag = NOT_GIVEN
    image_support: Flag = NOT_GIVEN
    source: Literal["db", "hardcoded"]
    model_type: Literal["chat", "embedding", "audio"]
    supported_params: dict[str, Any]
    throughput: dict[str, float] | None
    provider: ProviderRead = NOT_GIVEN
    created_at: datetime | None
    updated_at: datetime | None


class Model(BaseModel):
    """A model in the store."""

    name: str
    values: dict[str, Any]
    created_at: datetime | None = None
    updated_at: datetime | None = None
    built_in: bool = False


class Organization:
    """The models and providers that one organization can use."""

    def __init__(self, providers: dict[str, dict[str, Any]]) -> None:
        self.providers = providers
        self.custom: dict[str, Model] = {}

    def get(self, name: str) -> Model | None:
        return self.custom.get(name) or BUILT_IN.get(name)

    def lineage(self, model: Model) -> Iterator[Model]:
        """Yield the model, its base model, and so on; a cycle is cut where it closes."""
        names = {model.name}
        yield model
        while (base := self.get(model.values.get("base_model_name", ""))) and base.name not in names:
            names.add(base.name)
            yield base
            model = base

    def upsert(self, name: str, values: dict[str, Any]) -> bool:
        """Create or update a model; return whether it was created."""
        now = datetime.now(UTC)
        if existing := self.custom.get(name):
            override = existing.values.get("supported_params_override", {}) | values.get(
                "supported_params_override", {}
            )
            existing.values |= values
            if override:
                existing.values["supported_params_override"] = override
            existing.updated_at = now
            return False
        self.custom[name] = Model(name=name, values=values, created_at=now, updated_at=now)
        return True

    def show(self, model: Model) -> ModelRead:
        lineage = list(self.lineage(model))
        fields = {name: value for name, value in model.values.items() if name in {"display_name", "base_model_name"}}
        for name in INHERITED_FIELDS:
            for ancestor in lineage:
                if name in ancestor.values:
                    fields[name] = ancestor.values[name]
                    break
        if provider := self.providers.get(model.values.get("custom_provider_id", "")):
            provider_id = model.values["custom_provider_id"]
            fields["provider"] = ProviderRead(id=provider_id, provider_id=provider_id, **provider)
        return ModelRead(
            **fields,
            id=model.name,
            model_name=model.name,
            affiliation_category="respan" if model.built_in else "custom",
            is_called_by_custom_name=not model.built_in,
            source="hardcoded" if model.built_in else "db",
            model_type="chat",
            supported_params=supported_params(lineage),
            throughput=None,
            created_at=model.created_at,
            updated_at=model.updated_at,
        )


def supported_params(lineage: list[Model]) -> dict[str, Any]:
    """Apply each model's override to the parameters of its base model; null removes a parameter."""
    params: dict[str, Any] = {}
    for model in reversed(lineage):
        params |= model.values.get("supported_params_override", {})
        params = {name: value for name, value in params.items() if value is not None}
    return params


BUILT_IN = {
    name: Model(name=name, values={**values, "supported_params_override": values["supported_params"]}, built_in=True)
    for name, values in FIXTURES["built_in_models"].items()
}
ORGANIZATIONS = {name: Organization(providers) for name, providers in FIXTURES["providers"].items()}


class ApiKeyBackend(AuthenticationBackend):
    """Bearer authentication with an API key. It runs before FastAPI reads the body."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, SimpleUser]:
        scheme, _, token = conn.headers.get("Authorization", "").partition(" ")
        if not token or scheme.lower() != "bearer":
            raise AuthenticationError("Authentication credentials were not provided.")
        key = FIXTURES["keys"].get(token.strip())
        if key is None:
            raise AuthenticationError("Invalid API key.")
        return AuthCredentials(["read", "write"] if key["may_write"] else ["read"]), SimpleUser(key["organization"])


def unauthorized(_: HTTPConnection, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, status.HTTP_401_UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})


def organization(request: Request) -> Organization:
    return ORGANIZATIONS[request.user.username]


def writable_organization(request: Request) -> Organization:
    if "write" not in request.auth.scopes:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "This API key is read-only.")
    return organization(request)


app = FastAPI(title="Models", redirect_slashes=False)
app.add_middleware(AuthenticationMiddleware, backend=ApiKeyBackend(), on_error=unauthorized)


@app.exception_handler(RequestValidationError)
async def bad_request(_: Request, error: RequestValidationError) -> JSONResponse:
    """Return FastAPI's error list, with 400 instead of 422, and without the input, which may not be JSON."""
    details = [
        {"loc": problem["loc"][:2], "msg": problem["msg"], "type": problem["type"]} for problem in error.errors()
    ]
    return JSONResponse({"detail": details}, status.HTTP_400_BAD_REQUEST)


@app.post(
    "/api/models/",
    response_model=ModelRead,
    response_model_exclude_unset=True,
    responses={status.HTTP_201_CREATED: {"model": ModelRead}},
)
async def upsert_model(
    payload: ModelUpsert, response: Response, org: Annotated[Organization, Depends(writable_organization)]
) -> ModelRead:
    values = payload.model_dump(exclude_unset=True, exclude={"model_name"})
    if "provider_id" in values:
        provider_id = values.pop("provider_id")
        if values.setdefault("custom_provider_id", provider_id) != provider_id:
            raise HTTPException(status.HTTP_400_BAD_REQUEST, "custom_provider_id and provider_id differ.")
    if payload.model_name in BUILT_IN:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Built-in models cannot be changed.")
    if "base_model_name" in values and not org.get(values["base_model_name"]):
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Base model not found.")
    if "custom_provider_id" in values and values["custom_provider_id"] not in org.providers:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Provider not found.")
    if org.upsert(payload.model_name, values):
        response.status_code = status.HTTP_201_CREATED
    return org.show(org.custom[payload.model_name])


@app.get("/api/models/{model_name:path}/", response_model=ModelRead, response_model_exclude_unset=True)
async def get_model(model_name: str, org: Annotated[Organization, Depends(organization)]) -> ModelRead:
    model = org.get(model_name)
    if model is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return org.show(model)


@app.delete("/api/models/{model_name:path}/", status_code=status.HTTP_204_NO_CONTENT)
async def delete_model(model_name: str, org: Annotated[Organization, Depends(writable_organization)]) -> None:
    if model_name in BUILT_IN:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Built-in models cannot be deleted.")
    if org.custom.pop(model_name, None) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)


if __name__ == "__main__":
    from tests.servers.serving import main

    main(app)
