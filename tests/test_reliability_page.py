"""docs/reliability.md has every limit, with the option, the default and the status that the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.options import OPTIONS
from conformance.target.budget import BYTES, SECONDS, SHORT
from conformance.target.client import LONGEST_WAIT
from conformance.wire.transport import MAX_BODY_BYTES, TIMEOUT
from contract import load
from contract.command import invoke
from contract.files import LARGEST_FILE
from mock_server import events, validation
from mock_server.admin.app import read_document
from mock_server.admin.endpoints import DEEPEST_BODY, LARGEST_BODY
from mock_server.cli import COMMAND
from mock_server.faults import rules
from mock_server.journal.recorder import LONGEST_BODY, LONGEST_HEADERS
from mock_server.prefer import MOST_SECONDS
from mock_server.settings import Settings
from mock_server.state import file
from mock_server.store import LARGEST_CHAIN, LONGEST_CHAIN
from mock_server.upsert import MOST_ENTRIES
from tests.mock_server.process import run

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in PAGE.partition("## Under full load")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| option")
]
BY_OPTION = {cells[0].strip("`"): cells for cells in ROWS if cells[0].startswith("`--")}
KIB, MIB = 1024, 1024 * 1024


def size(count: int) -> str:
    """Return bytes as the page writes them."""
    return f"{count // MIB} MiB" if count % MIB == 0 else f"{count // KIB} KiB"


@pytest.fixture(scope="module")
def described() -> dict[str, str]:
    """The help of each option of the mock that is a limit."""
    text = " ".join(run("--help", COLUMNS="200").stdout.split())
    limits = text[text.index("Limits: ") : text.index("Output: ")]
    return dict(re.findall(r"(--[a-z-]+) [A-Z]+ (.*?)(?= --|$)", limits))


def test_each_limit_of_a_connection_has_its_row(described: dict[str, str]) -> None:
    assert len(described) == 9
    for option, text in described.items():
        cells = BY_OPTION[option]
        assert f"[default: {cells[1].split()[0]}]" in text
        if status := re.search(r"more is (\d+)", text):
            assert cells[3].startswith(status[1])
        else:
            assert cells[3] in {"closed", "408"}


def test_the_limits_of_what_is_stored_have_their_defaults() -> None:
    defaults = invoke(COMMAND, [])
    assert isinstance(defaults, Settings)
    assert defaults.limits == Settings().limits
    assert BY_OPTION["--max-model-bytes"][1] == size(defaults.max_model_bytes)
    assert BY_OPTION["--max-state-bytes"][1] == size(defaults.max_state_bytes)
    assert BY_OPTION["--journal"][1] == f"{defaults.journal:,}"
    assert BY_OPTION["--journal-bytes"][1] == size(defaults.journal_bytes)


def fixed() -> list[tuple[str, str]]:
    """Return the default and the beginning of the text of each limit that has no option."""
    limits = load().upsert.limits
    state = read_document()["paths"]["/_mock/state"]["put"]["requestBody"]["x-limits"]["bytes"]
    assert LONGEST_BODY == LONGEST_HEADERS
    return [
        (f"{size(limits.bytes)}, {limits.nesting} levels", "the body of a request"),
        (f"{MOST_ENTRIES:,}", "entries of a value"),
        (f"{LONGEST_CHAIN} models, {size(LARGEST_CHAIN)}", "a model with its bases"),
        (size(LONGEST_BODY), "a body in the journal"),
        (f"{events.REMEMBERED}, {size(events.REMEMBERED_BYTES)}", "events for clients that come back"),
        (f"{events.PATIENCE}, {size(events.PATIENCE_BYTES)}", "events that wait"),
        (f"{events.MOST_WATCHERS}", "clients that read events"),
        (f"{rules.MOST:,} rules, {size(rules.LARGEST)}", "rules for faults"),
        (size(state), "a body of `PUT /_mock/state`"),
        (f"{size(LARGEST_BODY)}, {DEEPEST_BODY} levels", "any other body of the admin API"),
        (f"{MOST_SECONDS} seconds", "the wait that `Prefer: wait` asks for"),
        (f"{validation.MOST}", f"errors that a response names; 1 if the body has {validation.LARGE:,} values"),
        (size(LARGEST_FILE), "a contract, fixtures, faults or scenario file"),
        (size(file.LARGEST), "a state file"),
        (size(MAX_BODY_BYTES), "a response body"),
        (size(BYTES), f"all response bodies of more than {size(SHORT)}"),
        (f"{LONGEST_WAIT:g} seconds", "each wait for a busy target"),
    ]


def test_the_limits_without_an_option_are_those_of_the_code() -> None:
    rows = [cells for cells in ROWS if not cells[0].startswith("`--")]
    wanted = fixed()
    assert len(rows) == len(wanted)
    for cells, (default, text) in zip(rows, wanted, strict=True):
        assert cells[1] == default
        assert cells[2].startswith(text)


def test_the_suites_limits_have_their_defaults() -> None:
    names = {f"--{option.name}" for option in OPTIONS}
    assert {"--timeout", "--time-budget", "--max-requests"} <= names
    assert BY_OPTION["--timeout"][1] == f"{TIMEOUT:g} seconds"
    assert BY_OPTION["--time-budget"][1] == f"{SECONDS:g} seconds"


def test_the_files_that_it_names_are_there() -> None:
    for name in re.findall(r"`(tests/[\w/.]+)`", PAGE):
        assert (ROOT / name).exists()
