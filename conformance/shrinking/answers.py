"""When two stories end in the same answer, but for the names in it and what moves by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from conformance.fields import settled, settled_fields
from conformance.judge.same import same
from conformance.shrinking.story import text_of
from conformance.subject.names import Names
from conformance.wire import strict_json
from conformance.wire.exchange import Exchange, Json
from contract import Contract


def same_answer(contract: Contract, names: Names, story: Sequence[Exchange], again: Sequence[Exchange]) -> bool:
    """Whether the last answers are the same, with the names of each story known by where they first stand in it."""
    if story[-1].response.status != again[-1].response.status:
        return False
    one, other = _members(names, story), _members(names, again)
    return all(
        same(settled(one.get(field.name), field.schema), settled(other.get(field.name), field.schema))
        for field in settled_fields(contract)
    )


def _members(names: Names, story: Sequence[Exchange]) -> Mapping[str, Json]:
    """The members of the last answer, with numbers for the names that were sent."""
    sent = [name for exchange in story for name in names.found_in(text_of(exchange.request))]
    numbers = {name: f"#{number}" for number, name in enumerate(dict.fromkeys(sent))}

    def number(found: re.Match[str]) -> str:
        return numbers.get(found[0], found[0])

    text = names.pattern.sub(number, story[-1].response.body.decode("utf-8", "replace"))
    value = strict_json.read(text.encode()).value
    return value if isinstance(value, dict) else {}
