"""Any page may call the mock, and reads its errors too."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.mock_server.process import started
from tests.mock_server.wire import MODELS

ORIGIN = "http://localhost:5173"


def preflight(client: httpx2.Client, path: str, method: str, origin: str = ORIGIN) -> httpx2.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, x-added-by-a-library",
        "Access-Control-Request-Private-Network": "true",
    }
    return client.options(path, headers=asked)


@pytest.mark.parametrize(("path", "method"), [(MODELS, "POST"), (f"{MODELS}a/b/", "GET"), (f"{MODELS}a/b/", "DELETE")])
def test_a_preflight_is_allowed_without_credentials(client: httpx2.Client, path: str, method: str) -> None:
    del client.headers["Authorization"]
    response = preflight(client, path, method)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert method in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "x-added-by-a-library"} <= set(allowed)
    assert response.headers["access-control-allow-private-network"] == "true"


ANSWERS: dict[int, tuple[str, str, dict[str, Any]]] = {
    200: ("GET", f"{MODELS}gpt-4o/", {}),
    400: ("POST", MODELS, {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    401: ("POST", MODELS, {"headers": {"Authorization": "Bearer unknown"}}),
    403: ("POST", MODELS, {"json": {"model_name": "gpt-4o"}}),
    404: ("GET", "/nope", {}),
    405: ("PUT", MODELS, {}),
    413: ("POST", MODELS, {"content": b"x" * 1_100_000}),
    415: ("POST", MODELS, {"content": b"x", "headers": {"Content-Type": "text/plain"}}),
}
FORCED = {f"{status} forced": ("POST", MODELS, {"headers": {"Prefer": f"code={status}"}}) for status in (201, 401, 404)}


@pytest.mark.parametrize("wanted", [*ANSWERS.items(), *FORCED.items()], ids=lambda wanted: str(wanted[0]))
def test_a_page_can_read_every_response(
    client: httpx2.Client, wanted: tuple[int | str, tuple[str, str, dict[str, Any]]]
) -> None:
    status, (method, path, options) = wanted
    headers = {"Origin": ORIGIN, **options.get("headers", {})}
    response = client.request(method, path, **{**options, "headers": headers})
    assert response.status_code == int(str(status).removesuffix(" forced"))
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers
    exposed = response.headers["access-control-expose-headers"].split(", ")
    assert {"Allow", "Location", "Preference-Applied", "Retry-After", "WWW-Authenticate"} <= set(exposed)


def test_origins_can_be_narrowed() -> None:
    allowed, other = "http://localhost:5173", "http://evil.example"
    with (
        started("--quiet", "--cors-origin", allowed, "--cors-origin", "https://app.example") as mock,
        httpx2.Client(base_url=mock.url) as client,
    ):
        assert preflight(client, MODELS, "POST", allowed).headers["access-control-allow-origin"] == allowed
        assert preflight(client, MODELS, "POST", "https://app.example").status_code == 200
        assert "access-control-allow-origin" not in preflight(client, MODELS, "POST", other).headers
        assert client.get("/nope", headers={"Origin": allowed}).headers["access-control-allow-origin"] == allowed
        assert "access-control-allow-origin" not in client.get("/nope", headers={"Origin": other}).headers


def test_pages_of_named_origins_may_send_credentials() -> None:
    for options, allowed in {
        ("--cors-origin", ORIGIN): True,
        ("--cors-origin", ORIGIN, "--cors-origin", "*"): False,
    }.items():
        with started("--quiet", *options) as mock, httpx2.Client(base_url=mock.url) as client:
            for response in (
                preflight(client, MODELS, "POST"),
                client.post(MODELS, headers={"Origin": ORIGIN, "Prefer": "code=401"}),
            ):
                assert (response.headers.get("access-control-allow-credentials") == "true") == allowed


REJECTED = {
    "another port": ("http://localhost:5174", ["--cors-origin http://localhost:5174"]),
    "another scheme": ("https://localhost:5173", ["--cors-origin https://localhost:5173"]),
    "no origin": ("null", ['"null"', "--cors-origin null"]),
    "what is none": ("localhost", ['"localhost"', "--cors-origin ORIGIN"]),
    "empty": ("", ['""', "--cors-origin ORIGIN"]),
}


@pytest.mark.parametrize(("origin", "told"), REJECTED.values(), ids=REJECTED)
def test_a_rejected_preflight_is_explained(origin: str, told: list[str]) -> None:
    with started("--cors-origin", ORIGIN) as mock, httpx2.Client(base_url=mock.url) as client:
        response = preflight(client, MODELS, "POST", origin)
        (entry,) = client.get("/_mock/requests", params={"rejected": True}).json()["requests"]
        mock.stop()
        logged = mock.stderr
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"
    assert "access-control-allow-origin" not in response.headers
    detail = response.json()["detail"]
    for each in (*told, f"Only {ORIGIN} is allowed."):
        assert each in detail
    assert (entry["method"], entry["status"], entry["rejection"]["line"]) == ("OPTIONS", 400, detail)
    (error,) = entry["rejection"]["errors"]
    assert (error["field"], error["expected"]) == ("Origin", ORIGIN)
    assert detail in logged


def test_a_preflight_for_a_method_that_no_page_may_send_is_explained(client: httpx2.Client) -> None:
    response = preflight(client, MODELS, "PURGE")
    assert response.status_code == 400
    assert '"PURGE"' in response.json()["detail"]
