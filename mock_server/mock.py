"""From settings to a running mock: its parts, and the app of these parts."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from mock_server.admin.access import LOOPBACK
from mock_server.admin.app import HEALTH, Access, AdminDispatcher, admin_app, health_app
from mock_server.app import Behaviour, build_app
from mock_server.clock import RealClock, clock_of
from mock_server.control import Control
from mock_server.faults.rules import Faults, RuleChecker
from mock_server.journal.journal import Journal
from mock_server.journal.recorder import WriteLine
from mock_server.scenario import Start
from mock_server.settings import Settings
from mock_server.store import MemoryStore


def seed_of(control: Control) -> str:
    """Return the seed of generated data."""
    return "" if control.faults.seed is None else str(control.faults.seed)


def control_of(settings: Settings, start: Start) -> Control:
    """Return the parts of a mock as they are at the start. Raises RuleError."""
    if settings.store is not None:
        return _shared_control(settings, start)
    return Control(
        start.contract,
        start.fixtures,
        MemoryStore(start.models, settings.max_state_bytes),
        Journal(settings.journal if settings.admin else 0, settings.journal_bytes),
        Faults(start.faults, start.seed, RuleChecker(start.contract, start.fixtures)),
        clock_of(start.clock) if start.clock else RealClock(),
        settings=_without_secrets(replace(settings, clock=start.clock, seed=start.seed)),
        max_model_bytes=settings.max_model_bytes,
        admin_token=settings.admin_token,
    )


def _shared_control(settings: Settings, start: Start) -> Control:
    """Return the parts of a mock that shares its state with others."""
    from mock_server.shared.sharing import Shared

    shared = Shared(start, settings)
    control = Control(
        start.contract,
        start.fixtures,
        shared.store,
        shared.journal,
        shared.faults,
        shared.clock or RealClock(),
        settings=_without_secrets(replace(settings, clock=start.clock, seed=start.seed)),
        events=shared.events,
        max_model_bytes=settings.max_model_bytes,
        sharing=shared,
        admin_token=settings.admin_token,
    )
    shared.attach(control)
    return control


def app_of(
    settings: Settings, control: Control, access: Access | None = None, write_line: WriteLine | None = None
) -> ASGIApp:
    """Return the app of these parts. `access` overrides what the settings say about the admin API.

    `write_line` writes the log of requests, instead of Python's logging.
    """
    shared = control.sharing
    # Publishing changes costs time, and nobody else needs them. A store that is shared publishes them itself.
    observed = (settings.admin and not shared) or control.on_change
    behaviour = Behaviour(
        origins=settings.cors_origins,
        seed=seed_of(control),
        clock=control.clock,
        check_responses=settings.check_responses,
        faults=control.faults if settings.admin or control.faults.active or shared else None,
        foresee=shared.foresee if shared else None,
        note=control.note if control.journal.size else None,
        write_line=write_line,
        changed=control.model_changed if observed else None,
        largest_model=settings.max_model_bytes,
    )
    api = build_app(control.contract, control.fixtures, control.store, behaviour).middleware
    if not settings.admin:
        return AdminDispatcher(api, lambda: health_app(control), only=HEALTH)
    return AdminDispatcher(api, lambda: admin_app(control, access or _access(settings)))


def _access(settings: Settings) -> Access:
    own = [name for host in settings.hosts for name in (host, f"[{host}]")]
    hosts = frozenset(name.lower() for name in (*LOOPBACK, *own, *settings.admin_hosts))
    return Access(settings.admin_token, hosts, settings.admin_origins)


def _without_secrets(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON, without the admin token and the password of the store."""
    values = {**asdict(settings), "admin_token": settings.admin_token is not None}
    if settings.store is not None:
        from mock_server.shared.address import address_in

        values["store"] = address_in(settings).label
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
