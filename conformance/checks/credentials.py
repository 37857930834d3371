"""Credentials that are made from the owner's: wrong ones, and the same ones spelled otherwise."""

from __future__ import annotations

from base64 import b64encode

from conformance.subject.callers import UNKNOWN, token_of
from conformance.wire.exchange import Credential


def with_scheme(credential: Credential, scheme: str) -> Credential:
    """The same token under another scheme, or another spelling of it."""
    return Credential(f"{scheme} {token_of(credential)}", f"{scheme} {credential.shell.partition(' ')[2]}")


def wrong_credentials(owner: Credential) -> dict[str, Credential]:
    """Credentials that no server may take, by what is wrong with them. None of them is the owner's own."""
    token, name = token_of(owner), owner.shell.partition(" ")[2].removeprefix("$")
    first, last = ("0" if token[:1] != "0" else "1"), ("0" if token[-1:] != "0" else "1")
    swapped = f"$(printf %s \"${name}\" | tr 'a-zA-Z' 'A-Za-z')"
    candidates = {
        "empty": Credential("Bearer", "Bearer"),
        "unknown": UNKNOWN,
        "other scheme": with_scheme(owner, "Basic"),
        "the scheme of another framework": with_scheme(owner, "Token"),
        "the key as a user": Credential(
            f"Basic {b64encode(f'{token}:'.encode()).decode()}", f'Basic $(printf %s "${name}:" | base64 | tr -d "\\n")'
        ),
        "a scheme that begins alike": with_scheme(owner, "BearerX"),
        "scheme missing": Credential(token, f"${name}"),
        "garbage": Credential("Bearer ,;={}", "Bearer ,;={}"),
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
        "the key in quotes": Credential(f'Bearer "{token}"', f'Bearer \\"${name}\\"'),
        "the key and a word": Credential(f"Bearer {token} rc-x", f"Bearer ${name} rc-x"),
        "the key twice": Credential(f"Bearer {token}{token}", f"Bearer ${name}${name}"),
        "the key percent-encoded": Credential(
            f"Bearer %{ord(token[0]):02X}{token[1:]}", f'Bearer %$(printf %02X "\'${name}")${{{name}#?}}'
        ),
    }
    if len(rest := token.partition("-")[2]) > 1:
        candidates["the key without its first part"] = Credential(f"Bearer {rest}", f"Bearer ${{{name}#*-}}")
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg":"none","typ":"JWT"}
    if token.count(".") == 2:  # the same claims
        claims, shell = token.split(".")[1], f'$(printf %s "${name}" | cut -d. -f2)'
    else:  # {"organization":"acme","rights":"read-write","sub":"admin"}
        claims = shell = "eyJvcmdhbml6YXRpb24iOiJhY21lIiwicmlnaHRzIjoicmVhZC13cml0ZSIsInN1YiI6ImFkbWluIn0"
    candidates["an unsigned JWT"] = Credential(f"Bearer {unsigned}.{claims}.", f"Bearer {unsigned}.{shell}.")
    if token.count(".") == 2:  # the last character of a base64 signature may hold bits that count for nothing
        del candidates["the key with its last character changed"]
    return {kind: wrong for kind, wrong in candidates.items() if wrong.value != owner.value}
