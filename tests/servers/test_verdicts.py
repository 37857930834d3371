"""The suite reports no finding for a correct server, and for a conforming variant only what the variant declares."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance.results.verdict import RunVerdict
from tests.mutants.judging import NETS, failed_requirements, judged
from tests.servers.catalogue import SERVERS, ServerProcess
from tests.servers.fixtures import BUILT_IN_MODELS, OTHER_ORGANIZATION_KEY, PROVIDER, READ_ONLY_KEY, READ_WRITE_KEY
from tests.servers.running import running
from tests.servers.variants import CONFORMING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.plain import PlainServer


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_a_correct_server_gets_no_finding(server: ServerProcess, tmp_path: Path) -> None:
    with running(server.command) as base_url:
        report = strict_report(base_url, tmp_path / "report.json")
    unmet = [item for item in report["requirements"] if item["verdict"] not in {"pass", "observed", "not-testable"}]
    assert not unmet
    assert report["verdict"] == "conformant"


@pytest.mark.parametrize("variant", CONFORMING, ids=lambda variant: variant.__name__)
def test_a_variant_deviates_where_declared(variant: type[PlainServer]) -> None:
    result = judged(variant())
    assert failed_requirements(result) - NETS == variant.deviates
    assert result.verdict() is RunVerdict.CONFORMANT


def strict_report(base_url: str, file: Path) -> Any:
    """Return the strict report of a run with all keys and fixtures."""
    keys = {
        "RESPAN_API_KEY": READ_WRITE_KEY,
        "RESPAN_OTHER_ORG_KEY": OTHER_ORGANIZATION_KEY,
        "RESPAN_READ_ONLY_KEY": READ_ONLY_KEY,
    }
    options = [option for name in BUILT_IN_MODELS for option in ("--builtin-model", name)]
    options += ["--provider", PROVIDER, "--strict", "--seed", "1", "--json", str(file)]
    command = [sys.executable, "-m", "conformance", base_url, *options]
    subprocess.run(command, env=os.environ | keys, check=False, capture_output=True)
    return json.loads(file.read_text(encoding="utf-8"))
