"""The types of the public API of the mock. mypy checks the assertions; pytest runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import pytest

from mock_server import Limits, MockApp, MockServer, mock_app
from mock_server.journal.entry import Entry


def test_a_server_takes_the_options_of_the_command() -> None:
    with MockServer(
        host=["127.0.0.1"],
        port=0,
        seed=1,
        clock="2026-02-01T12:00:00Z+1s",
        faults=[{"status": 503, "probability": 0}],
        scenario={"models": {}},
        limits=Limits(request_seconds=1),
        admin_token="secret",
    ) as mock:
        assert_type(mock, MockServer)
        assert_type(mock.url, str)
        assert_type(mock.origin, str)
        assert_type(mock.api_key, str)
        assert_type(mock.admin_token, str | None)
        assert_type(mock.key("globex", may_write=True), str)
        assert_type(mock.requests(status="4xx", rejected=True, after=1), list[Entry])
        assert_type(mock.faults.add(status=503, method="POST"), str)
        assert_type(mock.faults.remove("unknown"), bool)
        assert_type(mock.faults.rules, list[dict[str, Any]])
        assert_type(mock.reset("models", "journal"), dict[str, int])
        assert_type(mock.reset(organization="acme", model="m"), dict[str, int])
        assert_type(mock.scenario, dict[str, Any])
        assert_type(mock.state, dict[str, Any])
        with pytest.raises(TimeoutError):
            assert_type(mock.wait_for(2, timeout=0, path="/api/models/*"), list[Entry])


def test_an_app_takes_those_that_need_no_server() -> None:
    app = assert_type(mock_app(seed=1, fixtures=None, journal=5), MockApp)
    assert_type(app.api_key, str)


def test_unknown_arguments_are_rejected() -> None:
    with pytest.raises(TypeError, match="'retries'"):
        MockServer(retries=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="'port'"):
        mock_app(port=1)  # type: ignore[call-arg]


def test_types_are_checked() -> None:
    """mypy reports each of these lines if the types of the options become any type."""

    def wrong() -> None:
        MockServer(seed="1")  # type: ignore[arg-type]
        MockServer(contract="openapi.yaml")  # type: ignore[arg-type]
        mock_app(clock=1)  # type: ignore[arg-type]
        mock_app(contract=Path("openapi.yaml")).requests()  # type: ignore[attr-defined]
        with MockServer() as mock:
            mock.requests(state="4xx")  # type: ignore[call-arg]
            mock.requests(status=404)  # type: ignore[arg-type]
            mock.reset("model")  # type: ignore[arg-type]

    assert callable(wrong)
