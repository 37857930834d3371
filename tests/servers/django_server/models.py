"""The table of models, and inheritance."""

# mypy: disable-error-code="var-annotated"
# Django's columns get their types from a mypy plugin; none of them is read under a type here.

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from collections.abc import Iterator


class LlmModel(models.Model):
    """A custom model of an organization; null in a column means that it has no own value."""

    organization = models.CharField(max_length=255)
    model_name = models.CharField(max_length=255)
    base_model_name = models.CharField(max_length=255, null=True)
    display_name = models.TextField(null=True)
    custom_provider_id = models.CharField(max_length=255, null=True)
    input_cost = models.FloatField(null=True)
    output_cost = models.FloatField(null=True)
    cache_hit_input_cost = models.FloatField(null=True)
    cache_creation_input_cost = models.FloatField(null=True)
    max_context_window = models.BigIntegerField(null=True)
    streaming_support = models.SmallIntegerField(null=True)
    function_call = models.SmallIntegerField(null=True)
    image_support = models.SmallIntegerField(null=True)
    supported_params_override = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "llm"
        constraints = (models.UniqueConstraint(fields=["organization", "model_name"], name="one_name_one_model"),)

    @property
    def built_in(self) -> bool:
        return self.pk is None


BUILT_IN = {
    name: LlmModel(
        model_name=name,
        supported_params_override=values["supported_params"],
        **{field: value for field, value in values.items() if field != "supported_params"},
    )
    for name, values in settings.FIXTURES["built_in_models"].items()
}


def find(organization: str, name: str | None) -> LlmModel | None:
    """Return the model of a name, custom or built in."""
    return LlmModel.objects.filter(organization=organization, model_name=name).first() or BUILT_IN.get(name)


def lineage(organization: str, model: LlmModel | None) -> Iterator[LlmModel]:
    """Yield the model, its base model, and so on, each once."""
    names = set()
    while model and model.model_name not in names:
        names.add(model.model_name)
        yield model
        model = find(organization, model.base_model_name)
