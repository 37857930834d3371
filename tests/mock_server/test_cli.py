"""The command as its users meet it: a process with stdout, stderr and an exit code."""

from __future__ import annotations

import io
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from contract import Upsert
from contract.version import installed_version
from tests.mock_server.process import ROOT, MockProcess, run, started, started_with
from tests.mock_server.wire import KEY, MODELS, exchange, request

GPT_4O = request("GET", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}"})


def test_quiet_prints_the_address_alone() -> None:
    with started("--quiet") as mock:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", mock.printed)
        assert exchange(mock.address, GPT_4O).status == 200
        assert mock.stop() == (0, "")
        assert mock.stderr == ""


def test_the_banner_has_address_keys_and_example() -> None:
    with started() as mock:
        assert f"{mock.url}/api/models/" in mock.printed
        assert f"{mock.url}/ui/" in mock.printed
        assert mock.stop() == (0, "")
    for token, rights in {"demo-acme": "reads and writes", "demo-acme-readonly": "only reads"}.items():
        assert re.search(rf"{token} +{rights} the models of acme", mock.printed)


def test_the_curl_line_works_when_pasted() -> None:
    with started() as mock:
        command = next(line.strip() for line in mock.printed.splitlines() if line.strip().startswith("curl "))
        # --silent stands in for a terminal; everything else is as printed
        pasted = subprocess.run(f"{command} --silent", shell=True, capture_output=True, text=True, check=True)
        assert '"id":"my-first-model"' in pasted.stdout
        assert shlex.split(command)[0] == "curl"


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_a_signal_stops_it_cleanly_and_soon(stop: signal.Signals, code: int) -> None:
    with started("--quiet", "--grace-period", "600") as mock, socket.create_connection(mock.address) as idle:
        idle.sendall(b"GET /api/models/gpt-4o/ HTTP/1.1\r\nHost: mock\r\n")
        assert mock.stop(stop) == (code, "")
        assert mock.stderr == ""


def test_a_signal_stops_it_while_requests_are_under_way() -> None:
    with started("--quiet", "--delay", "60000") as mock, socket.create_connection(mock.address) as waiting:
        waiting.sendall(GPT_4O)
        assert exchange(mock.address, request("GET", "/openapi.json")).status == 200
        assert mock.stop() == (0, "")
        assert mock.stderr == ""


WRONG_USE: dict[str, tuple[list[str], str]] = {
    "unknown option": (
        ["--prot", "1"],
        "No such option '--prot'. (Did you mean one of: '--host', '--port'?)",
    ),
    "unknown command": (["tokn"], "respan-mock: No such command 'tokn'. Did you mean 'token'?"),
    "options before the command": (["--seed", "1", "token"], "after it; respan-mock token --help lists them"),
    "no value": (["--port"], "Option '--port' requires an argument."),
    "port out of range": (["--port", "65536"], "not a port from 0 to 65535"),
    "port no number": (["--port", "x"], "not a port from 0 to 65535"),
    "negative delay": (["--delay", "-1"], "--delay"),
    "endless delay": (["--delay", "nan"], "not a number of milliseconds"),
    "unknown log level": (["--log-level", "loud"], "'loud' is not one of 'debug', 'info', 'warning', 'error'"),
    "no such contract": (["--contract", "none.yaml"], "none.yaml: the contract has 1 problem"),
    "no contract": (["--contract", "mock_server/fixtures.yaml"], "#/openapi"),
    "no such fixtures": (["--fixtures", "none.yaml"], "none.yaml: the fixtures file has 1 problem"),
    "no fixtures": (["--fixtures", "openapi.yaml"], "expected a mapping with organizations"),
    "no such host": (["--host", "203.0.113.1"], "choose another --host"),
    "no host": (["--host", "not a host"], "--host: 'not a host' is not a host; give a name or an address alone"),
    "no host at all": (["--host", ""], "--host: '' is not a host"),
    "a URL for a host": (["--host", "http://localhost"], "--host: 'http://localhost' is not a host"),
    "a host with a port": (["--host", "localhost:9000"], "--host: 'localhost:9000' is not a host"),
    "a URL for a file": (
        ["--contract", "https://a.example/openapi.yaml"],
        "--contract: 'https://a.example/openapi.yaml' is a URL; save it in a file, and give the name of that file",
    ),
    "no file": (["--scenario", ""], "--scenario: '' is not the name of a file"),
    "standard input": (["--faults", "-"], "--faults: '-' is not the name of a file"),
}


@pytest.mark.parametrize(("options", "message"), WRONG_USE.values(), ids=WRONG_USE)
def test_wrong_use_is_reported_on_stderr_and_exits_with_2(options: list[str], message: str) -> None:
    ended = run("--port", "0", *options)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_wrong_use_exits_with_2_although_nobody_can_read_why() -> None:
    ended = subprocess.run(["sh", "-c", f"{sys.executable} -m mock_server --port x 2>&-"], cwd=ROOT, check=False)
    assert ended.returncode == 2


def test_a_port_in_use_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("--port", port)
    assert ended.returncode == 2
    assert ended.stderr == (
        f"respan-mock: cannot listen at 127.0.0.1:{port}: Address already in use;"
        " choose another --port; --port 0 picks a free one\n"
    )


def test_it_prints_its_version() -> None:
    ended = run("--version")
    assert (ended.returncode, ended.stdout) == (0, f"respan-mock {installed_version()}\n")


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("--log", ["--log-level"]),
        ("--log-level w", ["warning"]),
        ("to", ["token"]),
        ("token --expires-in= --re", ["--read-only"]),
    ],
)
def test_a_shell_completes_words(words: str, completed: list[str]) -> None:
    ended = run(
        _RESPAN_MOCK_COMPLETE="bash_complete",
        COMP_WORDS=f"respan-mock {words}",
        COMP_CWORD=str(len(words.split())),
    )
    assert ended.stdout.split() == [f"plain,{word}" for word in completed]


def test_help_has_examples() -> None:
    ended = run("--help")
    assert ended.returncode == 0
    assert "examples:" in ended.stdout
    for option in ("host", "port", "contract", "fixtures", "delay", "cors-origin", "log-level", "quiet"):
        assert f"--{option}" in ended.stdout


def test_responses_of_the_api_can_be_delayed() -> None:
    with started("--quiet", "--delay", "300") as mock:
        for sent in (GPT_4O, request("GET", f"{MODELS}gpt-4o/")):
            began = time.monotonic()
            exchange(mock.address, sent)
            assert time.monotonic() - began >= 0.3


def test_each_request_is_logged_with_the_reason_of_a_rejection() -> None:
    with started() as mock, httpx2.Client(base_url=mock.url) as client:
        headers = {"Authorization": f"Bearer {KEY}"}
        client.post(MODELS, json={"model_name": "m", "input_cost": "free"}, headers=headers)
        client.get(f"{MODELS}gpt-4o/?a=b", headers=headers)
        client.get(f"{MODELS}a%0Ab/", headers={"Authorization": "Bearer secret"})
        mock.stop()
        rejected, done, unknown = mock.stderr.splitlines()
    assert re.search(
        r"POST /api/models/ 400 [\d.]+ ms  input_cost: Expected a number, got the string \"free\"", rejected
    )
    assert re.search(r"GET /api/models/gpt-4o/ 200 [\d.]+ ms$", done)
    assert re.search(r"GET /api/models/a%0Ab/ 401 [\d.]+ ms  This API key is not known", unknown)
    assert "secret" not in unknown
    assert "\x1b" not in rejected


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_the_log_is_coloured_on_a_terminal_or_as_asked(environment: dict[str, str], coloured: bool) -> None:
    ours, theirs = (os.fdopen(end, "r+b", buffering=0) for end in pty.openpty())
    with ours, theirs, started_with(theirs, **environment) as process:
        exchange(MockProcess(process, io.StringIO()).address, request("GET", f"{MODELS}gpt-4o/"))
        line = ours.read(1000)
    assert b" 401 " in line
    assert (b"\x1b[33m" in line) == coloured


def test_warnings_only_leave_the_requests_out_of_the_log() -> None:
    with started("--log-level", "warning", "--quiet") as mock:
        exchange(mock.address, GPT_4O)
        mock.stop()
        assert mock.stderr == ""


def test_all_loopback_addresses_can_be_listened_at() -> None:
    with started("--quiet", "--no-admin", "--host", "0.0.0.0") as mock:
        assert mock.url.startswith("http://127.0.0.1:")
        assert exchange(mock.address, GPT_4O).status == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_ipv6_can_be_listened_at() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback address")
    with started("--quiet", "--host", "::1") as mock:
        assert mock.url.startswith("http://[::1]:")
        assert exchange(mock.address, GPT_4O).status == 200


def test_other_fixtures_are_served(tmp_path: Path, rules: Upsert) -> None:
    file = tmp_path / "fixtures.yaml"
    text = (ROOT / "mock_server" / "fixtures.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("demo-acme:", "my-key:").replace("  gpt-4o:", "  my-built-in:"), encoding="utf-8")
    with started("--quiet", "--fixtures", str(file)) as mock:
        mine = {"Authorization": "Bearer my-key"}
        assert exchange(mock.address, request("GET", f"{rules.operation.path}my-built-in/", mine)).status == 200
        assert exchange(mock.address, GPT_4O).status == 401
