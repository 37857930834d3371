"""A mock server of the endpoint that `openapi.yaml` describes. Every rule comes from the contract.

Start reading at `api`, which has the operations. `upsert` and `display` are the pure core, `app` has the stack of
middleware, and `cli` is the command `respan-mock`. For tests there are `MockServer` with its `Limits`, and `mock_app`.
They are imported on first use, so that pytest can load its plugin without them.
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
        # Connexion imports what is deprecated. This must not fail test runs that turn warnings into errors.
        warnings.simplefilter("ignore")
        return getattr(import_module(f"mock_server.{_HOMES[name]}"), name)
