"""The load: upserts, unless said otherwise of a hundred models in turn, sent by wrk over 16 connections."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEY: Final = "demo-acme"
PATH: Final = "/api/models/"
BODY: Final = (
    '{"model_name": "support-bot-%03d", "base_model_name": "gpt-4o", '
    '"display_name": "A support bot of the first line", "custom_provider_id": "my-vllm", '
    '"input_cost": 0.6, "output_cost": 2.4, "max_context_window": 1048576, '
    '"streaming_support": 1, "supported_params_override": {"temperature": {"max": 1.5}}}'
)
"""300 bytes, with a placeholder for the number of the model. The packaged fixtures have what it refers to."""
SCRIPT = Path(__file__).with_name("upserts.lua")


class MissingToolError(Exception):
    """A program that the benchmark needs is missing. The message says how to install it."""


class LoadError(Exception):
    """A request failed, so the figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """The requests that a server responded to."""

    requests: int
    seconds: float
    median_ms: float = 0
    """The median time to a response."""
    p99_ms: float = 0
    """The time within which 99 % of the responses came."""


def load(url: str, seconds: int, connections: int = 16, models: int = 100) -> Load:
    """Send upserts to `url` as fast as it responds, for some seconds. Raises MissingToolError, LoadError."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise MissingToolError("wrk, which sends the load, is missing: install it (Debian: apt-get install wrk)")
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT)]
    command = [wrk, *options, url + PATH, "--", KEY, BODY, str(models)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise LoadError(f"wrk exited with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    counted = json.loads(ran.stdout.splitlines()[-1])
    if counted["failed"] or not counted["requests"]:
        raise LoadError(f"{counted['failed']} of {counted['requests']} requests to {url} failed")
    return Load(**{name: value for name, value in counted.items() if name != "failed"})
