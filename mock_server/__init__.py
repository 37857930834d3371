"""A mock of the endpoint that `openapi.yaml` describes: a Connexion app whose every rule comes from the contract.

`api` has the operations, and is the place to start reading; `upsert` and `display` are its pure core; `app` puts the
parts together; `cli` is the command `respan-mock`. For tests there are `MockServer` with its `Limits`, and `mock_app`,
loaded when somebody asks for them: a plugin of pytest lives here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_server.settings import Limits
    from mock_server.testing import MockApp, MockServer, mock_app

__all__ = ["Limits", "MockApp", "MockServer", "mock_app"]

_HOMES = {
    "Limits": "settings",
    "MockApp": "testing",
    "MockServer": "testing",
    "mock_app": "testing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import warnings
    from importlib import import_module

    with warnings.catch_warnings():
        # Connexion imports what another package means to drop; a test run that makes errors of warnings need not know.
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(import_module(f"mock_server.{_HOMES[name]}"), name)
