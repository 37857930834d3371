"""Whether the packages that a run is made with are of the versions that this one works with, by its own metadata."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conformance.configuration.settings import BadSetting
from conformance.results.about import DISTRIBUTION, suite_version

DECISIVE = {"httpcore2", "httpx2", "hypothesis", "pytest", "schemathesis"}
"""Packages of whose inner workings the suite makes use: of another version, what a run finds would not be sound."""


class WrongVersion(BadSetting):
    """A package is of a version that the suite does not work with. The user has to act; the text says how."""


def check_versions() -> None:
    """Return where a run can be made with what is installed. Raises WrongVersion."""
    wrong = list(_wrong())
    if wrong:
        found = ", ".join(f"{requirement.name} {has or 'is missing'}" for requirement, has in wrong)
        ranges = " ".join(f"'{requirement.name}{requirement.specifier}'" for requirement, _ in wrong)
        raise WrongVersion(
            f"this environment has {found}, and {DISTRIBUTION} {suite_version()} works with {ranges}; "
            f"install it in an environment of its own, or: pip install {ranges}"
        )


def _wrong() -> Iterator[tuple[Requirement, str | None]]:
    """The requirements that are not met, each with the version found."""
    for requirement in _requirements():
        if canonicalize_name(requirement.name) not in DECISIVE:
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield requirement, None
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield requirement, found


def _requirements() -> Iterator[Requirement]:
    """What this distribution requires; nothing is known of a checkout that is not installed."""
    try:
        written = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return
    for line in written:
        try:
            yield Requirement(line)
        except InvalidRequirement:  # a newer syntax than the installed `packaging` reads
            continue
