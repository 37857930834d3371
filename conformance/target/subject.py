"""The implementation under test, as checks see it: operations of the contract instead of HTTP."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from conformance.fields import EchoedField, base_field, overlays
from conformance.generate.values import distinct_value, has_few_values, own_fields, plain_values
from conformance.judge.expect import summary
from conformance.judge.outcome import Blocked, Disrupted, Failure, NotProvided, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.judge.requests import (
    LONGEST_NAME,
    Validity,
    classify_body,
    is_allowed_name,
    is_plain_name,
    is_safe_in_path,
)
from conformance.options import PROFILES, Profile
from conformance.requirements.features import OWN, OWN_OF_MANY_VALUES, SLASHES
from conformance.target.client import Client, Credentials
from conformance.target.ledger import Creations, Ledger
from conformance.target.names import Names
from conformance.target.operations import Operations
from conformance.wire.exchange import Credential, Exchange, Json
from contract import Contract, RequestField


@dataclass(frozen=True, slots=True)
class KnownFixtures:
    """Models and providers that the user says the target has."""

    builtin_models: Sequence[str] = ()
    providers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run that checks read."""

    fixtures: KnownFixtures = KnownFixtures()
    seed: int = 0
    profile: Profile = PROFILES["default"]


T = TypeVar("T")
OVERDRAFT = 100
"""Requests that a run may send beyond those of its profile, where it would judge less without them."""
SETTLING = (0.3, 0.7, 1.2)
"""Seconds to wait, one after the other, until a write has to be seen."""
LATE_INDEED = 3
"""How much oftener it is waited in vain once something was late indeed."""
NO_NEW_NAMES = "it takes names that no model has; --names has those of models that earlier runs left"
ROOM = 15
"""Models that a check may make, beside the evidence that it shares with others."""


class Subject(Operations):
    """One target, one run: the operations, bodies to send, and steps that lead up to what a check judges."""

    def __init__(
        self,
        contract: Contract,
        client: Client,
        credentials: Credentials,
        names: Names,
        options: RunOptions,
        ledger: Ledger | None = None,
    ) -> None:
        organizations = [one for one in (credentials.primary, credentials.other_org) if one is not None]
        super().__init__(contract, client, credentials, Creations(contract.upsert, names.prefix, ledger, organizations))
        self.names = names
        self.absent_name = names.absent_name
        self.options = options
        self.observations: list[str] = []
        """What the target did where the contract leaves it open, since the check began."""
        self.baseline: Exchange | None = None
        """The plainest upsert that worked at the start; None where none did."""
        self.found_failure = False
        """Whether a requirement that binds was found not to be met."""
        self.working_keys: set[Credential] = set()
        """The further keys that were seen to work at the start."""
        self.first_create: Exchange | None = None
        """The create of a model that is there before anything is judged; None where it was refused."""
        self._evidence: dict[str, Any] = {}
        self._used_evidence: set[str] = set()
        self.names_in_use: dict[str, list[str]] = {}
        """The names that remembered evidence goes on to use, by the evidence."""

    # -- names ---------------------------------------------------------------------------------------------------

    def is_plain_name(self, name: str) -> bool:
        """Whether no reasonable server refuses the name."""
        return is_plain_name(name, self.contract.upsert.request[self.contract.upsert.key].schema)

    def is_allowed_name(self, name: str) -> bool:
        """Whether the name is one of those that the target takes, plain or odd."""
        return is_allowed_name(name, self.contract.upsert.request[self.contract.upsert.key].schema)

    def name_with(self, tail: str) -> str:
        """A name for a model, with the tail where such a name is plain."""
        if not self.is_plain_name(self.absent_name + tail):
            return self.names.model_name()
        return self.names.model_name(tail) + tail

    def longest_name(self) -> str:
        """A name for a model, as long as a plain one can be."""
        tails = ("z" * length for length in range(LONGEST_NAME - len(self.absent_name), 0, -1))
        return self.name_with(next((tail for tail in tails if self.is_plain_name(self.absent_name + tail)), ""))

    # -- bodies --------------------------------------------------------------------------------------------------

    def minimal_body(self, *, shared: bool = False) -> dict[str, Json]:
        """The key alone, of a model that nothing was sent of in this run; `shared` if all organizations write to it."""
        return {self.contract.upsert.key: self.names.model_name(shared=shared)}

    def baseline_body(self) -> dict[str, Json]:
        """The plainest upsert that worked at the start, of a model that nothing was sent of in this run."""
        sent = self.baseline.request.json if self.baseline is not None else {}
        return {**sent, self.contract.upsert.key: self.names.model_name(shared=True)}

    def small_body(self, variant: int = 1, key: str | None = None) -> dict[str, Json]:
        """The key and two plain values: as much as it takes to tell one model from another."""
        names = [self.contract.upsert.key, *(field.name for field in self.own_fields()[:2])]
        full = self.full_body(variant, key)
        return {name: full[name] for name in names if name in full}

    def full_body(self, variant: int = 1, key: str | None = None) -> dict[str, Json]:
        """Plain values for every field that refers to nothing else; fields differ, and so do variants.

        Fields that the target refuses are left out: they are judged by the checks that are about them.
        """
        body: dict[str, Json] = {self.contract.upsert.key: key or self.names.model_name()}
        for index, field in enumerate(self.own_fields()):
            if field.name in self.capabilities.rejected_fields:
                continue
            spread = 0 if has_few_values(field.schema) else 11 * index
            body[field.name] = distinct_value(field.schema, variant + spread)
        return body

    def plain_value_rows(self, *, include_rejected: bool = False) -> list[dict[str, Json]]:
        """Values for all own fields at once, as many times as it takes to have each plain value of each field.

        With `refused`, those that the target was found to refuse as well.
        """
        columns = {
            field.name: plain_values(field.schema)
            for field in self.own_fields()
            if include_rejected or field.name not in self.capabilities.rejected_fields
        }
        rows = range(max(map(len, columns.values()), default=0))
        ranked = list(enumerate(columns.items()))  # columns that are alike begin at rows of their own
        return [{name: column[(row + rank) % len(column)] for rank, (name, column) in ranked} for row in rows]

    def own_fields(self) -> Sequence[RequestField]:
        """The request fields that hold a value of their own."""
        return self._own_fields

    @cached_property
    def _own_fields(self) -> tuple[RequestField, ...]:
        return tuple(own_fields(self.contract))

    def reliable_fields(self, *, distinctive: bool = False) -> tuple[EchoedField, ...]:
        """The fields that a check of something else can go by; with `telling`, those of many values only.

        There are none where the contract has no such field.
        """
        fields = tuple(
            f for f in self.capabilities.reliable_fields if not (distinctive and has_few_values(f.request.schema))
        )
        if not fields and (OWN_OF_MANY_VALUES if distinctive else OWN).is_in(self.contract):
            if self.capabilities.create_echoes_fields:
                shown = "shows" if self.capabilities.update_works else "takes"
                reason = f"a create shows what was sent, but an update {shown} none of it"
                raise NotTestable(
                    reason,
                    blocked_by=Prerequisite.UPDATE_RETURNS_VALUES
                    if self.capabilities.update_works
                    else Prerequisite.UPDATE_STATUS,
                )
            raise NotTestable(
                "the response to a create shows no field as it was sent", blocked_by=Prerequisite.CREATE_RETURNS_VALUES
            )
        return fields

    def values_of(self, field: RequestField) -> list[Json]:
        """Plain values for one field; for a reference, the name of something that exists."""
        reference = field.reference or self.contract.upsert.request[field.storage_name].reference
        if reference is None:
            return plain_values(field.schema)
        if reference.to == "models":
            return [self.existing(self.full_body(variant))[self.contract.upsert.key] for variant in (1, 2)]
        if not self.options.fixtures.providers:
            raise NotProvided("no provider is known; name one with --provider ID")
        return list(self.options.fixtures.providers)

    def existing_references(self) -> dict[str, str | None]:
        """For each field that refers to something, a value that exists; None where none is known.

        Spellings of one field have the same value.
        """
        request, known = self.contract.upsert.request, dict[str, str | None]()
        for field in request.values():
            if field.reference is None and request[field.storage_name].reference is None:
                continue
            try:
                known[field.name] = known.get(field.storage_name) or self.values_of(field)[0]
            except NotTestable:
                known[field.name] = None
        return known

    def override_entries(self) -> dict[str, Json]:
        """An entry for each override."""
        return {override.name: {"temperature": {"max": 1}} for override, _, _ in overlays(self.contract)}

    def based_on(self, base: Mapping[str, Json]) -> dict[str, Json]:
        """The reference to `base` as a base model, where the contract has base models."""
        field = base_field(self.contract)
        return {field.name: base[self.contract.upsert.key]} if field else {}

    def canonical_references(self) -> dict[str, Json]:
        """References to what exists, each under one spelling; those of which nothing is known are left out."""
        request = self.contract.upsert.request
        return {
            name: value
            for name, value in self.existing_references().items()
            if value is not None and not request[name].alias
        }

    # -- steps that lead up to what a check judges ---------------------------------------------------------------

    def existing(self, body: Mapping[str, Json], credential: Credential | None = None) -> dict[str, Json]:
        """Upsert `body` as a step that is not judged, and return it."""
        self.require_accepted(self.upsert(body, credential))
        return dict(body)

    def require_accepted(self, exchange: Exchange) -> Exchange:
        """The exchange, if it succeeded as a step on the way."""
        status = exchange.response.status
        if status in (self.contract.upsert.created, self.contract.upsert.updated):
            return exchange
        reason = f"a plain upsert on the way was answered {status}"
        if status >= 500:
            raise NotTestable(reason, blocked_by=Prerequisite.RESPONDS)
        if status == 401:
            raise NotTestable(reason, blocked_by=Prerequisite.ACCEPTS_VALID_KEY)
        if status not in self.contract.upsert.operation.statuses:
            raise NotTestable(reason, blocked_by=Prerequisite.DECLARED_STATUS)
        if self._refers_to_what_the_user_named(exchange):
            raise Blocked(f"{reason}; check --provider and --builtin-model: they name what it does not know")
        if not self._is_plain(exchange):
            raise NotTestable(f"a request on the way, which a server may refuse, was answered {status}")
        fault = Failure("a plain request to be taken", summary(exchange), [exchange])
        raise NotTestable(reason, blocked_by=Prerequisite.ACCEPTS_PLAIN_REQUEST, failure=fault)

    def _is_plain(self, exchange: Exchange) -> bool:
        """Whether no reasonable server refuses the request. A base model with a base of its own may be refused."""
        sent = exchange.request.json
        base = base_field(self.contract)
        chained = base is not None and isinstance(sent, dict) and sent.get(base.name) in self._based
        return classify_body(self.contract, sent) is Validity.PLAIN and not chained

    def _refers_to_what_the_user_named(self, exchange: Exchange) -> bool:
        named = {*self.options.fixtures.providers, *self.options.fixtures.builtin_models}
        sent = exchange.request.json
        return isinstance(sent, dict) and any(isinstance(value, str) and value in named for value in sent.values())

    def read_state(self, body: Mapping[str, Json], credential: Credential | None = None) -> Mapping[str, Json]:
        """What the model of `body` shows now. `body` is what it should hold, whole: the last resort repeats it."""
        key = str(body[self.contract.upsert.key])
        if (
            self.capabilities.read_returns_state
            and self.has_path_for(key)
            and (self.is_plain_name(key) or (is_safe_in_path(key) and not self.capabilities.bare_upsert_returns_state))
        ):
            exchange = self.read(key, credential)
            if exchange.response.status != 200:
                blocked_by = Prerequisite.READ_WITH_SLASHES if "/" in key else Prerequisite.READ
                raise NotTestable(f"the read of a model was answered {exchange.response.status}", blocked_by=blocked_by)
            return exchange.response.members
        bare = {self.contract.upsert.key: key}
        return self.require_accepted(
            self.upsert(bare if self.capabilities.bare_upsert_returns_state else body, credential)
        ).response.members

    def has_path_for(self, key: str) -> bool:
        """Whether a path of the contract leads to a model of that name: to one with slashes not every contract has."""
        return "/" not in key or SLASHES.is_in(self.contract)

    def once(self, name: str, make: Callable[[], T], *, persistent: bool = False, keep_models: bool = True) -> T:
        """What `make` returns, or why it cannot, made once and remembered: evidence that several checks judge.

        It is made anew to see whether a finding repeats, unless it is `lasting`: then the check sees to that itself.
        Its models are kept for what comes later, unless it `keeps` none: then they are deleted after the check.
        """
        if not persistent:
            self._used_evidence.add(name)
        if name not in self._evidence:
            drawn = len(self.names.issued)
            try:
                self._evidence[name] = make()
            except Disrupted:
                raise
            except NotTestable as obstacle:
                self._evidence[name] = obstacle
            if keep_models:
                self.names_in_use[name] = self.names.issued[drawn:]
        remembered: T | NotTestable = self._evidence[name]
        if isinstance(remembered, NotTestable):
            raise remembered
        return remembered

    def begin_check(self, *, fresh: bool) -> None:
        """Begin a check; `anew` makes the evidence anew that the check before went by, to see whether it repeats."""
        if fresh:
            self._forget(self._used_evidence)
        self._used_evidence.clear()
        most = self.client.limits.models
        if most is not None and len(self.creations) > most - ROOM:
            self._forget(list(self.names_in_use))
        self.observations.clear()
        self.client.drain()

    def _forget(self, names: Iterable[str]) -> None:
        """Make evidence anew when it is asked for again, and let its models go."""
        for name in names:
            self._evidence.pop(name, None)
            self.names_in_use.pop(name, None)

    def can_afford(self, requests: int) -> bool:
        """Whether so many are left for what the run can do without, once what it created is deleted."""
        return self._requests_left() >= requests

    def _requests_left(self) -> float:
        most, to_delete = self.options.profile.requests, len(self.creations) if self.capabilities.delete_works else 0
        return math.inf if most is None else most - self.client.requests + self.client.busy_responses - to_delete

    def require_requests(self, requests: int) -> None:
        """Go on only where so many are left; a run that found no failure yet takes some more, to judge every MUST."""
        if self._requests_left() + (0 if self.found_failure else OVERDRAFT) < requests:
            raise Disrupted("confirming what was found used up the requests for it; --profile thorough has more")

    def require_base(self) -> RequestField:
        """The field that names the base model; go on only where the contract has one."""
        base = base_field(self.contract)
        if base is None:
            raise NotTestable("the contract has no base models")
        return base

    def require_readable_state(self) -> None:
        """Go on only where state can be read without writing it."""
        if not (self.capabilities.read_returns_state or self.capabilities.bare_upsert_returns_state):
            raise NotTestable(
                "the target has neither a read nor keeps omitted fields, so its state cannot be looked at"
            )

    def require_read(self) -> None:
        """Go on only where there is a read; a target without one is lawful."""
        if self.capabilities.read_may_be_stale:
            raise NotTestable("the read of the target may show what was before a write")
        if not self.capabilities.read_works:
            raise NotTestable(f"the target has no read{_seen(self.capabilities.read_status)}")

    def require_read_of_state(self) -> None:
        """Go on only where there is a read that shows what upserts showed."""
        if self.capabilities.read_works and not self.capabilities.read_returns_state:
            raise NotTestable(
                "the read of a model does not show what was written", blocked_by=Prerequisite.STORES_VALUES
            )
        self.require_read()

    def require_delete(self) -> None:
        """Go on only where there is a delete; a target without one is lawful."""
        if not self.capabilities.delete_works:
            raise NotTestable(f"the target has no delete{_seen(self.capabilities.delete_status)}")

    def observe(self, what: str) -> None:
        """Note what the target does where the contract leaves it open."""
        self.observations.append(what)

    def was_created(self, exchange: Exchange | None) -> bool:
        """Whether the status of an upsert tells that there was no model."""
        created, updated = self.contract.upsert.created, self.contract.upsert.updated
        return exchange is not None and exchange.response.status == created != updated

    def require_distinct_statuses(self) -> None:
        """Go on only where the status of an upsert tells whether there was a model."""
        if self.contract.upsert.created == self.contract.upsert.updated:
            raise NotTestable("creates are answered as updates are")
        if self.names.reuses:
            raise NotProvided(NO_NEW_NAMES)
        if not self.capabilities.create_returns_created:
            raise NotTestable("a create is not answered as one", blocked_by=Prerequisite.CREATE_STATUS)
        if not self.capabilities.update_returns_updated:
            raise NotTestable("an update is not answered as one", blocked_by=Prerequisite.UPDATE_STATUS)

    def poll(self, look: Callable[[], T], settled: Callable[[T], bool]) -> T:
        """What a look shows, given some seconds to settle: that a write is seen at once is only assumed.

        Where to wait was of no use a few times, nothing is waited for any more.
        """
        seen = look()
        for seconds in SETTLING if self.waits_left and not settled(seen) else ():
            self.pause(seconds)
            seen = look()
            if settled(seen):
                self.waits_left += LATE_INDEED
                return seen
            self.waits_left -= seconds == SETTLING[-1]
        return seen

    def pause(self, seconds: float = 0.05) -> None:
        """Let the target's clock move, or its writes settle."""
        time.sleep(seconds)


def _seen(status: int | None) -> str:
    """What a capability that is missing was told by."""
    return "" if status is None else f": for a model that exists it got {status}"


REFUSED = (401, 403, 404)
"""Statuses of a write with a key that may not write."""


def other_org_writer(subject: Subject) -> Credential:
    """The credential of the other organization, if it may write there. Raises NotTestable."""
    return _written_by_another(subject)[0]


def bare_model_of_other_org(subject: Subject) -> Mapping[str, Json]:
    """What a model of the other organization shows that has nothing but its name. Raises NotTestable."""
    return _written_by_another(subject)[1].response.members


def _written_by_another(subject: Subject) -> tuple[Credential, Exchange]:
    """The credential of the other organization, and a create of a name alone."""
    other = subject.credentials.other_org
    if other is None:
        raise NotTestable("needs RESPAN_OTHER_ORG_KEY")
    exchange = subject.once(
        "a write of the other organization", lambda: subject.upsert(subject.minimal_body(shared=True), other)
    )
    if exchange.response.status in REFUSED:
        status = exchange.response.status
        if other in subject.working_keys:  # it wrote at the start, so that something went wrong since then
            raise Blocked(f"the key of the other organization wrote at the start, and now it is answered {status}")
        raise NotTestable(f"the key of the other organization does not write: it is answered {status}")
    return other, subject.require_accepted(exchange)


def can_write_in_other_org(subject: Subject) -> bool:
    """Whether there is another organization that is written to."""
    if subject.credentials.other_org is None:
        return False
    try:
        other_org_writer(subject)
    except NotTestable:
        return False
    return True
