"""The commands of a report fail the same way when they are pasted into a shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance.command import KEYS, KNOWN, conformance
from tests.mutants.connections import BodyUnreadAfter401, BodyUnreadAfterSyntaxError
from tests.mutants.keys import KeysCaseInsensitive
from tests.mutants.races import TornReads
from tests.mutants.responses import FlagsAsBooleans
from tests.mutants.sequences import RejectionRevivesDeletedName
from tests.mutants.statuses import AlwaysCreated
from tests.mutants.values import CostsRoundedToCents
from tests.servers.careless import carelessly_served
from tests.servers.plain import PlainServer
from tests.servers.serving import served

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@pytest.mark.parametrize(
    ("server", "id"),
    [
        (CostsRoundedToCents, "IDM-01"),
        (AlwaysCreated, "STA-02"),
        (KeysCaseInsensitive, "AUT-02"),
        (FlagsAsBooleans, "SCH-03"),
        (RejectionRevivesDeletedName, "MOD-01"),
        (BodyUnreadAfter401, "STA-33"),
        (BodyUnreadAfterSyntaxError, "STA-33"),
    ],
)
def test_pasted_commands_show_the_fault(server: type[PlainServer], id: str, tmp_path: Path) -> None:
    serve = carelessly_served if server.careless else served
    with serve(server()) as url:
        ran = conformance(url, *KNOWN, "--only", id, report=tmp_path / "report.json", environment=KEYS)
        assert ran.with_verdict("fail") == {id}, ran.stdout
        [found, *_] = ran.requirement(id)["findings"]
        script = "\n".join(found["reproduce"])
        pasted = subprocess.run(
            ["bash", "-e"], input=script, env=os.environ | KEYS, capture_output=True, text=True, check=True, timeout=60
        )
    last = found["exchanges"][-1]["response"]
    status_line, _, rest = pasted.stdout.rpartition("HTTP/1.1 ")[2].partition("\n")
    assert status_line.startswith(str(last["status"]))
    body = rest.partition("\n\n")[2]
    if server.careless:  # this is the response of the HTTP server
        assert body[:100] == last["body"][:100]
    else:
        assert json.loads(body).keys() == json.loads(last["body"]).keys()


def test_a_race_is_not_printed_as_a_reproduction(tmp_path: Path) -> None:
    server = TornReads()
    server.window = 0.1  # seconds: writers come in between on a busy machine, too
    with served(server) as url:
        ran = conformance(url, *KNOWN, "--only", "CON-04", report=tmp_path / "report.json", environment=KEYS)
    assert ran.with_verdict("fail") == {"CON-04"}, ran.stdout
    [found] = ran.requirement("CON-04")["findings"]
    assert found["reproduce"] == []
    assert (
        found["not_reproduced"] == "some of the requests were sent concurrently, which commands cannot repeat reliably"
    )
    assert found["not_reproduced"] in ran.stdout
    assert found["rerun"] in ran.stdout
    assert "curl" not in ran.stdout
