"""The contract as typed, frozen objects. They declare what `openapi.yaml` says; they do not implement the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, TypeAlias

from contract.pointer import Tokens


class Provenance(IntEnum):
    """Where a fact comes from (`x-known`), from the weakest to the strongest provenance."""

    OPEN = 0
    """Servers may differ; the suite observes and never judges."""
    ASSUMED = 1
    """Our decision; a vendor may differ. A requirement is at most a SHOULD."""
    STANDARD = 2
    """An HTTP or JSON standard requires it. A requirement may be a MUST, as with the next two."""
    PUBLISHED = 3
    """Other material of the vendor for the same revision says so."""
    STATED = 4
    """The vendor's reference page says so."""

    @property
    def word(self) -> str:
        """The value of `x-known`."""
        return self.name.lower()

    @property
    def binds(self) -> bool:
        """Whether a server that differs is wrong (MUST), not merely different."""
        return self >= Provenance.STANDARD

    @classmethod
    def words(cls) -> list[str]:
        """Return the values of `x-known`, the strongest first."""
        return [mark.word for mark in sorted(cls, reverse=True)]


Schema: TypeAlias = Mapping[str, Any]
"""A JSON Schema object of OpenAPI 3.0, references resolved and `allOf` folded in."""


class Omitted(Enum):
    """What an update does with a field that the request leaves out."""

    KEEP = "keep"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Reference:
    """`x-reference`: the field names a model or a provider of the organization, or a built-in model."""

    to: str
    """`models` or `providers`."""
    missing: int
    """Status of the response if it does not exist."""
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Alias:
    """`x-alias`: the field is an alternative spelling of the field `of`; both have one stored value."""

    of: str
    differing: int
    """Status of the response if both are sent and differ."""
    provenance: Provenance
    """Provenance of the fact that both are one field."""
    differing_provenance: Provenance


@dataclass(frozen=True, slots=True)
class RequestField:
    """A property of the request body."""

    name: str
    schema: Schema
    required: bool
    provenance: Provenance
    pointer: str
    reference: Reference | None = None
    alias: Alias | None = None
    merges: bool = False
    """Whether a new object is merged into the stored one, entry by entry (`x-merge`)."""

    @property
    def storage_name(self) -> str:
        """The name under which the value is stored: that of the canonical field."""
        return self.alias.of if self.alias else self.name


@dataclass(frozen=True, slots=True)
class FromKey:
    """The name of the model, from the key field."""


@dataclass(frozen=True, slots=True)
class FromRequest:
    """The stored value of the request field `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Inherited:
    """The stored value of the request field `name`; without one the value of the base model, or else `default`."""

    name: str
    base: str
    """The request field that names the base model."""
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The object of the base model, overlaid with the entries of the stored `override`; an entry of null removes one.

    Without a base model it is the override alone.
    """

    override: str
    base: str | None = None
    """The request field that names the base model; None if the override has no base."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The member of `collection` that the stored value of the request field `by` names."""

    collection: str
    by: str


@dataclass(frozen=True, slots=True)
class Timestamp:
    """The time at which the model was `created`, or last `updated`."""

    of: str


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for every custom model."""

    value: Any


Source: TypeAlias = FromKey | FromRequest | Inherited | Overlaid | LookedUp | Timestamp | Constant
"""`x-source`: where the value of a response property comes from."""


@dataclass(frozen=True, slots=True)
class ResponseField:
    """A property of the response body of the upsert and of the read."""

    name: str
    schema: Schema
    required: bool
    nullable: bool
    provenance: Provenance
    source: Source
    pointer: str
    source_provenance: Provenance
    """Provenance of the source."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A statement of the contract that requirements refer to."""

    name: str
    pointer: str
    provenance: Provenance
    text: str


@dataclass(frozen=True, slots=True)
class Limits:
    """`x-limits`: the limits of a request body."""

    bytes: int
    nesting: int
    """The maximum number of levels of arrays and objects; the body itself is level 1."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the contract."""

    operation_id: str
    method: str
    """In upper case."""
    path: str
    """The path template, such as `/api/models/{model_name}/`."""
    statuses: frozenset[int]
    pointer: str
    credentials: bool = True
    """Whether a request without credentials is rejected: each alternative of `security` names a scheme."""


@dataclass(frozen=True, slots=True)
class Upsert:
    """`x-upsert`: what the upsert operation does."""

    operation: Operation
    key: str
    scope: str | None
    """What models belong to; None if all clients share them."""
    created: int
    updated: int
    omitted: Omitted
    invalid: int
    reserved: int | None
    """Status of a write to the name of a built-in model; None if such names are not reserved."""
    forbidden: int | None
    """Status of a write with read-only credentials; None if all credentials may write."""
    read: Operation | None
    delete: Operation | None
    limits: Limits
    request: Mapping[str, RequestField]
    response: Mapping[str, ResponseField]
    storage_names: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """The name under which the value of each request field is stored."""
    merged: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The storage names of the values that an update merges."""
    aliases: Mapping[str, Alias] = field(init=False, repr=False, compare=False)
    """The request fields that are an alternative spelling of another field."""

    def __post_init__(self) -> None:
        """Compute once what each request needs of all fields."""
        fields = self.request.values()
        object.__setattr__(self, "storage_names", {each.name: each.storage_name for each in fields})
        object.__setattr__(self, "merged", tuple({each.storage_name: None for each in fields if each.merges}))
        object.__setattr__(self, "aliases", {each.name: each.alias for each in fields if each.alias})


@dataclass(frozen=True, slots=True)
class Contract:
    """A loaded contract."""

    file: Path
    title: str
    version: str
    digest: str
    """SHA-256 of the resolved document, in hexadecimal digits; equal for contracts of equal content."""
    document: Mapping[str, Any]
    """The whole OpenAPI document, references resolved. Do not change it; copy it first."""
    in_one_piece: Mapping[str, Any] = field(repr=False, compare=False)
    """The document as written, for tools that name its parts after its references; resolved if it has several files.
    Do not change it; copy it first."""
    upsert: Upsert
    clauses: Mapping[str, Clause]
    """The statements of `x-clauses`, the parts of the upsert operation by their path in it, and the extensions
    of fields: `x-clauses/returned`, `x-upsert/omitted`, `responses/201`, `requestBody`, `input_cost/x-source`."""
    locate: Callable[[Tokens], str] = field(repr=False, compare=False)
    """Returns the JSON pointer to where the files define a node of the document, or its nearest ancestor."""
    base_path: str = ""
    """The path of the first server, such as `/v1`, which comes before all paths; empty if it has none."""

    def __hash__(self) -> int:
        """Return a hash that equal contracts share, so that what is computed from one can be cached."""
        return hash(self.digest)
