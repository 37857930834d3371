"""Makes a mock of its settings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from contract import Contract
from mock_server.admin.app import Access, Beside, admin_app
from mock_server.admin.guard import LOOPBACK
from mock_server.app import Behaviour, build_app
from mock_server.control import Control
from mock_server.fixtures import Fixtures
from mock_server.journal.journal import Journal
from mock_server.settings import Settings
from mock_server.stores import MemoryStore


def set_up(settings: Settings, contract: Contract, fixtures: Fixtures) -> ASGIApp:
    """The app that the settings ask for."""
    control = Control(contract, fixtures, MemoryStore(), Journal(settings.journal), settings=_shown(settings))
    recorded = settings.admin and settings.journal > 0
    api = build_app(
        contract,
        fixtures,
        control.store,
        behaviour=Behaviour(origins=settings.cors_origins, delay=settings.delay / 1000),
        note=control.note if recorded else None,
    )
    return Beside(api, admin_app(control, _access(settings))) if settings.admin else api


def _access(settings: Settings) -> Access:
    hosts = frozenset(name.lower() for name in (*LOOPBACK, settings.host, f"[{settings.host}]", *settings.admin_hosts))
    return Access(settings.admin_token, hosts, settings.admin_origins)


def _shown(settings: Settings) -> dict[str, Any]:
    """The settings without secrets."""
    shown = {**asdict(settings), "admin_token": settings.admin_token is not None}
    return {name: str(value) if isinstance(value, Path) else value for name, value in shown.items()}
