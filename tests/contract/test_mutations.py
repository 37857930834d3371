"""Whatever is done to a contract, it loads or is refused with a ContractError: no other exception escapes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract import ContractError, default_file, load, read_mapping
from contract.pointer import Tokens, node_at
from tests.contract.altered import write

SHIPPED = read_mapping(default_file())

NODES = [
    *(None, True, False, 0, 1, -1, 200, 2**70, 1.5, "", "x", "object", "string", "model_name", "#", "#/components"),
    *([], {}, [[]], [None], {"": {}}, {"type": "object"}, {"$ref": "#/components/schemas/Model"}, {"$ref": 1}),
    *({"x-upsert": {}}, {"x-known": "stated"}, {"allOf": [{}]}, {"nullable": True}, {"properties": {"x": {}}}),
]
"""What a slip of the pen, or a script, may leave behind."""


def _ways(node: Any, tokens: Tokens = ()) -> list[Tokens]:
    """The way to each node below `node`."""
    children: Any = ()
    if isinstance(node, dict):
        children = node.items()
    elif isinstance(node, list):
        children = enumerate(node)
    found = []
    for token, child in children:
        found += [(*tokens, token), *_ways(child, (*tokens, token))]
    return found


WAYS = _ways(SHIPPED)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The contract that ships, with up to three of its nodes removed, replaced, or put in the place of another."""
    document = copy.deepcopy(SHIPPED)
    for way in draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3)):
        parent = node_at(document, way[:-1])
        if way[-1] in (parent if isinstance(parent, dict) else range(len(parent) if isinstance(parent, list) else 0)):
            action = draw(st.sampled_from(["remove", "replace", "transplant"]))
            if action == "remove":
                del parent[way[-1]]
            elif action == "replace":
                parent[way[-1]] = copy.deepcopy(draw(st.sampled_from(NODES)))
            else:
                parent[way[-1]] = copy.deepcopy(node_at(SHIPPED, draw(st.sampled_from(WAYS))))
    return document


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=mutated())
def test_a_mutated_contract_loads_or_is_refused(document: dict[str, Any], tmp_path: Path) -> None:
    file = write(tmp_path / "openapi.yaml", document)
    try:
        contract = load(file)
    except ContractError as error:
        assert error.file == str(file)
        assert error.problems
        assert all(problem.pointer.startswith("#") and problem.what and problem.mend for problem in error.problems)
    else:
        assert contract.upsert.key in contract.upsert.request
