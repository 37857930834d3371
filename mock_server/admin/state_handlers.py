"""The handlers of the admin API that concern the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from starlette.responses import Response

from mock_server.admin.endpoints import Handler, Question
from mock_server.admin.streaming import JsonStream, members
from mock_server.answers import Answer
from mock_server.control import Control, Part
from mock_server.core.stores import FullError
from mock_server.core.upsert import Stored
from mock_server.refusing.refusals import refused
from mock_server.refusing.wording import quoted
from mock_server.showing import Showing
from mock_server.state.document import StateError, model_of, state_of


class StateHandlers:
    """Shows, replaces and resets what the mock keeps."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._showing = Showing(control.contract.upsert, control.fixtures, control.store)

    @property
    def by_operation(self) -> Mapping[str, Handler]:
        """The handler of each operation, by operationId."""
        return {
            "getState": self.state,
            "putState": self.replace,
            "getScenario": self.scenario,
            "reset": self.reset,
            "getShownModel": self.model,
        }

    async def state(self, _: Question) -> JsonStream:
        """Show all custom models."""
        return await self._stream()

    async def scenario(self, _: Question) -> Response:
        """Show what the mock holds as a scenario."""
        return _laid_out(await self._control.scenario())

    async def model(self, question: Question) -> Answer:
        """Show one model as the API shows it, and where its values come from."""
        organization, name = question.parameters["organization"], question.parameters["name"]
        self._check_organization(organization)
        model = await self._showing.find(organization, name)
        if model is None:
            raise refused(404, f"The organization {quoted(organization)} has no model {quoted(name)}.")
        shown = await self._showing.show(organization, name, model)
        return Answer(200, {"shown": shown, "givers": await self._showing.givers(organization, name, model)})

    async def replace(self, question: Question) -> JsonStream:
        """Take other models in place of all."""
        try:
            await self._control.replace_state(question.body)
        except StateError as error:
            raise refused(400, str(error)) from None
        except FullError as error:
            raise refused(400, str(error)) from None
        return await self._stream()

    async def _stream(self) -> JsonStream:
        models = await self._control.store.snapshot()
        scopes = ((scope, members(_written(named))) for scope, named in models.items() if named)
        head = [(name, [orjson.dumps(value)]) for name, value in state_of({}).items() if name != "models"]
        return JsonStream(members([*head, ("models", members(scopes))]))

    async def reset(self, question: Question) -> Answer:
        """Bring back the start."""
        asked = question.body or {}
        organization, model = asked.get("organization"), asked.get("model")
        if organization is not None:
            self._check_organization(organization)
        if model is not None and organization is None:
            raise refused(400, "Say of which organization the model is.")
        parts = asked.get("parts", list(Part) if organization is None else [Part.MODELS])
        if organization is not None and parts != [Part.MODELS]:
            raise refused(400, "Of one organization only the models can be reset.")
        return Answer(200, await self._control.reset(map(Part, parts), organization, model))

    def _check_organization(self, name: str) -> None:
        if name not in self._control.fixtures.organizations:
            raise refused(404, f"There is no organization {quoted(name)}.")


def _laid_out(document: Mapping[str, Any]) -> Response:
    """A response laid out for people: they save it to a file."""
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Response(content, media_type="application/json")


def _written(models: Mapping[str, Stored]) -> Iterator[tuple[str, list[bytes]]]:
    return ((name, [orjson.dumps(model_of(stored))]) for name, stored in models.items())
