"""Secrets of a request: never in its journal entry, the log, the event stream or an error, however they are spelled."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message

from contract import load
from contract.spelling import LONG_ENOUGH
from mock_server.control import Control
from mock_server.fixtures import load_fixtures
from mock_server.journal.entry import Entry
from mock_server.mock import app_of, control_of
from mock_server.redaction import HIDDEN, MOST_SECRETS, BodyRedaction, Redaction
from mock_server.run import PlainFormatter
from mock_server.scenario import start_of
from mock_server.secrets import SecretNames, declared_secrets, looks_secret
from mock_server.settings import Settings
from tests.mock_server.wire import KEY, MODELS

SECRET = 's3cr+et/K"ey-1'
drawn = settings(deadline=None, database=None, derandomize=True)


def _words(text: str) -> list[str]:
    return text.split()


NAMES_OF_SECRETS = _words("""
    Authorization Proxy-Authorization Cookie Set-Cookie X-Api-Key Api-Key apikey api_key apiKey X-Auth X-Key
    X-Auth-Token Ocp-Apim-Subscription-Key X-Amz-Security-Token X-Amz-Signature X-Amz-Credential pwd private_key
    access_token refresh_token sig key token secret client_secret clientSecret clientsecret secret_key password
    Password user[password] db_password passwd passphrase jwt session sid PHPSESSID auth credentials
    x-functions-key X-CSRF-Token PRIVATE-TOKEN DD-API-KEY aws_secret_access_key AWSAccessKeyId OPENAI_API_KEY
    api_keys password_confirmation new_password api_key_1
""")
OTHER_NAMES = _words("""
    max_tokens token_count tokens total_tokens key_name keys Idempotency-Key keyboard monkey author authority
    secretary page_token nextPageToken stop_token Sec-WebSocket-Key Access-Control-Allow-Credentials
    WWW-Authenticate model_name display_name max_context_window primary_key cache_key public_key
    tokens_per_second token_type expires_in has_password compass signal zip_code status_code session_count
    password_policy auth_url Content-Type Host Accept average_tps keywords design
""")


@pytest.mark.parametrize("name", NAMES_OF_SECRETS)
def test_names_of_secrets_are_recognized(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_other_names_are_not_secrets(name: str) -> None:
    assert not looks_secret(name)


def test_a_contract_declares_secrets() -> None:
    pin = {"type": "string", "writeOnly": True}
    document: dict[str, Any] = {
        "components": {
            "securitySchemes": {"a": {"type": "apiKey", "in": "header", "name": "X-Vendor"}, "b": {"type": "http"}},
            "schemas": {"A": {"properties": {"nip": pin, "other": {"type": "string"}}}},
        }
    }
    document["paths"] = [document["components"]]  # a circle, as references make them
    document["components"]["again"] = document
    assert set(declared_secrets(document)) == {"X-Vendor", "nip"}


@dataclass
class Mock:
    """A mock in this process, and all of its output."""

    control: Control
    app: ASGIApp
    lines: list[str]
    response: bytes = b""

    def tells(
        self, headers: dict[str, str], query: str = "", body: bytes = b"", path: str = MODELS, method: str = "POST"
    ) -> str:
        """What it shows of a request: entry, log and events."""
        self.lines.clear()
        with self.control.events.watching(None) as watcher:
            asyncio.run(self._ask(method, path, query, headers, body))
            events = [event.data for _ in range(watcher._queue.qsize()) if (event := watcher._queue.get_nowait())]
        assert self.lines
        assert events
        return "\n".join([*self.lines, orjson.dumps([self.entry, *events]).decode()])

    @property
    def entry(self) -> Entry:
        """The latest."""
        return self.control.entry(self.control.journal._exchanges[-1])

    async def _ask(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
        given = {"Content-Type": "application/json", **headers}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        }
        self.response = b""

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            self.response += message.get("body", b"")

        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    control = control_of(Settings(), start_of(Settings()))
    control.url = "http://127.0.0.1:8000"
    made = Mock(control, lambda *_: asyncio.sleep(0), [])

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            made.lines.append(self.format(record))

    handler, logger = Kept(), logging.getLogger("mock_server")
    handler.setFormatter(PlainFormatter(control.redaction.hide))
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    made.app = app_of(Settings(), control)
    yield made
    logger.setLevel(level)
    logger.removeHandler(handler)


def _members(**members: Any) -> bytes:
    return json.dumps({"model_name": "m", **members}).encode()


CARRIED: dict[str, dict[str, Any]] = {
    "no bearer": {"headers": {"Authorization": f"{SECRET} x"}},
    "bearer and a tab": {"headers": {"Authorization": f"Bearer\t{SECRET} x"}},
    "bearer and an equals sign": {"headers": {"Authorization": f"Bearer={SECRET} x"}},
    "token": {"headers": {"Authorization": f"Token {SECRET}"}},
    "two words": {"headers": {"Authorization": f"Bearer {SECRET} x"}},
    "basic": {"headers": {"Authorization": "Basic " + b64encode(f"user:{SECRET}".encode()).decode()}},
    "digest": {"headers": {"Authorization": 'Digest username="M", uri="/x", response="s3cr+et/Key-1"'}},
    "alone": {"headers": {"Authorization": SECRET}},
    "member": {"body": _members(api_key=SECRET)},
    "members below": {"body": _members(extra={"a": [{"clientSecret": SECRET, "credentials": {"user": SECRET}}]})},
    "member with an escaped name": {"body": b'{"model_name": "m", "api\\u005fkey": "s3cr+et"}'},
    "member of JSON in a string": {"body": _members(data=json.dumps({"password": SECRET}))},
    "member of cut JSON": {"body": _members(pwd=SECRET)[:-8]},
    "member of lenient JSON": {"body": b"{model_name: 'm', api_key: 's3cr+et'}"},
    "number": {"body": _members(pin=3141592653)},
    "form": {"body": b"model_name=m&password=" + quote(SECRET).encode()},
    "multipart": {"body": b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\ns3cr+et\r\n--b--\r\n'},
    "lines": {"body": b"name: m\ntoken: s3cr+et\n"},
    "a field that is a secret in its place": {"body": _members(api_key=SECRET, base_model_name=SECRET)},
    "beyond what is kept": {"headers": {"X-Key": SECRET}, "body": _members(a="x" * 16_352 + SECRET)},
    **{f"header {name}": {"headers": {name: SECRET}} for name in ("X-Auth", "X-Key", "Ocp-Apim-Subscription-Key")},
    "cookie": {"headers": {"Cookie": "theme=dark; id=s3cr+et/Key-1"}},
    "referer": {"headers": {"Referer": "http://a.example/?page=1&access_token=s3cr%2Bet#x"}},
    "user of a URL": {"headers": {"X-From": "http://user:s3cr+et@a.example/"}},
    **{f"query {name}": {"query": f"a=b&{name}={quote(SECRET)}"} for name in ("pwd", "private_key", "sig", "code")},
    "query of a query": {"query": "next=" + quote("http://a/?token=s3cr+et", safe="")},
    "encoded name": {"query": "access%5Ftoken=s3cr%2Bet"},
}  # fmt: skip
GONE = ("s3cr", "S3cr", "3141592653", quote(SECRET), b64encode(SECRET.encode()).decode()[:10])


@pytest.mark.parametrize("request_", CARRIED.values(), ids=CARRIED)
def test_no_output_contains_a_secret_of_a_request(mock: Mock, request_: dict[str, Any]) -> None:
    given_key = {"Authorization": f"Bearer {KEY}"} if "body" in request_ else {}
    told = mock.tells(
        {**given_key, **request_.get("headers", {})}, request_.get("query", ""), request_.get("body", b"")
    )
    assert [each for each in (*GONE, KEY) if each in told] == []
    assert "[redacted]" in told
    if "headers" in request_ and "body" not in request_:
        assert b"s3cr" not in mock.response


def test_other_values_are_not_hidden(mock: Mock) -> None:
    body = {"max_tokens": 5, "key_name": "one", "token": None, "password": True, "note": "Bearer of news"}
    told = mock.tells({"Authorization": f"Bearer {KEY}", "Idempotency-Key": "once"}, "page_token=2", _members(**body))
    assert json.loads(mock.entry.request.body.text) == {"model_name": "m", **body}
    assert mock.entry.query == "page_token=2"
    assert '"once"' in told


def test_redacted_json_is_valid_json(mock: Mock) -> None:
    mock.tells({"Authorization": f"Bearer {KEY}"}, "", _members(api_key=SECRET, a=f"{SECRET} é"))
    assert mock.entry.request.body.json == {"model_name": "m", "api_key": "[redacted]", "a": "[redacted] é"}
    assert mock.entry.request.body.note == "secrets are replaced by [redacted]"


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded as a whole": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "escaped as JSON": lambda text: json.dumps(text)[1:-1],
    "escaped as a whole": lambda text: "".join(f"\\u{ord(each):04X}" for each in text),
    "in Basic credentials": lambda text: b64encode(f"user:{text}".encode()).decode(),
    "in base64": lambda text: b64encode(text.encode()).decode(),
}
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30).map("sk-{}".format)


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
@given(secret=TOKENS, place=st.sampled_from(["path", "query", "header", "body", "name"]), known=st.booleans())
@drawn
def test_credentials_are_hidden_wherever_else_they_appear(
    mock: Mock, spelled: Callable[[str], str], secret: str, place: str, known: bool
) -> None:
    secret = "respan-mock-dashboard-secret-for-tests-only" if known else secret
    echo = spelled(secret)
    in_url = quote(echo, safe="%")
    told = mock.tells(
        {
            "Authorization": f"Bearer {KEY if known else secret}",
            **({"X-Own": f"a {echo}"} if place == "header" else {}),
        },
        f"a={in_url}" if place == "query" else "",
        json.dumps({"model_name": echo if place == "name" else "m", "note": echo}).encode(),
        f"{MODELS}{in_url}/" if place == "path" else MODELS,
        "GET" if place == "path" else "POST",
    )
    assert secret not in told
    assert json.dumps(secret)[1:-1] not in told
    for form in {echo.strip("="), in_url.strip("="), json.dumps(echo)[1:-1].strip("=")}:
        assert form not in told
    if not known:
        assert secret not in mock.response.decode()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1:8000@evil.example", "a'; id; '"])
def test_a_copied_command_sends_to_the_mock(mock: Mock, host: str) -> None:
    mock.tells({"Authorization": f"Bearer {KEY}", "Host": host, "X-Forwarded-Host": host, "Origin": f"http://{host}"})
    assert f" http://127.0.0.1:8000{MODELS} " in mock.entry.curl
    assert "evil" not in mock.entry.curl
    assert '-H "authorization: Bearer $RESPAN_API_KEY"' in mock.entry.curl


HOSTILE = "\x1b[2J\u009b\u202e\u2028\u2066\u200e\u061c\x7f"
BODIES = {
    "controls": b'{"model_name": "\x1b[201~\x7f"}',
    "directions": f'{{"model_name": "{HOSTILE}"}}'.encode(),
    "bytes": b"\xff\x00\n%s\\",
    "exclamation": b'{"model_name": "it\'s !! $HOME `id`", "api_key": "a-secret"}',
    "secret and controls": b'{"model_name": "\x1b", "api_key": "a-secret"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_copied_command_has_no_control_characters(mock: Mock, body: bytes, tmp_path: Path) -> None:
    mock.tells(
        {"Authorization": f"Bearer {KEY}", "X-Own": f"é{HOSTILE}".replace("\x1b", "").replace("\x7f", "")}, "", body
    )
    assert all(each.isprintable() or each == "\n" for each in mock.entry.curl)
    sent = tmp_path / "sent"
    script = f'curl() {{ for last; do :; done; [ "$last" = @- ] && cat > {sent} || printf %s "$last" > {sent}; }}\n'
    variables = {**os.environ, "RESPAN_API_KEY": "a-secret"}
    subprocess.run(["bash", "-c", script + mock.entry.curl], check=True, env=variables)
    assert sent.read_bytes() == body


FIXTURES: dict[str, tuple[str, str]] = {
    "unknown rights": ("rights: read-write", "rights: all"),
    "no rights": (", rights: read-write", ""),
    "a key of a wrong form": ("  demo-acme:", "  demo acme:"),
    "a key twice": ("api_keys:\n", "api_keys:\n  demo-acme: {organization: acme, rights: read-only}\n"),
    "a list of keys": ("api_keys:\n", "api_keys: [demo-acme]\nkeys:\n"),
    "an alias": ("api_keys:\n", "api_keys:\n  *demo-acme : {organization: acme, rights: read-only}\n"),
    "a number": ("  demo-acme:", "  1234567890:"),
    "a list of numbers": ("api_keys:\n", "api_keys: [1234567890]\nkeys:\n"),
    "a number alone": ("api_keys:\n", "api_keys: 1234567890\nkeys:\n"),
    "a number by its organization": ("api_keys:\n", "api_keys:\n  acme: 1234567890\n"),
    "a number for a secret": ("dashboard:\n", "dashboard: 1234567890\ndash:\n"),
    "a short secret": ("secret: respan-mock-dashboard-secret-for-tests-only", "secret: respan-mock"),
}


@pytest.mark.parametrize(("old", "new"), FIXTURES.values(), ids=FIXTURES)
def test_no_problem_of_fixtures_contains_a_key(old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    text = (Path(__file__).parents[2] / "mock_server" / "fixtures.yaml").read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Exception, match="the fixtures file has") as caught:
        load_fixtures(load(), file)
    told = str(caught.value).replace(str(file), "")
    assert [each for each in ("demo-acme", "demo acme", "1234567890", "respan-mock") if each in told] == []


_LONG = 16_000
_ALIKE = tuple(f"{'a' * 60}{number}" for number in range(MOST_SECRETS))


UNITS = ("61 ", "eyJ", "...", "aaaa...", "%61", "://a", 'name="a"', 'name="a"\n', "token=a&", '{"a', "<a ")


@pytest.mark.parametrize("unit", UNITS, ids=range(len(UNITS)))
def test_redaction_takes_linear_time(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        start = process_time()
        BodyRedaction(SecretNames()).hide(text)
        Redaction().hider(_ALIKE).hide(text, cut=True)
        return process_time() - start

    seconds(_LONG)  # the first one compiles
    assert min(seconds(_LONG * 8) for _ in range(3)) < 24 * max(min(seconds(_LONG) for _ in range(3)), 0.01)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"headers": {f"X-Token-{number}": f"s3cr{number:04}" for number in range(90)}}, id="header"),
        pytest.param({"query": "&".join(f"token={number:04}s3cr" for number in range(2000))}, id="query"),
        pytest.param({"body": _members(token=[f"s3cr{number:04}" for number in range(1000)])}, id="body"),
    ],
)
def test_all_text_of_a_request_with_too_many_secrets_is_hidden(mock: Mock, request_: dict[str, Any]) -> None:
    query = f"a=s3cr0077&{request_.get('query', '')}"
    told = mock.tells(
        {"Authorization": f"Bearer {KEY}", **request_.get("headers", {})}, query, request_.get("body", b"")
    )
    assert "s3cr" not in told
    assert (mock.entry.path, mock.entry.query) == (f"/{HIDDEN}", HIDDEN)
    assert "127.0.0.1:8000/$RESPAN_API_KEY" in mock.entry.curl


def test_all_text_is_hidden_if_a_secret_was_cut_off(mock: Mock) -> None:
    secret = "s3cr-" + "x" * 16_000
    told = mock.tells(
        {"Authorization": f"Bearer {KEY}", "X-Api-Key": secret, "X-Other": "y" * 1000}, f"a={secret[-900:]}"
    )
    assert "xxxx" not in told
    assert (mock.entry.path, mock.entry.query) == (f"/{HIDDEN}", HIDDEN)


@pytest.mark.parametrize("length", [4, 6, 40])
@pytest.mark.parametrize(
    "spell",
    [str, lambda it: b64encode(it.encode()).decode(), lambda it: it.encode().hex()],
    ids=["as it is", "base64", "hexadecimal"],
)
def test_the_start_of_a_secret_before_a_cut_is_hidden(length: int, spell: Callable[[str], str]) -> None:
    secret = ("s3cr3tXYZ0" * 4)[:length]
    beginning = secret[:-1] if spell is str else spell(secret)[:9]
    hidden = Redaction().hider([secret, "s3d-other", "s3cs-other"]).hide(f"a {beginning}", cut=True)
    assert (hidden == f"a {HIDDEN}") == (spell is str or length >= LONG_ENOUGH)
