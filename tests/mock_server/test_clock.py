"""A clock that is set stamps the models, and can be foretold."""

from __future__ import annotations

import httpx2
import pytest

from mock_server.clock import clock_of
from tests.mock_server.process import run, started
from tests.mock_server.wire import KEY, MODELS


def stamps(client: httpx2.Client, name: str) -> tuple[str, str]:
    shown = client.post(MODELS, json={"model_name": name}).json()
    return shown["created_at"], shown["updated_at"]


@pytest.mark.parametrize("clock", ["2026-02-01T12:00:00Z", "2026-02-01T13:00:00+01:00", "2026-02-01T12:00:00"])
def test_a_time_without_a_step_stands_still(clock: str) -> None:
    with (
        started("--quiet", "--clock", clock) as mock,
        httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}) as client,
    ):
        for name in ("m", "m", "n"):
            assert stamps(client, name) == ("2026-02-01T12:00:00Z", "2026-02-01T12:00:00Z")


def test_the_clock_advances_with_each_successful_write() -> None:
    with (
        started("--quiet", "--clock", "2026-02-01T12:00:00Z+1s") as mock,
        httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}) as client,
    ):
        assert stamps(client, "m") == ("2026-02-01T12:00:00Z", "2026-02-01T12:00:00Z")
        client.get(f"{MODELS}m/")
        client.post(MODELS, json={"model_name": ""})
        client.post(MODELS, json={"model_name": "gpt-4o"})
        assert stamps(client, "m") == ("2026-02-01T12:00:00Z", "2026-02-01T12:00:01Z")
        client.delete(f"{MODELS}m/")
        assert stamps(client, "m") == ("2026-02-01T12:00:03Z", "2026-02-01T12:00:03Z")


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("2026-02-01T12:00Z+250ms", "12:00:00.250000"),
        ("2026-02-01T12:00Z+2m", "12:02:00"),
        ("2026-02-01T13:00:00.5+01:00+1h", "13:00:00.500000"),
    ],
)
def test_steps_have_units(text: str, then: str) -> None:
    clock = clock_of(text)
    clock.advance()
    assert clock.now().isoformat() == f"2026-02-01T{then}+00:00"
    clock.reset()
    assert clock.now() < clock_of(text.replace("2026", "2027")).now()


@pytest.mark.parametrize("text", ["noon", "2026-02-30", "2026-02-01T12:00Z+1", "2026-02-01T12:00Z+1y", "+1s", ""])
def test_an_invalid_time_is_reported(text: str) -> None:
    ended = run("--port", "0", f"--clock={text}")
    assert ended.returncode == 2
    assert "2026-02-01T12:00:00Z+1s" in ended.stderr
