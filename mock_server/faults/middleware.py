"""Has requests fail as the rules say. It stands outside of the errors: they are answers too, and fail like others."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from contract import Contract
from mock_server.faults.book import ActiveRule, Faults
from mock_server.faults.effects import ends_it, failing
from mock_server.faults.fired import FAULTS, Fired
from mock_server.faults.matching import Asked, OrganizationOf
from mock_server.http.routing import resources_of


class FaultsMiddleware:
    """Wraps the app in the effect of each rule that a request meets, until one of them ends it."""

    def __init__(self, app: ASGIApp, faults: Faults, contract: Contract, organization_of: OrganizationOf) -> None:
        self.app = app
        self._faults = faults
        self._rules = contract.upsert
        self._organization_of = organization_of
        self._resources = resources_of(contract.document["paths"], contract.base_path)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, or have it fail."""
        may_fail = self._faults.active and scope["type"] == "http"
        return (self._failing if may_fail else self.app)(scope, receive, send)

    async def _failing(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Asked(scope, receive, self._rules.key, self._organization_of, self._rules.limits.bytes)
        acting = await self._acting(asked) if asked.is_of(self._resources) else []
        if acting:
            scope[FAULTS] = tuple(Fired(each.id, each.rule.told) for each in acting)
        await failing(self.app, acting)(scope, asked.receive, send)

    async def _acting(self, asked: Asked) -> list[ActiveRule]:
        acting: list[ActiveRule] = []
        for each in self._faults.active:
            if not each.is_spent and await asked.meets(each.rule) and each.acts():
                acting.append(each)
                if ends_it(each.rule.effect):
                    break
        return acting
