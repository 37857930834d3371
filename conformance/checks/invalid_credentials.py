"""Invalid credentials made from the primary credentials, and other spellings of valid ones."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from conformance.target.client import UNKNOWN, token_of
from conformance.wire.exchange import Credential

SHORTEST_CUT = 2
"""Minimum length of a key to be cut in parts."""
UNSIGNED_HEADER = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg":"none","typ":"JWT"}
ADMIN_CLAIMS = "eyJvcmdhbml6YXRpb24iOiJhY21lIiwicmlnaHRzIjoicmVhZC13cml0ZSIsInN1YiI6ImFkbWluIn0"
"""The claims {"organization":"acme","rights":"read-write","sub":"admin"}."""
NOT_ASCII = "the key and a letter that is not ASCII"

KINDS: Mapping[str, tuple[str, ...]] = {
    "no token": ("empty", "garbage", "scheme missing"),
    "another scheme": (
        "other scheme",
        "the scheme of another framework",
        "the key as a user",
        "a scheme that begins alike",
    ),
    "an unknown token": ("unknown", "an unsigned JWT", "a name of every object"),
    "a part of the key": ("a prefix of the key", "a suffix of the key", "the key without its first part"),
    "more than the key": (
        "the key with a character more",
        "the key and a word",
        "the key twice",
        "the key in quotes",
        "the key with a space in it",
        NOT_ASCII,
    ),
    "almost the key": (
        "the key in another case",
        "the key with its first character changed",
        "the key with its last character changed",
        "the key with a character in its middle changed",
        "the key percent-encoded",
    ),
}
"""Labels of invalid credentials, by kind. Every possible key has at least one of each kind."""


def with_scheme(credential: Credential, scheme: str) -> Credential:
    """Return credentials with the same token and another scheme."""
    return Credential(f"{scheme} {token_of(credential)}", f"{scheme} {credential.shell.partition(' ')[2]}")


def invalid_credentials(primary: Credential) -> dict[str, Credential]:
    """Return credentials that no server may accept, by label. None of them are the primary ones.

    Some cannot be made from every key: a key of digits has no other case.
    """
    token, name = token_of(primary), primary.shell.partition(" ")[2].removeprefix("$")
    candidates = {**_of_any_key(primary, token, name), **_near(token, name)}
    if len(token) >= SHORTEST_CUT:
        candidates |= _cut(token, name)
    if token.count(".") == 2:  # the last character of a base64 signature may have unused bits
        del candidates["the key with its last character changed"], candidates["the key with a character more"]
    return {kind: invalid for kind, invalid in candidates.items() if invalid.value != primary.value}


def _of_any_key(primary: Credential, token: str, name: str) -> dict[str, Credential]:
    if token.count(".") == 2:  # with the same claims
        claims, shell = token.split(".")[1], f'$(printf %s "${name}" | cut -d. -f2)'
    else:
        claims = shell = ADMIN_CLAIMS
    return {
        "empty": Credential("Bearer", "Bearer"),
        "unknown": UNKNOWN,
        "a name of every object": Credential("Bearer constructor", "Bearer constructor"),
        "other scheme": with_scheme(primary, "Basic"),
        "the scheme of another framework": with_scheme(primary, "Token"),
        "the key as a user": Credential(
            f"Basic {b64encode(f'{token}:'.encode()).decode()}", f'Basic $(printf %s "${name}:" | base64 | tr -d "\\n")'
        ),
        "a scheme that begins alike": with_scheme(primary, "BearerX"),
        "scheme missing": Credential(token, f"${name}"),
        "garbage": Credential("Bearer ,;={}", "Bearer ,;={}"),
        "an unsigned JWT": Credential(f"Bearer {UNSIGNED_HEADER}.{claims}.", f"Bearer {UNSIGNED_HEADER}.{shell}."),
    }


def _near(token: str, name: str) -> dict[str, Credential]:
    """Return credentials that differ from the key in one or two characters, or that continue after it."""
    first, last = ("0" if token[:1] != "0" else "1"), ("0" if token[-1:] != "0" else "1")
    swapped = f"$(printf %s \"${name}\" | tr 'a-zA-Z' 'A-Za-z')"
    return {
        "a prefix of the key": Credential(f"Bearer {token[:-1]}", f"Bearer ${{{name}%?}}"),
        "a suffix of the key": Credential(f"Bearer {token[1:]}", f"Bearer ${{{name}#?}}"),
        "the key in another case": Credential(f"Bearer {token.swapcase()}", f"Bearer {swapped}"),
        "the key with its first character changed": Credential(
            f"Bearer {first}{token[1:]}", f"Bearer {first}${{{name}#?}}"
        ),
        "the key with its last character changed": Credential(
            f"Bearer {token[:-1]}{last}", f"Bearer ${{{name}%?}}{last}"
        ),
        "the key with a character more": Credential(f"Bearer {token}0", f"Bearer ${{{name}}}0"),
        NOT_ASCII: Credential(f"Bearer {token}\u00fc", f"Bearer ${{{name}}}\u00fc"),
        "the key in quotes": Credential(f'Bearer "{token}"', f'Bearer \\"${name}\\"'),
        "the key and a word": Credential(f"Bearer {token} , rc-x", f"Bearer ${name} , rc-x"),
        "the key twice": Credential(f"Bearer {token}{token}", f"Bearer ${name}${name}"),
        "the key percent-encoded": Credential(
            f"Bearer %{ord(token[0]):02X}{token[1:]}", f'Bearer %$(printf %02X "\'${name}")${{{name}#?}}'
        ),
    }


def _cut(token: str, name: str) -> dict[str, Credential]:
    """Return credentials made from parts of the key."""
    half, rest = len(token) // 2, token.partition("-")[2]
    middle = "0" if token[half] != "0" else "1"
    sed = f'$(printf %s "${name}" | sed '
    made = {
        "the key with a space in it": Credential(
            f"Bearer {token[:half]} {token[half:]}", f"Bearer {sed}'s/./& /{half}')"
        ),
        "the key with a character in its middle changed": Credential(
            f"Bearer {token[:half]}{middle}{token[half + 1 :]}", f"Bearer {sed}'s/./{middle}/{half + 1}')"
        ),
    }
    if len(rest) >= SHORTEST_CUT:
        made["the key without its first part"] = Credential(f"Bearer {rest}", f"Bearer ${{{name}#*-}}")
    return made
