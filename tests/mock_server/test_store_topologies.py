"""A Redis of several processes: a master that sentinels watch, and a cluster."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import trustme

from tests.mock_server.process import SECONDS, MockProcess, run, started
from tests.mock_server.redis_server import RedisServer, executable
from tests.mock_server.wire import KEY, MODELS


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def redis_at(folder: Path, *options: str, sentinel: str = "") -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a redis-server, or a sentinel with this configuration, on a TCP port."""
    port = free_port()
    own = folder / str(port)
    own.mkdir()
    command = [executable(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(own), *options]
    if sentinel:
        file = own / "sentinel.conf"
        file.write_text(f"port {port}\nbind 127.0.0.1\n{sentinel}")
        command = [executable(), str(file), "--sentinel"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(SECONDS * 100):
            with contextlib.suppress(OSError):
                if ask(port, "PING").startswith(b"+PONG"):
                    break
            time.sleep(0.01)
        yield port, process
    finally:
        process.kill()
        process.wait(SECONDS)


def ask(port: int, *words: str) -> bytes:
    """Return the beginning of the response to a command."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        parts = [f"${len(word)}\r\n{word}\r\n" for word in words]
        connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
        return connection.recv(65536)


def until_it_is(port: int, text: bytes, *words: str) -> None:
    for _ in range(SECONDS * 50):
        if text in ask(port, *words):
            return
        time.sleep(0.02)
    raise AssertionError(f"{words} has no {text!r}: {ask(port, *words)!r}")


@contextlib.contextmanager
def client_of(mock: MockProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=SECONDS) as client:
        yield client


def assert_works(client: httpx2.Client) -> None:
    """Use every kind of shared state."""
    assert client.post(MODELS, json={"model_name": "base", "input_cost": 7}).status_code == 201
    assert client.post(MODELS, json={"model_name": "m", "base_model_name": "base"}).json()["input_cost"] == 7
    client.post("/_mock/faults", json={"status": 503, "count": 1, "method": "DELETE"})
    assert [client.delete(f"{MODELS}m/").status_code for _ in range(3)] == [503, 204, 404]
    found = client.get("/_mock/requests/wait", params={"count": 5, "timeout": SECONDS}).json()["requests"]
    assert [each["status"] for each in found] == [201, 201, 503, 204, 404]
    state = client.get("/_mock/state").json()
    assert client.put("/_mock/state", json=state).json() == state
    with client.stream("GET", "/_mock/events") as events:
        assert next(events.iter_lines()).startswith("retry")
    assert client.post("/_mock/reset").json() == {"models": 1, "requests": 5, "faults": 1}


def test_a_cluster(tmp_path: Path) -> None:
    with redis_at(tmp_path, "--cluster-enabled", "yes") as (port, _):
        assert ask(port, "CLUSTER", "ADDSLOTS", *map(str, range(16384))) == b"+OK\r\n"
        until_it_is(port, b"cluster_state:ok", "CLUSTER", "INFO")
        with (
            started("--quiet", "--store", f"redis+cluster://127.0.0.1:{port}?prefix=a") as mock,
            client_of(mock) as client,
        ):
            assert_works(client)
            assert mock.stderr == ""


class TlsFront:
    """Passes connections on to a server without TLS. Clients may use TLS, or not.

    The redis-server here has no TLS, and a sentinel tells clients the same address that it uses itself.
    """

    target: int | Path
    """The port or the socket of the server."""

    def __init__(self, certificate: trustme.LeafCert) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(self._context)
        self.encrypted = 0
        """How many connections were encrypted."""

    async def serve(self, listener: socket.socket) -> None:
        """Accept connections until this is cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                connection, _ = await loop.sock_accept(listener)
                group.create_task(self._accept(connection))

    async def _accept(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        readable = loop.create_future()
        loop.add_reader(connection, readable.set_result, None)
        await readable
        loop.remove_reader(connection)
        protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader(), self._pass_on)
        with contextlib.suppress(OSError):  # the client is gone, or does not trust the certificate
            handshake = connection.recv(1, socket.MSG_PEEK) == b"\x16"
            self.encrypted += handshake
            await loop.connect_accepted_socket(lambda: protocol, connection, ssl=self._context if handshake else None)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self.target, Path):
            inner_reader, inner_writer = await asyncio.open_unix_connection(self.target)
        else:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer), return_exceptions=True)
        finally:
            inner_writer.transport.abort()
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@contextlib.contextmanager
def encrypting(certificate: trustme.LeafCert) -> Iterator[tuple[int, TlsFront]]:
    """Yield a front, and its port."""
    loop, front = asyncio.new_event_loop(), TlsFront(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        serving = loop.create_task(front.serve(listener))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield listener.getsockname()[1], front
        finally:
            asyncio.run_coroutine_threadsafe(_cancelled(serving), loop).result(SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(SECONDS)
            loop.close()


async def _cancelled(serving: asyncio.Task[None]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(serving, *others, return_exceptions=True)
    await asyncio.sleep(0.05)  # until the connections are closed


@pytest.fixture
def certificate(tmp_path: Path) -> trustme.LeafCert:
    """The certificate of this machine; `ca.pem` in the test's folder has that of its authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return authority.issue_cert("localhost", "127.0.0.1")


def assert_works_with_tls(address: str, ca: Path, reason: str) -> None:
    """Use a store whose certificate only `ca` makes known. Without it, the mock ends for a reason."""
    parameter = f"{'&' if '?' in address else '?'}ssl_ca_certs={ca}"
    with started("--quiet", "--store", address + parameter) as mock, client_of(mock) as client:
        assert_works(client)
        assert mock.stderr == ""
        assert "ssl_ca_certs" not in client.get("/_mock/info").text
    ended = run("--port", "0", "--store", address)
    assert ended.returncode == 2
    assert reason in ended.stderr


def test_a_connection_with_tls(tmp_path: Path, redis_server: RedisServer, certificate: trustme.LeafCert) -> None:
    with encrypting(certificate) as (port, front):
        front.target = redis_server.socket
        address = f"rediss://localhost:{port}/0?prefix=tls"
        assert_works_with_tls(address, tmp_path / "ca.pem", "it cannot be reached")


def test_a_cluster_with_tls(tmp_path: Path, certificate: trustme.LeafCert) -> None:
    with contextlib.ExitStack() as stack:
        port, front = stack.enter_context(encrypting(certificate))
        options = (
            "--cluster-enabled",
            "yes",
            "--cluster-announce-ip",
            "127.0.0.1",
            "--cluster-announce-port",
            str(port),
        )
        front.target, _ = stack.enter_context(redis_at(tmp_path, *options))
        assert ask(front.target, "CLUSTER", "ADDSLOTS", *map(str, range(16384))) == b"+OK\r\n"
        until_it_is(front.target, b"cluster_state:ok", "CLUSTER", "INFO")
        assert f":{port}\r\n".encode() in ask(front.target, "CLUSTER", "SLOTS")
        assert_works_with_tls(f"rediss+cluster://127.0.0.1:{port}", tmp_path / "ca.pem", "it cannot be reached")


def test_sentinels_and_a_master_with_tls(tmp_path: Path, certificate: trustme.LeafCert) -> None:
    with contextlib.ExitStack() as stack:
        master, before_master = stack.enter_context(encrypting(certificate))
        before_master.target, _ = stack.enter_context(redis_at(tmp_path))
        port, before_sentinel = stack.enter_context(encrypting(certificate))
        watch = f"sentinel monitor main 127.0.0.1 {master} 1\n"
        before_sentinel.target, _ = stack.enter_context(redis_at(tmp_path, sentinel=watch))
        address = f"rediss+sentinel://127.0.0.1:{port}/main/0"
        assert_works_with_tls(address, tmp_path / "ca.pem", "a sentinel cannot be asked")
        assert before_master.encrypted


def test_a_master_that_fails_over(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        master, process = stack.enter_context(redis_at(tmp_path))
        replica, _ = stack.enter_context(redis_at(tmp_path, "--replicaof", "127.0.0.1", str(master)))
        until_it_is(replica, b"master_link_status:up", "INFO", "replication")
        watch = (
            f"sentinel monitor main 127.0.0.1 {master} 1\n"
            "sentinel down-after-milliseconds main 300\nsentinel failover-timeout main 1000\n"
        )
        sentinel, _ = stack.enter_context(redis_at(tmp_path, sentinel=watch))
        until_it_is(sentinel, str(replica).encode(), "SENTINEL", "REPLICAS", "main")
        url = f"redis+sentinel://127.0.0.1:{sentinel}/main/0?socket_timeout=1"
        mock = stack.enter_context(started("--quiet", "--store", url))
        client = stack.enter_context(client_of(mock))
        assert_works(client)
        names = [f"m{number}" for number in range(20)]
        assert {client.post(MODELS, json={"model_name": name}).status_code for name in names} == {201}
        assert ask(master, "WAIT", "1", "5000") == b":1\r\n"
        process.kill()
        statuses: list[int] = []
        while not statuses or (statuses[-1] != 201 and len(statuses) < SECONDS * 10):
            statuses.append(client.post(MODELS, json={"model_name": "after"}).status_code)
            time.sleep(0.1)
        assert (set(statuses[:-1]), statuses[-1]) == ({503}, 201)
        assert {client.get(f"{MODELS}{name}/").status_code for name in (*names, "after")} == {200}
        assert "Traceback" not in mock.stderr


@pytest.mark.parametrize("address", ["redis://{}", "redis+sentinel://{}/main", "redis+cluster://{}"])
def test_a_store_that_cuts_every_connection_is_asked_twice_at_most(address: str) -> None:
    asked = 0

    def cut(listener: socket.socket) -> None:
        nonlocal asked
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()
                asked += 1

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=cut, args=[listener])
        thread.start()
        ended = run("--port", "0", "--store", address.format(f"127.0.0.1:{listener.getsockname()[1]}"))
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(SECONDS)
    assert ended.returncode == 2
    assert asked in {1, 2}
