"""The rules for faults, as a test changes them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from mock_server.control import Control


class FaultRules:
    """The rules of a running mock. `call` does its work in the thread of the mock."""

    def __init__(self, control: Control, call: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._control = control
        self._call = call

    def add(self, **rule: Any) -> str:
        """Take one more rule, such as `status=503, method="POST", count=1`. Its id. Raises RuleError, a ValueError."""
        shown: dict[str, Any] = self._call(self._add(rule))
        return str(shown["id"])

    def remove(self, name: str) -> bool:
        """Drop the rule of that id. Whether it was there."""
        return bool(self._call(self._remove(name)))

    def clear(self) -> None:
        """Drop all rules."""
        self._call(self._clear())

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules as JSON; `fired` says how often each has acted."""
        return list(self._call(self._shown()))

    async def _add(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        added = self._control.faults.add(rule)
        self._control.faults_changed()
        return added.shown

    async def _remove(self, name: str) -> bool:
        removed = self._control.faults.remove(name)
        self._control.faults_changed()
        return removed

    async def _clear(self) -> None:
        self._control.faults.replace([])
        self._control.faults_changed()

    async def _shown(self) -> list[dict[str, Any]]:
        return [each.shown for each in self._control.faults.active]
