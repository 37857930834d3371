"""Makes a mock of its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from contract import Contract
from mock_server.admin.app import Access, Beside, admin_app
from mock_server.admin.guard import LOOPBACK
from mock_server.app import build_app
from mock_server.behaviour import Behaviour
from mock_server.callers.fixtures import Fixtures
from mock_server.control import Control
from mock_server.core.clock import RealClock, clock_of
from mock_server.core.stores import MemoryStore, Scopes
from mock_server.faults.book import Faults
from mock_server.faults.file import read_faults
from mock_server.journal.journal import Journal
from mock_server.settings import Settings


def control_of(settings: Settings, contract: Contract, fixtures: Fixtures, models: Scopes | None = None) -> Control:
    """The parts that the settings ask for, with these models in the store. Raises FaultsError."""
    return Control(
        contract,
        fixtures,
        MemoryStore(models, settings.max_state_bytes),
        Journal(settings.journal if settings.admin else 0, settings.journal_bytes),
        Faults(_rules(settings), settings.seed),
        clock_of(settings.clock) if settings.clock else RealClock(),
        settings=_shown(settings),
        max_model_bytes=settings.max_model_bytes,
    )


def app_of(settings: Settings, control: Control, access: Access | None = None) -> ASGIApp:
    """The app of these parts. `access` stands in for what the settings say of it."""
    heard = settings.admin or control.on_change  # else nobody can watch the models, and to tell of them costs time
    behaviour = Behaviour(
        origins=settings.cors_origins,
        seed="" if settings.seed is None else str(settings.seed),
        clock=control.clock,
        check_responses=settings.check_responses,
        faults=control.faults if settings.admin or control.faults.active else None,
        note=control.note if control.journal.size else None,
        changed=control.model_changed if heard else None,
        largest_model=settings.max_model_bytes,
    )
    api = build_app(control.contract, control.fixtures, control.store, behaviour)
    return Beside(api, admin_app(control, access or _access(settings))) if settings.admin else api


def _rules(settings: Settings) -> Sequence[Mapping[str, Any]]:
    written = read_faults(settings.faults) if settings.faults else []
    return [*([settings.delay] if settings.delay else []), *written, *settings.failures]


def _access(settings: Settings) -> Access:
    hosts = frozenset(name.lower() for name in (*LOOPBACK, settings.host, f"[{settings.host}]", *settings.admin_hosts))
    return Access(settings.admin_token, hosts, settings.admin_origins)


def _shown(settings: Settings) -> dict[str, Any]:
    """The settings without secrets."""
    shown = {**asdict(settings), "admin_token": settings.admin_token is not None}
    return {name: str(value) if isinstance(value, Path) else value for name, value in shown.items()}
