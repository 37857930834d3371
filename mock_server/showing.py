"""Shows a model of an organization: asks the store for it and for whatever it leads to."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from contract import Upsert
from mock_server.callers.fixtures import Fixtures
from mock_server.core.display import Display, Model, World
from mock_server.core.judgement import References
from mock_server.core.stores import Store
from mock_server.core.upsert import Stored

LONGEST_CHAIN = 100
"""Models that the showing of one takes into account: it and its bases."""
LARGEST_CHAIN = 2 * 1024 * 1024
"""Bytes of JSON that those models may take together, beside the model that is shown."""


class Showing:
    """What there is to see: the built-in models, and those of the store."""

    def __init__(self, rules: Upsert, fixtures: Fixtures, store: Store) -> None:
        self._references = References(rules)
        self._display = Display(rules)
        self._fixtures = fixtures
        self._store = store

    async def find(self, organization: str, name: str) -> Model | None:
        """The model of that name that the organization sees, its own before a built-in one, or None."""
        return await self._store.get(organization, name) or self._fixtures.models.get(name)

    async def show(self, organization: str, name: str, model: Model) -> dict[str, Any]:
        """The response about `model`."""
        return self._display.show(name, await self._world(organization, name, model))

    async def givers(self, organization: str, name: str, model: Model) -> Mapping[str, str]:
        """Which model each response field has its value from, as far as it is from one."""
        return self._display.givers(name, await self._world(organization, name, model))

    async def can_be_base(self, organization: str, name: str, model: Stored) -> bool:
        """Return whether all that `model` leads to can be taken into account where another is based on it."""
        models, complete = await self._led_to(organization, name, model)
        return complete and len(models) < LONGEST_CHAIN

    async def _world(self, organization: str, name: str, model: Model) -> World:
        models, _ = await self._led_to(organization, name, model)
        return World(models, self._fixtures.organizations[organization])

    async def _led_to(self, organization: str, name: str, model: Model) -> tuple[dict[str, Model], bool]:
        """Return whatever the showing of `model` can lead to, within bounds, and whether that is all.

        What is farther away is left out, as in a cycle: a client could otherwise have each read look at all models.
        """
        models = {name: model}
        if not self._leads_to(model):
            return models, True
        wanted, left = deque([model]), LARGEST_CHAIN
        while wanted:
            for named in self._leads_to(wanted.popleft()):
                if named not in models and (found := await self.find(organization, named)):
                    left -= found.bytes if isinstance(found, Stored) else 0
                    if left < 0 or len(models) >= LONGEST_CHAIN:
                        return models, False
                    models[named] = found
                    wanted.append(found)
        return models, True

    def _leads_to(self, model: Model) -> list[str]:
        """The names of the models that `model` refers to."""
        if not isinstance(model, Stored):
            return []
        return [model.values[slot] for slot in self._references.to_models if slot in model.values]
