"""The servers that the tools are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.mutants.catalogue import SECTIONS, mutants_in, title_of
from tests.servers import variants
from tests.servers.plain import PlainServer

CONFORMING = "Conforming servers"
"""The group of the servers without a bug."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server to try the tools on."""

    group: str
    """The section of a mutant, or `CONFORMING`."""
    make: type[PlainServer]

    @property
    def name(self) -> str:
        """The name of its class; that of a variant has a prefix, since a mutant may have the same."""
        is_variant = self.make.__module__.startswith(variants.__name__)
        return f"variants.{self.make.__name__}" if is_variant else self.make.__name__


CORRECT = Server(CONFORMING, PlainServer)


def all_servers() -> Iterator[Server]:
    """Yield every mutant, section by section, then every conforming server."""
    for section in SECTIONS:
        yield from (Server(title_of(section), mutant) for mutant in mutants_in(section))
    yield CORRECT
    yield from (Server(CONFORMING, variant) for variant in variants.CONFORMING)
