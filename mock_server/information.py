"""What a mock tells about itself: what is served, for whom, and with which settings."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mock_server.control import Control
from mock_server.first_request import first_request
from mock_server.served import served_operations


def information(control: Control) -> dict[str, Any]:
    """The description. It has no secret in it but the demo keys, which the mock prints at its start too."""
    contract, fixtures = control.contract, control.fixtures
    seed = "" if (given := control.settings.get("seed")) is None else str(given)
    return {
        "version": _version(),
        "contract": {
            "title": contract.title,
            "version": contract.version,
            "digest": contract.digest,
            "file": str(contract.file),
            "base_path": contract.base_path or "/",
            "operations": [asdict(each) for each in served_operations(contract, seed)],
        },
        "organizations": [_organization(control, name) for name in fixtures.organizations],
        "built_in": list(fixtures.models),
        "first_request": first_request(contract, fixtures),
        "settings": dict(control.settings),
    }


def _version() -> str:
    try:
        return version("respan-contract")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"


def _organization(control: Control, name: str) -> dict[str, Any]:
    keys = control.fixtures.keys.items()
    return {
        "name": name,
        "keys": [{"key": key, "may_write": it.may_write} for key, it in keys if it.organization == name],
        "providers": list(control.fixtures.organizations[name]),
    }
