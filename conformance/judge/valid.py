"""Whether a value is one of a schema's, by jsonschema-rs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs

from contract import Schema


def valid(schema: Schema, value: Any) -> bool:
    """Whether the schema allows the value, its bounds, pattern and format included.

    OpenAPI 3.0 has the words of JSON Schema draft 4; its `nullable` is not among them.
    """
    return validating(schema)(value)


def validating(schema: Schema) -> Callable[[Any], bool]:
    """Return the same as a function, for many values."""
    return jsonschema_rs.Draft4Validator(dict(schema), validate_formats=True).is_valid
