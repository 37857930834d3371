"""Saves the state soon after it has changed, and once more at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from mock_server.core.stores import Scopes, Store
from mock_server.refusing.refusals import refused
from mock_server.state.document import state_of
from mock_server.state.file import StateFile

SOON = 0.2
"""Seconds in which changes are gathered before they are written."""

logger = logging.getLogger("mock_server")


class Saver:
    """Keeps a file as the store is. To be used in the thread of one event loop, and after its end.

    With `sync` each change can be waited for until it is in the file; changes that come together are written together.
    """

    def __init__(self, file: StateFile, store: Store, *, sync: bool = False) -> None:
        self._file = file
        self._store = store
        self._sync = sync
        self._task: asyncio.Task[None] | None = None
        self._unsaved = False
        self._waiting: list[asyncio.Future[None]] = []

    def changed(self) -> Awaitable[None] | None:
        """The store has changed: have it saved soon. With `sync` gives what to wait for before a response is sent."""
        loop = asyncio.get_running_loop()
        self._unsaved = True
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._save_soon())
        if not self._sync:
            return None
        saved: asyncio.Future[None] = loop.create_future()
        self._waiting.append(saved)
        return saved

    def finish(self) -> bool:
        """Save what is not saved yet, now that nothing changes any more. Whether everything is saved."""
        self._waiting.clear()  # nobody waits any more
        if self._unsaved:
            asyncio.run(self._save())
        return not self._unsaved

    async def _save_soon(self) -> None:
        while self._unsaved:
            if not self._sync:
                await asyncio.sleep(SOON)
            if not await self._save() and not self._waiting:
                return  # the next change, or the end, is another occasion

    async def _save(self) -> bool:
        """Whether it could be written. What changed meanwhile is unsaved again."""
        self._unsaved = False
        waiting, self._waiting = self._waiting, []
        models = await self._store.snapshot()
        try:
            await asyncio.to_thread(self._write, models)
        except BaseException as error:  # a cancelled save may be none
            self._unsaved = True
            if not isinstance(error, OSError):
                raise
            logger.error("The state could not be saved: %s", error)  # noqa: TRY400 - no fault of the mock
            for each in waiting:
                if not each.done():
                    each.set_exception(refused(500, f"The change is made, but could not be saved: {error.strerror}."))
            return False
        for each in waiting:
            if not each.done():
                each.set_result(None)
        return True

    def _write(self, models: Scopes) -> None:
        self._file.write(state_of(models))
