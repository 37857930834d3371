"""Who calls: the credentials of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.wire.exchange import Credential

UNKNOWN = Credential("Bearer rc-no-such-key", "Bearer rc-no-such-key")
"""What no target knows."""


@dataclass(frozen=True, slots=True)
class Callers:
    """The callers that a run knows. None where the user gave no key."""

    owner: Credential | None
    other: Credential | None = None
    """Of a second organization."""
    reader: Credential | None = None
    """Of the owner's organization, without the right to write."""

    @classmethod
    def from_keys(cls, key: str | None, other: str | None, reader: str | None) -> Callers:
        """Callers by their API keys or tokens."""
        return cls(
            _bearer(key, "RESPAN_API_KEY"),
            _bearer(other, "RESPAN_OTHER_ORG_KEY"),
            _bearer(reader, "RESPAN_READ_ONLY_KEY"),
        )

    def without(self, option: str) -> Callers:
        """The same callers but the one of a key, by the name of its option."""
        return replace(self, **{"other-org-key": {"other": None}, "read-only-key": {"reader": None}}.get(option, {}))

    def all(self) -> list[Credential]:
        """The callers that there are."""
        return [caller for caller in (self.owner, self.other, self.reader) if caller is not None]


def _bearer(key: str | None, variable: str) -> Credential | None:
    return Credential(f"Bearer {key}", f"Bearer ${variable}") if key else None


def token_of(credential: Credential) -> str:
    """The token of a credential; the whole value where it has no scheme."""
    return credential.value.partition(" ")[2] or credential.value


def token_of_shell(credential: Credential) -> str:
    """The token of a bearer credential, as a shell word shows it."""
    return credential.shell.partition(" ")[2] or credential.shell
