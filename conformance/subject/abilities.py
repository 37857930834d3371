"""What a target is able to do."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.fields import Shown


@dataclass(slots=True)
class Abilities:
    """What a probe found the target able to do."""

    probed: bool = False
    """Whether the target was probed at all."""
    reads: bool = False
    """The read returns 2xx for a model that exists."""
    read_status: int | None = None
    """What the read of a model that exists got; None where it got nothing, or the contract has no read."""
    reads_truly: bool = False
    """The read shows what the upsert showed, so that state can be read by it."""
    reads_late: bool = False
    """There is a read, but it may show what was before: nothing is judged by it, as if there were none."""
    tells_absence: bool = False
    """The read does not show a model that was never created, so that it tells whether one exists."""
    deletes: bool = False
    """The delete returns 2xx for a model that exists."""
    delete_status: int | None = None
    """What the delete of a model that exists got; None where it got nothing, or the contract has no delete."""
    deletes_truly: bool = False
    """... and what was deleted is gone."""
    tells_creates: bool = False
    """A create is answered as a create."""
    tells_updates: bool = False
    """An update is answered as an update."""
    shows_creates: bool = False
    """Some field of a create is shown as it was sent."""
    updates: bool = False
    """An update returns 2xx."""
    refused: frozenset[str] = frozenset()
    """Fields whose plain values the target refuses, each alone: other checks do without them."""
    keeps: bool = False
    """An upsert of the key alone changes nothing, so that state can be read by it."""
    reliable: tuple[Shown, ...] = ()
    """The fields that are shown as they were sent, and read as they were shown."""
