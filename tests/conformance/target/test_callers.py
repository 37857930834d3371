"""Credentials: no wrong one is right, whatever the key, and a shell makes each from the key as it was sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from conformance.checks.invalid_credentials import KINDS, invalid_credentials, with_scheme
from conformance.target.client import Credentials, token_of, token_of_shell
from conformance.wire.exchange import Credential
from tests.conformance.parts import drawn, drawn_slowly
from tests.conformance.wire.pasting import Shell

VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
TOKENS = VISIBLE | st.sampled_from(["0", "1", "00", "12345", "aa", "rc-no-such-key", "a.b.c", "e30.e30.sig0"])
KEY = "RESPAN_API_KEY"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(Path(tmp_path_factory.mktemp("bin")))


def _owner(token: str) -> Credential:
    owner = Credentials.from_keys(token, None, None).primary
    assert owner is not None
    return owner


@given(TOKENS)
@example("rc-no-such-key")
@example("1234567890")
@drawn
def test_no_invalid_credential_is_the_primary_one(token: str) -> None:
    owner = _owner(token)
    wrong = invalid_credentials(owner)
    assert {"empty", "other scheme", "scheme missing", "a prefix of the key", "a suffix of the key"} <= wrong.keys()
    for credential in wrong.values():
        assert credential.value != owner.value
        scheme, _, rest = credential.value.partition(" ")
        assert not (scheme.lower() == "bearer" and rest.strip() == token)


@given(TOKENS)
@example("7")
@example("aA")
@example("e30.e30.c2ln")
@example("0000")
@drawn
def test_every_key_has_wrong_ones_of_every_kind(token: str) -> None:
    wrong = invalid_credentials(_owner(token)).keys()
    assert all(wrong & set(kinds) for kinds in KINDS.values())
    assert wrong <= {which for kinds in KINDS.values() for which in kinds}


def test_all_near_misses_of_an_ordinary_key_are_different() -> None:
    wrong = invalid_credentials(_owner("sk-Ordinary-Key1"))
    assert len({credential.value for credential in wrong.values()}) == len(wrong)


def test_bits_of_a_signature_that_count_for_nothing_are_left_alone() -> None:
    kinds = invalid_credentials(_owner("e30.e30.c2ln")).keys()
    assert "the key with its last character changed" not in kinds
    assert "the key with a character more" not in kinds
    assert "the key with its first character changed" in kinds


@given(TOKENS)
@example('it\'s "quoted" $HOME `x` \\ %s'[:4])
@example("$HOME")
@example("a\\b'c\"d`e%f*g")
@drawn_slowly
def test_a_shell_makes_each_from_the_key(shell: Shell, token: str) -> None:
    wrong = invalid_credentials(_owner(token))
    lines = "\n".join(f'printf "%s\\n" "{credential.shell}"' for credential in wrong.values())
    made = shell.run(lines, {KEY: token}).decode().splitlines()
    assert made == [credential.value for credential in wrong.values()]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30))
@drawn
def test_no_credential_reveals_the_key(token: str) -> None:
    owner, another = _owner(token), _owner("sk-another")
    assume(
        not any(token in repr(it) for it in (another, *invalid_credentials(another).values()))
    )  # a word of the shell
    for credential in (owner, *invalid_credentials(owner).values()):
        assert token not in repr(credential)
        assert token not in credential.shell


@pytest.mark.parametrize("scheme", ["bearer", "Basic"])
def test_another_scheme_keeps_the_token(scheme: str) -> None:
    changed = with_scheme(_owner("sk-1"), scheme)
    assert changed == Credential(f"{scheme} sk-1", f"{scheme} $RESPAN_API_KEY")
    assert token_of(changed) == "sk-1"
    assert token_of_shell(changed) == "$RESPAN_API_KEY"


def test_a_credential_without_a_scheme_is_all_token() -> None:
    assert token_of(Credential("sk-1", "$RESPAN_API_KEY")) == "sk-1"
    assert token_of_shell(Credential("sk-1", "$RESPAN_API_KEY")) == "$RESPAN_API_KEY"


def test_callers_without_a_key_are_none() -> None:
    credentials = Credentials.from_keys("sk-1", None, "sk-3")
    assert credentials.other_org is None
    assert [caller.shell for caller in credentials.all()] == ["Bearer $RESPAN_API_KEY", "Bearer $RESPAN_READ_ONLY_KEY"]
    assert Credentials.from_keys("", None, None).all() == []
