"""The state file: its type, owner and mode, and its content after a kill."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.mock_server.process import ROOT, SECONDS, MockProcess, run, started
from tests.mock_server.wire import KEY, MODELS

EMPTY: dict[str, Any] = {"format": "respan-mock-state", "version": 1, "models": {}}
HEADERS = {"Authorization": f"Bearer {KEY}"}
LEFTOVER = ".state.json.0123456789abcdef.respan-mock-unfinished"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@contextlib.contextmanager
def kept(file: Path, *options: str) -> Iterator[tuple[MockProcess, httpx2.Client]]:
    options = ("--quiet", "--state", str(file), *options)
    with started(*options) as mock, httpx2.Client(base_url=mock.url, headers=HEADERS) as client:
        yield mock, client


def put(client: httpx2.Client, name: str) -> int:
    return client.post(MODELS, json={"model_name": name}).status_code


def names(file: Path) -> list[str]:
    return list(json.loads(file.read_text(encoding="utf-8"))["models"].get("acme", {}))


def with_models(file: Path, *names: str) -> None:
    time = "2026-02-01T12:00:00Z"
    models = {name: {"values": {"model_name": name}, "created": time, "updated": time} for name in names}
    file.write_text(json.dumps({**EMPTY, "models": {"acme": models}}), encoding="utf-8")


def rejected(file: Path) -> str:
    """Return the error of the command about a file that it rejects."""
    ended = run("--port", "0", "--state", str(file))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    assert f"{file}: the state file has 1 problem" in ended.stderr
    return ended.stderr


def test_a_reset_returns_to_the_loaded_models_and_saves_them(file: Path) -> None:
    with_models(file, "a", "b")
    with kept(file) as (mock, client):
        put(client, "c")
        client.delete(f"{MODELS}a/")
        assert client.post("/_mock/reset").json()["models"] == 1
        assert list(client.get("/_mock/state").json()["models"]["acme"]) == ["a", "b"]
        mock.stop()
    assert names(file) == ["a", "b"]


def test_a_state_file_overrides_the_models_of_a_scenario(file: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("models: {acme: {s: {}}}\nseed: 3", encoding="utf-8")
    with kept(file, "--scenario", str(scenario)) as (mock, client):
        put(client, "m")
        mock.stop()
    assert names(file) == ["s", "m"], "there was no file yet"
    with kept(file, "--scenario", str(scenario)) as (mock, client):
        client.delete(f"{MODELS}s/")
        client.post("/_mock/reset")
        assert list(client.get("/_mock/state").json()["models"]["acme"]) == ["s", "m"]
        assert client.get("/_mock/scenario").json()["seed"] == 3
    assert scenario.read_text(encoding="utf-8") == "models: {acme: {s: {}}}\nseed: 3"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_file_keeps_its_mode(file: Path, mode: int) -> None:
    with_models(file, "a")
    file.chmod(mode)
    with kept(file) as (mock, client):
        put(client, "m")
        mock.stop()
    assert (names(file), stat.S_IMODE(file.stat().st_mode)) == (["a", "m"], mode)


def test_a_new_file_has_the_mode_of_the_umask(file: Path) -> None:
    before = os.umask(0o027)
    try:
        with kept(file) as (mock, client):
            put(client, "m")
            assert stat.S_IMODE(file.with_name("state.json.lock").stat().st_mode) == 0o640
            mock.stop()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_keeps_its_owner(file: Path) -> None:
    with_models(file, "a")
    os.chown(file, 12345, 23456)
    with kept(file) as (mock, client):
        put(client, "m")
        mock.stop()
    assert (names(file), file.stat().st_uid, file.stat().st_gid) == (["a", "m"], 12345, 23456)


def _link(file: Path, target: Path) -> None:
    with_models(target, "a")
    file.symlink_to(target)


def _dangling(file: Path, target: Path) -> None:
    file.symlink_to(target)


def _socket(file: Path, target: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(file))


def _read_only(file: Path, target: Path) -> None:
    with_models(file, "a")
    file.chmod(0o444)


KINDS: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "a link": (_link, "symbolic link, and the mock does not write through links; name the file itself"),
    "a dangling link": (_dangling, "symbolic link"),
    "a pipe": (lambda file, _: os.mkfifo(file), "a named pipe"),
    "a directory": (lambda file, _: file.mkdir(), "a directory"),
    "a socket": (_socket, "a socket"),
    "a read-only file": (_read_only, "it is read-only"),
}


@pytest.mark.parametrize(("make", "told"), KINDS.values(), ids=KINDS)
def test_only_a_writable_regular_file_is_accepted(
    file: Path, tmp_path: Path, make: Callable[[Path, Path], None], told: str
) -> None:
    target = tmp_path / "target"
    make(file, target)
    before = target.read_bytes() if target.exists() else None
    said = rejected(file)
    assert told in said
    assert "use --scenario FILE for models from a file that is only read" in said
    assert (target.read_bytes() if target.exists() else None) == before
    assert not file.with_name("state.json.lock").exists()


def test_devices_and_the_root_are_rejected() -> None:
    assert "a device" in rejected(Path("/dev/null"))
    assert "a directory" in rejected(Path("/"))


LOCKS: dict[str, Callable[[Path, Path], object]] = {
    "a link": lambda lock, target: lock.symlink_to(target),
    "a hard link": lambda lock, target: os.link(target, lock),
    "somebody's file": lambda lock, _: lock.write_text("precious", encoding="ascii"),
    "a directory": lambda lock, _: lock.mkdir(),
    "a pipe": lambda lock, _: os.mkfifo(lock),
}


@pytest.mark.parametrize("make", LOCKS.values(), ids=LOCKS)
def test_a_file_at_the_path_of_the_lock_is_unchanged(
    file: Path, tmp_path: Path, make: Callable[[Path, Path], object]
) -> None:
    lock, target = file.with_name("state.json.lock"), tmp_path / "target"
    target.write_text("4711", encoding="ascii")
    make(lock, target)
    before = lock.lstat()
    assert f"{lock} exists, and is not a lock file of a mock" in rejected(file)
    assert target.read_text(encoding="ascii") == "4711"
    assert (lock.lstat().st_ino, lock.lstat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_lock_of_a_killed_mock_is_reused(file: Path) -> None:
    file.with_name("state.json.lock").write_text("4711", encoding="ascii")
    with kept(file) as (mock, client):
        assert put(client, "m") == 201
        mock.stop()
    assert names(file) == ["m"]


def test_only_unfinished_files_of_a_killed_mock_are_removed(file: Path, tmp_path: Path) -> None:
    others = [".state.json.swp", "state.json.bak", f"x{LEFTOVER}", ".state.json.0123.respan-mock-unfinished"]
    for name in (*others, LEFTOVER):
        (tmp_path / name).write_text("x", encoding="ascii")
    with kept(file) as (mock, _):
        mock.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def _killed_under_load(file: Path, *options: str) -> list[str]:
    """Return the models that a mock acknowledged before it was killed."""
    acknowledged: list[str] = []
    with kept(file, *options) as (mock, _):

        def create(writer: int) -> None:
            with contextlib.suppress(httpx2.HTTPError), httpx2.Client(base_url=mock.url, headers=HEADERS) as client:
                for name in (f"{writer}-{number}" for number in range(100_000)):
                    assert put(client, name) in (200, 201)  # an earlier mock may have saved it
                    acknowledged.append(name)

        writers = [threading.Thread(target=create, args=[writer]) for writer in range(4)]
        for each in writers:
            each.start()
        deadline = time.monotonic() + SECONDS
        while len(acknowledged) < 60 and time.monotonic() < deadline:
            time.sleep(0.01)
        mock.process.send_signal(signal.SIGKILL)
        mock.process.wait(timeout=SECONDS)
        for each in writers:
            each.join(SECONDS)
    return acknowledged


def test_with_sync_a_kill_loses_no_acknowledged_change(file: Path, tmp_path: Path) -> None:
    acknowledged = _killed_under_load(file, "--state-sync")
    assert len(acknowledged) >= 60
    assert set(acknowledged) <= set(names(file))
    with kept(file) as (mock, client):
        assert set(acknowledged) <= set(client.get("/_mock/state").json()["models"]["acme"])
        mock.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_without_sync_a_kill_leaves_a_complete_earlier_save(file: Path, tmp_path: Path) -> None:
    with_models(file, "a")
    for _ in range(2):
        _killed_under_load(file)
        assert "a" in names(file)
    with kept(file) as (mock, _):
        mock.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_with_sync_admin_requests_are_saved_too(file: Path) -> None:
    with kept(file, "--state-sync") as (_, client):
        put(client, "m")
        assert names(file) == ["m"]
        client.post("/_mock/reset")
        assert names(file) == []
        put(client, "n")
        client.put("/_mock/state", json=EMPTY)
        assert names(file) == []
        put(client, "n")
        client.delete(f"{MODELS}n/")
        assert names(file) == []


def test_with_sync_a_failed_save_is_not_acknowledged(tmp_path: Path) -> None:
    directory = tmp_path / "here"
    directory.mkdir()
    with kept(directory / "state.json", "--state-sync") as (mock, client):
        directory.rename(tmp_path / "elsewhere")
        response = client.post(MODELS, json={"model_name": "m"})
        assert response.status_code == 500
        assert "could not be saved: No such file or directory" in response.json()["detail"]
        assert client.post("/_mock/reset").status_code == 500
        (tmp_path / "elsewhere").rename(directory)
        assert put(client, "n") == 201
        assert names(directory / "state.json") == ["n"]
        mock.stop()
        assert "Traceback" not in mock.stderr


def test_sync_needs_a_state_file() -> None:
    ended = run("--state-sync")
    assert ended.returncode == 2
    assert "--state-sync needs --state FILE" in ended.stderr


def test_two_mocks_do_not_share_a_file_on_systems_without_fcntl(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['fcntl'] = None\n", encoding="ascii")
    path = os.pathsep.join([str(tmp_path), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    file = tmp_path / "state.json"
    with started("--quiet", "--state", str(file), PYTHONPATH=path) as mock:
        ended = run("--port", "0", "--state", str(file), PYTHONPATH=path)
        assert f"in use by another mock, process {mock.process.pid}" in ended.stderr
        assert httpx2.post(mock.url + MODELS, json={"model_name": "m"}, headers=HEADERS).status_code == 201
        mock.stop()
    assert names(file) == ["m"]


def test_a_link_to_itself_is_rejected(tmp_path: Path) -> None:
    link = tmp_path / "state.json"
    link.symlink_to(link)
    ended = run("--state", str(link))
    assert ended.returncode == 2
    assert "symbolic link" in ended.stderr
    assert "Traceback" not in ended.stderr
