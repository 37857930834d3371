"""How long a busy target asks to be left alone: Retry-After of RFC 9110, section 10.2.3."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from conformance.wire.exchange import Response


def seconds_asked(response: Response) -> float | None:
    """Seconds from now; None where the response asks for none that can be read."""
    asked = (response.header("retry-after") or "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked)
    until = _date(asked)
    if until is None:
        return None
    now = _date(response.header("date") or "") or datetime.now(UTC)  # by the clock of the target, where it shows one
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    """An HTTP-date; None where it is none."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
