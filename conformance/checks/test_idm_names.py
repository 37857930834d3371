"""IDM, names: one name is one model, and different names are different models."""

from __future__ import annotations

from conformance.fields import base_field
from conformance.generate.values import EDGE_STRINGS
from conformance.judge.expect import as_json, expect_rejected, expect_returned, expect_status
from conformance.judge.outcome import NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.judge.requests import is_safe_in_path
from conformance.requirements.features import (
    READ,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject

LANGUAGE_NAMES = ("__proto__", "constructor")
TEXTS = ("decomposed e\u0301, composed \u00e9, emoji \U0001f9ea \u2764\ufe0f",)
"""Texts that are usual in a display name, but not in the name of a model."""


@requirement("IDM-10", MUST, clause="x-clauses/unique", quick=False)
@each("tails", lambda _: {
    "a prefix of the others, and a number with zeros": ("", "1", "01", "10"),
    "segments in another order": ("/a/b", "/b/a"),
    "a long common start": ("y" * 46 + "1", "y" * 46 + "2"),
    "a slash, a dot, hyphens, an underscore, or none": ("a/b", "c/b", "a.b", "a-b", "a--b", "a_b", "ab"),
})  # fmt: skip
def test_plain_names_differ(subject: Subject, tails: tuple[str, ...]) -> None:
    """Different names are different models."""
    stem = subject.names.model_name("x" + tails[0]) + "x"
    _expect_distinct(subject, [stem + tail for tail in tails])


@requirement("IDM-11", SHOULD, clause="x-clauses/bytewise")
@each("tails", lambda _: {
    "case": ("model", "Model", "MODEL"),
    "an accent, composed or decomposed, or none": ("\u00e9", "e\u0301", "e"),
    "compatibility characters": ("\ufb01", "fi"),
    "a plus, one or two spaces, or one at the end": ("a b", "a+b", "a  b", "a b "),
    "slashes: one, encoded, two, one at the end": ("a/b", "a%2Fb", "a//b", "a/b/"),
})  # fmt: skip
def test_unusual_names_differ(subject: Subject, tails: tuple[str, ...]) -> None:
    """Names are compared code point by code point; case, white space and normalization make a difference."""
    stem = subject.names.model_name("-" + tails[0]) + "-"
    _expect_distinct(subject, [stem + tail for tail in tails])


@requirement("IDM-20", SHOULD, clause="x-clauses/exact")
@each("tail", lambda _: {as_json(text, 60): text for text in (*EDGE_STRINGS, *TEXTS) if text})
def test_unusual_names_are_exact(subject: Subject, tail: str) -> None:
    """A response returns an accepted valid but unusual name exactly."""
    upsert = subject.contract.upsert
    key = subject.names.model_name(tail) + tail
    exchange = subject.upsert({upsert.key: key})
    if exchange.response.successful:
        expect_returned(exchange.response.members, upsert.response[upsert.key], key, "in the response")
        if subject.capabilities.read_returns_state and is_safe_in_path(key) and subject.has_path_for(key):
            when = f"for the name ...{as_json(tail, 60)}, percent-encoded in the path"
            expect_status(subject.read(key), 200, upsert.invalid, when=when)  # it may be rejected there, too
    else:
        subject.observe(f"the name ...{as_json(tail, 60)} gets {exchange.response.status}")


@requirement("IDM-29", MUST, clause="x-clauses/unique", about=[READ], quick=False)
def test_built_in_names_do_not_exist(subject: Subject) -> None:
    """A name that is built into the server's language, such as `constructor`, does not exist before its create."""
    subject.require_read()
    if not subject.capabilities.read_reports_absence:
        raise NotTestable("a read finds models that do not exist", blocked_by=Prerequisite.READ)
    key, base = subject.contract.upsert.key, base_field(subject.contract)
    for name in LANGUAGE_NAMES:
        read = subject.read(name)
        if read.response.members.get(key) == name:
            continue  # somebody created a model with that name
        if read.response.status < 500:
            expect_rejected(read, f"no model {name} was created")
        if base is not None:
            derived = subject.upsert({**subject.minimal_body(), base.name: name})
            if derived.response.successful:
                subject.observe(f"{base.name}: {as_json(name)} gets {derived.response.status}")


def _expect_distinct(subject: Subject, keys: list[str]) -> None:
    """Expect each of `keys` to be a model of its own, with its own values. Observe rejected names.

    The last model is not read again, because nothing was written after it.
    """
    upsert, bodies = subject.contract.upsert, []
    for variant, key in enumerate(keys):
        body = subject.full_body(variant, key)
        exchange = subject.upsert(body)
        if not exchange.response.successful:
            subject.observe(f"the name {as_json(key)} gets {exchange.response.status}")
            continue
        if subject.capabilities.create_returns_created:
            expect_status(exchange, upsert.created, when=f"for {as_json(key)}, a name that did not exist")
        bodies.append(body)
    readable = subject.capabilities.read_returns_state or subject.capabilities.bare_upsert_returns_state
    for body in bodies[:-1]:
        returned = subject.read_state(body)
        expect_returned(returned, upsert.response[upsert.key], body[upsert.key], "as the name of the model")
        for field in subject.reliable_fields() if readable else ():
            expect_returned(returned, field.response, body[field.name], f"in the model {as_json(body[upsert.key])}")
