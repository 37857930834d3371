"""The wheel contains the contract of the checkout, and an installed package finds it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True, timeout=60)
    [built] = folder.glob("*.whl")
    return built


def test_the_contract_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("contract/openapi.yaml") == (CHECKOUT / "openapi.yaml").read_bytes()


def test_every_module_and_every_data_file_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    for package in ("contract", "mock_server", "conformance"):
        files = {path for path in (CHECKOUT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        assert {path.relative_to(CHECKOUT).as_posix() for path in files} <= packed


def test_an_installed_package_finds_its_contract(wheel: Path, tmp_path: Path) -> None:
    """Away from the checkout, with nothing of ours but what the wheel holds."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import contract; print(contract.load().file)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60
    )
    assert Path(run.stdout.strip()) == tmp_path / "contract" / "openapi.yaml"
