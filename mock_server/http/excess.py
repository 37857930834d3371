"""What the mock says of a request with a part that is larger than its limit."""

from __future__ import annotations

from mock_server.http.framing import RejectedError
from mock_server.http.limits import Limits


def long_line(limits: Limits) -> RejectedError:
    """Return the 414."""
    return RejectedError(414, f"The request target is longer than {limits.request_line} bytes.")


def long_fields(limits: Limits) -> RejectedError:
    """Return the 431 for header fields."""
    most = f"{limits.header_count} header fields or {limits.header_bytes} bytes of them"
    return RejectedError(431, f"The request has more than {most}.")


def long_trailers(limits: Limits) -> RejectedError:
    """Return the 431 for trailers, or for a chunk extension: the parser does not tell which has no end."""
    most = limits.trailer_bytes
    return RejectedError(431, f"The trailers or a chunk extension of the request have more than {most} bytes.")
