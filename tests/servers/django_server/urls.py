"""The routes."""

from __future__ import annotations

from django.urls import path, re_path

from tests.servers.django_server.views import ModelsView, ModelView, NothingHere

urlpatterns = [
    path("api/models/", ModelsView.as_view()),
    path("api/models/<path:model_name>/", ModelView.as_view()),
    re_path("", NothingHere.as_view()),
]
