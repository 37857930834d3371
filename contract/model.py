"""The contract as typed, frozen objects. They declare what `openapi.yaml` says and compute nothing of the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, TypeAlias

from contract.pointer import Tokens


class Provenance(IntEnum):
    """The marks of `x-known`, from the weakest to the strongest."""

    OPEN = 0
    """A server may do either; nothing is judged."""
    ASSUMED = 1
    """Our decision; a vendor may differ. Carries a SHOULD."""
    STANDARD = 2
    """An HTTP or JSON standard says it. Carries a MUST, as do the next two."""
    PUBLISHED = 3
    """The vendor's other material for the same revision says it."""
    STATED = 4
    """The vendor's reference page says it."""

    @property
    def word(self) -> str:
        """The mark as `x-known` spells it."""
        return self.name.lower()

    @property
    def binds(self) -> bool:
        """Whether a server that differs is wrong (MUST), not merely different."""
        return self >= Provenance.STANDARD

    @classmethod
    def words(cls) -> list[str]:
        """Every mark as `x-known` spells it, the strongest first."""
        return [mark.word for mark in sorted(cls, reverse=True)]


Schema: TypeAlias = Mapping[str, Any]
"""A JSON Schema object of OpenAPI 3.0, references resolved and `allOf` folded in."""


class Omitted(Enum):
    """What an update does with a field that the request leaves out."""

    KEEP = "keep"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Reference:
    """`x-reference`: the field names another thing of the organization (or a built-in one)."""

    to: str
    """`models` or `providers`."""
    missing: int
    """Status of the answer when there is no such thing."""
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Alias:
    """`x-alias`: the field is another spelling of the field `of`; both share one stored value."""

    of: str
    differing: int
    """Status of the answer when both are sent and differ."""
    provenance: Provenance
    """How well it is known that the two are one."""
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
    """An object that is sent again is merged into the earlier one, entry by entry (`x-merge`)."""

    @property
    def storage_name(self) -> str:
        """The name under which the value is stored."""
        return self.alias.of if self.alias else self.name


@dataclass(frozen=True, slots=True)
class FromKey:
    """The value of the key field."""


@dataclass(frozen=True, slots=True)
class FromRequest:
    """The stored request value of the same name."""

    name: str


@dataclass(frozen=True, slots=True)
class Inherited:
    """The stored request value of the same name, else the base model's, else `default`."""

    name: str
    base: str
    """The request field that names the base model."""
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The base model's object, overlaid entry by entry with the stored request value of `override`; null removes.

    Without a base model nothing lies below the override.
    """

    override: str
    base: str | None = None
    """The request field that names the base model; None where nothing lies below the override."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The thing of `collection` that the stored request value of `by` names."""

    collection: str
    by: str


@dataclass(frozen=True, slots=True)
class Timestamp:
    """When the model was `created`, or last `updated`."""

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
    """How well it is known that the value comes from there."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A statement of the contract that a requirement can rest on."""

    name: str
    pointer: str
    provenance: Provenance
    text: str


@dataclass(frozen=True, slots=True)
class Limits:
    """`x-limits`: what a request body may measure."""

    bytes: int
    nesting: int
    """How deep arrays and objects may nest; the body itself is level 1."""


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
    """Whether a request without credentials is refused: each alternative of `security` names a scheme."""


@dataclass(frozen=True, slots=True)
class Upsert:
    """`x-upsert`: what the upsert operation means."""

    operation: Operation
    key: str
    scope: str | None
    """What models belong to; None where all callers share them."""
    created: int
    updated: int
    omitted: Omitted
    invalid: int
    reserved: int | None
    """Status of a write to the name of a built-in model; None where such a name is like any other."""
    forbidden: int | None
    """Status of a write by a caller who may only read; None where every caller may write."""
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
    """The request fields that are another spelling of one."""

    def __post_init__(self) -> None:
        """Gather what each request would have to look for in all fields."""
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
    """SHA-256 of the resolved document, in hexadecimal digits: equal for contracts that say the same."""
    document: Mapping[str, Any]
    """The whole OpenAPI document, references resolved. Not to be changed: copy it first."""
    in_one_piece: Mapping[str, Any] = field(repr=False, compare=False)
    """The same as it is written, for tools that take the names of its parts from its references; resolved where it is
    written in several files. Not to be changed: copy it first."""
    upsert: Upsert
    clauses: Mapping[str, Clause]
    """The statements of `x-clauses`, the marked parts of the upsert operation by their path in it, and the extensions
    of fields: `x-clauses/shown`, `x-upsert/omitted`, `responses/201`, `requestBody`, `input_cost/x-source`."""
    locate: Callable[[Tokens], str] = field(repr=False, compare=False)
    """The JSON pointer of the place in the files where a node of the document, or the nearest one, is written."""
    base_path: str = ""
    """The path of the first server, such as `/v1`, under which all paths stand; empty where it has none."""
