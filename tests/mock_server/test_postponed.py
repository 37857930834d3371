"""The command starts without packages that Connexion imports and the mock does not use. Nothing else notices."""

from __future__ import annotations

import subprocess
import sys

from mock_server.postponed import POSTPONED


def _run(code: str) -> str:
    """Run `code`, and print which packages it has imported."""
    names = [*POSTPONED, "rich", "urllib3"]  # the last two by the others
    script = f"import sys\n{code}\nprint(*(name for name in {names} if name in sys.modules))"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout


def test_connexion_still_imports_them() -> None:
    """Otherwise, nothing needs to be postponed."""
    assert {*POSTPONED} <= {*_run("import connexion").split()}


_START = """
from mock_server.postponed import postponed
with postponed():
    import connexion
"""


def test_the_mock_does_not_import_them() -> None:
    assert _run(f"{_START}import mock_server.run") == "\n"


_USES = """
import httpx, requests, connexion.json_schema, connexion.security
from starlette.testclient import TestClient
from requests.exceptions import InvalidURL
assert isinstance(connexion.AsyncApp("connexion").test_client(), TestClient)
assert isinstance(connexion.security.httpx.AsyncClient(), httpx.AsyncClient)
try:
    connexion.json_schema.requests.get("not a URL")
except InvalidURL:
    print("used")
"""


def test_connexion_and_others_get_the_real_packages_when_they_use_them() -> None:
    assert _run(_START + _USES).startswith("used\n")
