"""The journal: what it records of each request, and how to search it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.mock_server.process import MockProcess, started
from tests.mock_server.wire import KEY, MODELS, exchange, request, upsert

REQUESTS = "/_mock/requests"


@pytest.fixture(scope="module")
def own() -> Iterator[MockProcess]:
    """Yield a mock whose journal only this file uses."""
    with started("--quiet") as process:
        yield process
        assert process.stderr == ""


@pytest.fixture
def admin(own: MockProcess) -> Iterator[httpx2.Client]:
    """Yield a client. The journal is empty."""
    with httpx2.Client(base_url=own.url) as client:
        assert client.delete(REQUESTS).status_code == 204
        yield client


def listed(admin: httpx2.Client, **criteria: Any) -> list[dict[str, Any]]:
    response = admin.get(REQUESTS, params=criteria)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["requests"]
    return found


def test_a_repeated_parameter_is_rejected(admin: httpx2.Client) -> None:
    response = admin.get(REQUESTS, params=[("status", "404"), ("status", "200")])
    assert (response.status_code, response.json()) == (
        400,
        {"detail": 'The query parameter "status" is repeated; send it once.'},
    )


def test_an_entry_describes_the_request_and_its_response(admin: httpx2.Client) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "X-Own": "mine"}
    response = admin.post(f"{MODELS}?a=b%20c", json={"model_name": "whole"}, headers=headers)
    (entry,) = listed(admin)
    assert (entry["method"], entry["path"], entry["query"], entry["status"]) == ("POST", MODELS, "a=b%20c", 201)
    assert entry["organization"] == "acme"
    assert entry["request"]["headers"]["x-own"] == "mine"
    assert json.loads(entry["request"]["body"]["text"]) == {"model_name": "whole"}
    assert json.loads(entry["response"]["body"]["text"]) == response.json()
    assert entry["response"]["headers"]["content-type"] == "application/json"
    assert entry["rejection"] is None
    assert entry["duration_ms"] > 0
    assert admin.get(f"{REQUESTS}/{entry['id']}").json() == entry


def test_a_rejected_request_has_its_reason(admin: httpx2.Client) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    admin.post(MODELS, json={"model_name": "m", "input_cost": "free"}, headers=headers)
    admin.get("/api/nothing", headers=headers)
    bad, lost = listed(admin, rejected=True)
    (error,) = bad["rejection"]["errors"]
    told = {name: error[name] for name in ("part", "field", "rule", "expected", "got", "pointer")}
    assert told == {
        "part": "body",
        "field": "input_cost",
        "rule": "type",
        "expected": "a number",
        "got": 'the string "free"',
        "pointer": "/input_cost",
    }
    assert error["contract"].startswith("#/components/schemas/")
    assert bad["rejection"]["line"] == 'input_cost: Expected a number, got the string "free".'
    assert lost["rejection"]["line"] == 'There is nothing at "/api/nothing".'


def test_a_body_that_was_rejected_unread_is_recorded_as_far_as_it_arrived(
    own: MockProcess, admin: httpx2.Client
) -> None:
    exchange(own.address, upsert(b'{"model_name":"m"}', key="unknown"))  # at once: the journal waits only a moment
    (entry,) = listed(admin)
    assert entry["status"] == 401
    assert json.loads(entry["request"]["body"]["text"]) == {"model_name": "m"}
    assert entry["request"]["body"]["note"] is None


def test_recording_does_not_wait_for_a_body(own: MockProcess, admin: httpx2.Client) -> None:
    unsent = request("POST", MODELS, {"Content-Length": "10", "Connection": "keep-alive"}, b"{")
    following = request("GET", "/api/nothing")
    assert exchange(own.address, unsent + b" " * 9 + following).status == 401
    asking = request("POST", MODELS, {"Content-Length": "2", "Expect": "100-continue"}, b"{}")
    assert exchange(own.address, asking).status == 401
    assert listed(admin)[-1]["request"]["body"]["note"]


def test_long_bodies_are_cut_off_with_a_note(admin: httpx2.Client) -> None:
    name = "x" * 50_000
    admin.post(MODELS, json={"model_name": name}, headers={"Authorization": f"Bearer {KEY}"})
    (entry,) = listed(admin)
    body = entry["request"]["body"]
    assert len(body["text"]) == 16_384
    assert body["bytes"] > 50_000
    assert body["note"] == f"the first 16384 of {body['bytes']} bytes"


def test_bytes_that_are_not_utf_8_are_escaped(own: MockProcess, admin: httpx2.Client) -> None:
    exchange(own.address, upsert(b"\xff\x00a"))
    (entry,) = listed(admin)
    assert entry["request"]["body"]["text"] == "\\xff\0a"


SECRETS: dict[str, dict[str, Any]] = {
    "API key": {"headers": {"Authorization": "Bearer s3cret"}},
    "basic credentials": {"headers": {"Authorization": "Basic s3cret"}},
    "no scheme": {"headers": {"Authorization": "s3cret"}},
    "cookie": {"headers": {"Cookie": "id=s3cret"}},
    "key header": {"headers": {"X-Api-Key": "s3cret"}},
    "proxy": {"headers": {"Proxy-Authorization": "Basic s3cret"}},
    "query": {"params": {"token": "s3cret"}},
    "another query": {"params": {"page": "2", "API_KEY": "s3cret"}},
    "encoded name of a parameter": {"params": {"access%5Ftoken": "s3cret"}},
    "dashboard token": {"params": {"x": "eyJhbGciOiJIUzI1NiJ9.eyJzM2NyZXQiOjF9.s3cret"}},
}


@pytest.mark.parametrize("options", SECRETS.values(), ids=SECRETS)
def test_secrets_are_redacted(admin: httpx2.Client, options: dict[str, Any]) -> None:
    admin.get(f"{MODELS}m/", **options)
    response = admin.get(REQUESTS)
    assert "s3cret" not in response.text
    assert "[redacted]" in response.text


CURL: dict[str, bytes] = {
    "plain": upsert(b'{"model_name": "it\'s $HOME `id` \\u00e9"}'),
    "no JSON": upsert(b"@/etc/hostname"),
    "bytes": upsert(b"\xff\x00\n%s\\"),
    "not UTF-8": upsert(b"\xff"),
    "unknown key": upsert(b"{}", key="unknown"),
    "another type": upsert(b"{}", {"Content-Type": "text/plain"}),
    "odd path": request("GET", f"{MODELS}a/../{{b}}[c]'$d/?q=[1-3]&token=x", {"Authorization": f"Bearer {KEY}"}),
    "no type": upsert(b"{}", {"Content-Type": None}),
    "a body of a read": request("GET", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}"}, b"{}"),
    "head": request("HEAD", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}"}),
    "delete": request("DELETE", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}"}),
}


@pytest.mark.parametrize("sent", CURL.values(), ids=CURL)
def test_the_curl_command_sends_the_same_request(own: MockProcess, admin: httpx2.Client, sent: bytes) -> None:
    exchange(own.address, sent.replace(b"Host: mock", f"Host: 127.0.0.1:{own.address[1]}".encode()))
    (first,) = listed(admin)
    key = "unknown" if b"unknown" in sent else KEY
    variables = {**os.environ, "RESPAN_API_KEY": key}
    subprocess.run(first["curl"], shell=True, check=True, capture_output=True, env=variables)
    again = listed(admin)[-1]
    for part in ("method", "path", "query", "rejection", "curl"):
        assert again[part] == first[part]
    assert again["request"]["body"] == first["request"]["body"]
    assert again["status"] == (200 if first["status"] == 201 else first["status"])


def test_the_journal_is_bounded_and_numbers_continue() -> None:
    with started("--quiet", "--journal", "3") as mock, httpx2.Client(base_url=mock.url) as client:
        for _ in range(5):
            client.get("/api/nothing")
        assert [entry["id"] for entry in listed(client)] == [3, 4, 5]
        assert client.get(f"{REQUESTS}/2").status_code == 404
        client.delete(REQUESTS)
        client.get("/api/nothing")
        assert [entry["id"] for entry in listed(client)] == [6]


def test_requests_for_a_journal_that_is_off_are_rejected() -> None:
    with started("--quiet", "--journal", "0") as mock, httpx2.Client(base_url=mock.url) as client:
        for path in (REQUESTS, f"{REQUESTS}/1", f"{REQUESTS}/wait"):
            response = client.get(path)
            assert response.status_code == 409
            assert "--journal" in response.json()["detail"]


def test_pages_are_not_recorded(admin: httpx2.Client) -> None:
    for path in ("/", "/openapi.json", "/ui/", "/ui/swagger-ui.css", "/_mock/health", "/_mock/nothing"):
        admin.get(path)
    assert listed(admin) == []


def test_a_preflight_request_is_recorded(admin: httpx2.Client) -> None:
    admin.options(MODELS, headers={"Origin": "http://a.example", "Access-Control-Request-Method": "POST"})
    assert [entry["method"] for entry in listed(admin)] == ["OPTIONS"]


def test_requests_are_filtered_by_their_properties(admin: httpx2.Client) -> None:
    mine, theirs = ({"Authorization": f"Bearer {key}"} for key in (KEY, "demo-globex"))
    admin.get(f"{MODELS}gpt-4o/", headers=mine)
    admin.get(f"{MODELS}a%20b/", headers=theirs)
    admin.post(MODELS, json={}, headers=mine)
    first, second, third = (entry["id"] for entry in listed(admin))

    def found(**criteria: Any) -> list[int]:
        return [entry["id"] for entry in listed(admin, **criteria)]

    assert found(method="POST") == [third]
    assert found(path="*/gpt-4o/") == [first]
    assert found(path=f"{MODELS}a b/") == found(path=f"{MODELS}a%20b/") == [second]
    assert found(status="404") == [second]
    assert found(status="4xx") == [second, third]
    assert found(organization="globex") == [second]
    assert found(rejected=True) == [second, third]
    assert found(rejected=False) == [first]
    assert found(after=first) == [second, third]
    assert found(limit=1) == [third]
    assert found(method="GET", organization="acme") == [first]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("limt=3", "use method, path"),
        ("refused=true", "use method, path"),
        ("limit=-1", "at least 0"),
        ("organization=acmee", "use acme or globex"),
        ("path=api/models/*", "begin it with a slash"),
        ("path=http://localhost/api/", "begin it with a slash"),
        ("method=GET,POST", "has the method"),
        ("status=40x", "matches"),
        ("status=404%0A", "matches"),
        ("limit=many", "an integer"),
        ("limit=05", "an integer"),
        ("limit=1.0", "an integer"),
        ("limit=1_0", "an integer"),
        ("limit=%D9%A1", "an integer"),
        ("status=9xx", "matches"),
        ("rejected=perhaps", "true or false"),
        ("after=" + "9" * 30, "an integer"),
    ],
)
def test_an_invalid_filter_is_rejected(admin: httpx2.Client, query: str, reason: str) -> None:
    response = admin.get(f"{REQUESTS}?{query}")
    assert response.status_code == 400
    assert reason in response.text


def test_waiting_ends_as_soon_as_enough_requests_match(own: MockProcess, admin: httpx2.Client) -> None:
    responses: list[httpx2.Response] = []

    def wait() -> None:
        with httpx2.Client(base_url=own.url, timeout=30) as client:
            responses.append(client.get(f"{REQUESTS}/wait", params={"status": 404, "count": 2, "timeout": 25}))

    waiting = threading.Thread(target=wait)
    waiting.start()
    admin.get("/api/one")
    admin.get(f"{MODELS}gpt-4o/", headers={"Authorization": f"Bearer {KEY}"})
    admin.get("/api/two")
    waiting.join(timeout=20)
    assert [entry["path"] for entry in responses[0].json()["requests"]] == ["/api/one", "/api/two"]


def test_requests_that_are_already_recorded_count(admin: httpx2.Client) -> None:
    admin.get("/api/one")
    found = admin.get(f"{REQUESTS}/wait", params={"path": "/api/one", "timeout": 0}).json()["requests"]
    assert [entry["path"] for entry in found] == ["/api/one"]
    after = admin.get(f"{REQUESTS}/wait", params={"after": found[0]["id"], "timeout": 0})
    assert after.status_code == 404
    assert "0 of 1" in after.json()["detail"]


def counted(admin: httpx2.Client, **criteria: Any) -> tuple[int, int, int]:
    """Return how many requests are listed, match and were dropped."""
    response = admin.get(REQUESTS, params=criteria).json()
    return len(response["requests"]), response["total"], response["dropped"]


def test_total_counts_the_requests_that_match(admin: httpx2.Client) -> None:
    for _ in range(150):
        admin.get(f"{MODELS}m/")
    for _ in range(5):
        admin.post(MODELS)
    assert counted(admin) == (100, 155, 0)
    assert counted(admin, method="GET", path="/api/models/*") == (100, 150, 0)
    assert counted(admin, method="post") == (5, 5, 0)
    assert counted(admin, status="4XX", limit=1) == (1, 155, 0)
    assert counted(admin, limit=0) == (0, 155, 0)
    assert counted(admin, limit=1000) == (155, 155, 0)
    assert counted(admin, method="PUT") == (0, 0, 0)
    last = listed(admin, limit=1)[0]["id"]
    assert counted(admin, after=last - 3) == (3, 3, 0)
    assert admin.get(f"{REQUESTS}/wait", params={"method": "GET", "count": 2}).json()["total"] == 150
    admin.delete(REQUESTS)
    assert counted(admin) == (0, 0, 0)
    admin.get(f"{MODELS}m/")
    assert counted(admin) == (1, 1, 0)


def test_a_response_has_the_number_of_dropped_requests() -> None:
    with started("--quiet", "--journal", "3") as mock, httpx2.Client(base_url=mock.url) as client:
        for _ in range(3):
            client.get("/api/nothing")
        assert counted(client) == (3, 3, 0)
        for _ in range(4):
            client.get("/api/nothing")
        assert counted(client) == (3, 3, 4)
        assert counted(client, limit=0, method="POST") == (0, 0, 4)
        assert counted(client, after=2) == (3, 3, 2)
        assert counted(client, after=4) == (3, 3, 0)
        waited = client.get(f"{REQUESTS}/wait", params={"count": 7, "timeout": 0})
        assert "3 of 7" in waited.json()["detail"]
        assert "dropped 4 older ones" in waited.json()["detail"]
        client.post("/_mock/reset")
        client.get("/api/nothing")
        assert counted(client) == (1, 1, 0)


LITERAL = {
    "brackets": ("*/a[1]/", "a%5B1%5D", "a1"),
    "a question mark": ("*/a?/", "a%3F", "ab"),
    "a dot": ("*/a.b/", "a.b", "axb"),
    "an asterisk amid": ("/api/*/a*z/", "a-z", "a-y"),
}


@pytest.mark.parametrize(("path", "met", "other"), LITERAL.values(), ids=LITERAL)
def test_only_the_asterisk_is_a_wildcard_in_a_path(admin: httpx2.Client, path: str, met: str, other: str) -> None:
    for name in (met, other):
        admin.get(f"{MODELS}{name}/")
    assert [entry["path"] for entry in listed(admin, path=path)] == [f"{MODELS}{met}/"]
