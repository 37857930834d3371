"""Random sequences of requests to correct servers."""

from __future__ import annotations

import pytest

from tests.mutants.judging import explain, failed_requirements, judged
from tests.servers.variants.inheritance import BaseModelsCannotBeDeleted


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_base_model_may_be_one_that_cannot_be_deleted(seed: str) -> None:
    """Seed 2 deletes one."""
    result = judged(BaseModelsCannotBeDeleted(), seed, only=["MOD-01", "MOD-02"])
    assert not failed_requirements(result), explain(result, failed_requirements(result))
