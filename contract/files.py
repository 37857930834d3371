"""The files of a contract: the one that was asked for, and those that its references lead to. Each is read once."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from contract.pointer import ABSENT, Tokens, node_at, step, to_pointer
from contract.yaml_file import read_mapping


class DeadReference(ValueError):
    """The author of a contract wrote a reference that leads nowhere; `mend` tells what to write."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Location:
    """A node of a file."""

    url: str
    """`file:` URL of the file."""
    tokens: Tokens

    def below(self, *tokens: str | int) -> Location:
        return Location(self.url, (*self.tokens, *tokens))


class Files:
    """Reads files by URL. A new object reads them anew, so an edited file is never served stale."""

    def __init__(self, root: Path) -> None:
        # Not Path.resolve(): references are relative to the name that was given, symbolic link or not.
        self.root = Location(Path(os.path.abspath(root)).as_uri(), ())  # noqa: PTH100
        self.contents: dict[str, dict[str, Any]] = {}
        self._targets: dict[tuple[str, str], Location] = {}

    def read(self, url: str) -> dict[str, Any]:
        """The mapping that the file at `url` holds. Raises UnusableFileError."""
        if url not in self.contents:
            self.contents[url] = read_mapping(_path(url))
        return self.contents[url]

    def node(self, location: Location) -> Any:
        """The node at `location`, references unresolved, or ABSENT. Raises UnusableFileError."""
        return node_at(self.read(location.url), location.tokens)

    def target(self, reference: str, base: str) -> Location:
        """Where a `$ref` in the file `base` leads to. Raises DeadReference."""
        if (reference, base) not in self._targets:
            self._targets[reference, base] = _split(reference, base)
        return self._targets[reference, base]

    def written(self, tokens: Tokens) -> Location:
        """The place that `tokens` lead to in the resolved document: as far as it exists, through every reference."""
        here = self.root
        for token in tokens:
            here = self._dereferenced(here)
            if step(self.node(here), token) is ABSENT:
                break
            here = here.below(token)
        return here

    def _dereferenced(self, location: Location) -> Location:
        while isinstance(node := self.node(location), dict) and "$ref" in node:
            location = self.target(node["$ref"], location.url)
        return location

    def shown(self, location: Location) -> str:
        """The location for people: a JSON pointer, after the file's name where it is not the root."""
        pointer = to_pointer(location.tokens)
        if location.url == self.root.url:
            return pointer
        return os.path.relpath(_path(location.url), _path(self.root.url).parent) + pointer


def _path(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _split(reference: str, base: str) -> Location:
    from prance.util.url import ResolutionError, split_url_reference, urlresource

    try:
        url, tokens = split_url_reference(base, reference)
    except (ResolutionError, ValueError):
        raise DeadReference(f"{reference} is no reference", "name a node, such as #/components/schemas/Model") from None
    if url.scheme != "file":
        mend = "copy what it names into the contract, or into a file beside it"
        raise DeadReference(f"{reference} is not a file on this machine", mend)
    return Location(urlresource(url), tuple(tokens))
