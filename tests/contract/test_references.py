"""References, within the file and into others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract import ContractError, load
from tests.contract.altered import both, put, write, write_altered
from tests.contract.conftest import ProblemsOf

COST = "#/components/schemas/ModelUpsert/properties/input_cost"
SHOWN = "#/components/schemas/Model/properties/input_cost/allOf"


def refers(reference: Any) -> Any:
    return put(COST + "/allOf", [{"$ref": reference}])


DEAD = {
    "absent": ("#/components/schemas/Price", "#/components/schemas/Price does not lead to a mapping", "define it"),
    "to a string": ("#/info/title", "#/info/title does not lead to a mapping", "define it"),
    "beyond a list": ("#/tags/1", "#/tags/1 does not lead to a mapping", "define it"),
    "no string": (5, "the reference is not a string", "#/components/schemas/Model"),
    "on the network": ("https://example.com/x.yaml#/Cost", "is not a file on this machine", "copy its target"),
    "into a package": ("python://contract/x.yaml", "is not a file on this machine", "copy its target"),
    "no URL": ("http://[", "http://[ is not a reference", "#/components/schemas/Model"),
    "absent file": ("absent.yaml#/Cost", "absent.yaml#/Cost: cannot be read: No such file", "name a file that exists"),
    "no file name": ("a\0b.yaml", "is not a reference", "#/components/schemas/Model"),
}


@pytest.mark.parametrize(("reference", "what", "hint"), DEAD.values(), ids=DEAD)
def test_dead_reference(reference: Any, what: str, hint: str, tmp_path: Path, problems_of: ProblemsOf) -> None:
    [problem] = problems_of(write_altered(tmp_path, refers(reference)))
    assert problem.pointer == COST + "/allOf/0/$ref"
    assert what in problem.what
    assert hint in problem.hint


def test_extension_beside_a_reference(tmp_path: Path, problems_of: ProblemsOf) -> None:
    beside = {"$ref": "#/components/schemas/Cost", "x-known": "stated"}
    [problem] = problems_of(write_altered(tmp_path, put(COST, beside)))
    assert problem.pointer == COST + "/x-known"
    assert problem.what == "an extension beside a $ref is ignored"
    assert problem.hint == "put the $ref into an allOf, and keep the extension beside the allOf"


@pytest.mark.parametrize("reference", ["#", "", "openapi.yaml", "#/components"])
def test_reference_to_what_contains_it(reference: str, tmp_path: Path, problems_of: ProblemsOf) -> None:
    [problem] = problems_of(write_altered(tmp_path, refers(reference)))
    cycle = reference if reference.startswith("#/") else "#"
    assert problem.pointer == cycle
    assert problem.what == f"contains itself: {cycle} -> {cycle}"
    assert problem.hint == "break the cycle; recursive schemas are not supported"


def test_recursive_schemas(tmp_path: Path, problems_of: ProblemsOf) -> None:
    cost = put("#/components/schemas/Cost", {"type": "array", "items": {"$ref": "#/components/schemas/Flag"}})
    flag = put("#/components/schemas/Flag", {"type": "array", "items": {"$ref": "#/components/schemas/Cost"}})
    [problem] = problems_of(write_altered(tmp_path, both(cost, flag)))
    names = ["#/components/schemas/Cost", "#/components/schemas/Flag"]
    assert problem.pointer in names
    assert set(problem.what.removeprefix("contains itself: ").split(" -> ")) == set(names)


def test_chain_of_references_that_nests_too_deeply(tmp_path: Path, problems_of: ProblemsOf) -> None:
    def wrapped(inner: dict[str, Any], depth: int) -> dict[str, Any]:
        return wrapped({"type": "array", "items": inner}, depth - 1) if depth else inner

    links = [wrapped({"$ref": f"#/components/schemas/L{number + 1}"}, 80) for number in range(30)]
    schemas = {f"L{number}": link for number, link in enumerate([*links, {"type": "string"}])}
    edits = [put(f"#/components/schemas/{name}", schema) for name, schema in schemas.items()]
    [problem] = problems_of(write_altered(tmp_path, *edits))
    assert problem.pointer == "#"
    assert problem.what == "nests too deep when references are followed"
    assert problem.hint == "shorten the chains of references"


def test_other_files_are_followed(tmp_path: Path) -> None:
    write(tmp_path / "money.yaml", {"Cost": {"$ref": "parts/number.yaml#/Amount"}})
    (tmp_path / "parts").mkdir()
    write(tmp_path / "parts/number.yaml", {"Amount": {"type": "number", "minimum": -3, "x-known": "stated"}})
    contract = load(write_altered(tmp_path, refers("money.yaml#/Cost"), put(SHOWN, [{"$ref": "./money.yaml#/Cost"}])))
    assert contract.upsert.request["input_cost"].schema["minimum"] == -3
    assert contract.upsert.response["input_cost"].schema["minimum"] == -3


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    file = write_altered(tmp_path, refers("money.yaml#/Cost"))
    for minimum in (-1, -2):
        write(tmp_path / "money.yaml", {"Cost": {"type": "number", "minimum": minimum}})
        assert load(file).upsert.request["input_cost"].schema["minimum"] == minimum


def test_folder_with_an_unusual_name(tmp_path: Path) -> None:
    folder = tmp_path / "a#b?c d%41"
    folder.mkdir()
    write(folder / "money.yaml", {"Cost": {"type": "number", "minimum": -4}})
    contract = load(write_altered(folder, refers("money.yaml#/Cost")))
    assert contract.upsert.request["input_cost"].schema["minimum"] == -4


def test_a_problem_in_another_file_names_it(tmp_path: Path, problems_of: ProblemsOf) -> None:
    write(tmp_path / "money.yaml", {"Cost": {"type": "number", "x-knwon": "stated"}})
    [problem] = problems_of(write_altered(tmp_path, refers("money.yaml#/Cost")))
    assert problem.pointer == "money.yaml#/Cost/x-knwon"
    assert problem.hint.startswith("write x-known; ")


def test_a_dead_reference_in_another_file_names_it(tmp_path: Path, problems_of: ProblemsOf) -> None:
    write(tmp_path / "money.yaml", {"Cost": {"$ref": "#/Price"}})
    [problem] = problems_of(write_altered(tmp_path, refers("money.yaml#/Cost")))
    assert problem.pointer == "money.yaml#/Cost/$ref"
    assert problem.what == "#/Price does not lead to a mapping"


def test_another_file_is_read_as_strictly(tmp_path: Path, problems_of: ProblemsOf) -> None:
    (tmp_path / "money.yaml").write_text("Cost: {type: number, type: string}", encoding="utf-8")
    [problem] = problems_of(write_altered(tmp_path, refers("money.yaml#/Cost")))
    assert problem.pointer == COST + "/allOf/0/$ref"
    assert "duplicate key type (#/Cost/type of that file)" in problem.what


def test_the_network_is_not_reached_from_another_file(tmp_path: Path) -> None:
    write(tmp_path / "money.yaml", {"Cost": {"$ref": "http://127.0.0.1:9/money.yaml#/Cost"}})
    with pytest.raises(ContractError, match="is not a file on this machine"):
        load(write_altered(tmp_path, refers("money.yaml#/Cost")))
