"""Shows a model of an organization: asks the store for it and for whatever it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract import Upsert
from mock_server.callers.fixtures import Fixtures
from mock_server.core.display import Display, Model, World
from mock_server.core.judgement import References
from mock_server.core.stores import Store
from mock_server.core.upsert import Stored


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

    async def _world(self, organization: str, name: str, model: Model) -> World:
        """Whatever the showing of `model` can lead to."""
        models = {name: model}
        wanted = [model]
        while wanted:
            for named in self._leads_to(wanted.pop()):
                if named not in models and (found := await self.find(organization, named)):
                    models[named] = found
                    wanted.append(found)
        return World(models, self._fixtures.organizations[organization])

    def _leads_to(self, model: Model) -> list[str]:
        """The names of the models that `model` refers to."""
        if not isinstance(model, Stored):
            return []
        return [model.values[slot] for slot in self._references.to_models if slot in model.values]
