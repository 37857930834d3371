"""What a run leaves on a target: nothing that can be deleted, however it ends; and of the rest a ledger."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.judge.requests import is_safe_in_path
from conformance.target.ledger import Entry, LedgerRun, read_ledger, write_ledger
from tests.conformance.command import KEYS, KNOWN, Ran, conformance
from tests.conformance.watched import Watched
from tests.conformance.wire.sockets import saying
from tests.servers.plain import PlainServer
from tests.servers.serving import served


class Remembering(PlainServer):
    """Remembers every name that it ever stored, and calls back after a hundred of them."""

    def __init__(self) -> None:
        super().__init__()
        self.ever: set[str] = set()
        self.at_a_hundred: Any = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        response = super().__call__(environ, start_response)
        self.ever |= {name for _, name in self.snapshot()}
        if len(self.ever) >= 100 and self.at_a_hundred:
            call, self.at_a_hundred = self.at_a_hundred, None
            call()
        return response

    @property
    def there(self) -> list[str]:
        """The names of what is there."""
        return [name for _, name in self.snapshot()]


def _ended_in_the_midst(server: Remembering, ledger: Path, how: signal.Signals) -> int:
    """Run the command, and send it a signal when it has created a hundred models. Its exit code."""
    with served(server) as url:
        arguments = [sys.executable, "-m", "conformance", url, "--ledger", str(ledger)]
        with subprocess.Popen(arguments, env=os.environ | KEYS, stdout=subprocess.DEVNULL) as process:
            server.at_a_hundred = lambda: process.send_signal(how)
            return process.wait(60)


def test_all_that_it_creates_carries_its_prefix_and_is_deleted(tmp_path: Path) -> None:
    server, ledger = Remembering(), tmp_path / "ledger.jsonl"
    with served(server) as url:
        ran = conformance(url, *KNOWN, "--ledger", str(ledger), report=tmp_path / "report.json", environment=KEYS)
    assert ran.code == 0
    _sent_about_as_many_as_it_said(ran)
    prefix = next(line for line in ran.stdout.splitlines() if "models named" in line).split()[3].removesuffix("-...,")
    assert len(server.ever) > 300
    assert all(name.startswith(f"{prefix}-") for name in server.ever)
    assert server.there == []
    assert not ledger.exists()


def test_no_ledger_is_left_where_all_was_deleted(tmp_path: Path) -> None:
    with served(PlainServer()) as url:
        ran = conformance(url, "--only", "STA-01", "--ledger", str(tmp_path / "ledger"), environment=KEYS)
    assert ran.code == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_what_it_created_is_deleted_when_it_is_interrupted(how: signal.Signals, tmp_path: Path) -> None:
    server = Remembering()
    assert _ended_in_the_midst(server, tmp_path / "ledger", how) == 130
    assert len(server.ever) >= 100
    assert server.there == []
    assert list(tmp_path.iterdir()) == []


def test_after_a_crash_the_ledger_names_it_all_and_clean_deletes_it(tmp_path: Path) -> None:
    server, ledger = Remembering(), tmp_path / "ledger"
    assert _ended_in_the_midst(server, ledger, signal.SIGKILL) == -signal.SIGKILL
    (run,) = read_ledger(ledger)
    left = set(server.there)
    assert left
    assert left <= {entry.name for entry in run.entries}
    assert not [key for key in KEYS.values() if key in ledger.read_text()]
    server.models[("acme", "of-the-user")] = server.models[("acme", min(left))]
    with served(server) as url:
        strangers = (Entry("of-the-user", "RESPAN_API_KEY"), Entry(f"{run.prefix}-1/../of-the-user", ""))
        write_ledger(ledger, [LedgerRun(url, run.prefix, (*run.entries, *strangers))])
        ran = conformance("clean", str(ledger), environment=KEYS)
    assert server.there == ["of-the-user"]
    assert ran.code == 1
    assert f"of-the-user: the name does not start with {run.prefix}," in ran.stdout
    kept = {entry for run in read_ledger(ledger) for entry in run.entries}
    assert set(strangers) <= kept
    # the run itself had deleted these; for such names, a 404 does not prove to `clean` that the model is gone
    assert not [entry for entry in kept - set(strangers) if is_safe_in_path(entry.name)]


def test_clean_needs_the_key_of_the_other_organization(tmp_path: Path) -> None:
    entries = (Entry("rc-00000001-1", "RESPAN_API_KEY"), Entry("rc-00000001-2", "RESPAN_OTHER_ORG_KEY"))
    with served(PlainServer()) as url:
        write_ledger(tmp_path / "ledger", [LedgerRun(url, "rc-00000001", entries)])
        one = {"RESPAN_API_KEY": KEYS["RESPAN_API_KEY"]}
        ran = conformance("clean", str(tmp_path / "ledger"), environment=one)
        assert (ran.code, ran.stderr) == (1, "")
        assert "1 deleted, 1 left\n  rc-00000001-2: deleting it needs RESPAN_OTHER_ORG_KEY" in ran.stdout
        assert conformance("clean", str(tmp_path / "ledger"), environment=KEYS).code == 0
    assert list(tmp_path.iterdir()) == []


def test_clean_rejects_a_file_that_is_not_a_ledger(tmp_path: Path) -> None:
    ran = conformance("clean", __file__)
    assert ran.code == 2
    assert ":1: not a line of a ledger" in ran.stderr
    assert conformance("clean").code == 2


@pytest.mark.parametrize("more", [("--profile", "quick"), ("--only", "IDM,AUT")])
def test_the_estimate_of_requests_is_about_right(more: tuple[str, ...], tmp_path: Path) -> None:
    with served(PlainServer()) as url:
        _sent_about_as_many_as_it_said(
            conformance(url, *KNOWN, *more, report=tmp_path / "report.json", environment=KEYS)
        )


def _sent_about_as_many_as_it_said(ran: Ran) -> None:
    said = int(ran.stdout.partition(" in about ")[2].partition(" ")[0].replace(",", ""))
    assert ran.report is not None
    assert ran.report["run"]["requests"] == pytest.approx(said, rel=0.1)


def test_a_dry_run_sends_nothing() -> None:
    server = Watched(PlainServer())
    with served(server) as url:
        ran = conformance(url, *KNOWN, "--dry-run", "--rate-limit", "5/s", environment=KEYS)
    assert (ran.code, ran.stderr, server.moments) == (0, "", [])
    for text in (url, " requests, at most 5 per second", "RESPAN_OTHER_ORG_KEY", "gpt-4o, with its name only"):
        assert text in ran.stdout
    assert not [key for key in KEYS.values() if key in ran.stdout]


def _url_that_nothing_listens_at() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    ("url", "proxy"),
    [(None, None), (None, "https"), ("http://no-such-host.invalid", None), ("http://target.invalid", "refusing")],
)
def test_nothing_is_left_where_nothing_could_be_sent(url: str | None, proxy: str | None, tmp_path: Path) -> None:
    url = url or _url_that_nothing_listens_at()
    url = url.replace("http:", "https:") if proxy == "https" else url
    arguments = ("--proxy", _url_that_nothing_listens_at()) if proxy == "refusing" else ()
    environment = {**KEYS, "XDG_STATE_HOME": str(tmp_path)}
    ran = conformance(url, *arguments, environment=environment)
    assert ran.code == 3
    assert "left on the target" not in ran.stdout + ran.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("status", [301, 308, 404, 501])
def test_nothing_is_left_if_the_response_means_that_nothing_was_done(status: int, tmp_path: Path) -> None:
    with saying(
        f"HTTP/1.1 {status} No\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    ) as it:
        ran = conformance(it.url, environment={**KEYS, "XDG_STATE_HOME": str(tmp_path)})
    assert ran.code != 0
    assert "left on the target" not in ran.stdout + ran.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_may_have_been_done_without_a_response_stays_in_the_ledger(tmp_path: Path) -> None:
    with saying(lambda connection: connection.close()) as it:
        ran = conformance(it.url, environment={**KEYS, "XDG_STATE_HOME": str(tmp_path)})
    assert ran.code == 3
    assert "left on the target" in ran.stdout
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
