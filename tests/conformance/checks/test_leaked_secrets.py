"""What certainly is a secret in a response is found, and what only has to do with one is not."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.leaked_secrets import secrets_in

SECRETS: list[Any] = [
    {"api_key": "sk-live-4f0c9a"},
    {"apiKey": "AKIA2E0A8F3B244C9986"},
    {"provider_api_key": "sk-acme"},
    {"extra_kwargs": {"headers": {"Authorization": "Bearer 9f8e7d6c"}}},
    {"extra_kwargs": [{"client-secret": "hunter2"}]},
    {"credentials": {"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\nMIIE1"}},
    {"credentials": {"key": "a1b2c3d4"}},
    {"password": "CorrectHorse"},
    {"token": "eyJhbGciOiJub25lIn0.e30."},
    {"aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG"},
]
NONE: list[Any] = [
    {"api_key": None},
    {"api_key": ""},
    {"api_key": "***"},
    {"api_key": "sk-...abcd"},
    {"api_key": "sk-xxxxxxxx1234"},
    {"api_key": "f00d"},
    {"api_key": True},
    {"has_api_key": True},
    {"has_api_key": "a1b2c3d4e5"},
    {"api_key": {"set": True}},
    {"api_key": "[REDACTED]"},
    {"api_key": "not configured"},
    {"api_key": "production-key"},
    {"api_key": "$OPENAI_API_KEY_2"},
    {"api_key": "arn:aws:secretsmanager:eu-1:1:secret:a"},
    {"api_key_name": "production-1"},
    {"publishable_api_key": "pk-live-4f0c9a"},
    {"authorization": "Bearer"},
    {"stop_token": "<|im_end_1|>"},
    {"max_tokens": 4096},
    {"token": 4096},
    {"secret": "vault/acme-1"},
    {"region": "sk-live-4f0c9a"},
]


@pytest.mark.parametrize("shown", SECRETS, ids=str)
def test_a_secret_is_found(shown: Any) -> None:
    assert list(secrets_in({"provider": shown}, ""))


@pytest.mark.parametrize("shown", NONE, ids=str)
def test_what_is_none_is_not(shown: Any) -> None:
    assert not list(secrets_in({"provider": shown}, ""))
