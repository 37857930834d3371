"""Serves the Django project until the process is terminated."""

from __future__ import annotations

import os

import django
from django.core.wsgi import get_wsgi_application

from tests.servers.serving import main, threaded

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.servers.django_server.settings"
django.setup()

from django.db import connection  # noqa: E402  models can be read only after the setup

from tests.servers.django_server.models import LlmModel  # noqa: E402

with connection.schema_editor() as schema:
    schema.create_model(LlmModel)
main(threaded(get_wsgi_application()))
