"""Whom every correct server lets do what, whatever its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.api import MODELS
from tests.servers.fixtures import READ_ONLY_KEY

if TYPE_CHECKING:
    from tests.servers.api import Api

CREDENTIALS = ["", "Bearer", "Basic demo-acme", "demo-acme", "Bearer demo-acm", "Bearer demo-acmee"]
CREDENTIALS += ["Bearer DEMO-ACME", "Bearer demo-acme demo-acme", "Bearer demo-acme,demo-acme", "Bearer constructor"]


def test_no_credentials_are_unauthorized(api: Api) -> None:
    response = api.send("POST", MODELS, None, json={"model_name": api.name()})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]


def test_other_credentials_are_rejected(api: Api) -> None:
    name = api.name()
    for credentials in CREDENTIALS:
        response = api.send("POST", MODELS, json={"model_name": name}, headers={"Authorization": credentials})
        assert response.status_code == 403 or response.headers["WWW-Authenticate"], credentials
    assert api.upsert(model_name=name).status_code == 201


@pytest.mark.rests_on("AUT-03", "AUT-06")
def test_credentials_are_judged_first(api: Api) -> None:
    for credentials in CREDENTIALS:
        assert api.post(b"{", Authorization=credentials).status_code == 401, credentials


@pytest.mark.rests_on("AUT-05")
def test_a_token_in_the_query_does_not_count(api: Api) -> None:
    response = api.send("POST", "/api/models/?token=demo-acme", None, json={"model_name": api.name()})
    assert response.status_code == 401


def test_the_scheme_is_case_insensitive(api: Api) -> None:
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} demo-acme"}
        assert api.send("POST", MODELS, json={"model_name": api.name()}, headers=headers).status_code == 201


@pytest.mark.rests_on("AUT-09")
def test_a_read_only_key_is_forbidden_to_write(api: Api) -> None:
    name = api.name()
    assert api.upsert(READ_ONLY_KEY, model_name=name).status_code == 403
    assert api.upsert(model_name=name).status_code == 201
    assert api.upsert(READ_ONLY_KEY, model_name=name, input_cost=1).status_code == 403


@pytest.mark.reads
@pytest.mark.rests_on("AUT-09")
def test_a_read_only_key_reads(api: Api) -> None:
    name = api.name()
    api.created(model_name=name)
    assert api.read(name, READ_ONLY_KEY).status_code == 200
    assert api.delete(name, READ_ONLY_KEY).status_code == 403
