"""What a target is able to do."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.fields import Shown


@dataclass(slots=True)
class Abilities:
    """What a probe found the target able to do."""

    reads: bool = False
    """The read answers 200 for a model that exists."""
    reads_truly: bool = False
    """... and shows what the upsert showed, so that state can be read by it."""
    reads_late: bool = False
    """There is a read, but it may show what was before: nothing is judged by it, as if there were none."""
    tells_absence: bool = False
    """The read does not show a model that was never created, so that it tells whether one exists."""
    deletes: bool = False
    deletes_truly: bool = False
    """... and what was deleted is gone."""
    tells_creates: bool = False
    """A create is answered as a create."""
    tells_updates: bool = False
    """An update is answered as an update."""
    shows_creates: bool = False
    """Some field of a create is shown as it was sent."""
    keeps: bool = False
    """An upsert of the key alone changes nothing, so that state can be read by it."""
    reliable: tuple[Shown, ...] = ()
    """The fields that are shown as they were sent, and read as they were shown."""
