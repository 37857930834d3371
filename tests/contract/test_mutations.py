"""A mutated contract loads or raises ContractError; no other exception escapes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import Contract, ContractError, default_file, load, read_mapping
from contract.pointer import ABSENT, Tokens, node_at, step
from tests.contract.altered import write

SHIPPED = read_mapping(default_file())

SLIPS = [
    *(ABSENT, None, True, False, 0, 1, -1, 200, 2**70, 1.5, "", "x", "object", "string", "model_name", "#"),
    *([], {}, [[]], [None], {"": {}}, {"type": "object"}, {"$ref": "#/components/schemas/Model"}, {"$ref": 1}),
    *({"x-upsert": {}}, {"x-known": "stated"}, {"allOf": [{}]}, {"nullable": True}, {"properties": {"x": {}}}),
]
"""Values that a typing mistake or a broken script leaves behind."""


def _ways(node: Any, tokens: Tokens = ()) -> Iterator[Tokens]:
    """Yield the path to each node below `node`."""
    children: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for token, child in children:
        yield (*tokens, token)
        yield from _ways(child, (*tokens, token))


WAYS = list(_ways(SHIPPED))


@dataclass(frozen=True)
class Mutation:
    """Puts `node` at `way`, or removes what stands there."""

    way: Tokens
    node: Any

    def apply(self, document: dict[str, Any]) -> None:
        parent, last = node_at(document, self.way[:-1]), self.way[-1]
        if step(parent, last) is ABSENT:  # an earlier mutation took it away
            return
        if self.node is ABSENT:
            del parent[last]
        else:
            parent[last] = copy.deepcopy(self.node)


transplants = st.sampled_from(WAYS).map(lambda way: node_at(SHIPPED, way))
mutations = st.builds(Mutation, way=st.sampled_from(WAYS), node=st.sampled_from(SLIPS) | transplants)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations")


def outcome(file: Path) -> Contract | ContractError:
    try:
        return load(file)
    except ContractError as error:
        return error


@settings(max_examples=100, deadline=None)
@given(applied=st.lists(mutations, min_size=1, max_size=3))
def test_a_mutated_contract_loads_or_is_rejected(folder: Path, applied: list[Mutation]) -> None:
    document = copy.deepcopy(SHIPPED)
    for mutation in applied:
        mutation.apply(document)
    match outcome(write(folder / "openapi.yaml", document)):
        case Contract(upsert=upsert):
            assert upsert.key in upsert.request
        case error:
            assert error.problems
            assert all(problem.pointer.startswith("#") and problem.what and problem.hint for problem in error.problems)
