"""The transport before hostile servers: what is no response is lost, however much comes."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from conformance.wire.exchange import NoResponse, Request, WireFormat
from conformance.wire.http import HttpTransport
from conformance.wire.transport import Route
from tests.conformance.acts import NO_ANSWERS
from tests.conformance.hostile import Act, hostile

TIMEOUT = 0.3
POST = Request("POST", "/api/models/", body=b"{}")


@pytest.mark.parametrize("wire_format", [None, WireFormat()], ids=["plain", "raw"])
@pytest.mark.parametrize("act", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_not_a_response_ends_at_the_deadline(act: Act, wire_format: WireFormat | None) -> None:
    with (
        hostile(act) as server,
        contextlib.closing(HttpTransport(server.url, Route(TIMEOUT))) as transport,
        pytest.raises(NoResponse) as lost,
    ):
        transport.send(replace(POST, wire_format=wire_format))
    assert lost.value.reason.isprintable()
