"""`--names`: where nothing can be deleted, a run writes to the models that earlier runs left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance import check
from conformance.results.verdict import RunVerdict, Verdict
from conformance.target.ledger import Entry, LedgerRun, read_ledger, write_ledger
from tests.conformance.command import KEYS, KNOWN, conformance
from tests.mutants.judging import failed_requirements
from tests.mutants.updates import UpdatesIgnored
from tests.servers.fixtures import BUILT_IN_MODELS, OTHER_ORGANIZATION_KEY, PROVIDERS, READ_ONLY_KEY, READ_WRITE_KEY
from tests.servers.plain import PlainServer
from tests.servers.serving import served
from tests.servers.variants.state import WithoutReads
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.results.result import Result

FEW = 10
"""Models that a run may make on top of those that it finds: their names are odd, and no earlier run drew the same."""


class Keeps(PlainServer):
    """Has no delete."""

    def remove(self, organization: str, name: str) -> bool:
        raise HttpError(405, "There is no such method.")


class KeepsWithoutReads(Keeps, WithoutReads):
    """Has neither a delete nor a read."""


class DeletesLater(PlainServer):
    """Has no delete at first."""

    deletes = False

    def remove(self, organization: str, name: str) -> bool:
        if not self.deletes:
            raise HttpError(405, "There is no such method.")
        return super().remove(organization, name)


class KeepsAndIgnoresUpdates(Keeps, UpdatesIgnored):
    """Has no delete, and stores no update."""


def _checked(server: PlainServer, file: Path, seed: int, **options: Any) -> Result:
    return check(
        server,
        api_key=READ_WRITE_KEY,
        other_org_key=OTHER_ORGANIZATION_KEY,
        read_only_key=READ_ONLY_KEY,
        builtin_model=list(BUILT_IN_MODELS),
        provider=PROVIDERS,
        names=file,
        seed=seed,
        **options,
    )


def _listed(file: Path) -> set[tuple[str, str]]:
    """The models in a file: organization and name."""
    organizations = {"RESPAN_API_KEY": "acme", "RESPAN_OTHER_ORG_KEY": "globex"}
    return {(organizations[it.key_variable], it.name) for run in read_ledger(file) for it in run.entries}


@pytest.mark.parametrize("server", [Keeps(), KeepsWithoutReads()], ids=lambda server: type(server).__name__)
def test_a_later_run_makes_hardly_any_new_model(server: PlainServer, tmp_path: Path) -> None:
    file = tmp_path / "names"
    first = _checked(server, file, 1)
    made = len(server.models)
    assert made > 300
    for seed in (2, 3):
        later = _checked(server, file, seed)
        assert later.verdict(strict=True) is first.verdict(strict=True)
        assert failed_requirements(later) <= failed_requirements(first)
        assert _listed(file) == set(server.snapshot())
    assert len(server.models) - made <= FEW
    new = {id for id, verdict in later.verdicts().items() if verdict != first.verdicts()[id]}
    assert {"STA-01", "SEM-01", "MOD-01"} <= new
    for id in new:
        assert later.verdicts()[id] is Verdict.NOT_TESTABLE
        assert later.judged[id].reasons == [
            "needs names that no model has, and --names reuses the names of models that earlier runs left"
        ]


def test_a_bug_is_found_and_reproduced_on_new_models(tmp_path: Path) -> None:
    server, file = KeepsAndIgnoresUpdates(), tmp_path / "names"
    first = _checked(server, file, 1)
    earlier = {name for _, name in server.snapshot()}
    later = _checked(server, file, 2)
    assert first.verdict() is later.verdict() is RunVerdict.NON_CONFORMANT
    assert {"IDM-02", "IDM-08"} <= failed_requirements(later)
    told = str([later.judged[id].findings for id in sorted(failed_requirements(later))])
    assert not [name for name in earlier if name in told]


def test_lost_models_are_created_again_and_everything_is_judged(tmp_path: Path) -> None:
    server, file = Keeps(), tmp_path / "names"
    _checked(server, file, 1, only=["STA", "SEM-01"])
    server.models.clear()
    later = _checked(server, file, 2, only=["STA-01", "SEM-01"])
    assert [later.verdicts()[id] for id in ("STA-01", "SEM-01")] == [Verdict.PASS] * 2


def test_where_there_is_a_delete_all_is_judged_and_nothing_is_left(tmp_path: Path) -> None:
    server, file = DeletesLater(), tmp_path / "names"
    _checked(server, file, 1, only=["STA"])
    server.deletes = True
    later = _checked(server, file, 2, only=["STA-01"])
    assert later.verdicts()["STA-01"] is Verdict.PASS
    assert not server.models
    assert not file.exists()


def test_its_description(tmp_path: Path) -> None:
    server, file = Keeps(), tmp_path / "names"
    arguments = ("--only", "IDM-02", "--names", str(file))
    with served(server) as url:
        first = conformance(url, *KNOWN, *arguments, environment=KEYS)
        made = len(server.models)
        again = conformance(url, *KNOWN, *arguments, environment=KEYS)
    assert (first.code, again.code) == (0, 0)
    assert "with --names FILE a later run writes to them again" in " ".join(first.stdout.split())
    said = (
        f"{made} models are left on the target ({made}: the target has no delete: it returned 405); a run with --names"
    )
    assert said in " ".join(first.stdout.split())
    assert "the target has no delete: the run writes to" in " ".join(again.stdout.split())
    assert len(server.models) <= made + 1  # one that both organizations have


def test_a_model_of_somebody_else_is_never_taken_up(tmp_path: Path) -> None:
    server, file = PlainServer(), tmp_path / "names"
    with served(server) as url:
        write_ledger(file, [LedgerRun(url, "rc-00000001", (Entry("of-the-user", "RESPAN_API_KEY"),))])
        server.write("acme", "of-the-user", {"model_name": "of-the-user"})
        ran = conformance(url, "--only", "STA-01", "--names", str(file), environment=KEYS)
    assert ran.code == 0
    assert [name for _, name in server.snapshot()] == ["of-the-user"]


def test_another_file_is_rejected_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine\n")
    ran = conformance("http://127.0.0.1:9", "--names", str(file), environment=KEYS)
    assert ran.code == 2
    assert f"{file}:1: not a line of a ledger" in ran.stderr
    assert file.read_text() == "mine\n"


def test_it_is_the_ledger_too(tmp_path: Path) -> None:
    ran = conformance("http://127.0.0.1:9", "--names", "a", "--ledger", "b", environment=KEYS)
    assert ran.code == 2
    assert "give --names or --ledger, not both" in ran.stderr
