"""The fields of requests and of responses."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from tests.servers.django_server.fields import (
    CostField,
    FlagField,
    ParametersField,
    StrictCharField,
    StrictIntegerField,
)
from tests.servers.django_server.models import LlmModel, lineage


class UpsertSerializer(serializers.Serializer[LlmModel]):
    model_name = StrictCharField(max_length=255)
    base_model_name = StrictCharField(required=False)
    display_name = StrictCharField(required=False, allow_blank=True)
    custom_provider_id = StrictCharField(required=False)
    provider_id = StrictCharField(required=False)
    input_cost = CostField(required=False)
    output_cost = CostField(required=False)
    cache_hit_input_cost = CostField(required=False)
    cache_creation_input_cost = CostField(required=False)
    max_context_window = StrictIntegerField(required=False, min_value=0, max_value=2**63 - 1)
    streaming_support = FlagField(required=False)
    function_call = FlagField(required=False)
    image_support = FlagField(required=False)
    supported_params_override = ParametersField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        provider = attrs.pop("provider_id", None)
        if provider is not None and attrs.setdefault("custom_provider_id", provider) != provider:
            raise serializers.ValidationError({"provider_id": "Differs from custom_provider_id."})
        return attrs


class ProviderSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    provider_id = serializers.CharField(source="id")
    provider_name = serializers.CharField()
    extra_kwargs = serializers.DictField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class LlmModelSerializer(serializers.ModelSerializer[LlmModel]):
    """Omits values that a model does not have."""

    INHERITED = (
        "input_cost",
        "output_cost",
        "cache_hit_input_cost",
        "cache_creation_input_cost",
        "max_context_window",
        "streaming_support",
        "function_call",
        "image_support",
    )

    id = serializers.CharField(source="model_name")

    class Meta:
        model = LlmModel
        fields = ("id", "model_name", "display_name", "base_model_name", "created_at", "updated_at")

    def to_representation(self, instance: LlmModel) -> dict[str, Any]:
        models = list(lineage(self.context["organization"], instance))
        own = super().to_representation(instance)
        inherited = {
            field: next((value for model in models if (value := getattr(model, field)) is not None), None)
            for field in self.INHERITED
        }
        shown = {**own, **inherited, "provider": self.provider(instance)}
        return {
            **{field: value for field, value in shown.items() if value is not None},
            "affiliation_category": "respan" if instance.built_in else "custom",
            "is_called_by_custom_name": not instance.built_in,
            "source": "hardcoded" if instance.built_in else "db",
            "model_type": "chat",
            "supported_params": supported_params(models),
            "throughput": None,
        }

    def provider(self, model: LlmModel) -> dict[str, Any] | None:
        provider = settings.FIXTURES["providers"][self.context["organization"]].get(model.custom_provider_id)
        return provider and ProviderSerializer({"id": model.custom_provider_id, **provider}).data


def supported_params(lineage: list[LlmModel]) -> dict[str, Any]:
    """Return the parameters after each override, from the farthest base model down; null removes an entry."""
    params: dict[str, Any] = {}
    for model in reversed(lineage):
        params.update(model.supported_params_override)
        params = {name: value for name, value in params.items() if value is not None}
    return params
