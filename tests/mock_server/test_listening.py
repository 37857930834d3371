"""Where the mock listens: all addresses of all hosts, with one port."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx2
import pytest

from mock_server import MockServer
from mock_server.server import AddressError, listen
from tests.mock_server.process import run, started
from tests.mock_server.wire import KEY, MODELS, exchange, request

HEALTH = request("GET", "/_mock/health")
GPT_4O = request("GET", f"{MODELS}gpt-4o/", {"Authorization": f"Bearer {KEY}"})


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback address")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that is taken at 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@needs_ipv6
@pytest.mark.parametrize("host", ["::", "localhost"])
def test_both_families_are_served(host: str) -> None:
    with started("--quiet", "--no-admin", "--host", host) as mock:
        port = mock.address[1]
        for address in ("127.0.0.1", "::1"):
            assert exchange((address, port), GPT_4O).status == 200


@needs_ipv6
def test_an_address_may_be_in_brackets() -> None:
    with started("--quiet", "--host", "[::1]") as mock:
        assert mock.printed.startswith("http://[::1]:")


def test_several_hosts_are_served_with_one_port() -> None:
    with started("--host", "127.0.0.1", "--host", "127.0.0.2") as mock:
        port = mock.address[1]
        for address in ("127.0.0.1", "127.0.0.2"):
            assert exchange((address, port), HEALTH).status == 200
            assert f"http://{address}:{port}" in mock.printed
            named = request("GET", "/_mock/openapi.json", {"Host": address})
            assert exchange((address, port), named).status == 200


def test_quiet_prints_one_address_a_line() -> None:
    with started("--quiet", "--host", "127.0.0.2", "--host", "127.0.0.1") as mock:
        port = mock.address[1]
        assert mock.printed == f"http://127.0.0.2:{port}\nhttp://127.0.0.1:{port}\n"


@pytest.mark.parametrize(
    ("hosts", "addresses"),
    [
        (["127.0.0.1", "0.0.0.0"], ["0.0.0.0"]),
        (["127.0.0.1", "127.0.0.1"], ["127.0.0.1"]),
        pytest.param(["0.0.0.0", "::"], ["::"], marks=needs_ipv6),
        pytest.param(["::1", "127.0.0.1", "::"], ["::"], marks=needs_ipv6),
        pytest.param(["::1", "0.0.0.0"], ["::1", "0.0.0.0"], marks=needs_ipv6),
    ],
)
def test_an_address_that_another_covers_has_no_socket(hosts: list[str], addresses: list[str]) -> None:
    with listen(hosts, 0) as listeners:
        assert listeners.addresses == addresses
        assert len({each.getsockname()[1] for each in listeners.sockets}) == 1


def test_an_unavailable_address_is_named(taken: int) -> None:
    ended = run("--port", str(taken), "--host", "127.0.0.2", "--host", "127.0.0.1")
    assert ended.returncode == 2
    assert f"cannot listen at 127.0.0.1:{taken}: Address already in use; choose another --port" in ended.stderr
    ended = run("--port", str(taken), "--host", "localhost")
    assert f"cannot listen at localhost (127.0.0.1:{taken}): Address already in use" in ended.stderr
    ended = run("--port", str(taken), "--host", "127.0.0.2", "--host", "203.0.113.1")
    assert f"cannot listen at 203.0.113.1:{taken}: " in ended.stderr
    assert "choose another --host" in ended.stderr


def test_nothing_stays_bound_after_an_error(taken: int) -> None:
    with pytest.raises(AddressError):
        listen(["127.0.0.2", "127.0.0.1"], taken)
    socket.create_server(("127.0.0.2", taken)).close()


def test_one_exposed_host_is_enough_to_need_a_token() -> None:
    ended = run("--port", "0", "--host", "127.0.0.1", "--host", "0.0.0.0")
    assert ended.returncode == 2
    assert "other machines can reach the mock at 127.0.0.1, 0.0.0.0" in ended.stderr


def test_a_mock_in_a_test_listens_on_the_chosen_hosts(taken: int) -> None:
    with MockServer(host="127.0.0.2", port=taken) as mock:
        assert mock.url == f"http://127.0.0.2:{taken}"
        assert httpx2.get(f"{mock.url}/_mock/info").status_code == 200
        assert mock.admin_token is None
        with pytest.raises(AddressError, match=str(taken)), MockServer(host="127.0.0.2", port=taken):
            pass
    with MockServer(host=["127.0.0.1", "127.0.0.2"]) as mock:
        assert httpx2.get(f"{mock.url.replace('0.1', '0.2')}/_mock/health").status_code == 200


def test_a_mock_in_a_test_that_others_can_reach_requires_a_token() -> None:
    with MockServer(host="0.0.0.0") as mock:
        assert mock.url.startswith("http://127.0.0.1:")
        assert mock.admin_token
        assert httpx2.get(f"{mock.url}/_mock/info").status_code == 401
        headers = {"Authorization": f"Bearer {mock.admin_token}"}
        assert httpx2.get(f"{mock.url}/_mock/info", headers=headers).status_code == 200
    with MockServer(host="0.0.0.0", admin_token="open-sesame") as mock:
        assert mock.admin_token == "open-sesame"
