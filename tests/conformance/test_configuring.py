"""The file of settings and the keys, as a user meets them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conformance.command import KEYS, conformance
from tests.servers.plain import PlainServer
from tests.servers.serving import served

GATE = """\
# the staging system
url = "{url}"
api-key-file = "key"
only = ["STA-01", "AUT-01"]
json = "report.json"
"""


def test_a_gate_gets_everything_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEYS['RESPAN_API_KEY']}\n")
    with served(PlainServer()) as url:
        (tmp_path / "respan-conformance.toml").write_text(GATE.format(url=url))
        ran = subprocess.run(
            [sys.executable, "-m", "conformance"],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 pass" in ran.stdout
    assert '"verdict": "conformant"' in (tmp_path / "report.json").read_text()


def test_the_settings_are_printed_with_their_sources(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-of-file\n")
    file = tmp_path / "gate.toml"
    file.write_text(GATE.format(url="http://localhost:8000"))
    arguments = ("--config", str(file), "--show-config", "--no-strict", "--seed", "7", "--only", "IDM")
    ran = conformance(*arguments, environment={"RESPAN_STRICT": "1", "RESPAN_OTHER_ORG_KEY": "sk-of-environment"})
    assert (ran.code, ran.stderr) == (0, "")
    shown = {line.split()[0]: line.split()[1:] for line in ran.stdout.splitlines()}
    assert shown["url"] == ["http://localhost:8000", f"{file}:2"]
    assert shown["api-key"] == ["set", f"{file}:3", str(tmp_path / "key")]
    assert shown["other-org-key"] == ["set", "RESPAN_OTHER_ORG_KEY"]
    assert shown["only"] == ["IDM", "--only"]
    assert shown["strict"] == ["false", "--no-strict"]
    assert shown["seed"] == ["7", "--seed"]
    assert shown["profile"] == ["default", "default"]
    assert shown["read-only-key"] == ["-", "default"]
    assert "sk-" not in ran.stdout
