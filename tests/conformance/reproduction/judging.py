"""Judges the last response of a pasted reproduction by what its finding says, without any code of the suite."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from typing import Any

STATUS = re.compile(r"(\d{3})(?: |$)")
STATUSES = re.compile(r"(?:status )?(\d{3}(?: or \d{3})*)\b")
MEMBER = re.compile(r"([a-z_]+)(?:\.([\w-]+))?: (.*)", re.DOTALL)
ABSENT = re.compile(r"a response without (\w+)$")
CUT = re.compile(r"\.\.\. \(\d+ characters\)")
NAME = re.compile(r"(?:rc-[0-9a-f]+|\$RUN)-(?:\d+-)*\d+")
MOVES = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT|\d{9,}(?:\.\d+)?"  # times
    r"|[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"  # UUIDs that are made of a name
    r"|(?<=column )\d+|(?<=char )\d+"  # places in a body, where the names in it are longer
)
"""What is another each time."""
TWICE = re.compile("Content-Encoding: gzip, and a body in the coding gzip, once more")
GZIPPED = re.compile("no Content-Encoding, and a body in the coding gzip")
OFF_SCHEMA = re.compile(
    r"([a-z_]+)(?:\.(\w+))?: (.+) is (?:not of type|none of|not a date-time) .*"
    r"|'?(\w+)'? is (?:a required property|missing.*)",
    re.DOTALL,
)
ELLIPSIS = "..."
WITHOUT = re.compile(r"([a-z_]+) without (\w+)$")
MOVING = {"created_at", "updated_at", "throughput"}


@dataclass(frozen=True, slots=True)
class Response:
    """The last response that curl printed."""

    status: int
    content: bytes

    @classmethod
    def last_of(cls, output: bytes) -> Response | None:
        """The last response in what a script printed."""
        _, mark, last = output.rpartition(b"HTTP/1.1 ")
        if not mark:
            return None
        _, content = re.split(rb"\r?\n\r?\n", last, maxsplit=1)
        return cls(int(last[:3]), content.removesuffix(b"\n"))  # which curl writes after a body

    @property
    def body(self) -> str:
        """The content as reports write it."""
        return self.content.decode("utf-8", "backslashreplace")

    @property
    def members(self) -> dict[str, Any]:
        """The members of the JSON object in the body."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def misses(finding: dict[str, Any], response: Response) -> str | None:
    """How the response fails to show what the finding says; None where it shows it."""
    expected, observed = finding["expected"], finding["observed"]
    if TWICE.match(observed) or GZIPPED.match(observed):
        return _wrongly_coded(response, 2 if TWICE.match(observed) else 1)
    if status := STATUS.match(observed):
        return _wrong_status(expected, int(status[1]), response)
    if without := WITHOUT.match(expected):
        members = response.members.get(without[1])
        return None if isinstance(members, dict) and without[2] in members else f"{without[2]} is not there"
    return _misses_expectation(finding, response)


def _misses_expectation(finding: dict[str, Any], response: Response) -> str | None:
    expected, observed = finding["expected"], finding["observed"]
    if absent := ABSENT.match(observed):
        return None if absent[1] not in response.members else f"{absent[1]} is not absent"
    if off := OFF_SCHEMA.match(observed):
        return _wrong_by_schema(off, response)
    if (member := MEMBER.match(observed)) and member[1] in _shown(finding):
        return _wrong_member(expected, member, response)
    return _unlike(finding, response)


def _wrongly_coded(response: Response, times: int) -> str | None:
    """How the content was not compressed so many times."""
    content = response.content
    try:
        for _ in range(times):
            content = gzip.decompress(content)
    except OSError:
        return f"a body that is not compressed {times} times"
    return None


def _wrong_status(expected: str, observed: int, response: Response) -> str | None:
    both_taken = max(response.status, observed) < 300
    if response.status != observed and not (expected.startswith("status 4") and both_taken):
        return f"status {response.status}, and not {observed}"
    if allowed := STATUSES.match(expected):
        return f"{observed} is what was expected" if str(observed) in allowed[1] else None
    if expected.startswith("success (2xx)"):
        return f"{observed} is a success" if observed < 300 else None
    if expected.startswith("an error response (4xx)"):
        return None if observed < 300 else f"{observed} is a refusal"
    return None


def _wrong_by_schema(off: re.Match[str], response: Response) -> str | None:
    name, inner, expected, missing = off.groups()
    if missing:
        return None if missing not in response.members else f"{missing} is there"
    value = response.members.get(name)
    value = value.get(inner) if inner and isinstance(value, dict) else value
    return None if _alike(json.dumps(value, ensure_ascii=False), expected) else f"{name}: {value!r}, and not {expected}"


def _wrong_member(expected: str, member: re.Match[str], response: Response) -> str | None:
    name, entry, expected = member.groups()
    value = response.members.get(name)
    if entry is not None:
        value = value.get(entry) if isinstance(value, dict) else None
    seen = "absent" if value is None and expected == "absent" else json.dumps(value, ensure_ascii=False)
    if not _alike(seen, expected):
        return f"{name}: {seen[:200]}, and not {expected[:200]}"
    wanted = MEMBER.match(expected)
    if wanted and wanted[1] == name and not name.endswith("_at") and wanted[3].startswith(f"{seen} "):
        return f"{name}: {seen[:200]} is what was expected"
    return None


def _alike(seen: str, expected: str) -> bool:
    """Whether two values are the same as they are written, names and times apart."""
    seen, expected = (MOVES.sub("T", NAME.sub("#", text)) for text in (seen, expected))
    expected = re.sub(r", as (it was|in) .*", "", expected)
    if ELLIPSIS in seen and ELLIPSIS in expected:  # what is cut depends on how long a name is
        return seen.partition(ELLIPSIS)[2] == expected.partition(ELLIPSIS)[2]
    cut = CUT.search(expected)
    return seen.startswith(expected[: cut.start()]) if cut else _settled(seen) == _settled(expected)


def _settled(text: str) -> Any:
    """A value, with what the clock decides left out."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, dict):
        return {name: child for name, child in value.items() if not name.endswith("_at")}
    return value


def _unlike(finding: dict[str, Any], response: Response) -> str | None:
    """In what the response differs from the one that the finding shows."""
    shown = finding["exchanges"][-1]["response"]
    if shown["status"] != response.status:
        return f"status {response.status}, and not {shown['status']}"
    expected = _shown(finding)
    if not expected and NAME.sub("#", response.body)[:60] != NAME.sub("#", shown["body"])[:60]:
        return "another body"
    for name, value in expected.items():
        seen = response.members.get(name)
        written, came = (json.dumps(one, ensure_ascii=False) for one in (value, seen))
        if name not in MOVING and not _alike(came, written):
            return f"{name}: {came[:200]}, and not {written[:200]}"
    return None


def _shown(finding: dict[str, Any]) -> dict[str, Any]:
    """The members of the last response that the finding shows."""
    try:
        value = json.loads(finding["exchanges"][-1]["response"]["body"])
    except (ValueError, IndexError):
        return {}
    return value if isinstance(value, dict) else {}
