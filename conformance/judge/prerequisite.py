"""What checks take for granted on the way to what they judge.

A check that cannot go on because a prerequisite is missing is not testable. It names the prerequisite, and the report
shows the ID of the requirement that judges it: the one that declares it at its check. So one fault has one finding.
"""

from __future__ import annotations

from enum import Enum, auto


class Prerequisite(Enum):
    """A behavior that checks of other requirements rely on. Exactly one requirement judges each."""

    RESPONDS = auto()
    """Every request gets a response, and none a server error."""
    DECLARED_STATUS = auto()
    """A response has a status that the contract declares."""
    ACCEPTS_PLAIN_REQUEST = auto()
    ACCEPTS_PLAIN_NAME = auto()
    ACCEPTS_JSON_MEDIA_TYPE = auto()
    ACCEPTS_CHUNKED_BODY = auto()
    KEEPS_REQUESTS_APART = auto()
    """The rest of a body is not processed as the next request on the connection."""
    REJECTS_WRONG_TYPE = auto()
    CREATE_STATUS = auto()
    """The status of an upsert says that it created the model."""
    UPDATE_STATUS = auto()
    """The status of an upsert says that the model existed."""
    CREATE_RETURNS_VALUES = auto()
    UPDATE_RETURNS_VALUES = auto()
    STORES_VALUES = auto()
    VALID_MODEL = auto()
    """A model in a response is valid against its schema."""
    VALID_DATE_TIME = auto()
    READ = auto()
    """A read finds a model that exists, and no other."""
    READ_WITH_SLASHES = auto()
    DELETE = auto()
    DELETED_NAME_IS_FREE = auto()
    REQUIRES_CREDENTIALS = auto()
    CHECKS_CREDENTIALS = auto()
    ACCEPTS_VALID_KEY = auto()
    READ_ONLY_KEY_WRITES_NOTHING = auto()
    HIDES_OTHER_ORGANIZATIONS = auto()
    """An organization does not read the models of another one."""
