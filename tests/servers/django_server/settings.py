"""Settings of the Django project."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

FIXTURES = json.loads((Path(__file__).parents[1] / "fixtures.json").read_text(encoding="utf-8"))
DIRECTORY = tempfile.TemporaryDirectory(prefix="django-server-")

ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.servers.django_server.urls"
MIDDLEWARE = ["tests.servers.django_server.views.require_length"]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(DIRECTORY.name) / "models.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",  # an update reads, then writes: nobody else may write in between
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
        },
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tests.servers.django_server.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "tests.servers.django_server.authentication.MayWrite",
    ],
    "DEFAULT_PARSER_CLASSES": ["tests.servers.django_server.fields.CarefulJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
