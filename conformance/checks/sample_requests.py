"""Sample requests: at least one for each kind of response that the contract declares.

Requirements on every exchange judge whatever a run sends. When only such requirements are selected, no other check
sends anything, so their checks send these. A check that sends a sample request anyway says so with `covers=`, and the
request is not sent twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from conformance.judge.outcome import NotTestable
from conformance.requirements.cases import references
from conformance.requirements.requirement import REGISTRY, SampleRequest
from conformance.target.subject import Subject


def create(subject: Subject) -> object:
    return subject.upsert(subject.full_body(variant=1) | subject.canonical_references())


def create_bare(subject: Subject) -> object:
    return subject.upsert(subject.minimal_body())


def update(subject: Subject) -> object:
    body = subject.existing(subject.full_body(variant=1))
    return subject.upsert(subject.full_body(variant=2, key=body[subject.contract.upsert.key]))


def create_derived(subject: Subject) -> object:
    base_field = subject.require_base()
    base = subject.existing(subject.full_body(variant=1))
    return subject.upsert({**subject.minimal_body(), base_field.name: base[subject.contract.upsert.key]})


def read(subject: Subject) -> object:
    body = subject.existing(subject.full_body(variant=1))
    return subject.read(body[subject.contract.upsert.key])


def read_missing(subject: Subject) -> object:
    return subject.read(subject.names.new_name())


def delete(subject: Subject) -> object:
    body = subject.existing(subject.full_body(variant=1))
    return subject.delete(body[subject.contract.upsert.key])


def invalid_json(subject: Subject) -> object:
    return subject.post(b'{"', credential=subject.credentials.primary)


def missing_name(subject: Subject) -> object:
    return subject.upsert({})


def wrong_type(subject: Subject) -> object:
    return subject.upsert({subject.contract.upsert.key: ["a list"]})


def delete_missing(subject: Subject) -> object:
    subject.require_delete()
    return subject.delete(subject.names.new_name())


def unknown_references(subject: Subject) -> object:
    unknown = subject.names.new_name()
    return [subject.upsert({**subject.minimal_body(), name: unknown}) for name in references(subject.contract)]


def built_in_name(subject: Subject) -> object:
    return [subject.upsert({subject.contract.upsert.key: name}) for name in subject.options.fixtures.builtin_models]


def read_only_write(subject: Subject) -> object:
    read_only = subject.credentials.read_only
    return None if read_only is None else subject.upsert(subject.minimal_body(), read_only)


def no_credentials(subject: Subject) -> object:
    body = subject.minimal_body()
    return subject.post(subject.encoded(body), key=body[subject.contract.upsert.key])


def read_and_delete_without_credentials(subject: Subject) -> object:
    subject.require_read()
    found = subject.read(subject.names.new_name(), anonymous=True)
    return found, subject.capabilities.delete_works and subject.delete(subject.names.new_name(), anonymous=True)


SAMPLE_REQUESTS: tuple[SampleRequest, ...] = (
    create,
    create_bare,
    update,
    create_derived,
    read,
    read_missing,
    delete,
    invalid_json,
    missing_name,
    wrong_type,
    delete_missing,
    unknown_references,
    built_in_name,
    read_only_write,
    no_credentials,
    read_and_delete_without_credentials,
)


def send_sample_requests(subject: Subject, selected: Collection[str]) -> None:
    """Send each sample request once a run, unless a check of the `selected` requirements covers it.

    A request that cannot be made on this target does not keep the others from being sent.
    """
    covered = {sample for id in selected for sample in REGISTRY[id].covers}

    def send() -> bool:
        for sample in SAMPLE_REQUESTS:
            if sample not in covered:
                with contextlib.suppress(NotTestable):
                    sample(subject)
        return True

    subject.once("sample requests", send, keep_models=False)
