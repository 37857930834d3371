"""The whole and its parts, installed in clean environments with all that they need (`tox -e package`).

It imports nothing of ours: pytest may run in an environment without it.
"""

from __future__ import annotations

import os
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = Path(os.environ.get("BUILT_DISTRIBUTIONS", ""))
KEYS = {
    "RESPAN_API_KEY": "demo-acme",
    "RESPAN_OTHER_ORG_KEY": "demo-globex",
    "RESPAN_READ_ONLY_KEY": "demo-acme-readonly",
    "RESPAN_PROVIDER": "my-vllm",
    "RESPAN_BUILTIN_MODEL": "gpt-4o",
}

pytestmark = pytest.mark.skipif("BUILT_DISTRIBUTIONS" not in os.environ, reason="needs the network: tox -e package")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, and an empty folder to run commands in."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, *requirements: str) -> Environment:
        """Create it, and install what pip finds for the requirements."""
        venv.create(folder / "venv", with_pip=True)
        made = cls(folder)
        made.run("pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
        made.run("pip", "check")
        return made

    def command(self, name: str) -> str:
        return str(self.folder / "venv" / "bin" / name)

    def run(self, name: str, *arguments: str, code: int = 0) -> str:
        """Run a command that is installed, and return what it prints."""
        ran = subprocess.run(
            [self.command(name), *arguments],
            cwd=self.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def packages(self) -> set[str]:
        """Return the names of the distributions that are installed."""
        lines = self.run("pip", "list", "--format=freeze", "--disable-pip-version-check").splitlines()
        return {line.partition("==")[0].lower().replace("_", "-") for line in lines}

    @contextmanager
    def mock(self) -> Iterator[str]:
        """Run the mock, and yield its URL."""
        command = [self.command("respan-mock"), "--port", "0", "--quiet"]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().strip()
                assert url.startswith("http://")
                yield url
            finally:
                process.terminate()
                _, errors = process.communicate(timeout=30)
            assert errors == ""

    def variables(self) -> dict[str, str]:
        """Return the environment variables, without those of an environment around this one."""
        return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | KEYS


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment.create(tmp_path_factory.mktemp("mock"), f"{ROOT}/distributions/mock")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment.create(tmp_path_factory.mktemp("suite"), f"{ROOT}/distributions/suite")


def test_the_whole_checks_its_own_mock(tmp_path: Path) -> None:
    [wheel] = BUILT.glob("*.whl")  # built from the sdist
    whole = Environment.create(tmp_path, str(wheel))
    with whole.mock() as url:
        assert "CONFORMANT: All" in whole.run("respan-conformance", url, "--quiet")


def test_a_mock_alone_is_checked_by_a_suite_alone(mock: Environment, suite: Environment) -> None:
    assert not mock.packages() & {"hypothesis", "openapi-core", "pytest", "schemathesis"}
    assert not suite.packages() & {"connexion", "uvloop"}
    with mock.mock() as url:
        assert "CONFORMANT: All" in suite.run("respan-conformance", url, "--quiet")
        assert "CONFORMANT: All" in suite.run("pytest", "-q", "--pyargs", "conformance", "--respan-url", url)


def test_the_fixture_of_a_mock_alone_needs_only_pytest(mock: Environment) -> None:
    mock.run("pip", "install", "--quiet", "--disable-pip-version-check", "pytest")
    (mock.folder / "test_own.py").write_text("def test_one(respan_mock):\n    assert respan_mock.url\n")
    assert "1 passed" in mock.run("pytest", "-q", "-W", "error")
