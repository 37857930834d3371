"""What the command line can set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How the mock is to run."""

    host: str = "127.0.0.1"
    port: int = 8000
    """0 picks a free one."""
    contract: Path | None = None
    """None is the contract of the package."""
    fixtures: Path | None = None
    """None are the fixtures of the package."""
    delay: float = 0
    """How long each answer of the API takes, in milliseconds."""
    cors_origins: tuple[str, ...] = ("*",)
    """Origins whose pages may call the mock; `*` is any."""
    log_level: str = "info"
    quiet: bool = False
    """Print the address alone, and log errors only."""
