"""Access to the admin API."""

from __future__ import annotations

import httpx2
import pytest

from tests.mock_server.process import MockProcess, run, started
from tests.mock_server.wire import exchange, request

HEALTH, INFO = "/_mock/health", "/_mock/info"


def status(mock: MockProcess, path: str = INFO, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return exchange(mock.address, request("GET", path, {"Host": f"localhost:{mock.address[1]}", **named})).status


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:{port}", "127.0.0.1:{port}", "[::1]", "[::1]:{port}"])
def test_names_of_this_machine_are_accepted(mock: MockProcess, host: str) -> None:
    assert status(mock, Host=host.format(port=mock.address[1])) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"]
)
def test_another_host_name_is_rejected(mock: MockProcess, host: str) -> None:
    assert status(mock, Host=host) == 403


@pytest.mark.parametrize("headers", [{"Host": "10.0.0.1"}, {"Host": "mock.pod"}, {"Origin": "http://evil.example"}])
def test_health_is_unguarded(mock: MockProcess, headers: dict[str, str]) -> None:
    response = exchange(mock.address, request("GET", HEALTH, headers))
    assert (response.status, response.json) == (200, {"status": "ok"})


FOREIGN = {
    "another site": {"Sec_Fetch_Site": "cross-site"},
    "another port": {"Sec_Fetch_Site": "same-site", "Origin": "http://localhost:1"},
    "another origin": {"Origin": "http://evil.example"},
    "no origin": {"Origin": "null"},
    "another origin, called the same": {"Origin": "http://evil.example", "Sec_Fetch_Site": "same-origin"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_pages_of_other_origins_are_rejected(mock: MockProcess, headers: dict[str, str]) -> None:
    assert status(mock, **headers) == 403


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site"])
@pytest.mark.parametrize("own_first", [False, True])
def test_a_repeated_header_is_rejected(mock: MockProcess, name: str, own_first: bool) -> None:
    own = {"Origin": f"http://localhost:{mock.address[1]}", "Sec-Fetch-Site": "same-origin"}[name]
    values = [own, "http://evil.example"] if own_first else ["http://evil.example", own]
    twice = f"Host: localhost:{mock.address[1]}\r\n" + "".join(f"{name}: {each}\r\n" for each in values)
    sent = f"POST /_mock/reset HTTP/1.1\r\n{twice}Content-Length: 0\r\nConnection: close\r\n\r\n"
    assert exchange(mock.address, sent.encode()).status == 403


def test_pages_of_the_same_origin_are_accepted(mock: MockProcess) -> None:
    own = f"http://localhost:{mock.address[1]}"
    assert status(mock, Origin=own, Sec_Fetch_Site="same-origin") == 200
    assert status(mock, Sec_Fetch_Site="none") == 200


def test_without_an_option_there_is_no_cors() -> None:
    asked = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "DELETE"}
    with started("--quiet") as mock, httpx2.Client(base_url=mock.url) as client:
        preflight = client.options("/_mock/requests", headers=asked)
        assert preflight.status_code == 403
        assert not [name for name in preflight.headers if name.startswith("access-control")]
    options = ["--admin-origin", "http://localhost:5173", "--admin-host", "mock.example"]
    with started("--quiet", *options) as mock, httpx2.Client(base_url=mock.url) as client:
        assert client.options("/_mock/requests", headers=asked).status_code == 200
        response = client.get(INFO, headers={"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"})
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, "http://localhost:5173")
        assert client.get(INFO, headers={"Origin": "http://localhost:5174"}).status_code == 403
        assert client.get(INFO, headers={"Host": "mock.example"}).status_code == 200


@pytest.mark.parametrize("by_variable", [False, True])
def test_a_configured_token_is_required(by_variable: bool) -> None:
    options, variables = (
        ([], {"RESPAN_MOCK_ADMIN_TOKEN": "open-sesame"}) if by_variable else (["--admin-token", "open-sesame"], {})
    )
    with started("--quiet", *options, **variables) as mock, httpx2.Client(base_url=mock.url) as client:
        assert client.get(HEALTH).status_code == 200
        for headers in ({}, {"Authorization": "Bearer demo-acme"}, {"Authorization": "Basic open-sesame"}):
            rejected = client.get(INFO, headers=headers)
            assert rejected.status_code == 401
            assert "--admin-token" in rejected.json()["detail"]
            assert "www-authenticate" in rejected.headers
        known = client.get(INFO, headers={"Authorization": "Bearer open-sesame"})
        assert known.status_code == 200


@pytest.mark.parametrize("by_variable", [False, True])
def test_a_token_that_no_header_can_contain_is_rejected(by_variable: bool) -> None:
    word = "open sesame"
    ended = run(RESPAN_MOCK_ADMIN_TOKEN=word) if by_variable else run("--admin-token", word)
    assert ended.returncode == 2
    source = "RESPAN_MOCK_ADMIN_TOKEN" if by_variable else "--admin-token"
    assert ended.stderr == (
        f"respan-mock: {source}: a token may contain only letters, digits and -._~+/, and may end with =\n"
    )


def test_the_right_token_is_accepted() -> None:
    right = {"Authorization": "Bearer open-sesame"}
    with started("--quiet", "--admin-token", "open-sesame") as mock, httpx2.Client(base_url=mock.url) as client:
        info = client.get(INFO, headers=right)
        assert info.status_code == 200
        assert "open-sesame" not in info.text
        assert client.get("/_mock/openapi.json", headers=right).json()["security"] == [{"adminToken": []}]


def test_without_a_token_the_document_requires_none(client: httpx2.Client) -> None:
    assert "security" not in client.get("/_mock/openapi.json").json()


def test_a_token_for_an_admin_api_that_is_off_is_rejected() -> None:
    ended = run("--no-admin", "--admin-token", "t")
    assert ended.returncode == 2
    assert ended.stderr == "respan-mock: --no-admin turns off what --admin-token is for; give one of them\n"


def test_a_mock_that_others_can_reach_needs_a_token() -> None:
    ended = run("--port", "0", "--host", "0.0.0.0")
    assert ended.returncode == 2
    for hint in ("--admin-token", "RESPAN_MOCK_ADMIN_TOKEN", "--no-admin"):
        assert hint in ended.stderr
    with started("--quiet", "--host", "0.0.0.0", "--admin-token", "t") as mock:
        assert status(mock, Authorization="Bearer t") == 200


def test_the_admin_api_can_be_turned_off() -> None:
    with started("--no-admin", "--host", "0.0.0.0") as mock, httpx2.Client(base_url=mock.url) as client:
        assert client.get(HEALTH, headers={"Host": "10.0.0.1"}).json() == {"status": "ok"}
        assert client.head(HEALTH).status_code == 200
        rejected = client.post(HEALTH, content=b"x")
        assert (rejected.status_code, rejected.headers["allow"]) == (405, "GET, HEAD")
        assert client.get(INFO).status_code == client.get(f"{HEALTH}/").status_code == 404
        assert "Admin" not in mock.printed


VITE = "http://localhost:5173"
EXPLAINED: dict[str, tuple[list[str], dict[str, str], list[str]]] = {
    "a foreign host": (
        [],
        {"Host": "mock:42208"},
        ['"mock"', "only localhost, 127.0.0.1 or [::1]", "--admin-host mock"],
    ),
    "a foreign host beside a known one": (
        ["--admin-host", "other.example"],
        {"Host": "mock"},
        ["[::1] or other.example", "--admin-host mock"],
    ),
    "a page behind a proxy that changes the host": (
        [],
        {"Host": "localhost:8000", "Origin": VITE, "Sec-Fetch-Site": "same-origin"},
        [f'"{VITE}"', '"localhost:8000"', "No other origin is allowed", f"--admin-origin {VITE}"],
    ),
    "a page beside a known one": (
        ["--admin-origin", "http://a.example"],
        {"Origin": VITE},
        [f'"{VITE}"', "Only http://a.example is allowed", f"--admin-origin {VITE}"],
    ),
    "a page without an origin": ([], {"Origin": "null"}, ["without an origin", "Serve the page over HTTP"]),
    "a link or an image": ([], {"Sec-Fetch-Site": "cross-site"}, ["Sec-Fetch-Site: cross-site", "--admin-origin"]),
    "no token": (["--admin-token", "open-sesame"], {}, ["got nothing", "--admin-token", "RESPAN_MOCK_ADMIN_TOKEN"]),
    "another token": (
        ["--admin-token", "open-sesame"],
        {"Authorization": "Bearer s3cret"},
        ["got another token", "--admin-token"],
    ),
    "another scheme": (
        ["--admin-token", "open-sesame"],
        {"Authorization": "Basic s3cret"},
        ['the scheme "Basic"', "--admin-token"],
    ),
    "a token without a scheme": (
        ["--admin-token", "open-sesame"],
        {"Authorization": "s3cret"},
        ["no scheme", "--admin-token"],
    ),
}


@pytest.mark.parametrize(("options", "headers", "told"), EXPLAINED.values(), ids=EXPLAINED)
def test_a_rejected_request_names_the_option_to_change(
    options: list[str], headers: dict[str, str], told: list[str]
) -> None:
    with started(*options) as mock:
        sent = {"Host": f"localhost:{mock.address[1]}", **headers}
        response = exchange(mock.address, request("POST", "/_mock/reset", sent))
        mock.stop()
        logged = mock.stderr
    assert response.status in {401, 403}
    detail = response.json["detail"]
    for each in told:
        assert each in detail
    assert f"POST /_mock/reset {response.status} " in logged
    assert detail in logged
    for secret in ("s3cret", "open-sesame"):
        assert secret not in detail + logged


def test_a_rejected_preflight_of_the_admin_api_names_the_option_to_change() -> None:
    asked = {"Origin": VITE, "Access-Control-Request-Method": "POST"}
    for options in ([], ["--admin-origin", "http://a.example"]):
        with started("--quiet", *options) as mock, httpx2.Client(base_url=mock.url) as client:
            response = client.options("/_mock/reset", headers=asked)
        assert response.status_code in {400, 403}
        assert f"--admin-origin {VITE}" in response.json()["detail"]
