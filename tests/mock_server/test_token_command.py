"""`respan-mock token` prints a dashboard token, which the mock accepts for what it says."""

from __future__ import annotations

from pathlib import Path

import httpx2
import jwt
import pytest

from mock_server import cli
from tests.mock_server.conftest import Names
from tests.mock_server.process import ROOT, MockProcess, run
from tests.mock_server.wire import MODELS


def minted(*options: str) -> str:
    """What the command prints, which is one line on stdout and nothing on stderr."""
    ended = run("token", *options)
    assert (ended.returncode, ended.stderr) == (0, "")
    (token,) = ended.stdout.splitlines()
    return token


def create(mock: MockProcess, token: str, name: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.post(mock.url + MODELS, json={"model_name": name}, headers=headers)


def test_the_mock_accepts_it(mock: MockProcess, client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    assert create(mock, minted(), name).status_code == 201
    assert client.get(f"{MODELS}{name}/").status_code == 200


def test_it_is_for_the_organization_and_the_user_that_are_asked_for(mock: MockProcess, new_name: Names) -> None:
    token = minted("--organization", "globex", "--user", "ada")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["organization"], claims["sub"], claims["exp"] - claims["iat"]) == ("globex", "ada", 86400)
    name = new_name()
    assert create(mock, token, name).status_code == 201
    assert create(mock, minted(), name).status_code == 201


def test_it_can_be_read_only(mock: MockProcess, new_name: Names) -> None:
    assert create(mock, minted("--read-only"), new_name()).status_code == 403


def test_it_can_have_expired(mock: MockProcess, new_name: Names) -> None:
    rejected = create(mock, minted("--expires-in=-1m"), new_name())
    assert (rejected.status_code, rejected.json()) == (401, {"detail": "This dashboard token has expired."})


def test_it_can_last(mock: MockProcess, new_name: Names) -> None:
    claims = jwt.decode(minted("--expires-in", "8h"), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 8 * 3600
    for_ever = minted("--expires-in", "never")
    assert "exp" not in jwt.decode(for_ever, options={"verify_signature": False})
    assert create(mock, for_ever, new_name()).status_code == 201


def test_it_is_signed_by_the_dashboard_of_the_fixtures(tmp_path: Path) -> None:
    file = tmp_path / "fixtures.yaml"
    text = (ROOT / "mock_server" / "fixtures.yaml").read_text(encoding="utf-8")
    secret = "another-secret-of-more-than-32-characters"
    changed = text.replace("respan-mock-dashboard-secret-for-tests-only", secret).replace(
        "_claim: org", "_claim: my_org"
    )
    file.write_text(changed, encoding="utf-8")
    claims = jwt.decode(minted("--fixtures", str(file)), secret, algorithms=["HS256"])
    assert claims["my_organization"] == "acme"


WRONG_USE = {
    "unknown organization": (["--organization", "initech"], "--organization takes acme or globex"),
    "no time": (["--expires-in", "soon"], "--expires-in: 'soon' is not a time such as 90s"),
    "unknown option": (["--organisation", "acme"], "No such option '--organisation'. Did you mean '--organization'?"),
    "no fixtures": (["--fixtures", "none.yaml"], "none.yaml"),
    "no contract": (["--contract", "none.yaml"], "none.yaml"),
}


@pytest.mark.parametrize(("options", "message"), WRONG_USE.values(), ids=WRONG_USE)
def test_wrong_use_is_reported_on_stderr_and_exits_with_2(options: list[str], message: str) -> None:
    ended = run("token", *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "respan-mock token" in ended.stderr
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_has_examples() -> None:
    assert "examples:" in run("token", "--help").stdout
    assert "respan-mock token" in run("--help").stdout


def test_it_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "mint", interrupted)
    assert cli.main(["token"]) == cli.INTERRUPTED
