"""Mock and suite follow an altered contract with no change in Python, and one that does not follow is found."""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import check
from conformance.requirements.registry import inapplicable, load_checks
from conformance.requirements.requirement import REGISTRY, Requirement
from conformance.results.result import Result
from conformance.results.verdict import RunVerdict, Verdict
from contract import ContractError, load
from mock_server import MockServer
from tests.conformance.alterations import CLAUSES, FEATURES, KINDS, of_kind, requiring
from tests.conformance.command import KEYS, KNOWN, Ran, conformance
from tests.contract.altered import Edit, both, put, write_altered
from tests.mock_server.process import started

OPERATION = "#/paths/~1api~1models~1/post"
REQUEST = "#/components/schemas/ModelUpsert/properties"
RESPONSE = "#/components/schemas/Model/properties"

ALTERATIONS: dict[str, tuple[Edit, set[str]]] = {
    "one more field": (
        both(
            put(f"{REQUEST}/priority", {"type": "integer", "minimum": 0, "maximum": 9_000_000, "description": "Rank."}),
            put(
                f"{RESPONSE}/priority",
                {"type": "integer", "description": "Rank.", "x-source": {"inherit": "base_model_name"}},
            ),
        ),
        {"IDM-01", "IDM-02", "SEM-01", "STA-08"},
    ),
    "created moved to 200": (put(f"{OPERATION}/x-upsert/created", 200), {"STA-01"}),
    "an enum changed": (put("#/components/schemas/Flag/enum", [0, 1, 2]), {"STA-17"}),
    "omitted fields are reset": (put(f"{OPERATION}/x-upsert/omitted", "reset"), {"IDM-06", "IDM-21", "IDM-22"}),
}
"""Each with requirements that a server unmet which does not follow it."""


@contextlib.contextmanager
def _mock(*arguments: str) -> Iterator[str]:
    with started("--quiet", *arguments) as mock:
        yield mock.url


def _judge(url: str, contract: Path, report: Path, *more: str) -> Ran:
    return conformance(url, *KNOWN, *more, "--strict", "--contract", str(contract), report=report, environment=KEYS)


@pytest.mark.parametrize(("edit", "unmet"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_mock_and_suite_follow(edit: Edit, unmet: set[str], tmp_path: Path) -> None:
    contract = write_altered(tmp_path, edit)
    with _mock("--contract", str(contract)) as url:
        ran = _judge(url, contract, tmp_path / "report.json")
    assert ran.code == 0, ran.stdout
    assert ran.with_verdict("fail", "deviates", "unstable", "error") == set()


@pytest.mark.parametrize(("edit", "unmet"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_a_server_that_does_not_follow_is_found(edit: Edit, unmet: set[str], tmp_path: Path) -> None:
    contract = write_altered(tmp_path, edit)
    with _mock() as url:
        ran = _judge(url, contract, tmp_path / "report.json", "--only", ",".join(unmet))
    assert ran.code == 1, ran.stdout
    assert unmet == ran.with_verdict("fail")


SAMPLED = 120
"""Pairs of alterations that the environment `altered` of tox tries, unless it is to try all."""
ASKED = os.environ.get("ALTERED", "")
"""`sample` or `all` pairs; nothing by default, for they take long."""
Profile = Literal["quick", "default"]
PROFILE: Profile = "default" if ASKED else "quick"
PAIRS = list(combinations(FEATURES, 2))
UNSEEN = ("creates are answered as updates", "no read")
"""Without both, nothing shows whether a model exists."""
TRIED = PAIRS if ASKED == "all" else [UNSEEN, *random.Random(1).sample(PAIRS, SAMPLED if ASKED else 4)]
GOOD = (Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_SELECTED)


@pytest.fixture(scope="module", autouse=True)
def registry() -> Mapping[str, Requirement]:
    load_checks()
    return REGISTRY


def _agree(contract: Path, profile: Profile) -> Result:
    """What a strict run with all keys finds in a mock of the same contract."""
    with MockServer(contract=contract) as mock:
        return check(
            mock.url,
            api_key="demo-acme",
            other_org_key="demo-globex",
            read_only_key="demo-acme-readonly",
            builtin_model=["gpt-4o", "openai/gpt-4o-mini"],
            provider=["my-vllm", "acme-azure"],
            contract=str(contract),
            profile=profile,
            strict=True,
            seed=1,
        )


def _expect_agreement(contract: Path, profile: Profile) -> None:
    result = _agree(contract, profile)
    told = {id: [*result.judged[id].reasons, *result.judged[id].findings] for id in result.judged}
    wrong = {id: (verdict.value, told[id]) for id, verdict in result.verdicts().items() if verdict not in GOOD}
    assert wrong == {}
    assert result.verdict() is RunVerdict.CONFORMANT, result.ruling().reasons


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize("name", FEATURES)
def test_mock_and_suite_agree_without(name: str, tmp_path: Path) -> None:
    _expect_agreement(write_altered(tmp_path, FEATURES[name]), PROFILE)


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize(("one", "other"), TRIED, ids=" and ".join)
def test_mock_and_suite_agree_without_two(one: str, other: str, tmp_path: Path) -> None:
    _expect_agreement(write_altered(tmp_path, FEATURES[one], FEATURES[other]), "quick")


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize("name", KINDS)
def test_mock_and_suite_agree_on_a_field(name: str, tmp_path: Path) -> None:
    _expect_agreement(write_altered(tmp_path, of_kind(name)), PROFILE)


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize(
    "names", [["display_name"], ["input_cost", "streaming_support"], ["supported_params_override"]], ids=" and ".join
)
def test_mock_and_suite_agree_on_required_fields(names: list[str], tmp_path: Path) -> None:
    _expect_agreement(write_altered(tmp_path, requiring(*names)), "default")


def test_a_reference_in_each_upsert_is_not_supported(tmp_path: Path) -> None:
    ran = conformance("--contract", str(write_altered(tmp_path, requiring("base_model_name"))))
    assert ran.code == 2
    assert "each upsert has to have the reference base_model_name; the suite needs models without one" in ran.stderr


@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_takes_the_requirements_that_rest_on_it_away(
    name: str, registry: Mapping[str, Requirement], tmp_path: Path
) -> None:
    clause = "x-clauses/" + name.removeprefix("no clause ")
    resting = {id for id, requirement in registry.items() if requirement.clause == clause}
    left_out = inapplicable(load(write_altered(tmp_path, CLAUSES[name])))
    assert left_out == dict.fromkeys(sorted(resting), f"the contract has no clause {clause}")


@settings(max_examples=25, deadline=None)
@given(names=st.lists(st.sampled_from([*FEATURES, *CLAUSES]), min_size=1, max_size=6, unique=True))
def test_what_applies_has_what_it_is_about(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    edits = [({**FEATURES, **CLAUSES})[name] for name in names]
    contract = load(write_altered(tmp_path_factory.mktemp("altered"), *edits))
    left_out = inapplicable(contract)
    assert all(reason.startswith("the contract ") for reason in left_out.values())
    for id in REGISTRY.keys() - left_out:
        assert REGISTRY[id].level_in(contract)
        assert all(things(contract) for things in REGISTRY[id].each), id


@pytest.mark.usefixtures("no_settings")
@settings(max_examples=30 if ASKED else 2, deadline=None)
@given(names=st.lists(st.sampled_from([*FEATURES]), min_size=3, max_size=8, unique=True))
def test_mock_and_suite_agree_without_many(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("altered")
    _expect_agreement(write_altered(folder, *(FEATURES[name] for name in names)), "quick")


NOT_FOLLOWED = {
    "flags are booleans": {"STA-17"},
    "another status for what is not valid": {"STA-05", "STA-08"},
    "another status for what is not there": {"STA-13"},
    "another status for what is forbidden": {"AUT-09", "STA-18"},
    "creates are answered as updates": {"STA-01"},
    "omitted fields are reset": {"IDM-06", "IDM-22"},
}
"""Alterations, with requirements that that a server does not meet if it follows the unaltered contract."""


@pytest.mark.parametrize("name", NOT_FOLLOWED)
def test_a_server_of_the_contract_before_is_found(name: str, tmp_path: Path) -> None:
    contract = write_altered(tmp_path, FEATURES[name])
    with _mock() as url:
        ran = _judge(url, contract, tmp_path / "report.json", "--only", ",".join(NOT_FOLLOWED[name]))
    assert ran.code == 1, ran.stdout
    assert ran.with_verdict("fail") == NOT_FOLLOWED[name]


LACKING = {
    "SEM-01": ("no base models", "the contract has no base models"),
    "SEM-05": ("no override", "the contract has no overrides"),
    "STA-14": ("no alias", "the contract has no field with an alternative spelling"),
    "STA-19": ("no read", "the contract has no read"),
    "STA-20": ("no delete", "the contract has no delete"),
    "AUT-01": ("security is empty", "the contract requires no credentials"),
    "TEN-01": ("no organizations", "the contract has no organizations"),
    "IDM-16": ("no times", "the contract has no update time"),
    "CON-01": ("creates are answered as updates", "the contract has the same status for creates and updates"),
    "CON-04": ("flags alone", "the contract has no echoed field with more than a few values"),
    "STA-09": ("no enums", "the contract has no request field with enumerated values"),
    "SEM-08": ("no provider is shown", "the contract has no response field for the provider"),
}
"""Requirements, each with an alteration that takes away what it is about, and what is said then."""


@pytest.mark.parametrize("id", LACKING)
def test_what_is_asked_for_and_does_not_apply_is_a_wrong_use(id: str, tmp_path: Path) -> None:
    name, reason = LACKING[id]
    ran = conformance("--only", id, "--contract", str(write_altered(tmp_path, FEATURES[name])))
    assert ran.code == 2
    assert ran.stderr == f"respan-conformance: --only: {id} does not apply: {reason}\n"


def test_a_section_of_which_nothing_applies_is_a_wrong_use(tmp_path: Path) -> None:
    contract = str(write_altered(tmp_path, FEATURES["no organizations"]))
    ran = conformance("--only", "TEN", "--contract", contract)
    assert ran.code == 2
    assert "no selected requirement applies: the contract has no organizations" in ran.stderr


def test_what_does_not_apply_is_listed(tmp_path: Path) -> None:
    contract = str(write_altered(tmp_path, FEATURES["no base models"]))
    text = conformance("--list", "--contract", contract).stdout
    assert "Not applicable\n" in text
    assert "  SEM-01  the contract has no base models\n" in text
    listed = json.loads(conformance("--list", "json", "--contract", contract).stdout)
    assert {"id": "SEM-01", "reason": "the contract has no base models"} in listed["not_applicable"]
    assert "SEM-01" not in {requirement["id"] for requirement in listed["requirements"]}
    dry_run = conformance("--dry-run", "--contract", contract).stdout
    assert ": the contract has no base models\n" in dry_run


def test_what_does_not_apply_is_reported_and_not_counted(tmp_path: Path) -> None:
    contract = write_altered(tmp_path, FEATURES["no base models"])
    with _mock("--contract", str(contract)) as url:
        ran = _judge(url, contract, tmp_path / "report.json", "--only", "SEM,STA-01", "--require-all")
    assert ran.code == 0, ran.stdout
    report: dict[str, Any] = ran.report or {}
    schema = json.loads(files("conformance.reports").joinpath("report.schema.json").read_text(encoding="utf-8"))
    assert jsonschema_rs.validator_for(schema).is_valid(report)
    left_out = {each["id"]: each["reason"] for each in report["not_applicable"]}
    assert left_out["SEM-01"] == left_out["TEN-05"] == "the contract has no base models"
    assert left_out.keys().isdisjoint(requirement["id"] for requirement in report["requirements"])
    assert sum(report["summary"].values()) == len(REGISTRY) - len(left_out)


CONTRADICTIONS = {
    "a scheme that is not there": (put("#/security", [{"basic": []}]), "there is no security scheme basic"),
    "a scheme of another kind": (
        put("#/components/securitySchemes/apiKey", {"type": "http", "scheme": "basic"}),
        "apiKey is not a bearer scheme",
    ),
    "two schemes at once": (
        put("#/security", [{"apiKey": [], "dashboardJwt": []}]),
        "one Authorization header cannot have credentials of both apiKey and dashboardJwt",
    ),
    "a status that is not declared": (put(f"{OPERATION}/x-upsert/reserved", 409), "409 is not a declared response"),
    "a base that refers to nothing": (
        put(f"{REQUEST}/base_model_name", {"type": "string"}),
        "base_model_name does not refer to models",
    ),
}


@pytest.mark.parametrize(("edit", "what"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_rejected_with_its_place_and_a_hint(edit: Edit, what: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=what) as refused:
        load(write_altered(tmp_path, edit))
    assert all(problem.pointer.startswith("#/") and problem.hint for problem in refused.value.problems)
