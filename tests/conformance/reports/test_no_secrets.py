"""No key is in any report or in what is printed, though the target tells it everywhere it can, in every spelling."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conformance.command import KNOWN, Ran, conformance
from tests.servers.fixtures import OTHER_ORGANIZATION_KEY, READ_ONLY_KEY, READ_WRITE_KEY, Fixtures, default_fixtures
from tests.servers.plain import PlainServer
from tests.servers.serving import served
from tests.servers.wire import Request, Response

KEYS = {
    "RESPAN_API_KEY": "sk-live-Zq8/wX+7Yp=Kd3.Rv5~Tn1",
    "RESPAN_OTHER_ORG_KEY": 'globex"Hm4\\Lc9&Bf2<Gs6>Jt0Uu',
    "RESPAN_READ_ONLY_KEY": "eyJraWQiOiJrMSJ9.eyJzdWIiOiI0MiJ9.Qx1Vr8Nw3Kz6Ea5Oy7Ip2Md9",
}
STANDS_FOR = dict(zip(KEYS.values(), (READ_WRITE_KEY, OTHER_ORGANIZATION_KEY, READ_ONLY_KEY), strict=True))
PIECE = 8
REPORTS = ("json", "junit", "html", "markdown")


def _spellings(text: str) -> dict[str, str]:
    encoded = text.encode()
    return {
        "raw": text,
        "percent": quote(text, safe=""),
        "base64": b64encode(encoded).decode(),
        "base64url": urlsafe_b64encode(encoded).decode(),
        "json": json.dumps(text),
        "html": escape(text),
        "hex": encoded.hex(),
        "swapped": text.swapcase(),
    }


class TellsKeys(PlainServer):
    """Tells the credentials of each request in the headers and the body of its response, and is wrong in many ways."""

    answers = 0

    def __init__(self) -> None:
        known = default_fixtures()
        keys = {key: known.keys[stands_for] for key, stands_for in STANDS_FOR.items()}
        super().__init__(Fixtures(keys, known.built_in_models, known.providers))

    def status(self, earlier: Any) -> int:
        return 201

    def body_bytes(self, request: Request, response: Response) -> bytes:
        told = _spellings(request.header("Authorization") or "nobody")
        self.answers += 1
        if isinstance(response.body, dict):
            name = f"{response.body.get('display_name', '')}{'x' * (self.answers % 400)} {told['raw']}"
            wrong = {"display_name": name} if "display_name" in response.body else {}
            body = json.dumps({"told": told, **response.body, **wrong, "again": told}).encode()
            return body if self.answers % 7 else b"no JSON " + told["base64"].encode() + body
        return super().body_bytes(request, response)

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        told = _spellings(request.header("Authorization") or "nobody")
        return super().headers(request, response, body) | {f"X-{name}": value for name, value in told.items()}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Mapping[str, str]]:
    """A run of the command with everything that it can say, and all its reports."""
    folder = tmp_path_factory.mktemp("reports")
    files = [word for name in REPORTS for word in (f"--{name}", str(folder / name))]
    with served(TellsKeys()) as url:
        ran = conformance(
            url, *KNOWN, *files, "--verbose", "--skip", "CON,MOD", environment={**KEYS, "GITHUB_ACTIONS": "true"}
        )
    texts = {name: Path(folder / name).read_text(encoding="utf-8") for name in REPORTS}
    return ran, {**texts, "stdout": ran.stdout, "stderr": ran.stderr}


def test_the_target_leaks_its_keys_in_many_findings(told: tuple[Ran, Mapping[str, str]]) -> None:
    ran, texts = told
    assert ran.code == 1
    report = json.loads(texts["json"])
    assert report["summary"]["fail"] > 5  # which of them repeat hangs on how many responses came between
    assert "$RESPAN_OTHER_ORG_KEY" in texts["json"]
    assert all("$RESPAN_API_KEY" in texts[name] for name in (*REPORTS, "stdout"))


@pytest.mark.parametrize("place", [*REPORTS, "stdout", "stderr"])
def test_no_part_of_a_key_is_reported(place: str, told: tuple[Ran, Mapping[str, str]]) -> None:
    text = told[1][place]
    for key in KEYS.values():
        for name, spelled in _spellings(key).items():
            pieces = [spelled[at : at + PIECE] for at in range(len(spelled) - PIECE + 1)]
            found = [piece for piece in pieces if piece in text]
            assert not found, f"{name}: {found}"
