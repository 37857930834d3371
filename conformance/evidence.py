"""Findings as plain JSON: what was expected, what was observed, and how to see it again. No secret is in it."""

from __future__ import annotations

from typing import Any

from conformance.attempt import Finding
from conformance.result import Record
from conformance.subject.callers import token_of, token_of_shell
from conformance.wire.exchange import Exchange
from conformance.wire.shell import Variables, redacted, script

RUN = "$RUN"
"""Stands for the prefix of a run's names; no secret."""
LONGEST_BODY = 4000
LONGEST_STORY = 12
"""Exchanges that a report shows of one finding; the last ones tell what went wrong."""


def finding_record(id: str, case: str, finding: Finding, base_url: str, variables: Variables) -> Record:
    """One finding as a report shows it."""
    exchanges = finding.exchanges[-LONGEST_STORY:]
    return {
        "requirement": id,
        "case": case,
        "verdict": finding.verdict.value,
        "expected": redacted(finding.violation.expected, variables),
        "observed": redacted(finding.violation.observed, variables),
        "reproduce": script(exchanges, base_url, variables),
        "exchanges": [_exchange(exchange, variables) for exchange in exchanges],
    }


def _exchange(exchange: Exchange, variables: Variables) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    authorization = [["Authorization", request.credential.shell]] if request.credential else []
    secrets = {literal: variable for literal, variable in variables.items() if variable != RUN}
    if request.credential is not None:
        secrets |= {token_of(request.credential): token_of_shell(request.credential)}
    return {
        "request": {
            "method": request.method,
            "target": redacted(request.target, secrets),
            "headers": [*([name, redacted(value, secrets)] for name, value in request.headers), *authorization],
            "body": redacted(_text(request.body or b""), secrets),
        },
        "response": {
            "status": response.status,
            "headers": [[name, redacted(value, secrets)] for name, value in response.headers],
            "body": redacted(_text(response.body), secrets),
        },
    }


def _text(body: bytes) -> str:
    text = body[:LONGEST_BODY].decode("utf-8", "backslashreplace")
    return text if len(body) <= LONGEST_BODY else f"{text}... ({len(body)} bytes)"
