"""Lists the faults of the server, and injects one."""

from __future__ import annotations

from tests.servers.aiohttp_server import body_faults, log_faults, view_faults, web_faults
from tests.servers.aiohttp_server.fault_kit import FAULTS

MODULES = (log_faults, view_faults, body_faults, web_faults)
"""Each registers its faults when it is imported."""


def listed() -> list[dict[str, str]]:
    """Return name, sentence, level and fact of each fault."""
    return [
        {"name": fault.name, "wrong": fault.wrong, "level": fault.level, "fact": fault.fact}
        for fault in FAULTS.values()
    ]


def inject(name: str) -> None:
    """Put a fault into the server."""
    FAULTS[name].inject()
