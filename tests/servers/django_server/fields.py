"""Strict fields and a careful parser: the stock ones coerce, trim, and return 500 for deep nesting."""

from __future__ import annotations

import math
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class CarefulJSONParser(JSONParser):
    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deep") from None


class StrictCharField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class CostField(serializers.FloatField):
    """Rejects negative costs, even -0.0, whose sign the database would not store."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            cost = float(data)
        except OverflowError:
            self.fail("invalid")
        if not math.isfinite(cost) or math.copysign(1, cost) < 0:
            self.fail("invalid")
        return cost


class FlagField(StrictIntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=1, **kwargs)


class ParametersField(serializers.JSONField):
    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Expected an object.")
        self.refuse_unstorable(data)
        return data

    def refuse_unstorable(self, value: Any, depth: int = 1) -> None:
        """Reject what cannot be returned exactly."""
        if isinstance(value, float) and not math.isfinite(value):
            self.fail("invalid")
        if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            self.fail("invalid")
        if isinstance(value, dict | list):
            if depth > 50:
                self.fail("invalid")
            for part in value if isinstance(value, list) else (*value, *value.values()):
                self.refuse_unstorable(part, depth + 1)
