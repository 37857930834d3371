"""The reference model: stories whose every answer is told by hand, and what it leaves unsaid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.model.reference import Prediction, ReferenceModel
from conformance.requirements.level import MUST, SHOULD, Level
from contract import Contract
from tests.contract.altered import put

HERE, THERE = "owner", "other"
Told = dict[str, tuple[Any, Level]]


def _told(prediction: Prediction) -> tuple[Any, Told]:
    """Status and fields of a prediction, sure values as pairs."""
    return prediction.status.value, {name: (sure.value, sure.level) for name, sure in prediction.fields.items()}


class Story:
    """A walk with a reference model, written shortly."""

    def __init__(self, contract: Contract, *, keeps: bool = True) -> None:
        self.reference = ReferenceModel(contract, keeps=keeps)

    def upsert(self, name: str, at: str = HERE, **values: Any) -> tuple[Any, Told]:
        return _told(self.reference.upsert((at, name), {"model_name": name, **values}))

    def read(self, name: str, at: str = HERE) -> tuple[Any, Told]:
        return _told(self.reference.read((at, name)))

    def delete(self, name: str, at: str = HERE) -> tuple[Any, Told]:
        return _told(self.reference.delete((at, name)))


@pytest.fixture
def story(contract: Contract) -> Story:
    return Story(contract)


def test_a_create_and_an_update_that_keeps_the_rest(story: Story) -> None:
    assert story.upsert("one", input_cost=1, display_name="One") == (
        201,
        {"input_cost": (1, MUST), "display_name": ("One", MUST)},
    )
    assert story.upsert("one", input_cost=2) == (200, {"input_cost": (2, MUST), "display_name": ("One", SHOULD)})
    assert story.upsert("one") == (200, {"input_cost": (2, SHOULD), "display_name": ("One", SHOULD)})
    assert story.read("one") == (200, {"input_cost": (2, SHOULD), "display_name": ("One", SHOULD)})


def test_zero_and_nothing_are_values(story: Story) -> None:
    story.upsert("one", input_cost=3, streaming_support=1, display_name="One")
    assert story.upsert("one", input_cost=0, streaming_support=0, display_name="")[1] == {
        "input_cost": (0, MUST),
        "streaming_support": (0, MUST),
        "display_name": ("", MUST),
    }
    assert story.read("one")[1]["input_cost"] == (0, SHOULD)


def test_without_keeping_what_is_left_out_is_unknown(contract: Contract) -> None:
    story = Story(contract, keeps=False)
    story.upsert("one", input_cost=1, output_cost=5)
    assert story.upsert("one", input_cost=2) == (200, {"input_cost": (2, MUST)})
    assert story.read("one") == (200, {"input_cost": (2, SHOULD)})


def test_a_contract_that_resets_forgets_what_is_left_out(altered: Callable[..., Contract]) -> None:
    story = Story(altered(put("#/paths/~1api~1models~1/post/x-upsert/omitted", "reset")))
    story.upsert("base", input_cost=7)
    story.upsert("one", input_cost=1, output_cost=5)
    assert story.upsert("one", base_model_name="base") == (
        200,
        {"base_model_name": ("base", MUST), "input_cost": (7, SHOULD)},
    )


def test_statuses_are_those_of_the_contract(altered: Callable[..., Contract]) -> None:
    story = Story(altered(put("#/paths/~1api~1models~1/post/x-upsert/created", 200)))
    assert story.upsert("one")[0] == 200
    assert story.upsert("one")[0] == 200


def test_a_wrong_value_is_refused_and_changes_nothing(story: Story) -> None:
    assert story.upsert("one", input_cost="abc", output_cost=1) == (400, {})
    assert story.read("one") == (404, {})
    story.upsert("one", output_cost=1)
    assert story.upsert("one", output_cost=2, streaming_support=7) == (400, {})
    assert story.read("one")[1] == {"output_cost": (1, SHOULD)}


def test_a_deleted_model_is_gone_and_comes_back_bare(story: Story) -> None:
    story.upsert("one", input_cost=1)
    assert story.delete("one") == (204, {})
    assert story.read("one") == (404, {})
    assert story.delete("one") == (404, {})
    assert story.upsert("one") == (201, {})


def test_organizations_share_nothing(story: Story) -> None:
    assert story.upsert("one", input_cost=1)[0] == 201
    assert story.upsert("one", at=THERE, input_cost=9) == (201, {"input_cost": (9, MUST)})
    assert story.delete("one", at=THERE)[0] == 204
    assert story.read("one")[1] == {"input_cost": (1, SHOULD)}
    assert story.reference.names(HERE) == ["one"]
    assert story.reference.names(THERE) == []


def test_a_base_supplies_what_the_model_has_not(story: Story) -> None:
    story.upsert("base", input_cost=7, max_context_window=4096, display_name="Base")
    status, told = story.upsert("one", base_model_name="base", input_cost=0)
    assert status == 201
    assert told == {
        "base_model_name": ("base", MUST),
        "input_cost": (0, MUST),
        "max_context_window": (4096, SHOULD),
    }


def test_a_base_of_a_base_supplies_too(story: Story) -> None:
    story.upsert("a", input_cost=7, output_cost=8)
    story.upsert("b", base_model_name="a", output_cost=9)
    told = story.upsert("c", base_model_name="b")[1]
    assert (told["input_cost"], told["output_cost"]) == ((7, SHOULD), (9, SHOULD))


def test_a_base_that_was_written_later_may_or_may_not_show(story: Story) -> None:
    story.upsert("base", input_cost=7)
    story.upsert("one", base_model_name="base")
    story.upsert("base", input_cost=8)
    assert "input_cost" not in story.read("one")[1]
    assert story.upsert("one")[1]["input_cost"] == (8, SHOULD)


def test_a_base_that_was_deleted_supplies_nothing_that_is_sure(story: Story) -> None:
    story.upsert("base", input_cost=7)
    story.upsert("one", base_model_name="base")
    story.delete("base")
    assert story.read("one") == (200, {"base_model_name": ("base", SHOULD)})


def test_an_unknown_base_is_refused_and_so_is_one_elsewhere(story: Story) -> None:
    story.upsert("base", at=THERE, input_cost=7)
    assert story.upsert("one", base_model_name="base") == (404, {})
    assert story.read("one") == (404, {})


def test_a_cycle_of_bases_ends(story: Story) -> None:
    story.upsert("a", input_cost=7)
    story.upsert("b", base_model_name="a")
    assert story.upsert("a", base_model_name="b", output_cost=1)[0] == 200
    told = story.read("a")[1]
    assert told["input_cost"] == (7, SHOULD)
    assert "max_context_window" not in told


def test_a_model_that_is_its_own_base_ends_too(story: Story) -> None:
    assert story.upsert("a", base_model_name="a", output_cost=1)[0] == 201
    assert story.read("a")[1].keys() == {"base_model_name", "output_cost"}


def test_what_was_lost_is_unknown_but_for_its_being(story: Story) -> None:
    story.upsert("one", input_cost=1)
    story.reference.forget((HERE, "one"), exists=True)
    assert story.read("one") == (200, {})
    assert story.upsert("one", output_cost=2) == (200, {"output_cost": (2, MUST)})
    story.reference.forget((HERE, "one"), exists=False)
    assert story.upsert("one") == (201, {})


def test_levels_of_statuses(contract: Contract) -> None:
    reference = ReferenceModel(contract, keeps=True)
    at = (HERE, "one")
    assert reference.upsert(at, {"model_name": "one", "base_model_name": "none"}).status.level is SHOULD
    assert reference.upsert(at, {"model_name": "one", "input_cost": [1]}).status.level is MUST
    assert reference.upsert(at, {"model_name": "one"}).status.level is MUST
    assert reference.read(at).status.level is MUST
    assert reference.delete(at).status.level is MUST
