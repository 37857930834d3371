"""Targets that mean no good: each ends in a verdict, in bounded time and memory, whenever its malice begins."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from tests.conformance.acts import NO_ANSWERS, RUDE, WRONG_ANSWERS
from tests.conformance.hostile import Act, hostile, silent

PROGRAM = """\
import json, sys, time
from conformance import check

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

def run(url, timeout, time_budget):
    return check(url, api_key="demo-acme", timeout=timeout, time_budget=time_budget, seed=1, only=sys.argv[2:])

for _ in range(2):  # the first run imports
    began = time.monotonic()
    run(sys.argv[1], 30, 600)
    quiet = time.monotonic() - began
for name, url in json.load(sys.stdin).items():
    open("/proc/self/clear_refs", "w").write("5")
    began = time.process_time()
    result = run(url, max(0.5, quiet / 4), 3 + quiet)
    seconds = time.process_time() - began
    said = {"verdict": result.verdict(), "because": result.stop_reason[:26], "seconds": seconds}
    print(json.dumps({"name": name, "megabytes": peak() / 1024, **said}))
"""
"""Checks one target after the other in one process, with limits that follow from a run against a correct server.

So a busy machine changes no verdict. What a run took at most is told afresh for each.
"""
LONGEST = 20.0
"""Seconds of processor time that a run may take at most."""
MEGABYTES = 300


def _ran(acts: Mapping[str, Act], *only: str, friendly: int = 0) -> dict[str, dict[str, Any]]:
    """What runs against such servers came to. Their time and memory are bounded."""
    with ExitStack() as stack:
        urls = {name: stack.enter_context(hostile(act, friendly)).url for name, act in acts.items()}
        correct = stack.enter_context(hostile(silent, friendly=sys.maxsize)).url
        command = [sys.executable, "-c", PROGRAM, correct, *only]
        ran = subprocess.run(command, input=json.dumps(urls), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    said = {line["name"]: line for line in map(json.loads, ran.stdout.splitlines())}
    assert said.keys() == acts.keys()
    assert {name: run for name, run in said.items() if run["megabytes"] > MEGABYTES or run["seconds"] > LONGEST} == {}
    return said


def test_a_target_that_stops_responding_is_reported_as_lost() -> None:
    said = _ran(NO_ANSWERS, "IDM-01", "IDM-02", friendly=40)
    lost = ("unreachable", "the target stopped working")
    assert {name: (run["verdict"], run["because"]) for name, run in said.items()} == dict.fromkeys(NO_ANSWERS, lost)


def test_a_target_that_begins_to_respond_wrongly_is_not_judged_by_that() -> None:
    """It worked at the start, and then nothing does: something else may respond in place of the target."""
    said = _ran(WRONG_ANSWERS, "SCH", "STA-01", "STA-04", "IDM-01", friendly=40)
    verdicts = {name: run["verdict"] for name, run in said.items()}
    assert set(verdicts.values()) <= {"inconclusive", "unreachable"}, verdicts


def test_a_target_that_drops_idle_connections_is_conformant() -> None:
    said = _ran(RUDE, "STA-01", "STA-02", "IDM-01", "CON-01", friendly=0)
    assert {name: run["verdict"] for name, run in said.items()} == dict.fromkeys(RUDE, "conformant")
