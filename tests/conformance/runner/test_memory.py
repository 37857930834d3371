"""What a process keeps of the runs in it."""

from __future__ import annotations

import gc
import weakref

from tests.mutants.judging import judged
from tests.servers.plain import PlainServer


def test_nothing_keeps_a_run_in_memory() -> None:
    """All parts of a run refer to its application."""
    server = PlainServer()
    kept = weakref.ref(server)
    judged(server, only=["IDM-05", "CON-03", "MOD-01"])
    del server
    gc.collect()
    assert kept() is None
