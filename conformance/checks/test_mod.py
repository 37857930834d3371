"""MOD: random request sequences, whose responses a reference model predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.judge.expect import expect_returned, expect_status
from conformance.judge.outcome import Failure
from conformance.requirements.features import (
    ECHOED_VALUES,
)
from conformance.requirements.level import MUST, SHOULD, Level, Stage
from conformance.requirements.requirement import requirement
from conformance.target.subject import Subject

if TYPE_CHECKING:
    from conformance.model.stateful import Step


@requirement(
    "MOD-01", MUST, clause="x-clauses/returned", about=[ECHOED_VALUES], creates=True, stage=Stage.GENERATED, quick=False
)
def test_known_predictions(subject: Subject) -> None:
    """In a random sequence of requests every response has the status and the sent values that a model predicts."""
    _judge(subject, MUST)


@requirement(
    "MOD-02",
    SHOULD,
    clause="x-clauses/read-back",
    about=[ECHOED_VALUES],
    creates=True,
    stage=Stage.GENERATED,
    quick=False,
)
def test_assumed_predictions(subject: Subject) -> None:
    """In a random sequence of requests every response returns the earlier state that a model predicts."""
    _judge(subject, SHOULD)


def _judge(subject: Subject, level: Level) -> None:
    from conformance.model.stateful import replay, run_stateful_tests

    def judge(step: Step) -> None:
        _judge_step(subject, step, level)

    for step in subject.once("stateful tests", lambda: run_stateful_tests(subject)):
        try:
            judge(step)
        except Failure as failure:
            failure.exchanges = (*step.before, step.exchange)
            failure.replay = lambda requests: replay(subject, requests, judge)
            raise


def _judge_step(subject: Subject, step: Step, level: Level) -> None:
    predicted = step.prediction
    if predicted.status.level is level:
        expect_status(step.exchange, predicted.status.value, when="as the reference model predicts")
    if not step.exchange.response.successful:
        return
    for field in subject.reliable_fields():
        expected = predicted.fields.get(field.name)
        if expected is not None and expected.level is level:
            where = "as the reference model predicts"
            expect_returned(step.exchange.response.members, field.response, expected.value, where)
