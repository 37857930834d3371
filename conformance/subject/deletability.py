"""Whether a target can delete models, found out without writing anything."""

from __future__ import annotations

from conformance.judge.outcome import NotTestable
from conformance.subject.subject import Subject
from conformance.wire.lost import Lost, redone

NO_SUCH_METHOD = (405, 501)


def lacks_delete(subject: Subject) -> bool | None:
    """Return whether the target has no delete: it says so of a name that nothing has. None where that does not tell.

    A 404 says nothing: so answers a target that has a delete and no such model, and one that has no such path.
    """
    if subject.contract.upsert.delete is None:
        return True
    try:
        status = redone(lambda: subject.delete(subject.absent, ordinary=False)).response.status
    except (Lost, NotTestable):
        return None
    if status in NO_SUCH_METHOD:
        return True
    return False if 200 <= status <= 299 else None


def warning_of_leftovers(models: int, reused: int = 0) -> str:
    """What is said before anything is written on a target without delete."""
    if reused:
        more = max(0, models - reused)
        earlier = f"the run writes to {min(reused, models):,} models of earlier runs"
        return f"the target has no delete: {earlier}" + (f", and to about {more:,} new ones" if more else "")
    return (
        f"the target has no delete: about {models:,} models will stay on it, and clean cannot delete them later; with "
        "--names FILE a later run writes to them again"
    )
