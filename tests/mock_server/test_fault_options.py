"""Faults from options and files."""

from __future__ import annotations

import re
import time
from pathlib import Path

import httpx2
import pytest

from mock_server.faults.rules import FaultsError, read_faults
from tests.mock_server.process import run, started
from tests.mock_server.wire import KEY, MODELS, exchange, request

READ = request("GET", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}"})

FILE = """\
faults:
  - {id: rare, method: POST, probability: 0.01, status: 503, headers: {Retry-After: '1'}}
  - latency: {min: 100, max: 500}
"""


def test_options_add_rules(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(FILE, encoding="utf-8")
    options = ["--delay", "1..2", "--fail", "25%:503", "--fail", "reset", "--faults", str(file)]
    with started("--quiet", *options) as mock, httpx2.Client(base_url=mock.url) as client:
        shown = client.get("/_mock/faults").json()["faults"]
    assert [{name: value for name, value in each.items() if name != "fired"} for each in shown] == [
        {"id": "delay", "latency": {"min": 1, "max": 2}},
        {"id": "rare", "method": "POST", "probability": 0.01, "status": 503, "headers": {"Retry-After": "1"}},
        {"id": "f1", "latency": {"min": 100, "max": 500}},
        {"id": "f2", "probability": 0.25, "status": 503},
        {"id": "f3", "reset": True},
    ]


def test_faults_need_no_admin_api() -> None:
    with started("--no-admin", "--fail", "503") as mock:
        assert exchange(mock.address, READ).status == 503
        mock.stop()
        assert re.search(r"GET /api/models/gpt-4o/ 503 [\d.]+ ms  fault f1: status 503  This error was", mock.stderr)


def test_a_seed_gives_the_same_choices_in_each_run() -> None:
    def outcomes(seed: str) -> list[int]:
        with started("--quiet", "--seed", seed, "--fail", "50%:503") as mock:
            return [exchange(mock.address, READ).status for _ in range(20)]

    first = outcomes("1")
    assert set(first) == {200, 503}
    assert outcomes("1") == first
    assert outcomes("2") != first


def test_a_delay_stays_within_its_range() -> None:
    with started("--quiet", "--delay", "100..120") as mock:
        began = time.monotonic()
        exchange(mock.address, READ)
        assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(
    "options",
    [["--delay", "3..1"], ["--delay", "soon"], ["--fail", "200"], ["--fail", "101%:503"], ["--fail", "x%:503"]],
)
def test_invalid_options_are_reported(options: list[str]) -> None:
    ended = run("--port", "0", *options)
    assert ended.returncode == 2
    assert options[0] in ended.stderr
    assert repr(options[1]) in ended.stderr


BROKEN = {
    "no YAML": ("faults: [", "#", "correct the YAML"),
    "no list": ("faults: {}", "#/faults", "give an array"),
    "no faults": ("{}", "#/faults", "give a value"),
    "a mistyped name": (FILE.replace("method", "metod"), "#/faults/0/metod", "correct its name, or leave it out"),
    "no effect": (FILE.replace("latency: {min: 100, max: 500}", "method: GET"), "#/faults/1", "exactly one of"),
    "an id twice": (FILE + "  - {id: rare, reset: true}\n", "#/faults/2/id", "choose another id"),
    "nearly a name": (
        FILE.replace("probability", "probabilty"),
        "#/faults/0/probabilty",
        "correct its name, or leave it out",
    ),
    "a wrong header": (FILE.replace("Retry-After", "Retry After"), "#/faults/0/headers/Retry After", "give a name"),
    "an integer of 70 bits": (FILE.replace("{min: 100", f"{{min: {2**70}"), "#/faults/1/latency/min", "at most"),
    "a date for an id": (FILE.replace("id: rare", "id: true"), "#/faults/0/id", "a string"),
    "a wrong status": (FILE.replace("503", "99"), "#/faults/0/status", "at least 400"),
}


@pytest.mark.parametrize(("text", "pointer", "hint"), BROKEN.values(), ids=BROKEN)
def test_each_problem_of_a_file_is_reported_with_place_and_fix(
    tmp_path: Path, text: str, pointer: str, hint: str
) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        read_faults(file)
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
    assert hint in caught.value.problems[0].hint
    assert str(file) in str(caught.value)


def test_the_command_does_not_start_with_an_invalid_file(tmp_path: Path) -> None:
    ended = run("--port", "0", "--faults", str(tmp_path / "none.yaml"))
    assert ended.returncode == 2
    assert "the faults file has 1 problem" in ended.stderr
    assert "Traceback" not in ended.stderr


BEYOND_REACH = {
    "organization": ("organization: acmee", "there is no organization", "did you mean acme?"),
    "path": ("path: /api/model/*", "no path of the contract matches", "give a path such as /api/models/"),
    "relative path": ("path: api/*", "no request has the path", "begin it with a slash"),
    "model": ("model: ''", "no model can have the name", "the contract allows"),
}


@pytest.mark.parametrize(("member", "what", "hint"), BEYOND_REACH.values(), ids=BEYOND_REACH)
def test_the_command_does_not_start_with_a_rule_that_no_request_can_match(
    tmp_path: Path, member: str, what: str, hint: str
) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(f"faults:\n  - {{status: 500}}\n  - {{status: 500, {member}}}\n", encoding="utf-8")
    ended = run("--port", "0", "--faults", str(file))
    assert ended.returncode == 2
    assert f"#/faults/1/{member.partition(':')[0]}: {what}" in ended.stderr
    assert hint in ended.stderr


def test_two_options_cannot_use_the_same_id(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("faults:\n  - {id: delay, status: 500}\n", encoding="utf-8")
    ended = run("--port", "0", "--faults", str(file), "--delay", "1")
    assert ended.returncode == 2
    assert "#/faults/0/id: the id delay is taken by --delay" in ended.stderr
    assert "give another, or leave out --delay" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_can_be_json(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('{"faults": [{"status": 503}]}', encoding="utf-8")
    assert read_faults(file) == [{"status": 503}]
