"""Servers start, listen and stop; if one does not start, the error has its stderr."""

from __future__ import annotations

import os
import sys

import httpx2
import pytest

from tests.servers.plain import PlainServer
from tests.servers.running import DidNotStartError, running
from tests.servers.serving import served

ANNOUNCES = "import os; print('http://127.0.0.1:1/', os.getpid(), flush=True); import time; time.sleep(60)"


def test_a_process_is_ended_with_its_context() -> None:
    with running([sys.executable, "-c", ANNOUNCES]) as address:
        pid = int(address.split()[1])
        os.kill(pid, 0)  # is there
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_error_of_a_process_that_fails_is_raised() -> None:
    with pytest.raises(DidNotStartError, match="ZeroDivisionError"), running([sys.executable, "-c", "1 / 0"]):
        pass


def test_an_application_is_served_in_a_thread() -> None:
    with served(PlainServer()) as address:
        assert httpx2.get(f"{address}/api/models/gpt-4o/").status_code == 401
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(address)
