"""Checks where the references of a contract lead, and tells the author what prance would only fail on."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from contract.errors import Problem, UnusableFileError
from contract.files import DeadReference, Files, Location
from contract.pointer import Tokens


def reference_problems(files: Files) -> list[Problem]:
    """A problem for each reference, in whatever file it stands, that leads nowhere or back to itself."""
    graph = _Graph(files)
    graph.explore()
    return list(dict.fromkeys(graph.problems)) or list(graph.cycles())


class _Graph:
    """The nodes that references lead to, and the references that each contains."""

    def __init__(self, files: Files) -> None:
        self.problems: list[Problem] = []
        self._files = files
        self._edges: dict[Location, list[Location]] = {}

    def explore(self) -> None:
        pending = [self._files.root]
        while pending:
            here = pending.pop()
            if here not in self._edges:
                self._edges[here] = list(self._targets(here))
                pending.extend(self._edges[here])

    def cycles(self) -> Iterator[Problem]:
        try:
            TopologicalSorter(self._edges).prepare()
        except CycleError as error:
            circle = [self._files.shown(location) for location in reversed(error.args[1])]
            what = f"contains itself: {' -> '.join(circle)}"
            yield Problem(circle[0], what, "break the circle; a schema that contains itself is not supported")

    def _targets(self, here: Location) -> Iterator[Location]:
        for tokens, node in _referring(self._files.node(here), here.tokens):
            site = Location(here.url, tokens)
            self._check_beside(site, node)
            try:
                yield self._followed(node["$ref"], site)
            except DeadReference as error:
                self._problem(site.below("$ref"), error.what, error.mend)
            except UnusableFileError as error:
                for problem in error.problems:
                    what = f"{node['$ref']}: {problem.what} ({problem.pointer} of that file)"
                    self._problem(site.below("$ref"), what, problem.mend)

    def _check_beside(self, site: Location, node: dict[str, Any]) -> None:
        for key in node:
            if key.startswith("x-"):
                mend = "put the $ref into an allOf, and leave the extension beside that"
                self._problem(site.below(key), "an extension beside a $ref is lost", mend)

    def _followed(self, reference: Any, site: Location) -> Location:
        if not isinstance(reference, str):
            raise DeadReference("the reference is not a string", "name a node, such as #/components/schemas/Model")
        target = self._files.target(reference, site.url)
        if not isinstance(self._files.node(target), dict):
            raise DeadReference(f"{reference} leads to no mapping", "define it, or correct the reference")
        return target

    def _problem(self, site: Location, what: str, mend: str) -> None:
        self.problems.append(Problem(self._files.shown(site), what, mend))


def _referring(node: Any, tokens: Tokens) -> Iterator[tuple[Tokens, dict[str, Any]]]:
    """Each mapping with a `$ref` at or below `node`, and where it stands."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield tokens, node
        children: Any = node.items()
    else:
        children = enumerate(node) if isinstance(node, list) else ()
    for token, child in children:
        yield from _referring(child, (*tokens, token))
