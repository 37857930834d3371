"""The files of certificates: which the target may show, and the one that the target is shown."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from conformance.configuration.options import BY_NAME
from conformance.configuration.settings import BadSetting, Settings
from conformance.wire.route import ClientCertificate, Route

CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
PRIVATE_KEY = b"PRIVATE KEY-----"


def ca_of(settings: Settings) -> str | None:
    """Return the file of the certificates to trust. Raises BadSetting."""
    file: str | None = settings["ca"]
    if file is None:
        return None
    place = f"{settings.origins['ca']} {file}"
    if settings["insecure"]:
        raise BadSetting(f"{place}: it says which certificates count, and --insecure that any does; give one of them")
    try:
        Route(ca=file).tls()
    except ssl.SSLError:
        raise BadSetting(f"{place}: it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)") from None
    except OSError as error:
        raise BadSetting(f"{place}: {error.strerror}") from None
    return file


def client_certificate_of(settings: Settings, target: str | None) -> ClientCertificate | None:
    """Return the certificate that the target is shown, with its key. Raises BadSetting."""
    cert, key, passphrase = settings["cert"], settings["key"], settings["key-passphrase"]
    if cert is None:
        for name in ("key", "key-passphrase"):
            if settings[name] is not None:
                raise BadSetting(f"{settings.origins[name]}: there is no certificate for it; give --cert FILE, too")
        return None
    _check_target(settings, target)
    shown = ClientCertificate(cert, key, passphrase)
    _check_files(settings, shown)
    _check_pair(settings, shown)
    return shown


def _check_target(settings: Settings, target: str | None) -> None:
    """Refuse what the target cannot be shown: a user who gives a certificate takes the connection for a secure one."""
    place = f"{settings.origins['cert']} {settings['cert']}"
    if settings["app"]:
        raise BadSetting(f"{place}: an application in this process is shown no certificate; leave --cert out")
    if target is not None and urlsplit(target).scheme != "https":
        raise BadSetting(
            f"{place}: a certificate is shown over HTTPS only, and the URL of the target begins with http:; "
            "write https://, or leave --cert out"
        )


def _check_files(settings: Settings, shown: ClientCertificate) -> None:
    cert, cert_place = _content(settings, "cert"), f"{settings.origins['cert']} {shown.cert}"
    if CERTIFICATE not in cert:
        raise BadSetting(f"{cert_place}: it holds no certificate in PEM ({CERTIFICATE.decode()})")
    if shown.key is None and PRIVATE_KEY not in cert:
        raise BadSetting(f"{cert_place}: it holds no private key; name the file that does with --key FILE")
    if shown.key is not None and PRIVATE_KEY not in _content(settings, "key"):
        raise BadSetting(f"{settings.origins['key']} {shown.key}: it holds no private key in PEM (-----BEGIN ...)")


def _content(settings: Settings, name: str) -> bytes:
    try:
        return Path(settings[name]).read_bytes()
    except OSError as error:
        variable = settings.origins[name] == BY_NAME[name].environment  # RESPAN_KEY may hold a key by mistake
        place = settings.origins[name] if variable else f"{settings.origins[name]} {settings[name]}"
        raise BadSetting(f"{place}: {error.strerror or error}; give the path of a file in PEM") from None


def _check_pair(settings: Settings, shown: ClientCertificate) -> None:
    option = "key" if shown.key else "cert"
    place = f"{settings.origins[option]} {settings[option]}"
    asked: list[bool] = []
    try:
        shown.load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), lambda: asked.append(True))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise BadSetting(
                f"{place}: the private key does not belong to the certificate in {shown.cert}; give the two of one pair"
            ) from None
        if asked and shown.passphrase is None:
            raise BadSetting(
                f"{place}: the private key is encrypted; set RESPAN_KEY_PASSPHRASE, or give --key-passphrase-file"
            ) from None
        if asked:
            raise BadSetting(
                f"{settings.origins['key-passphrase']}: it does not open the private key in {place}"
            ) from None
        raise BadSetting(f"{place}: OpenSSL cannot use it ({error.reason or error}); write it in PEM again") from None
