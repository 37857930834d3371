"""Dashboard tokens: JSON Web Tokens of the issuer in the fixtures."""

from __future__ import annotations

import time

import httpx2
import jwt
import pytest

from tests.mock_server.conftest import Names
from tests.mock_server.wire import MODELS

SECRET = "respan-mock-dashboard-secret-for-tests-only"
LATER, EARLIER = 4_000_000_000, 1_000_000_000


def test_a_token_stands_for_its_organization(client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    assert _upsert(client, name, {"organization": "acme", "exp": LATER}).status_code == 201
    assert client.get(f"{MODELS}{name}/").status_code == 200
    assert _upsert(client, name, {"organization": "globex"}).status_code == 201


def test_a_token_may_be_read_only(client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    assert _upsert(client, name, {"organization": "acme", "rights": "read-write"}).status_code == 201
    rejected = _upsert(client, name, {"organization": "acme", "rights": "read-only"})
    assert rejected.status_code == 403


REJECTED = {
    "expired": (jwt.encode({"organization": "acme", "exp": EARLIER}, SECRET), "has expired"),
    "not yet valid": (jwt.encode({"organization": "acme", "nbf": LATER}, SECRET), "not valid now"),
    "wrongly signed": (jwt.encode({"organization": "acme"}, SECRET[::-1]), "signature"),
    "unsigned": (jwt.encode({"organization": "acme"}, "", algorithm="none"), "HS256"),
    "another algorithm": (jwt.encode({"organization": "acme"}, SECRET * 2, algorithm="HS512"), "HS256"),
    "no organization": (jwt.encode({"sub": "acme"}, SECRET), "no known organization"),
    "unknown organization": (jwt.encode({"organization": "initech"}, SECRET), "no known organization"),
    "organization of a wrong type": (jwt.encode({"organization": ["acme"]}, SECRET), "no known organization"),
    "unknown rights": (jwt.encode({"organization": "acme", "rights": "all"}, SECRET), "rights"),
    "no object": (jwt.api_jws.encode(b'["acme"]', SECRET), "malformed"),
    "no JSON": (jwt.api_jws.encode(b"acme", SECRET), "malformed"),
    "not base64url": ("e30.e.e30", "malformed"),
}


@pytest.mark.parametrize(("token", "reason"), REJECTED.values(), ids=REJECTED)
def test_a_bad_token_is_rejected_with_the_reason(client: httpx2.Client, token: str, reason: str) -> None:
    response = client.get(f"{MODELS}gpt-4o/", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    assert reason in response.json()["detail"]
    assert token not in response.text
    assert response.headers["www-authenticate"] == 'Bearer realm="respan", error="invalid_token"'


def test_the_signature_is_looked_at_before_the_time(client: httpx2.Client) -> None:
    token = jwt.encode({"organization": "acme", "exp": int(time.time()) - 60}, SECRET[::-1])
    response = client.get(f"{MODELS}gpt-4o/", headers={"Authorization": f"Bearer {token}"})
    assert "signature" in response.json()["detail"]


def _upsert(client: httpx2.Client, name: str, claims: dict[str, object]) -> httpx2.Response:
    token = jwt.encode(claims, SECRET)
    return client.post(MODELS, json={"model_name": name}, headers={"Authorization": f"Bearer {token}"})
