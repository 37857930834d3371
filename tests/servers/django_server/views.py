"""The operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.servers.django_server.authentication import caller_of
from tests.servers.django_server.models import BUILT_IN, LlmModel, find
from tests.servers.django_server.serializers import LlmModelSerializer, UpsertSerializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request


class ModelsView(APIView):
    def post(self, request: Request) -> Response:
        serializer = UpsertSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        organization, values = caller_of(request).organization, serializer.validated_data
        if values["model_name"] in BUILT_IN:
            raise PermissionDenied("Built-in models cannot be changed.")
        if "base_model_name" in values and not find(organization, values["base_model_name"]):
            raise NotFound("No such base model.")
        if values.get("custom_provider_id") not in (None, *settings.FIXTURES["providers"][organization]):
            raise NotFound("No such provider.")
        model, created = self.upsert(organization, values)
        return Response(LlmModelSerializer(model, context={"organization": organization}).data, 201 if created else 200)

    @transaction.atomic
    def upsert(self, organization: str, values: dict[str, Any]) -> tuple[LlmModel, bool]:
        """Create or update a model; return it and whether it was created."""
        model = LlmModel.objects.filter(organization=organization, model_name=values["model_name"]).first()
        created = model is None
        model = model or LlmModel(organization=organization)
        for field, value in values.items():
            earlier = model.supported_params_override if field == "supported_params_override" else None
            setattr(model, field, value if earlier is None else {**earlier, **value})
        model.save()
        return model, created


class ModelView(APIView):
    def get(self, request: Request, model_name: str) -> Response:
        model = find(caller_of(request).organization, model_name)
        if model is None:
            raise NotFound
        return Response(LlmModelSerializer(model, context={"organization": caller_of(request).organization}).data)

    def delete(self, request: Request, model_name: str) -> Response:
        if model_name in BUILT_IN:
            raise PermissionDenied("Built-in models cannot be deleted.")
        deleted, _ = LlmModel.objects.filter(
            organization=caller_of(request).organization, model_name=model_name
        ).delete()
        if not deleted:
            raise NotFound
        return Response(status=204)


class NothingHere(APIView):
    """Returns a JSON 404 for unknown paths; Django returns HTML."""

    permission_classes = ()
    authentication_classes = ()

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return JsonResponse({"detail": "Not found."}, status=404)


def require_length(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Require Content-Length: Django reads no chunked bodies under WSGI."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers:
            return JsonResponse({"detail": "Content-Length is required."}, status=411)
        return get_response(request)

    return middleware
