"""The reports of a run. Each is a pure function of the result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from conformance.reports.document import document
from conformance.reports.markdown import as_markdown
from conformance.results.result import Result

Writer = Callable[[Result], str]


def as_json(result: Result) -> str:
    """Return the result as JSON text, of the schema in report.schema.json."""
    return json.dumps(document(result), indent=2) + "\n"


def as_html(result: Result) -> str:
    """Return the result as one HTML page that loads nothing."""
    from conformance.reports.page import as_html

    return as_html(result)


WRITERS: Mapping[str, Writer] = MappingProxyType({"json": as_json, "html": as_html, "markdown": as_markdown})
"""Returns the text of each report, by the option that names its file."""
