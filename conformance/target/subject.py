"""The target as checks see it: operations of the contract, bodies to send, and state to read, instead of HTTP.

About 440 tests have to fit into 1,500 requests, so checks share what they can. `Subject.once(name, make)` runs a
request sequence the first time that a check asks for it and remembers its result under a name. Many checks then judge
the same exchanges: the update of every field, say, is sent once and judged field by field, by several requirements.

A shared result would repeat a failure without confirming it. So the subject notes which results a check used, and a
run that confirms a finding (`begin_check(fresh=True)`) forgets them and sends their requests again.

Shared results need their models, so these are not deleted after the check like all others. If the user limits the
number of models, and the limit is near, all shared results are forgotten and their models can be deleted.

Setting up is not judging. `existing` and `require_accepted` send or inspect a request that a check only needs on the
way; if it fails, the check is not testable, blocked by the requirement that judges such requests. Only the check
itself raises a Failure. So one bug has one finding.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    classify_value,
    is_allowed_name,
    is_plain_name,
    is_safe_in_path,
)
from conformance.options import PROFILES, Profile
from conformance.requirements.features import DISTINCTIVE_VALUES, ECHOED_VALUES, SLASHES
from conformance.target.budget import MODELS
from conformance.target.client import Client, Credentials
from conformance.target.ledger import Creations, Ledger
from conformance.target.names import Names
from conformance.target.operations import Operations
from conformance.wire.exchange import Credential, Exchange, Json
from contract import Contract, RequestField


@dataclass(frozen=True, slots=True)
class KnownFixtures:
    """Built-in models and providers that the target has, according to the user."""

    builtin_models: Sequence[str] = ()
    providers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run that checks read."""

    fixtures: KnownFixtures = KnownFixtures()
    seed: int = 0
    profile: Profile = PROFILES["default"]


T = TypeVar("T")
OVERDRAFT = 200
"""Requests that a run may send beyond the budget of its profile to judge every MUST, as long as it found no failure."""
VISIBILITY_WAITS = (0.3, 0.7, 1.2)
"""Seconds to wait before each further look at a write that is not visible yet."""
MORE_WAITS = 3
"""Unsuccessful waits that are allowed in addition, each time that waiting helped."""
NO_NEW_NAMES = "needs names that no model has, and --names reuses the names of models that earlier runs left"
ROOM = 15
"""Models that one check may create, in addition to those of shared evidence."""


class Subject(Operations):
    """One target in one run."""

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
        """What the target did where the contract leaves the behavior open, since the check began."""
        self.baseline: Exchange | None = None
        """The simplest upsert that the preflight found to work; None if none did."""
        self.found_failure = False
        """Whether the run found a failure that makes the target non-conformant."""
        self.working_keys: set[Credential] = set()
        """The other-org and read-only credentials that worked in the preflight."""
        self.first_create: Exchange | None = None
        """The create of a model that exists before any check runs; None if it was rejected."""
        self._fixtures_found: set[str] = set()
        """The providers and built-in models of the user that a request referred to with success."""
        self._evidence: dict[str, Any] = {}
        self._used_evidence: set[str] = set()
        self.names_in_use: dict[str, list[str]] = {}
        """For each shared result, the names of the models that it needs."""

    # -- names ---------------------------------------------------------------------------------------------------

    def is_plain_name(self, name: str) -> bool:
        """Return whether no reasonable server rejects the name."""
        return is_plain_name(name, self.contract.upsert.request[self.contract.upsert.key].schema)

    def is_allowed_name(self, name: str) -> bool:
        """Return whether the contract and the user allow the name, plain or unusual."""
        return is_allowed_name(name, self.contract.upsert.request[self.contract.upsert.key].schema)

    def name_with(self, tail: str) -> str:
        """Return a name for a model that ends in `tail`, if such a name is plain; without the tail otherwise."""
        if not self.is_plain_name(self.absent_name + tail):
            return self.names.model_name()
        return self.names.model_name(tail) + tail

    def longest_name(self, end: str = "") -> str:
        """Return the longest plain name for a model, with that end."""
        tails = ("z" * length + end for length in range(LONGEST_NAME - len(self.absent_name + end), -1, -1))
        return self.name_with(next((tail for tail in tails if self.is_plain_name(self.absent_name + tail)), ""))

    # -- bodies --------------------------------------------------------------------------------------------------

    def minimal_body(self, *, shared: bool = False) -> dict[str, Json]:
        """Return a body with an unused name and nothing else; `shared` if several organizations will write to it."""
        return {self.contract.upsert.key: self.names.model_name(shared=shared)}

    def baseline_body(self) -> dict[str, Json]:
        """Return the body of the baseline upsert with an unused name."""
        sent = self.baseline.request.json if self.baseline is not None else {}
        return {**sent, self.contract.upsert.key: self.names.model_name(shared=True)}

    def small_body(self, variant: int = 1, key: str | None = None) -> dict[str, Json]:
        """Return a body with the name and two plain values: enough to tell one model from another."""
        names = [self.contract.upsert.key, *(field.name for field in self.own_fields()[:2])]
        full = self.full_body(variant, key)
        return {name: full[name] for name in names if name in full}

    def full_body(self, variant: int = 1, key: str | None = None) -> dict[str, Json]:
        """Return a body with a plain value for every field except references; fields and variants differ.

        Fields that the target rejects are left out: the checks that are about them judge them.
        """
        body: dict[str, Json] = {self.contract.upsert.key: key or self.names.model_name()}
        for index, field in enumerate(self.own_fields()):
            if field.name in self.capabilities.rejected_fields:
                continue
            spread = 0 if has_few_values(field.schema) else 11 * index
            body[field.name] = distinct_value(field.schema, variant + spread)
        return body

    def texts(self, text: str) -> dict[str, Json]:
        """Return `text` as the value of each own field for which it is a plain value, without rejected fields."""
        fields = (field for field in self.own_fields() if field.name not in self.capabilities.rejected_fields)
        return {field.name: text for field in fields if classify_value(field.schema, text) is Validity.PLAIN}

    def plain_value_rows(self, *, include_rejected: bool = False) -> list[dict[str, Json]]:
        """Return as few sets of values for all own fields as have each plain value of each field.

        Fields that the target rejects are left out unless `include_rejected` is set.
        """
        columns = {
            field.name: plain_values(field.schema)
            for field in self.own_fields()
            if include_rejected or field.name not in self.capabilities.rejected_fields
        }
        rows = range(max(map(len, columns.values()), default=0))
        ranked = list(enumerate(columns.items()))  # equal columns are shifted, so that their fields differ in a row
        return [{name: column[(row + rank) % len(column)] for rank, (name, column) in ranked} for row in rows]

    def own_fields(self) -> Sequence[RequestField]:
        """Return the request fields that hold a value of their own, unlike references."""
        return own_fields(self.contract)

    def reliable_fields(self, *, distinctive: bool = False) -> tuple[EchoedField, ...]:
        """Return the fields from which checks of other fields can read state; `distinctive` ones have many values.

        The result is empty only if the contract has no such field. Raises NotTestable if the target returns none right.
        """
        fields = tuple(
            f for f in self.capabilities.reliable_fields if not (distinctive and has_few_values(f.request.schema))
        )
        if not fields and (DISTINCTIVE_VALUES if distinctive else ECHOED_VALUES).is_in(self.contract):
            if self.capabilities.create_echoes_fields:
                outcome = "does not" if self.capabilities.update_works else "fails"
                reason = f"a create returns the sent values, but an update {outcome}"
                raise NotTestable(
                    reason,
                    blocked_by=Prerequisite.UPDATE_RETURNS_VALUES
                    if self.capabilities.update_works
                    else Prerequisite.UPDATE_STATUS,
                )
            raise NotTestable(
                "the response to a create returns no field as it was sent",
                blocked_by=Prerequisite.CREATE_RETURNS_VALUES,
            )
        return fields

    def values_of(self, field: RequestField) -> list[Json]:
        """Return plain values for one field; for a reference, names of models or providers that exist."""
        reference = field.reference or self.contract.upsert.request[field.storage_name].reference
        if reference is None:
            return plain_values(field.schema)
        if reference.to == "models":
            return [self.existing(self.full_body(variant))[self.contract.upsert.key] for variant in (1, 2)]
        if not self.options.fixtures.providers:
            raise NotProvided("needs a provider; name one with --provider ID")
        return list(self.options.fixtures.providers)

    def existing_references(self) -> dict[str, str | None]:
        """Return a value that exists for each reference field, or None if none is known.

        Alternative spellings of one field have the same value.
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
        """Return an entry for each override field."""
        return {override.name: {"temperature": {"max": 1}} for override, _, _ in overlays(self.contract)}

    def based_on(self, base: Mapping[str, Json]) -> dict[str, Json]:
        """Return the reference to `base` as a base model; no field if the contract has no base models."""
        field = base_field(self.contract)
        return {field.name: base[self.contract.upsert.key]} if field else {}

    def canonical_references(self) -> dict[str, Json]:
        """Return the references whose targets are known, each in its canonical spelling only."""
        request = self.contract.upsert.request
        return {
            name: value
            for name, value in self.existing_references().items()
            if value is not None and not request[name].alias
        }

    # -- steps that lead up to what a check judges ---------------------------------------------------------------

    def existing(self, body: Mapping[str, Json], credential: Credential | None = None) -> dict[str, Json]:
        """Upsert `body` as set-up, and return it. Raises NotTestable if the request is rejected."""
        self.require_accepted(self.upsert(body, credential))
        return dict(body)

    def require_accepted(self, exchange: Exchange) -> Exchange:
        """Return the exchange of a set-up request. Raises NotTestable, blocked by the requirement that judges it."""
        status = exchange.response.status
        if status in (self.contract.upsert.created, self.contract.upsert.updated):
            self._fixtures_found |= self._named_by_the_user(exchange)
            return exchange
        reason = f"a plain upsert of the set-up got {status}"
        if status >= 500:
            raise NotTestable(reason, blocked_by=Prerequisite.RESPONDS)
        if status == 401:
            raise NotTestable(reason, blocked_by=Prerequisite.ACCEPTS_VALID_KEY)
        if status not in self.contract.upsert.operation.statuses:
            raise NotTestable(reason, blocked_by=Prerequisite.DECLARED_STATUS)
        if not self._is_plain(exchange):
            raise NotTestable(f"a request of the set-up that a server may reject got {status}")
        if self._named_by_the_user(exchange) - self._fixtures_found:
            raise Blocked(f"{reason}; check that the target has what --provider and --builtin-model name")
        failure = Failure("a plain request to be accepted", summary(exchange), [exchange])
        raise NotTestable(reason, blocked_by=Prerequisite.ACCEPTS_PLAIN_REQUEST, failure=failure)

    def _is_plain(self, exchange: Exchange) -> bool:
        """Return whether no reasonable server rejects the request. It may reject a base model that has a base model."""
        sent = exchange.request.json
        base = base_field(self.contract)
        chained = base is not None and isinstance(sent, dict) and sent.get(base.name) in self._based
        return classify_body(self.contract, sent) is Validity.PLAIN and not chained

    def _named_by_the_user(self, exchange: Exchange) -> set[str]:
        """Return the providers and built-in models in the request. The target may lack them."""
        named = {*self.options.fixtures.providers, *self.options.fixtures.builtin_models}
        sent = exchange.request.json
        return named.intersection(value for value in sent.values() if isinstance(value, str)) if sent else set()

    def read_state(self, body: Mapping[str, Json], credential: Credential | None = None) -> Mapping[str, Json]:
        """Return the fields of the model of `body` as the target returns them now.

        `body` is all that the model should hold: without a read, and if omitted fields are reset, it is sent again.
        """
        key = str(body[self.contract.upsert.key])
        if (
            self.capabilities.read_returns_state
            and self.has_path_for(key)
            and (self.is_plain_name(key) or (is_safe_in_path(key) and not self.capabilities.bare_upsert_returns_state))
        ):
            exchange = self.read(key, credential)
            if exchange.response.status != 200:
                fault = Prerequisite.READ_WITH_SLASHES if "/" in key else Prerequisite.READ
                blocked_by = fault if self.is_plain_name(key) else None  # an unusual path may be rejected
                raise NotTestable(f"the read of a model got {exchange.response.status}", blocked_by=blocked_by)
            return exchange.response.members
        bare = {self.contract.upsert.key: key}
        return self.require_accepted(
            self.upsert(bare if self.capabilities.bare_upsert_returns_state else body, credential)
        ).response.members

    def has_path_for(self, key: str) -> bool:
        """Return whether the contract has a path for the name; not every contract has one for names with slashes."""
        return "/" not in key or SLASHES.is_in(self.contract)

    def once(self, name: str, make: Callable[[], T], *, persistent: bool = False, keep_models: bool = True) -> T:
        """Return the result of `make`, or raise its NotTestable, calling it only once: several checks judge the result.

        A run that confirms a finding calls it again, unless the result is `persistent`: then the check itself sends
        fresh requests. The models are kept for later checks; without `keep_models` they are deleted after the check.
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
        """Begin a check. With `fresh`, forget the shared results that the previous check used: it is run again."""
        if fresh:
            self.forget(self._used_evidence)
        self._used_evidence.clear()
        most = self.client.limits.models
        if most is not None and len(self.creations) > most - ROOM:
            self.forget(list(self.names_in_use))
        self.observations.clear()
        self.client.drain()

    def forget(self, names: Iterable[str]) -> None:
        """Forget shared results, so that their requests are sent again when needed, and release their models."""
        for name in names:
            self._evidence.pop(name, None)
            self.names_in_use.pop(name, None)

    def can_afford(self, requests: int) -> bool:
        """Return whether the budget has so many requests left for optional work, after deleting what was created."""
        return self._requests_left() >= requests

    def _requests_left(self) -> float:
        most, to_delete = self.options.profile.requests, len(self.creations) if self.capabilities.delete_works else 0
        if most is None:
            return math.inf
        most = round(most * max(1.0, MODELS / (self.client.limits.models or MODELS)))  # shared evidence is sent again
        return most - self.client.requests + self.client.busy_responses - to_delete

    def require_requests(self, requests: int) -> None:
        """Raise Disrupted unless so many requests are left; a run without a failure so far may overdraw its budget."""
        if self._requests_left() + (0 if self.found_failure else OVERDRAFT) < requests:
            more = ", which a run with a finding may not exceed" if self.found_failure else ""
            raise Disrupted(f"the request budget is exhausted{more}; use --profile thorough")

    def require_base(self) -> RequestField:
        """Return the field that names the base model. Raises NotTestable if the contract has none."""
        base = base_field(self.contract)
        if base is None:
            raise NotTestable("the contract has no base models")
        return base

    def require_readable_state(self) -> None:
        """Raise NotTestable unless state can be read without writing all of it."""
        if not (self.capabilities.read_returns_state or self.capabilities.bare_upsert_returns_state):
            raise NotTestable("the target has no read and does not keep omitted fields, so its state cannot be read")

    def require_read(self) -> None:
        """Raise NotTestable unless there is a read; a target without one can conform."""
        if self.capabilities.read_may_be_stale:
            raise NotTestable("the read of the target may return old state after a write")
        if not self.capabilities.read_works:
            raise NotTestable(f"the target has no read{_proof(self.capabilities.read_status)}")

    def require_read_of_state(self) -> None:
        """Raise NotTestable unless a read returns the values that upserts returned."""
        self.require_read()
        if not self.capabilities.read_returns_state:
            blocked_by = None if self.capabilities.read_omits_values else Prerequisite.STORES_VALUES
            raise NotTestable("the read of a model does not return what was written", blocked_by=blocked_by)

    def require_delete(self) -> None:
        """Raise NotTestable unless there is a delete; a target without one can conform."""
        if not self.capabilities.delete_works:
            raise NotTestable(f"the target has no delete{_proof(self.capabilities.delete_status)}")

    def observe(self, what: str) -> None:
        """Note what the target does where the contract leaves the behavior open."""
        self.observations.append(what)

    def was_created(self, exchange: Exchange | None) -> bool:
        """Return whether the status of an upsert says that it created a model."""
        created, updated = self.contract.upsert.created, self.contract.upsert.updated
        return exchange is not None and exchange.response.status == created != updated

    def require_distinct_statuses(self) -> None:
        """Raise NotTestable unless the statuses of creates and updates differ."""
        if self.contract.upsert.created == self.contract.upsert.updated:
            raise NotTestable("the contract has one status for creates and updates")
        if self.names.reuses:
            raise NotProvided(NO_NEW_NAMES)
        if not self.capabilities.create_returns_created:
            raise NotTestable("a create does not get the status of a create", blocked_by=Prerequisite.CREATE_STATUS)
        if not self.capabilities.update_returns_updated:
            raise NotTestable("an update does not get the status of an update", blocked_by=Prerequisite.UPDATE_STATUS)

    def poll(self, read: Callable[[], T], done: Callable[[T], bool]) -> T:
        """Return the result of `read`, repeated for some seconds until it is `done`.

        That a write is visible at once is only assumed. After a few waits that did not help, poll waits no more.
        """
        seen = read()
        for seconds in VISIBILITY_WAITS if self.waits_left and not done(seen) else ():
            self.pause(seconds)
            seen = read()
            if done(seen):
                self.waits_left += MORE_WAITS
                return seen
            self.waits_left -= seconds == VISIBILITY_WAITS[-1]
        return seen

    def pause(self, seconds: float = 0.05) -> None:
        """Wait for the target's clock to advance, or for its writes to become visible."""
        time.sleep(seconds)


def _proof(status: int | None) -> str:
    """Return how the target showed that it lacks an operation."""
    return "" if status is None else f": for an existing model it returned {status}"


REFUSED = (401, 403, 404)
"""Statuses of a write with a key that has no permission to write."""


def other_org_writer(subject: Subject) -> Credential:
    """Return the other-org credentials, if they can write. Raises NotTestable."""
    return _written_by_another(subject)[0]


def bare_model_of_other_org(subject: Subject) -> Mapping[str, Json]:
    """Return a model of the other organization that was created with a name alone. Raises NotTestable."""
    return _written_by_another(subject)[1].response.members


def _written_by_another(subject: Subject) -> tuple[Credential, Exchange]:
    """Return the other-org credentials, and a create of a name alone with them."""
    other = subject.credentials.other_org
    if other is None:
        raise NotTestable("needs RESPAN_OTHER_ORG_KEY")
    exchange = subject.once(
        "a write of the other organization", lambda: subject.upsert(subject.minimal_body(shared=True), other)
    )
    if exchange.response.status in REFUSED:
        status = exchange.response.status
        if other in subject.working_keys:  # something changed since the preflight
            raise Blocked(f"the key of the other organization could write at first, and now gets {status}")
        raise NotTestable(f"the key of the other organization cannot write: it gets {status}")
    return other, subject.require_accepted(exchange)


def can_write_in_other_org(subject: Subject) -> bool:
    """Return whether the run can write in a second organization."""
    if subject.credentials.other_org is None:
        return False
    try:
        other_org_writer(subject)
    except NotTestable:
        return False
    return True
