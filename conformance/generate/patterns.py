"""Texts that match a regular expression."""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache

SAMPLES = 30
"""Number of texts that are generated from a pattern."""


@lru_cache(maxsize=32)
def matching(pattern: str, *, whole: bool) -> tuple[str, ...]:
    """Return texts that match a regular expression, in printable ASCII if there are such.

    `whole` means that it matches the text from its beginning to its end. The result is the same in each run.
    """
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from hypothesis.errors import HypothesisException

    found: list[str] = []

    def collect(alphabet: st.SearchStrategy[str] | None) -> None:
        drawing = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=whole, alphabet=alphabet)
        draw = settings(
            max_examples=SAMPLES,
            database=None,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        draw(given(drawing)(lambda text: found.append(text)))()  # noqa: PLW0108 - Hypothesis looks at its signature

    try:
        collect(st.characters(min_codepoint=33, max_codepoint=126))
    except HypothesisException:  # the pattern has characters of other scripts, or nothing matches it
        with contextlib.suppress(HypothesisException):
            collect(None)
    except re.error:  # another dialect of regular expressions; the user can write --name-pattern in Python's
        return ()
    return tuple(found)
