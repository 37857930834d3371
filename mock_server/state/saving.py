"""Saves the state soon after it has changed, and once more at the end."""

from __future__ import annotations

import asyncio
import logging

from mock_server.core.stores import Store
from mock_server.state.document import state_of
from mock_server.state.file import StateFile

SOON = 0.2
"""Seconds in which changes are gathered before they are written."""

logger = logging.getLogger("mock_server")


class Saver:
    """Keeps a file as the store is. To be used in the thread of one event loop, and after its end."""

    def __init__(self, file: StateFile, store: Store) -> None:
        self._file = file
        self._store = store
        self._task: asyncio.Task[None] | None = None
        self._unsaved = False

    def changed(self) -> None:
        """The store has changed: have it saved soon."""
        self._unsaved = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._save_soon())

    def finish(self) -> bool:
        """Save what is not saved yet, now that nothing changes any more. Whether everything is saved."""
        if self._unsaved:
            asyncio.run(self._save())
        return not self._unsaved

    async def _save_soon(self) -> None:
        while self._unsaved:
            await asyncio.sleep(SOON)
            if not await self._save():
                return  # the next change, or the end, is another occasion

    async def _save(self) -> bool:
        """Whether it could be written. What changed meanwhile is unsaved again."""
        self._unsaved = False
        state = state_of(await self._store.snapshot())
        try:
            await asyncio.to_thread(self._file.write, state)
        except BaseException as error:  # a cancelled save may be none
            self._unsaved = True
            if not isinstance(error, OSError):
                raise
            logger.error("The state could not be saved: %s", error)  # noqa: TRY400 - no fault of the mock
            return False
        return True
