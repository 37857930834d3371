"""The plain server's request fields: which there are, and which values each accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tests.servers.wire import INT64, FieldError, HttpError, Json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY = "model_name"
BASE = "base_model_name"
PROVIDER = "custom_provider_id"
PROVIDER_ALIAS = "provider_id"
OVERRIDE = "supported_params_override"
COSTS = ("input_cost", "output_cost", "cache_hit_input_cost", "cache_creation_input_cost")
FLAGS = ("streaming_support", "function_call", "image_support")
INHERITED = (*COSTS, "max_context_window", *FLAGS)
KINDS = {
    **dict.fromkeys((KEY, BASE, "display_name", PROVIDER, PROVIDER_ALIAS), "string"),
    **dict.fromkeys(COSTS, "number"),
    "max_context_window": "integer",
    **dict.fromkeys(FLAGS, "flag"),
    OVERRIDE: "mapping",
}
"""The request fields, and the method that validates each of them."""

Values: TypeAlias = dict[str, Json]
"""Values by field."""


class FieldRules:
    """Turns a body into the values to store, or rejects it with all its errors."""

    def requested_values(self, body: Json) -> Values:
        """Return the values that a body asks to store, with aliases resolved."""
        return self.resolve_aliases(self.validate_fields(self.known_fields(self.as_object(body))))

    def as_object(self, body: Json) -> dict[str, Json]:
        """Return the body if it is an object."""
        if not isinstance(body, dict):
            raise HttpError(400, "Expected a JSON object.")
        return body

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        """Return the fields of the request; unknown ones are ignored."""
        return {name: value for name, value in body.items() if name in KINDS}

    def validate_fields(self, fields: Values) -> Values:
        """Return the fields as they will be stored, or raise all their errors."""
        values: Values = {}
        wrong = {} if KEY in fields else {KEY: ["This field is required."]}
        for name, value in fields.items():
            try:
                values[name] = self.validate_field(name, value)
            except FieldError as error:
                wrong[name] = [str(error)]
        if wrong:
            raise HttpError(400, wrong)
        return values

    def validate_field(self, name: str, value: Json) -> Json:
        """Return the value of one field as it will be stored. Raises FieldError."""
        if name == KEY:
            return self.key(self.string(name, value))
        check: Callable[[str, Json], Json] = getattr(self, KINDS[name])
        return check(name, value)

    def key(self, name: str) -> str:
        """Return the name of a model as it will be stored. Raises FieldError."""
        if not name:
            raise FieldError("This field may not be blank.")
        return name

    def string(self, name: str, value: Json) -> str:
        """Return a string. Raises FieldError."""
        if not isinstance(value, str):
            raise FieldError("Expected a string.")
        return value

    def number(self, name: str, value: Json) -> int | float:
        """Return a number. Raises FieldError."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FieldError("Expected a number.")
        return value

    def integer(self, name: str, value: Json) -> int:
        """Return a 64-bit integer. 7.0 is one, as in JSON Schema. Raises FieldError."""
        number = self.number(name, value)
        if number % 1 or int(number) not in INT64:
            raise FieldError("Expected an integer of 64 bits.")
        return int(number)

    def flag(self, name: str, value: Json) -> int:
        """Return 0 or 1. Raises FieldError."""
        flag = self.integer(name, value)
        if flag not in (0, 1):
            raise FieldError("Expected 0 or 1.")
        return flag

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        """Return an object. Raises FieldError."""
        if not isinstance(value, dict):
            raise FieldError("Expected an object.")
        return value

    def resolve_aliases(self, values: Values) -> Values:
        """Return the values without the alias of the provider."""
        if PROVIDER_ALIAS not in values:
            return values
        provider = values[PROVIDER_ALIAS]
        if values.get(PROVIDER, provider) != provider:
            raise HttpError(400, {PROVIDER_ALIAS: [f"Differs from {PROVIDER}."]})
        return {**{name: value for name, value in values.items() if name != PROVIDER_ALIAS}, PROVIDER: provider}
