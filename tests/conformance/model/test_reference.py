"""The reference model: request sequences with every response predicted by hand, and what it does not predict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.model.reference import Prediction, ReferenceModel
from conformance.requirements.level import MUST, SHOULD, Level
from contract import Contract
from tests.contract.altered import put

HERE, THERE = "primary", "other"
Predicted = dict[str, tuple[Any, Level]]


def _as_pairs(prediction: Prediction) -> tuple[Any, Predicted]:
    """Return the status and the fields of a prediction; a field is a pair of value and level."""
    return prediction.status.value, {name: (sure.value, sure.level) for name, sure in prediction.fields.items()}


class RequestSequence:
    """A sequence of requests to a reference model, in short notation."""

    def __init__(self, contract: Contract, *, keeps: bool = True) -> None:
        self.reference = ReferenceModel(contract, keeps=keeps)

    def upsert(self, name: str, at: str = HERE, **values: Any) -> tuple[Any, Predicted]:
        return _as_pairs(self.reference.upsert((at, name), {"model_name": name, **values}))

    def read(self, name: str, at: str = HERE) -> tuple[Any, Predicted]:
        return _as_pairs(self.reference.read((at, name)))

    def delete(self, name: str, at: str = HERE) -> tuple[Any, Predicted]:
        return _as_pairs(self.reference.delete((at, name)))


@pytest.fixture
def sequence(contract: Contract) -> RequestSequence:
    return RequestSequence(contract)


def test_an_update_keeps_omitted_fields(sequence: RequestSequence) -> None:
    assert sequence.upsert("one", input_cost=1, display_name="One") == (
        201,
        {"input_cost": (1, MUST), "display_name": ("One", MUST)},
    )
    assert sequence.upsert("one", input_cost=2) == (200, {"input_cost": (2, MUST), "display_name": ("One", SHOULD)})
    assert sequence.upsert("one") == (200, {"input_cost": (2, SHOULD), "display_name": ("One", SHOULD)})
    assert sequence.read("one") == (200, {"input_cost": (2, SHOULD), "display_name": ("One", SHOULD)})


def test_zero_and_the_empty_string_are_values(sequence: RequestSequence) -> None:
    sequence.upsert("one", input_cost=3, streaming_support=1, display_name="One")
    assert sequence.upsert("one", input_cost=0, streaming_support=0, display_name="")[1] == {
        "input_cost": (0, MUST),
        "streaming_support": (0, MUST),
        "display_name": ("", MUST),
    }
    assert sequence.read("one")[1]["input_cost"] == (0, SHOULD)


def test_omitted_fields_are_unknown_if_the_target_does_not_keep_them(contract: Contract) -> None:
    sequence = RequestSequence(contract, keeps=False)
    sequence.upsert("one", input_cost=1, output_cost=5)
    assert sequence.upsert("one", input_cost=2) == (200, {"input_cost": (2, MUST)})
    assert sequence.read("one") == (200, {"input_cost": (2, SHOULD)})


def test_a_contract_that_resets_omitted_fields(altered: Callable[..., Contract]) -> None:
    sequence = RequestSequence(altered(put("#/paths/~1api~1models~1/post/x-upsert/omitted", "reset")))
    sequence.upsert("base", input_cost=7)
    sequence.upsert("one", input_cost=1, output_cost=5)
    assert sequence.upsert("one", base_model_name="base") == (
        200,
        {"base_model_name": ("base", MUST), "input_cost": (7, SHOULD)},
    )


def test_statuses_are_those_of_the_contract(altered: Callable[..., Contract]) -> None:
    sequence = RequestSequence(altered(put("#/paths/~1api~1models~1/post/x-upsert/created", 200)))
    assert sequence.upsert("one")[0] == 200
    assert sequence.upsert("one")[0] == 200


def test_an_invalid_value_is_rejected_and_changes_nothing(sequence: RequestSequence) -> None:
    assert sequence.upsert("one", input_cost="abc", output_cost=1) == (400, {})
    assert sequence.read("one") == (404, {})
    sequence.upsert("one", output_cost=1)
    assert sequence.upsert("one", output_cost=2, streaming_support=7) == (400, {})
    assert sequence.read("one")[1] == {"output_cost": (1, SHOULD)}


def test_a_deleted_model_is_created_again_without_values(sequence: RequestSequence) -> None:
    sequence.upsert("one", input_cost=1)
    assert sequence.delete("one") == (204, {})
    assert sequence.read("one") == (404, {})
    assert sequence.delete("one") == (404, {})
    assert sequence.upsert("one") == (201, {})


def test_organizations_share_nothing(sequence: RequestSequence) -> None:
    assert sequence.upsert("one", input_cost=1)[0] == 201
    assert sequence.upsert("one", at=THERE, input_cost=9) == (201, {"input_cost": (9, MUST)})
    assert sequence.delete("one", at=THERE)[0] == 204
    assert sequence.read("one")[1] == {"input_cost": (1, SHOULD)}
    assert sequence.reference.names(HERE) == ["one"]
    assert sequence.reference.names(THERE) == []


def test_a_model_inherits_what_it_does_not_set(sequence: RequestSequence) -> None:
    sequence.upsert("base", input_cost=7, max_context_window=4096, display_name="Base")
    status, predicted = sequence.upsert("one", base_model_name="base", input_cost=0)
    assert status == 201
    assert predicted == {
        "base_model_name": ("base", MUST),
        "input_cost": (0, MUST),
        "max_context_window": (4096, SHOULD),
    }


def test_a_model_inherits_from_the_base_of_its_base(sequence: RequestSequence) -> None:
    sequence.upsert("a", input_cost=7, output_cost=8)
    sequence.upsert("b", base_model_name="a", output_cost=9)
    predicted = sequence.upsert("c", base_model_name="b")[1]
    assert (predicted["input_cost"], predicted["output_cost"]) == ((7, SHOULD), (9, SHOULD))


def test_nothing_is_predicted_from_a_base_written_later(sequence: RequestSequence) -> None:
    sequence.upsert("base", input_cost=7)
    sequence.upsert("one", base_model_name="base")
    sequence.upsert("base", input_cost=8)
    assert "input_cost" not in sequence.read("one")[1]
    assert sequence.upsert("one")[1]["input_cost"] == (8, SHOULD)


def test_nothing_is_predicted_from_a_deleted_base(sequence: RequestSequence) -> None:
    sequence.upsert("base", input_cost=7)
    sequence.upsert("one", base_model_name="base")
    sequence.delete("base")
    assert sequence.read("one") == (200, {"base_model_name": ("base", SHOULD)})


def test_a_base_that_is_unknown_or_elsewhere_is_rejected(sequence: RequestSequence) -> None:
    sequence.upsert("base", at=THERE, input_cost=7)
    assert sequence.upsert("one", base_model_name="base") == (404, {})
    assert sequence.read("one") == (404, {})


def test_a_cycle_of_bases_ends(sequence: RequestSequence) -> None:
    sequence.upsert("a", input_cost=7)
    sequence.upsert("b", base_model_name="a")
    assert sequence.upsert("a", base_model_name="b", output_cost=1)[0] == 200
    predicted = sequence.read("a")[1]
    assert predicted["input_cost"] == (7, SHOULD)
    assert "max_context_window" not in predicted


def test_a_model_that_is_its_own_base_ends_too(sequence: RequestSequence) -> None:
    assert sequence.upsert("a", base_model_name="a", output_cost=1)[0] == 201
    assert sequence.read("a")[1].keys() == {"base_model_name", "output_cost"}


def test_nothing_but_the_existence_of_a_forgotten_model_is_predicted(sequence: RequestSequence) -> None:
    sequence.upsert("one", input_cost=1)
    sequence.reference.forget((HERE, "one"), exists=True)
    assert sequence.read("one") == (200, {})
    assert sequence.upsert("one", output_cost=2) == (200, {"output_cost": (2, MUST)})
    sequence.reference.forget((HERE, "one"), exists=False)
    assert sequence.upsert("one") == (201, {})


def test_levels_of_statuses(contract: Contract) -> None:
    reference = ReferenceModel(contract, keeps=True)
    at = (HERE, "one")
    assert reference.upsert(at, {"model_name": "one", "base_model_name": "none"}).status.level is SHOULD
    assert reference.upsert(at, {"model_name": "one", "input_cost": [1]}).status.level is MUST
    assert reference.upsert(at, {"model_name": "one"}).status.level is MUST
    assert reference.read(at).status.level is MUST
    assert reference.delete(at).status.level is MUST
