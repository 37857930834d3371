"""Targets that want to know who connects: the command shows them a certificate, or says what is wrong with it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.conformance.command import KEYS, conformance
from tests.mutants.statuses import AlwaysCreated
from tests.servers.plain import PlainServer
from tests.servers.secure import Authority, served_to_the_known
from tests.servers.tunnel import tunnelling

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.of(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> tuple[str, str]:
    return authority.client("me")


@pytest.fixture(scope="module")
def target(authority: Authority) -> Iterator[str]:
    with served_to_the_known(PlainServer(), authority) as url:
        yield url


def _both(pair: tuple[str, str], folder: Path) -> Path:
    """One file with a certificate and its key in it."""
    file = folder / "both.pem"
    file.write_text("".join(Path(part).read_text() for part in pair))
    return file


def _encrypted(pair: tuple[str, str], folder: Path) -> Path:
    """The key of the pair in a file that takes PASSPHRASE."""
    key, file = load_pem_private_key(Path(pair[1]).read_bytes(), None), folder / "encrypted.key"
    sealed = BestAvailableEncryption(PASSPHRASE.encode())
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
    return file


def test_a_target_that_requires_a_certificate_gets_one(
    target: str, authority: Authority, pair: tuple[str, str], tmp_path: Path
) -> None:
    arguments = (target, "--ca", authority.file, "--only", "STA-01,STA-33")
    ran = conformance(*arguments, "--cert", pair[0], "--key", pair[1], environment=KEYS)
    assert (ran.code, ran.stderr) == (0, "")
    ran = conformance(*arguments, environment={**KEYS, "RESPAN_CERT": str(_both(pair, tmp_path))})
    assert ran.code == 0, ran.stdout


def test_an_encrypted_key_takes_its_passphrase_from_the_environment_or_a_file(
    target: str, authority: Authority, pair: tuple[str, str], tmp_path: Path
) -> None:
    arguments = (target, "--ca", authority.file, "--only", "STA-01", "--cert", pair[0])
    sealed = ("--key", str(_encrypted(pair, tmp_path)))
    ran = conformance(*arguments, *sealed, environment={**KEYS, "RESPAN_KEY_PASSPHRASE": PASSPHRASE})
    assert ran.code == 0, ran.stdout + ran.stderr
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    ran = conformance(*arguments, *sealed, "--key-passphrase-file", str(tmp_path / "passphrase"), environment=KEYS)
    assert ran.code == 0, ran.stdout + ran.stderr


def test_a_tunnel_leads_to_it_too(target: str, authority: Authority, pair: tuple[str, str]) -> None:
    with tunnelling() as proxy:
        environment = {**KEYS, "HTTPS_PROXY": proxy.url.replace("//", "//me:open-sesame@")}
        ran = conformance(
            target, "--ca", authority.file, "--cert", pair[0], "--key", pair[1], "--only", "STA-01",
            environment=environment,
        )  # fmt: skip
    assert ran.code == 0, ran.stdout
    assert {head.split()[1] for head in proxy.requested} == {target.removeprefix("https://").encode()}
    assert all(b"Proxy-Authorization: Basic " in head for head in proxy.requested)
    assert f"Proxy     {proxy.url} (HTTPS_PROXY)" in ran.stdout
    assert "sesame" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("through", ["--proxy", "HTTPS_PROXY"])
def test_what_is_printed_goes_the_same_way_when_it_is_pasted(
    through: str, authority: Authority, pair: tuple[str, str], tmp_path: Path
) -> None:
    secrets = {**KEYS, "RESPAN_KEY_PASSPHRASE": PASSPHRASE}
    files = ["--ca", authority.file, "--cert", pair[0], "--key", str(_encrypted(pair, tmp_path))]
    with served_to_the_known(AlwaysCreated(), authority) as url, tunnelling() as proxy:
        named = proxy.url.replace("//", "//me:open-sesame@")
        if through == "--proxy":
            files += ["--proxy", proxy.url]
            secrets |= {"RESPAN_PROXY_AUTH": "me:open-sesame"}
        else:
            secrets |= {"HTTPS_PROXY": named}
        ran = conformance(url, *files, "--only", "STA-02", report=tmp_path / "report.json", environment=secrets)
        [finding] = ran.requirement("STA-02")["findings"][:1]
        script = "\n".join(finding["reproduce"])
        requested = len(proxy.requested)
        pasted = subprocess.run(
            ["bash", "-c", script], env=os.environ | secrets, check=False, capture_output=True, text=True
        )
    assert PASSPHRASE not in script
    assert "sesame" not in script
    assert len(proxy.requested) > requested
    assert all(b"Proxy-Authorization: Basic " in head for head in proxy.requested)
    assert pasted.stdout.count("HTTP/1.1 201 ") == 2, pasted.stdout + pasted.stderr


def test_without_a_certificate_the_error_names_the_option(target: str, authority: Authority) -> None:
    ran = conformance(target, "--ca", authority.file, "--only", "STA-01", environment=KEYS)
    assert ran.code == 3
    assert "requires a client certificate" in ran.stdout
    assert "--cert FILE and --key FILE" in ran.stdout


def test_errors_in_files_are_reported_before_anything_is_sent(
    authority: Authority, pair: tuple[str, str], tmp_path: Path
) -> None:
    cert, key = pair
    other, sealed, empty = authority.client("another")[1], str(_encrypted(pair, tmp_path)), tmp_path / "empty"
    empty.touch()
    broken = tmp_path / "broken.key"
    broken.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    wrong = {
        (
            "--cert",
            cert,
            "--key",
            other,
        ): f"--key {other}: the private key does not belong to the certificate in {cert}",
        ("--cert", cert): f"--cert {cert}: it contains no private key; name the file that does with --key FILE",
        ("--cert", key, "--key", key): f"--cert {key}: it contains no certificate in PEM",
        ("--cert", cert, "--key", cert): f"--key {cert}: it contains no private key in PEM",
        ("--cert", "/no/such.pem", "--key", key): "--cert /no/such.pem: No such file or directory",
        ("--cert", cert, "--key", str(tmp_path)): f"--key {tmp_path}: Is a directory",
        ("--cert", cert, "--key", sealed): f"--key {sealed}: the private key is encrypted; set RESPAN_KEY_PASSPHRASE",
        ("--cert", cert, "--key", str(broken)): f"--key {broken}: OpenSSL cannot read it",
        ("--key", key): "--key: there is no certificate for it; set --cert FILE too",
        ("--cert", str(empty)): f"--cert {empty}: it contains no certificate",
    }
    for arguments, says in wrong.items():
        ran = conformance("https://target.invalid", *arguments, environment=KEYS)
        assert (ran.code, ran.stdout) == (2, ""), arguments
        assert f"respan-conformance: {says}" in ran.stderr


def test_a_wrong_passphrase_is_not_repeated(pair: tuple[str, str], tmp_path: Path) -> None:
    sealed = str(_encrypted(pair, tmp_path))
    environment = {**KEYS, "RESPAN_KEY_PASSPHRASE": "open sesame"}
    ran = conformance("https://target.invalid", "--cert", pair[0], "--key", sealed, environment=environment)
    assert ran.code == 2
    assert f"RESPAN_KEY_PASSPHRASE: it does not decrypt the private key in --key {sealed}" in ran.stderr
    assert "sesame" not in ran.stderr


def test_a_key_in_place_of_the_path_of_one_is_not_repeated(pair: tuple[str, str]) -> None:
    environment = {**KEYS, "RESPAN_KEY": "sk-0123456789"}
    ran = conformance("https://target.invalid", "--cert", pair[0], environment=environment)
    assert ran.code == 2
    assert "RESPAN_KEY: No such file or directory; set it to the path of a file in PEM" in ran.stderr
    assert "0123456789" not in ran.stderr


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (["http://target.invalid"], "a client certificate requires HTTPS"),
        (["--app", "tests.servers.plain:PlainServer"], "an application in this process takes no client certificate"),
        ([], "there is no target for --cert"),
    ],
)
def test_a_client_without_a_certificate_is_rejected(target: list[str], says: str, pair: tuple[str, str]) -> None:
    ran = conformance(*target, "--cert", pair[0], "--key", pair[1], environment=KEYS if target else {})
    assert ran.code == 2
    assert says in ran.stderr
