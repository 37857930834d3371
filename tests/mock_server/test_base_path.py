"""The path of the first server of the contract, under which the API is served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from mock_server import MockServer, mock_app
from tests.mock_server.process import MockProcess, run, started
from tests.mock_server.wire import KEY, MODELS, exchange, request

BASE = "/gateway/v1"
AUTHORIZED = {"Authorization": f"Bearer {KEY}"}
SERVERS = "servers:\n  - {url: /, "
OTHER = f"servers:\n  - {{url: 'https://api.example.com{BASE}/', "


@pytest.fixture(scope="module")
def file(contract_text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert SERVERS in contract_text
    file = tmp_path_factory.mktemp("contract") / "based.yaml"
    file.write_text(contract_text.replace(SERVERS, OTHER), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def mock(file: Path) -> Iterator[MockProcess]:
    with started("--contract", str(file)) as process:
        yield process


@pytest.fixture
def client(mock: MockProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=mock.url, headers=AUTHORIZED) as client:
        yield client


def test_the_api_is_served_under_the_path_of_the_first_server(client: httpx2.Client) -> None:
    assert client.post(f"{BASE}{MODELS}", json={"model_name": "a/b"}).status_code == 201
    assert client.get(f"{BASE}{MODELS}a/b/").json()["model_name"] == "a/b"
    assert client.patch(f"{BASE}{MODELS}").json()["detail"] == f"{BASE}{MODELS} has no PATCH, only POST."


@pytest.mark.parametrize("path", [MODELS, "/api/models", f"/v2{MODELS}", f"/a/b/c{MODELS}"])
def test_a_path_with_another_base_gets_a_404_with_a_hint(client: httpx2.Client, path: str) -> None:
    response = client.post(path, json={})
    assert response.status_code == 404
    assert f"The base path of the API is {BASE}; did you mean {BASE}{MODELS}?" in response.json()["detail"]


def test_a_hint_names_the_path_of_a_model_too(client: httpx2.Client) -> None:
    detail = client.get(f"{MODELS}a%20b%2Fc%FF/").json()["detail"]
    assert f"did you mean {BASE}{MODELS}a%20b/c%FF/?" in detail
    assert client.get(f"{BASE}{MODELS}gpt-4o").json()["detail"].endswith(f"slash: {BASE}{MODELS}{{model_name}}/")
    long = client.get(f"{MODELS}{'x' * 2000}/").json()["detail"]
    assert long.endswith(f"did you mean {BASE}{MODELS}{{model_name}}/?")
    assert "did you mean" not in client.get("/favicon.ico").json()["detail"]


def test_pages_and_commands_agree_with_it(client: httpx2.Client, mock: MockProcess) -> None:
    assert client.get("/openapi.json").json()["servers"][0]["url"] == BASE
    assert client.get("/ui/").status_code == client.get("/").status_code == 200
    described = client.get("/_mock/info").json()
    assert described["first_request"]["path"] == f"{BASE}{MODELS}"
    assert described["contract"]["base_path"] == BASE
    client.get(f"{BASE}{MODELS}gpt-4o/")
    latest = client.get("/_mock/requests", params={"path": f"{BASE}/*"}).json()["requests"][-1]
    assert f"{mock.url}{BASE}{MODELS}gpt-4o/" in latest["curl"]
    assert f"API         {mock.url}{BASE}{MODELS}\n" in mock.printed
    assert f"Base path   {BASE} (--base-path changes it)\n" in mock.printed
    assert f"curl -X POST {mock.url}{BASE}{MODELS} " in mock.printed


def test_faults_meet_requests_under_it(client: httpx2.Client) -> None:
    client.post("/_mock/faults", json={"model": "gpt-4o", "count": 1, "status": 503})
    assert client.get(f"{BASE}{MODELS}gpt-4o/").status_code == 503


@pytest.mark.parametrize(("option", "base"), [("/", ""), ("/other/", "/other"), ("/a%20b", "/a%20b")])
def test_an_option_overrides_it(file: Path, option: str, base: str) -> None:
    with started("--quiet", "--contract", str(file), "--base-path", option) as mock:
        assert mock.printed == f"{mock.url}{base}\n"
        assert exchange(mock.address, request("GET", f"{base}{MODELS}gpt-4o/", AUTHORIZED)).status == 200
        wrong = exchange(mock.address, request("GET", f"{BASE}{MODELS}gpt-4o/", AUTHORIZED))
        assert f"did you mean {base}{MODELS}gpt-4o/?" in wrong.json["detail"]


@pytest.mark.parametrize("option", ["v1", "", "//evil", "/a b", "/a?b", "/{x}", "/%zz", "https://api.example.com/v1"])
def test_an_invalid_base_path_is_rejected(option: str) -> None:
    ended = run("--base-path", option)
    assert ended.returncode == 2
    assert "is not a base path; write it as /v1, or / for none" in ended.stderr


@pytest.mark.parametrize("path", ["/_mock", "/_mock/", "/_mock/v1"])
def test_the_path_of_the_admin_api_is_rejected(path: str) -> None:
    ended = run("--base-path", path)
    assert ended.returncode == 2
    assert "choose another one with --base-path, or leave the admin API out with --no-admin" in ended.stderr
    assert "Traceback" not in ended.stderr
    with started("--quiet", "--no-admin", "--base-path", path) as mock:
        assert httpx2.get(f"{mock.printed.strip()}{MODELS}gpt-4o/", headers=AUTHORIZED).status_code == 200


def test_the_shipped_contract_has_none() -> None:
    with started("--quiet") as mock:
        assert mock.printed == f"{mock.url}\n"


def test_tests_can_have_one(file: Path) -> None:
    with MockServer(contract=file) as mock, MockServer(base_path="/x") as other:
        assert (mock.url, other.url) == (f"{mock.origin}{BASE}", f"{other.origin}/x")
        for each in (mock, other):
            assert httpx2.get(f"{each.url}{MODELS}gpt-4o/", headers=AUTHORIZED).status_code == 200
            assert httpx2.get(f"{each.origin}/_mock/info").status_code == 200
    assert mock_app(base_path="/x").control.contract.base_path == "/x"
