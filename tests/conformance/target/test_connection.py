"""The options about the connection: what they may say, and what is said of those that say something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme

from conformance.settings import BadSetting, Settings, gather
from conformance.target.budget import Limits
from conformance.target.connection import connection_of
from conformance.wire.transport import TIMEOUT, Route


def _settings(**given: Any) -> Settings:
    return gather(given)


def test_no_limits_restrain_nothing() -> None:
    connection = connection_of(_settings())
    assert connection.route == Route(TIMEOUT)
    assert connection.limits == Limits()
    assert list(connection.headers) == []
    assert connection.warnings() == []


@pytest.mark.parametrize(("given", "rate"), [("10/s", 10), ("0.5/s", 0.5), ("300/m", 5), ("1/m", 1 / 60), ("4", 4)])
def test_a_rate_is_by_the_second_or_the_minute(given: str, rate: float) -> None:
    assert connection_of(_settings(rate_limit=given)).limits.rate == pytest.approx(rate)


def test_what_is_spread_over_processes_is_shared_out() -> None:
    restraint = connection_of(_settings(rate_limit="10/s", max_requests="101", concurrency="3"), share=4).limits
    assert restraint == Limits(rate=2.5, requests=26, concurrency=3)


WRONG = [
    ({"timeout": 0}, "timeout: '0' is not a number of seconds from"),
    ({"timeout": "soon"}, "timeout: 'soon' is not a number of seconds from"),
    ({"timeout": "nan"}, "is not a number of seconds"),
    ({"rate_limit": "0/s"}, "rate_limit: '0/s' is not a rate such as 10/s or 300/m"),
    ({"rate_limit": "10/h"}, "is not a rate such as 10/s"),
    ({"rate_limit": "10/"}, "is not a rate such as 10/s"),
    ({"rate_limit": "-1/s"}, "is not a rate such as 10/s"),
    ({"rate_limit": "inf"}, "is not a rate such as 10/s"),
    ({"max_requests": "0"}, "max_requests: '0' is not a whole number from 1"),
    ({"max_requests": "1e3"}, "is not a whole number from 1"),
    ({"concurrency": "-2"}, "concurrency: '-2' is not a whole number from 1"),
    ({"proxy": "localhost:8080"}, "proxy: 'localhost:8080' is not http://HOST:PORT or none"),
    ({"proxy": "socks5://localhost:1080"}, "is not http://HOST:PORT"),
    ({"ca": "/no/such/file.pem"}, "ca /no/such/file.pem: No such file or directory"),
    ({"ca": __file__}, "it contains no certificate in PEM"),
    ({"ca": __file__, "insecure": True}, "cannot be combined with --insecure"),
    ({"header": ["Authorization: Bearer secret"]}, "header: Authorization: the suite tests credentials"),
]


@pytest.mark.parametrize(("given", "says"), WRONG, ids=[f"{given}" for given, _ in WRONG])
def test_a_wrong_value_is_rejected_with_a_correct_example(given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        connection_of(_settings(**given))


def test_a_rejected_proxy_url_is_printed_without_its_password() -> None:
    with pytest.raises(BadSetting) as refused:
        connection_of(_settings(proxy="http://me:opensesame@proxy"))
    assert "opensesame" not in str(refused.value)


def test_the_user_of_a_proxy_is_sent_to_it_alone() -> None:
    route = connection_of(_settings(proxy="http://proxy.example:3128", proxy_auth="me:open:sesame")).route
    assert "sesame" not in repr(route)
    proxy = route.httpcore_proxy()
    assert proxy is not None
    assert bytes(proxy.url) == b"http://proxy.example:3128/"
    assert proxy.auth == (b"me", b"open:sesame")


def test_certificates_of_a_file_are_trusted(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    assert connection_of(_settings(ca=str(file))).route.ssl_context().cert_store_stats()["x509_ca"] == 1


def test_insecure_settings_are_reported() -> None:
    assert connection_of(_settings(insecure=True)).warnings() == ["certificates were not verified (--insecure)"]
