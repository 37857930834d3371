"""Faults, as a client on a socket sees them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.mock_server.conftest import Names
from tests.mock_server.process import SECONDS, MockProcess, started
from tests.mock_server.wire import KEY, MODELS, exchange, request, upsert

FAULTS, REQUESTS = "/_mock/faults", "/_mock/requests"
READ = request("GET", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}"})


@pytest.fixture(scope="module")
def own() -> Iterator[MockProcess]:
    """Yield a mock with faults that only this file uses."""
    with started("--quiet", "--seed", "7") as process:
        yield process
        assert process.stderr == ""


@pytest.fixture
def client(own: MockProcess) -> Iterator[httpx2.Client]:
    """Yield a client that may write. No faults are active."""
    with httpx2.Client(base_url=own.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        assert client.put(FAULTS, json={"faults": []}).status_code == 200
        yield client


def fault(client: httpx2.Client, **rule: Any) -> dict[str, Any]:
    added = client.post(FAULTS, json=rule)
    assert added.status_code == 201, added.text
    shown: dict[str, Any] = added.json()
    return shown


def raw(own: MockProcess, sent: bytes) -> bytes:
    """Return all bytes until the server closes the connection. Raises ConnectionResetError if it resets it."""
    received = b""
    with socket.create_connection(own.address, timeout=SECONDS) as connection:
        connection.sendall(sent)
        while data := connection.recv(65536):
            received += data
    return received


def put_in(name: str) -> bytes:
    return upsert(json.dumps({"model_name": name, "input_cost": 1}).encode())


def exists(client: httpx2.Client, name: str) -> bool:
    client.put(FAULTS, json={"faults": []})
    return client.get(f"{MODELS}{name}/").status_code == 200


def test_a_status_has_the_shape_of_errors_and_pages_can_read_it(client: httpx2.Client) -> None:
    shown = fault(client, status=503, headers={"Retry-After": "2"})
    response = client.get(f"{MODELS}gpt-4o/", headers={"Origin": "http://localhost:5173"})
    assert response.status_code == 503
    assert response.json() == {"detail": f"This error was injected by the fault {shown['id']}."}
    assert response.headers["retry-after"] == "2"
    assert response.headers["access-control-allow-origin"] == "*"
    preflight = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST"}
    assert client.options(MODELS, headers=preflight).status_code == 200


def test_a_status_can_have_its_own_detail(client: httpx2.Client) -> None:
    fault(client, status=418, detail="Tea only.")
    assert client.get(f"{MODELS}gpt-4o/").json() == {"detail": "Tea only."}


def test_a_status_can_have_an_html_body(client: httpx2.Client) -> None:
    fault(client, status=502, body="<h1>Bad gateway, nämlich</h1>")
    response = client.get(f"{MODELS}gpt-4o/")
    assert (response.status_code, response.text) == (502, "<h1>Bad gateway, nämlich</h1>")
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_a_401_has_a_challenge(client: httpx2.Client) -> None:
    fault(client, status=401, count=1)
    fault(client, status=401, count=1, headers={"WWW-Authenticate": "Basic"})
    challenges = [client.get(f"{MODELS}gpt-4o/").headers["www-authenticate"] for _ in range(2)]
    assert challenges == ['Bearer realm="respan"', "Basic"]


def test_headers_of_a_rule_replace_the_usual_ones(client: httpx2.Client) -> None:
    fault(client, status=502, body="busy", headers={"Content-Type": "text/plain"})
    response = client.get(f"{MODELS}gpt-4o/")
    assert response.text == "busy"
    assert response.headers.get_list("content-type") == ["text/plain"]
    assert response.headers.get_list("content-length") == ["4"]


def test_only_the_api_fails(client: httpx2.Client) -> None:
    fault(client, status=500)
    for path in ("/", "/ui/", "/openapi.json", "/_mock/health"):
        assert client.get(path).status_code < 400
    assert client.get("/nothing").status_code == 404


def test_a_reset_resets_the_connection(own: MockProcess, client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    fault(client, reset=True)
    with pytest.raises(ConnectionResetError):
        raw(own, put_in(name))
    assert not exists(client, name)


def test_a_truncated_body_is_incomplete(own: MockProcess, client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    fault(client, truncate=10)
    head, _, body = raw(own, put_in(name)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201")
    assert body == b'{"id":"tes'
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post(MODELS, json={"model_name": name})
    assert not exists(client, name)


def test_a_short_body_is_truncated_too(client: httpx2.Client) -> None:
    fault(client, truncate=100_000)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get(f"{MODELS}gpt-4o/")


def test_an_error_is_truncated_too(client: httpx2.Client) -> None:
    fault(client, truncate=5)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get(f"{MODELS}gpt-4o/", headers={"Authorization": "Bearer unknown"})


def test_a_malformed_body_is_complete_but_invalid_json(client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    fault(client, malform=True)
    response = client.post(MODELS, json={"model_name": name})
    assert (response.status_code, response.headers["content-type"]) == (201, "application/json")
    assert response.text.startswith('{"id":')
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert not exists(client, name)


@pytest.mark.parametrize("effect", [{"status": 500}, {"reset": True}, {"truncate": 3}, {"malform": True}])
def test_with_after_the_request_takes_effect(
    own: MockProcess, client: httpx2.Client, new_name: Names, effect: dict[str, Any]
) -> None:
    name = new_name()
    fault(client, when="after", **effect)
    try:
        received = raw(own, put_in(name))
    except ConnectionResetError:
        assert "reset" in effect
    else:
        assert received[9:12] == (b"500" if "status" in effect else b"201")
    assert exists(client, name)


def test_a_request_that_fails_deletes_nothing(client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    client.post(MODELS, json={"model_name": name})
    fault(client, malform=True)
    assert client.delete(f"{MODELS}{name}/").status_code == 204
    assert exists(client, name)


@pytest.mark.parametrize("when", ["before", "after"])
def test_latency_delays_the_response(client: httpx2.Client, when: str) -> None:
    fault(client, latency={"min": 200, "max": 210}, when=when)
    began = time.monotonic()
    assert client.get(f"{MODELS}gpt-4o/").status_code == 200
    assert time.monotonic() - began >= 0.2


def test_a_body_can_drip(own: MockProcess, client: httpx2.Client) -> None:
    whole = client.get(f"{MODELS}gpt-4o/").content
    pieces = 4
    fault(client, drip={"bytes": -(-len(whole) // pieces), "every": 60})
    began = time.monotonic()
    assert client.get(f"{MODELS}gpt-4o/").content == whole
    assert time.monotonic() - began >= 0.06 * (pieces - 1)


def test_latencies_add_up_until_a_rule_fails_the_request(client: httpx2.Client) -> None:
    fault(client, id="slow", latency={"min": 100})
    fault(client, id="slower", latency={"min": 100})
    fault(client, id="first", status=502)
    fault(client, id="second", status=504)
    began = time.monotonic()
    assert client.get(f"{MODELS}gpt-4o/").status_code == 502
    assert time.monotonic() - began >= 0.2
    assert [rule["fired"] for rule in client.get(FAULTS).json()["faults"]] == [1, 1, 1, 0]


THEIRS = READ.replace(b"demo-acme", b"demo-globex")
CONDITIONS: dict[str, tuple[dict[str, Any], bytes, bytes]] = {
    "method": ({"method": "GET"}, READ, put_in("m")),
    "path": ({"path": "*/gpt-4*/"}, READ, put_in("m")),
    "organization": ({"organization": "acme"}, READ, THEIRS),
    "no organization": ({"organization": "globex"}, THEIRS, READ.replace(b"acme", b"")),
    "model in the path": ({"model": "gpt-4o"}, READ, READ.replace(b"gpt-4o", b"gpt-4.1")),
    "model in the body": ({"model": "m"}, put_in("m"), put_in("n")),
    "model in no body": ({"model": "m"}, put_in("m"), upsert(b"{")),
    "both": ({"method": "POST", "model": "m"}, put_in("m"), request("DELETE", f"{MODELS}m/")),
}  # fmt: skip


@pytest.mark.parametrize(("conditions", "met", "other"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_rule_applies_to_requests_that_match(
    own: MockProcess, client: httpx2.Client, conditions: dict[str, Any], met: bytes, other: bytes
) -> None:
    fault(client, status=418, **conditions)
    assert exchange(own.address, met).status == 418
    assert exchange(own.address, other).status != 418


def test_a_body_that_a_rule_has_read_still_arrives(client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    fault(client, status=418, model="another")
    assert client.post(MODELS, json={"model_name": name, "display_name": "d" * 100_000}).status_code == 201


def test_a_rule_applies_up_to_its_count(client: httpx2.Client) -> None:
    fault(client, id="twice", status=500, count=2)
    assert [client.get(f"{MODELS}gpt-4o/").status_code for _ in range(4)] == [500, 500, 200, 200]
    assert client.get(FAULTS).json()["faults"] == [{"id": "twice", "status": 500, "count": 2, "fired": 2}]


def test_choices_depend_only_on_the_seed_and_the_rule(client: httpx2.Client) -> None:
    def outcomes(*others: dict[str, Any]) -> list[int]:
        client.put(FAULTS, json={"faults": [*others, {"id": "flaky", "status": 500, "probability": 0.5}]})
        return [client.get(f"{MODELS}gpt-4o/").status_code for _ in range(30)]

    first = outcomes()
    assert {200, 500} == set(first)
    assert outcomes() == first
    assert outcomes({"latency": {"min": 0, "max": 0.1}, "probability": 0.3}) == first


def test_the_journal_names_the_faults_that_were_applied(own: MockProcess, client: httpx2.Client) -> None:
    client.delete(REQUESTS)
    fault(client, id="slow", latency={"min": 1})
    fault(client, id="gone", reset=True, count=1)
    with pytest.raises(ConnectionResetError):
        raw(own, READ)
    fault(client, id="bad", status=503)
    client.get(f"{MODELS}gpt-4o/")
    lost, failed = client.get(REQUESTS).json()["requests"]
    assert (lost["status"], lost["faults"]) == (
        None,
        [{"id": "slow", "effect": "latency"}, {"id": "gone", "effect": "reset"}],
    )
    assert failed["status"] == 503
    assert [each["effect"] for each in failed["faults"]] == ["latency", "status 503"]
    assert "by the fault bad" in failed["rejection"]["line"]


def test_rules_are_added_replaced_and_deleted(client: httpx2.Client) -> None:
    assert fault(client, status=500)["id"] == "f1"
    assert fault(client, status=501)["id"] == "f2"
    fault(client, id="f1", status=502)
    assert [(each["id"], each["status"]) for each in client.get(FAULTS).json()["faults"]] == [("f1", 502), ("f2", 501)]
    assert client.delete(f"{FAULTS}/f1").status_code == 204
    assert client.delete(f"{FAULTS}/f1").status_code == 404
    assert client.delete(f"{FAULTS}/a%1B%E2%80%AE").json() == {"detail": 'There is no fault "a\\u001b\\u202e".'}
    assert client.put(FAULTS, json=client.get(FAULTS).json()).status_code == 200
    assert client.delete(FAULTS).status_code == 204
    assert client.get(FAULTS).json() == {"faults": []}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no effect": ({"method": "GET"}, "exactly one of status, latency"),
    "two effects": ({"status": 500, "reset": True}, "exactly one of status, latency"),
    "a good status": ({"status": 200}, "at least 400"),
    "a mistyped name": ({"stats": 500}, "no such field"),
    "no range": ({"latency": 300}, "an object"),
    "a range backwards": ({"latency": {"min": 2, "max": 1}}, "at least min"),
    "more than certain": ({"status": 500, "probability": 10}, "at most 1"),
    "headers without a status": ({"reset": True, "headers": {}}, "only for rules with status"),
    "a body without a status": ({"reset": True, "body": ""}, "only for rules with status"),
    "a body and a detail": ({"status": 502, "body": "", "detail": ""}, "not both"),
    "a split header": ({"status": 500, "headers": {"A": "b\r\nC: d"}}, "/headers/A: The value of A contains"),
    "NUL in a header": ({"status": 500, "headers": {"A": "\0"}}, "U+0000"),
    "a header beyond Latin-1": ({"status": 500, "headers": {"A": "\u20ac"}}, "U+20AC"),
    "a header name with a space": ({"status": 500, "headers": {"X Y": "1"}}, '\\"X Y\\" is not a header name'),
    "no header name": ({"status": 500, "headers": {"": "1"}}, "is not a header name"),
    "a header name beyond ASCII": ({"status": 500, "headers": {"\u00e9": "1"}}, "is not a header name"),
    "a header name with a line break": ({"status": 500, "headers": {"A\r\nB": "1"}}, "is not a header name"),
    "a header that is a number": ({"status": 500, "headers": {"Retry-After": 1}}, "a string"),
    "a header twice": ({"status": 500, "headers": {"A": "1", "a": "2"}}, "a is the same header as A"),
    "a length of its own": ({"status": 500, "headers": {"content-length": "1"}}, "the server itself sets"),
    "chunks of its own": ({"status": 500, "headers": {"Transfer-Encoding": "chunked"}}, "the server itself sets"),
    "a connection of its own": ({"status": 500, "headers": {"Connection": "close"}}, "the server itself sets"),
    "a status of no body": ({"status": 204, "body": "x"}, "at least 400"),
    "an interim status": ({"status": 100}, "at least 400"),
    "a status beyond HTTP": ({"status": 600}, "at most 599"),
    "half a status": ({"status": 500.5}, "an integer"),
    "never": ({"status": 500, "count": 0}, "at least 1"),
    "less than never": ({"status": 500, "count": -1}, "at least 1"),
    "less than impossible": ({"status": 500, "probability": -0.1}, "at least 0"),
    "a wait without an end": ({"latency": {"min": 1e9}}, "at most 3600000"),
    "a negative wait": ({"latency": {"min": -1}}, "at least 0"),
    "nothing left of it": ({"truncate": -1}, "at least 0"),
    "more than any body": ({"truncate": 1e12}, "at most 16777216"),
    "half a byte": ({"truncate": 5.5}, "an integer"),
    "pieces of nothing": ({"drip": {"bytes": 0, "every": 1}}, "at least 1"),
    "a path without its slash": ({"reset": True, "path": "api/*"}, "begin it with a slash"),
    "an empty path": ({"reset": True, "path": ""}, "begin it with a slash"),
    "a URL for a path": ({"reset": True, "path": "http://localhost:8000/api/models/"}, "begin it with a slash"),
    "a path of no resource": ({"reset": True, "path": "/api/model/*"}, "no path of the contract matches"),
    "a path without its last slash": ({"reset": True, "path": "/api/models"}, "give a path such as /api/models/"),
    "a question mark for any character": ({"reset": True, "path": "/ap?/models/"}, "no path of the contract"),
    "brackets for a choice": ({"reset": True, "path": "/[ab]pi/models/"}, "no path of the contract"),
    "an unknown organization": ({"reset": True, "organization": "acmee"}, "did you mean acme?"),
    "a name that no model can have": ({"reset": True, "model": ""}, "no model can have the name"),
    "no method": ({"reset": True, "method": "GET,POST"}, "matches"),
    "nearly a method": ({"reset": True, "method": "PSOT"}, "did you mean POST?"),
    "nearly a member": ({"statu": 500}, "Did you mean status?"),
    "an odd id": ({"status": 500, "id": "a/b"}, "matches"),
}


@pytest.mark.parametrize(("rule", "reason"), WRONG.values(), ids=WRONG)
def test_an_invalid_rule_is_rejected_and_changes_nothing(
    client: httpx2.Client, rule: dict[str, Any], reason: str
) -> None:
    fault(client, id="kept", status=500)
    before = client.get(FAULTS).json()
    for response in (client.post(FAULTS, json=rule), client.put(FAULTS, json={"faults": [{"status": 500}, rule]})):
        assert response.status_code == 400
        assert reason.lower() in response.text.lower()
    assert client.get(FAULTS).json() == before


def test_two_rules_with_the_same_id_are_rejected(client: httpx2.Client) -> None:
    response = client.put(FAULTS, json={"faults": [{"id": "a", "status": 500}, {"id": "a", "status": 501}]})
    assert response.status_code == 400
    assert "Another rule has the id" in response.text


WRITTEN_OTHERWISE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "truncate": ({"truncate": 5.0}, {"truncate": 5}),
    "drip": ({"drip": {"bytes": 1e1, "every": 0}}, {"drip": {"bytes": 10, "every": 0}}),
    "status": ({"status": 503.0}, {"status": 503}),
    "count": ({"status": 503, "count": 2.0}, {"status": 503, "count": 2}),
    "method": ({"status": 503, "method": "get"}, {"status": 503, "method": "GET"}),
}


@pytest.mark.parametrize(("written", "usual"), WRITTEN_OTHERWISE.values(), ids=WRITTEN_OTHERWISE)
def test_other_spellings_of_a_value_are_accepted(
    own: MockProcess, client: httpx2.Client, written: dict[str, Any], usual: dict[str, Any]
) -> None:
    shown = fault(client, **written)
    assert json.dumps({name: shown[name] for name in usual}) == json.dumps(usual)
    raw(own, READ)
    assert client.get(FAULTS).json()["faults"][0]["fired"] == 1


LITERAL = {
    "brackets": ("/api/models/a[1]/", "a%5B1%5D", "a1"),
    "brackets as sent": ("/api/models/a%5B1%5D/", "a%5B1%5D", "a1"),
    "a question mark": ("*/a?/", "a%3F", "ab"),
    "an exclamation": ("*/[!a]/", "%5B!a%5D", "b"),
    "a dot": ("*/a.b/", "a.b", "axb"),
    "a backslash": ("*/a\\d/", "a%5Cd", "a1"),
}


@pytest.mark.parametrize(("path", "met", "other"), LITERAL.values(), ids=LITERAL)
def test_only_the_asterisk_is_a_wildcard(client: httpx2.Client, path: str, met: str, other: str) -> None:
    fault(client, status=418, path=path)
    assert client.get(f"{MODELS}{met}/").status_code == 418
    assert client.get(f"{MODELS}{other}/").status_code == 404


def test_a_header_can_be_latin_1(own: MockProcess, client: httpx2.Client) -> None:
    fault(client, status=503, headers={"X-Name": "M\u00fcller\t1"})
    assert b"x-name: M\xfcller\t1\r\n" in raw(own, READ)


def test_generated_ids_do_not_collide_with_chosen_ones(client: httpx2.Client) -> None:
    response = client.put(FAULTS, json={"faults": [{"status": 500}, {"id": "f1", "status": 501}]})
    assert [each["id"] for each in response.json()["faults"]] == ["f2", "f1"]
