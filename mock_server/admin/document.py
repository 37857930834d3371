"""Reads the document of the admin API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("admin.yaml")


def read_document() -> dict[str, Any]:
    """The document in one piece: the schemas that stand in files of their own are put in their places."""
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if "$ref" in schema:
            schemas[name] = json.loads((FILE.parent / schema["$ref"]).read_text(encoding="utf-8"))
    return document
