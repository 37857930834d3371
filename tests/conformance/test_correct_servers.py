"""Correct servers, written differently, get no finding; lawful variants none by default, and under strict only theirs."""

from __future__ import annotations

import pytest

from conformance.verdict import RunVerdict
from tests.conformance.judging import NETS, judged, unmet
from tests.servers.catalogue import SERVERS, ServerProcess
from tests.servers.plain import PlainServer
from tests.servers.running import running
from tests.servers.variants import VARIANTS


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_a_correct_server_gets_no_finding(server: ServerProcess) -> None:
    with running(server.command) as url:
        result = judged(url)
    assert unmet(result) == {}
    assert result.verdict(strict=True) is RunVerdict.CONFORMANT
    assert result.requests <= 1800


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.__name__)
def test_a_lawful_variant_deviates_where_it_says_so(variant: type[PlainServer]) -> None:
    result = judged(variant())
    assert result.verdict() is RunVerdict.CONFORMANT, unmet(result)
    found = unmet(result)
    assert set(found) - NETS == variant.deviates - NETS, found
