"""The admin API accepts what it documents, and a rejected request changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.admin.app import Access, read_document
from mock_server.scenario import Source, scenario_in
from mock_server.settings import Settings
from tests.mock_server.fuzz.connection import Mock, Response, responses
from tests.mock_server.fuzz.effort import examples
from tests.mock_server.fuzz.judging import check
from tests.mock_server.fuzz.messages import CUTS, JSON, message
from tests.mock_server.fuzz.reading import INVALID, read
from tests.mock_server.fuzz.states import FAULT_RULES, FAULTS, NAMES, ORGANIZATIONS, STATES
from tests.mock_server.fuzz.values import TEXTS, VALUES, any_of, as_json
from tests.mock_server.json_texts import broken
from tests.mock_server.wire import MODELS

_METHODS = ("get", "post", "put", "delete")
_DOCUMENT = read_document()
_SHARED = {f"#/components/parameters/{name}": each for name, each in _DOCUMENT["components"]["parameters"].items()}
OPERATIONS = [
    (method.upper(), path, item[method])
    for path, item in _DOCUMENT["paths"].items()
    for method in _METHODS
    if method in item
]
NESTING = 80
RESETS = st.fixed_dictionaries(
    {},
    optional={
        "parts": st.lists(st.sampled_from(["models", "journal", "faults", "clock", "all"]), max_size=3),
        "organization": ORGANIZATIONS,
        "model": NAMES,
    },
)
BODIES: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("POST", "/_mock/reset"): RESETS,
    ("PUT", "/_mock/state"): STATES,
    ("POST", "/_mock/faults"): FAULT_RULES,
    ("PUT", "/_mock/faults"): FAULTS,
}
_PARAMETERS = TEXTS | st.sampled_from(
    ["0", "1", "2", "-1", "1.5", "1e3", "nan", "inf", "0.01", "9" * 20, "true", "false", "True", "4xx", "404", "acme",
      "gpt-4o", "POST", "/api/*", "*", "\u0661"]
)  # fmt: skip


def state_of(fuzzed: Mock) -> tuple[Any, ...]:
    """Return what an admin request can change."""
    return fuzzed.models, [each.as_json for each in fuzzed.control.faults.active]


def ask(fuzzed: Mock, method: str, target: str, body: bytes = b"", cuts: Any = (), fields: Any = JSON) -> Response:
    """Send one request, and check its response. A stream of events ends when the client leaves."""
    received = fuzzed.exchange(message(method, target.encode(), fields, body, cuts))
    ending = b"0\r\n\r\n" if b"content-type: text/event-stream" in received else b""
    (response,) = responses(received + ending, method)
    check(response)
    return response


def test_each_body_has_a_strategy() -> None:
    with_body = {(method, path) for method, path, operation in OPERATIONS if "requestBody" in operation}
    assert with_body == BODIES.keys()


@examples(350)
@given(operation=st.sampled_from([*BODIES]), data=st.data(), cuts=CUTS)
def test_bodies(fuzzed: Mock, operation: tuple[str, str], data: st.DataObject, cuts: list[int]) -> None:
    fuzzed.reset()
    ask(fuzzed, "POST", MODELS, b'{"model_name": "mine", "display_name": "before"}')
    before = state_of(fuzzed)
    values = BODIES[operation]
    raw = data.draw(st.one_of(*[values.map(as_json)] * 6, VALUES.map(as_json), broken()))
    response = ask(fuzzed, *operation, raw, cuts)
    if read(raw, NESTING) is INVALID and raw:
        assert response.status == 400
    if response.status >= 400:
        assert state_of(fuzzed) == before
    elif operation == ("PUT", "/_mock/state"):
        check_state(fuzzed, response, raw)
    elif "faults" in operation[1]:
        check_faults(fuzzed)


def check_state(fuzzed: Mock, response: Response, raw: bytes) -> None:
    """Fail unless this state is the state now, and can be saved and taken again."""
    written = read(raw, NESTING)["models"]
    stored = {scope: {name: each["values"] for name, each in named.items()} for scope, named in fuzzed.models.items()}
    assert stored == {
        scope: {n: each["values"] for n, each in named.items()} for scope, named in written.items() if named
    }
    again = ask(fuzzed, "PUT", "/_mock/state", response.body)
    assert (again.status, again.json) == (200, response.json)
    for scope, named in fuzzed.models.items():
        for name in named:
            answer = ask(fuzzed, "GET", f"/_mock/model?organization={scope}&name={quote(name, safe='')}")
            assert (answer.status, answer.json["returned"]["model_name"]) == (200, name)
    check_scenario(fuzzed)


def check_faults(fuzzed: Mock) -> None:
    """Fail unless these rules work, and can be saved and taken again."""
    listed = ask(fuzzed, "GET", "/_mock/faults")
    assert ask(fuzzed, "PUT", "/_mock/faults", listed.body).json == listed.json
    check_scenario(fuzzed)
    received = fuzzed.exchange(message("POST", MODELS.encode(), JSON, b'{"model_name": "mine"}'))
    assert received == b"" or received.startswith(b"HTTP/1.1 ")
    assert ask(fuzzed, "GET", "/_mock/requests?limit=1").json["requests"]


def check_scenario(fuzzed: Mock) -> None:
    """Fail unless another mock can start from here."""
    control = fuzzed.control
    saved = ask(fuzzed, "GET", "/_mock/scenario").json
    scenario = scenario_in(Source(saved), control.contract)
    assert scenario.fixtures == control.fixtures
    models = scenario.models(control.contract, control.fixtures, control.clock.now())
    assert {scope: {*named} for scope, named in models.items()} == {s: {*n} for s, n in fuzzed.models.items()}


@examples(250)
@given(operation=st.sampled_from(OPERATIONS), data=st.data())
def test_parameters(fuzzed: Mock, operation: tuple[str, str, dict[str, Any]], data: st.DataObject) -> None:
    method, path, declared = operation
    before = state_of(fuzzed)
    target = path.replace("{id}", quote(data.draw(_PARAMETERS.filter(bool)), safe=""))
    parameters = [_SHARED.get(each.get("$ref"), each) for each in declared.get("parameters", [])]
    names = [each["name"] for each in parameters if each["in"] == "query"]
    query = data.draw(st.lists(st.tuples(any_of(names), _PARAMETERS), max_size=3))
    fields = [*JSON, (b"Last-Event-ID", data.draw(st.sampled_from([b"0", b"1", b"-1", b"x", b"9" * 30])))]
    written = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query)
    response = ask(fuzzed, method, f"{target}?{written}"[:2000], fields=fields)
    if method == "GET" or response.status >= 400:
        assert state_of(fuzzed) == before


@pytest.fixture(scope="module")
def guarded() -> Iterator[Mock]:
    settings = Settings(admin_token="secret-token")
    mock = Mock(settings, Access(settings.admin_token, {"localhost"}, ["http://page.example"]))
    yield mock
    mock.close()


_VALUES = st.sampled_from(
    ["Bearer demo-acme", "bearer secret-toke", "Bearer secret-token2", "secret-token", "Basic secret-token", "", "null",
     "http://localhost", "http://page.example", "http://page.example/", "http://evil.example", "cross-site",
     "same-origin", "none", "localhost", "a=secret-token", "\xff"]
)  # fmt: skip
_HOSTS = ["localhost", "LOCALHOST:1", "evil.example", "localhost.", "[::1]", "127.0.0.1", "a%20b"]
_NAMES = ["Authorization", "Origin", "Sec-Fetch-Site", "X-Forwarded-Host", "Cookie", "Referer"]


@examples(150)
@given(host=st.sampled_from(_HOSTS), fields=st.lists(st.tuples(st.sampled_from(_NAMES), _VALUES), max_size=4))
def test_no_request_is_accepted_without_the_token(guarded: Mock, host: str, fields: list[tuple[str, str]]) -> None:
    before = state_of(guarded)
    head = [("Host", host), ("Content-Type", "application/json"), ("Content-Length", "15"), *fields]
    lines = ["POST /_mock/faults HTTP/1.1", *(f"{name}: {value}" for name, value in head)]
    raw = "\r\n".join(lines).encode("latin-1") + b'\r\n\r\n{"status": 503}'
    (response,) = responses(guarded.exchange(raw))
    check(response)
    assert response.status in {401, 403}
    assert b"secret-token" not in response.body
    assert state_of(guarded) == before
