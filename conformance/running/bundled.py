"""Starts the mock that comes with the contract, as a user would: as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from conformance.configuration.kinds import DIRECT

COMMAND = (sys.executable, "-m", "mock_server", "--port", "0", "--quiet")
ACCESS: Mapping[str, Any] = {
    "api-key": "demo-acme",
    "other-org-key": "demo-globex",
    "read-only-key": "demo-acme-readonly",
    "builtin-model": ["gpt-4o", "openai/gpt-4o-mini"],
    "provider": ["my-vllm"],
    "ledger": os.devnull,
    "proxy": DIRECT,
}
"""The demo keys and fixtures that the mock documents; what is created goes when it ends, so nobody needs a ledger.

No proxy leads to a mock on this machine."""


class MockFailed(Exception):
    """The mock did not start. Its own words say why."""


@contextmanager
def mock(contract: str | None) -> Iterator[str]:
    """The base URL of a mock that runs until the end of the block."""
    arguments = ["--contract", contract] if contract else []
    process = subprocess.Popen(  # noqa: S603 - a command of ours
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,  # a Ctrl-C is the suite's to see: it deletes what it made before it stops the mock
    )
    try:
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url.startswith("http"):
            _, said = process.communicate(timeout=10)
            raise MockFailed(f"the bundled mock did not start: {said.strip() or url or 'it said nothing'}")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
