"""Commands of a report: pasted into a shell, they send the bytes that were sent, and no secret stands in them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from conformance.redaction import redacted
from conformance.wire.exchange import Credential, Exchange, Headers, Request, Response, WireFormat
from conformance.wire.raw_connection import request_bytes
from conformance.wire.shell import curl, raw_command, script
from tests.conformance.parts import drawn, drawn_slowly
from tests.conformance.wire.pasting import Shell

BASE = "http://127.0.0.1:8000/prefix"
HOSTILE = "'\"$`\\!*?~#&;|<>(){}[]%@ \t\n\r=é模\U0001f9ea$RUN$(exit 1)`exit 1`"
TEXT = st.text(st.sampled_from(HOSTILE) | st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
BODIES = TEXT.map(str.encode) | st.binary(max_size=40) | st.binary(max_size=5).map(lambda rest: b"@" + rest)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(str.strip)
HEADERS = st.dictionaries(st.sampled_from(["Content-Type", "Accept", "X-Api-Key", "Cookie"]), VALUES)
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=20)
VARIABLES = {"sk-secret-token": "$RESPAN_API_KEY", "rc-0123abcd": "$RUN"}
ENVIRONMENT = {"RESPAN_API_KEY": "sk-secret-token", "RUN": "rc-0123abcd"}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("bin"))


def _sent(headers: Headers) -> set[bytes]:
    """Headers as curl wants them: one that is empty ends in a semicolon."""
    return {(f"{name}: {value}" if value else f"{name};").encode() for name, value in headers}


@given(BODIES, HEADERS, TEXT, st.sampled_from(["GET", "POST", "DELETE"]))
@example(b"", {}, "", "POST")
@example(b"@/etc/passwd", {}, "", "POST")
@example(b"nul \0 and \xff\xfe %s %n \\n '", {}, "a/../b", "POST")
@example(b"-X", {"Accept": ""}, "--help", "POST")
@drawn_slowly
def test_a_command_sends_what_was_sent(
    shell: Shell, body: bytes, headers: dict[str, str], name: str, method: str
) -> None:
    request = Request(method, f"/api/models/{quote(name, safe='/')}/", tuple(headers.items()), body)
    called = shell.paste(curl(request, BASE, {}))
    assert called.method == method
    assert called.url == (BASE + request.target).encode()
    assert called.body == body
    assert {header for header in called.headers if not header.endswith(b":")} == _sent(request.headers)


@given(TEXT, st.binary(max_size=10), HEADERS)
@example("", b"\xff", {})
@drawn_slowly
def test_variables_stand_for_secrets_and_for_the_run(
    shell: Shell, text: str, tail: bytes, headers: dict[str, str]
) -> None:
    name = f"rc-0123abcd-1{text}sk-secret-token"
    body = f"{text}rc-0123abcd{text}sk-secret-tokenrc-0123abcd".encode() + tail
    credential = Credential("Bearer sk-secret-token", "Bearer $RESPAN_API_KEY")
    more = (*headers.items(), ("X-Token", "sk-secret-token"))
    request = Request("POST", f"/{quote(name, safe='/')}", more, body, credential)
    command = curl(request, BASE, VARIABLES)
    assert "sk-secret-token" not in command
    assert "rc-0123abcd" not in command
    called = shell.paste(command, ENVIRONMENT)
    assert called.url == (BASE + request.target).encode()
    assert called.body == body
    assert _sent((*more, ("Authorization", "Bearer sk-secret-token"))) <= set(called.headers)


@given(TOKENS)
@example("sk+a/b==")
@drawn
def test_a_token_stands_in_no_command_in_either_spelling(token: str) -> None:
    quoted = quote(token, safe="")
    request = Request("POST", f"/?key={quoted}", (("X-Api-Key", token),), f"token {token}".encode())
    command = curl(request, BASE, {token: "$RESPAN_API_KEY"})
    plain = curl(Request("POST", "/?key=", (("X-Api-Key", "$RESPAN_API_KEY"),), b"token "), BASE, {})
    assume(token not in plain)  # a word of the command
    assert token not in command
    assert quoted not in command


def test_one_secret_that_begins_another_uncovers_nothing_of_it(shell: Shell) -> None:
    variables = {"demo-acme": "$RESPAN_API_KEY", "demo-acme-readonly": "$RESPAN_READ_ONLY_KEY"}
    text = "demo-acme-readonly demo-acme"
    assert redacted(text, variables) == "$RESPAN_READ_ONLY_KEY $RESPAN_API_KEY"
    command = curl(Request("POST", "/", (), text.encode()), BASE, variables)
    assert "readonly" not in command
    environment = {"RESPAN_API_KEY": "demo-acme", "RESPAN_READ_ONLY_KEY": "demo-acme-readonly"}
    assert shell.paste(command, environment).body == text.encode()


def test_headers_that_curl_would_add_are_taken_out(shell: Shell) -> None:
    called = shell.paste(curl(Request("POST", "/", (), b"{}"), BASE, {}))
    assert set(called.headers) == {b"Accept:", b"Content-Type:"}
    called = shell.paste(curl(Request("GET", "/", (("Accept", "*/*"),)), BASE, {}))
    assert set(called.headers) == {b"Accept: */*"}


@given(TEXT, st.text(st.sampled_from("ab-%\\'\"@${ é"), min_size=1, max_size=12), st.integers(100, 400), TEXT)
@example("", "-", 100, "")
@example("{", "%s", 100, "}")
@drawn_slowly
def test_what_stands_in_a_body_very_often_is_written_once(
    shell: Shell, before: str, unit: str, times: int, after: str
) -> None:
    text = "".join(filter(str.isprintable, f"{before}{unit * times}{after}"))
    request = Request("POST", f"/{quote(text, safe='/')}", (), text.encode())
    called = shell.paste(curl(request, BASE, {}))
    assert called.body == text.encode()
    assert called.url == (BASE + request.target).encode()
    assert len(curl(replace(request, target="/"), BASE, {})) < 1000


@pytest.mark.parametrize("body", [b"x" * 300_000, b"@" + b"12345" * 60_000, bytes(300_000)], ids=["a", "b", "c"])
def test_a_body_longer_than_a_command_line_is_sent(shell: Shell, body: bytes) -> None:
    assert shell.paste(curl(Request("POST", "/", (), body), BASE, {})).body == body


def test_a_chunked_body_is_sent_in_chunks(shell: Shell) -> None:
    called = shell.paste(curl(Request("POST", "/", (), b"{}", chunked=True), BASE, {}))
    assert b"Transfer-Encoding: chunked" in called.headers


@pytest.mark.parametrize(("target", "as_is"), [("/a/../b", True), ("/a/./b", True), ("/a.b", False)])
def test_dot_segments_are_sent_as_they_are(shell: Shell, target: str, as_is: bool) -> None:
    assert shell.paste(curl(Request("GET", target), BASE, {})).path_as_is is as_is


def test_a_base_url_in_a_variable_is_looked_up(shell: Shell) -> None:
    command = curl(Request("GET", "/api/it's/"), "$RESPAN_URL", {})
    assert shell.paste(command, {"RESPAN_URL": BASE}).url == f"{BASE}/api/it's/".encode()


def _exchange(body: bytes) -> Exchange:
    return Exchange(Request("POST", "/", (), body), Response(200, (), b"", 0.0))


def test_a_script_makes_names_of_its_own(shell: Shell) -> None:
    lines = script([_exchange(b"rc-0123abcd-1"), _exchange(b"none")], BASE, VARIABLES)
    assert len(lines) == 3
    one, other = (shell.run(f"{lines[0]}\n{lines[1]}").rpartition(b"\0")[0].rsplit(b"\0", 1)[1] for _ in range(2))
    assert one.startswith(b"rc-")
    assert one.endswith(b"-1")
    assert one != other
    assert b"0123abcd" not in one


def test_a_script_without_names_sets_no_variable() -> None:
    assert script([_exchange(b"none")], BASE, VARIABLES) == [curl(_exchange(b"none").request, BASE, VARIABLES)]
    assert script([], BASE, VARIABLES) == []


def test_requests_that_share_a_connection_are_one_command() -> None:
    first, second = (Exchange(Request("GET", f"/{n}"), Response(200, (), b"", 0.0), connection=1) for n in "ab")
    alone = Exchange(Request("GET", "/c"), Response(200, (), b"", 0.0))
    other = replace(first, connection=2)
    commands = script([alone, first, second, other, alone, alone], BASE, {})
    assert [command.count(BASE) for command in commands] == [1, 2, 1, 1, 1]
    assert commands[1].count(" --next -sS -i ") == 1


def test_requests_that_raced_are_sent_at_once() -> None:
    first, second, third = (Exchange(Request("GET", f"/{n}"), Response(200, (), b"", 0.0), race=1) for n in "abc")
    alone = Exchange(Request("GET", "/d"), Response(200, (), b"", 0.0))
    again = replace(third, race=2)
    commands = script([alone, first, second, again, alone], BASE, {})
    assert [command.rpartition("Accept:'")[2] or command for command in commands] == [
        commands[0], " &", " &", "wait", " &", "wait", commands[0],
    ]  # fmt: skip


@pytest.mark.parametrize("base", [BASE, "$RESPAN_URL"])
@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("location: /prefix/m/", "/prefix/m/"),
        ("Location:https://other.example:1/m?a=b", "/m?a=b"),
        ("LOCATION: m/", "{}/models/m/"),
    ],
)
def test_a_request_that_follows_a_location_goes_to_the_one_returned(
    shell: Shell, base: str, location: str, path: str
) -> None:
    get = Exchange(Request("GET", "/seen/", follows_location=True), Response(404, (), b"", 0.0))
    post = Exchange(Request("POST", "/models/", (), b"{}"), Response(201, (), b"", 0.0))
    create, read, again = script([post, get, get], base, {})
    assert read == again
    server = f"curl() {{ printf 'HTTP/1.1 201 Created\\r\\n{location}\\r\\n\\r\\n{{}}'; }}"
    called = shell.paste(
        f"exec 2>/dev/null\n{server}\n{create}\nunset -f curl\n{read}", {"RESPAN_URL": "http://127.0.0.1:8000"}
    )
    assert called.url.decode() == "http://127.0.0.1:8000" + path.format("/prefix" if base == BASE else "")


def test_cookies_of_the_user_and_of_a_check_go_into_one_header(shell: Shell) -> None:
    extra = (("Cookie", Credential("sso=1", "$RESPAN_HEADER_COOKIE")), ("X-A", Credential("b", "$RESPAN_HEADER_X_A")))
    request = Request("GET", "/", (("Cookie", "token=sk-secret-token"),), user_headers=extra)
    command = curl(request, BASE, VARIABLES)
    called = shell.paste(command, ENVIRONMENT | {"RESPAN_HEADER_COOKIE": "sso=1", "RESPAN_HEADER_X_A": "b"})
    assert {b"Cookie: sso=1; token=sk-secret-token", b"X-A: b"} <= set(called.headers)
    assert [header for header in called.headers if header.startswith(b"Cookie")] == [called.headers[1]]
    assert "secret" not in command
    assert request.fields == (("X-A", "b"), ("Cookie", "sso=1; token=sk-secret-token"))


def _printed(shell: Shell, command: str, environment: dict[str, str]) -> bytes:
    """What a command writes to its socket."""
    return shell.run("sleep() { :; }\n" + command.rpartition(" | curl ")[0], environment)


@given(TEXT, st.booleans(), st.booleans(), st.sampled_from(["rc-0123abcd", "rc-1", "rc-" + "9" * 20]))
@example("GET / HTTP/1.1\r\nA: b\r\n\r\n", False, True, "rc-1")
@example("", True, False, "rc-1")
@drawn_slowly
def test_content_length_is_the_length_of_the_bytes_on_the_socket(
    shell: Shell, text: str, chunked: bool, later: bool, run: str
) -> None:
    wire = WireFormat(trailers=(("X-Token", "sk-secret-token"),) if chunked else (), delay_body=later)
    credential = Credential("Bearer sk-secret-token", "Bearer $RESPAN_API_KEY")
    request = Request(
        "POST",
        "/rc-0123abcd-1",
        (),
        f"{text}rc-0123abcd-1{text}".encode(),
        credential,
        chunked=chunked,
        wire_format=wire,
    )
    command = raw_command([request, replace(request, body=text.encode())], BASE, VARIABLES)
    assert "sk-secret-token" not in command
    there = [replace(request, target=f"/{run}-1", body=f"{text}{run}-1{text}".encode())]
    there.append(replace(request, target=f"/{run}-1", body=text.encode()))
    assert _printed(shell, command, ENVIRONMENT | {"RUN": run}) == b"".join(request_bytes(one, BASE) for one in there)


def test_requests_over_sockets_of_their_own_are_commands_of_their_own() -> None:
    request = Request("POST", "/", (), b"{}", chunked=True, wire_format=WireFormat(trailers=(("A", "b"),)))
    alone = Exchange(request, Response(200, (), b"", 0.0))
    joined = replace(alone, connection=1)
    commands = script([alone, alone, joined, joined, alone], BASE, {})
    assert [command.count("POST") for command in commands] == [1, 1, 2, 1]
    assert all(command.count("telnet://") == 1 for command in commands)


def test_an_offer_is_made_over_http_1() -> None:
    offer = Request("GET", "/", (("Upgrade", "h2c"),), wire_format=WireFormat())
    assert " --http1.1 " in curl(offer, BASE, {})
    assert " --http1.1 " not in curl(replace(offer, headers=()), BASE, {})


def test_a_socket_is_opened_to_an_address_in_a_variable(shell: Shell) -> None:
    request = Request("GET", "/rc-0123abcd-1", wire_format=WireFormat(hosts=None))
    command = raw_command([request], "$RESPAN_URL", VARIABLES)
    environment = ENVIRONMENT | {"RESPAN_URL": "http://127.0.0.1:8000"}
    assert _printed(shell, command, environment) == request_bytes(request, "http://127.0.0.1:8000")
    called = shell.run("sleep() { :; }\n" + command, environment).split(b"\0")
    assert b"telnet://127.0.0.1:8000" in called
