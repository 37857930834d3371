"""Strategies for the data in files and admin requests: states, rules for faults, fixtures and scenarios."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from contract import load
from mock_server.faults.rule import SCHEMA as FAULT
from tests.mock_server.fuzz.values import NUMBERS, TEXTS, TIMES, VALUES, any_of, nearly

RULES = load().upsert
NAMES = any_of(["mine", "other", "gpt-4o", "a/b"])
ORGANIZATIONS = any_of(["acme", "acme", "globex"])
_FIELDS = {name: field.schema for name, field in RULES.request.items() if not field.alias}
_VALID_TIMES = st.sampled_from(TIMES[:3])
_TIMES = _VALID_TIMES | st.sampled_from(TIMES) | TEXTS


@st.composite
def _named(draw: st.DrawFn, whole: bool) -> dict[str, Any]:
    """Draw models by name. Without `whole` they lack what a scenario may leave out."""
    found: dict[str, Any] = {}
    for name in draw(st.lists(NAMES, max_size=3, unique=True)):
        values = draw(nearly({"type": "object", "properties": _FIELDS, "additionalProperties": False}))
        if isinstance(values, dict) and (whole or draw(st.booleans())):
            values = {**values, "model_name": draw(st.sampled_from([name, name, name, "another"]))}
        model = {"values": values, "created": draw(_TIMES), "updated": draw(_TIMES)}
        if not whole:
            model = {member: model[member] for member in model if draw(st.booleans())}
        found[name] = model
    return found


def models(*, whole: bool) -> st.SearchStrategy[Any]:
    """Return the models of organizations, as a state or a scenario has them."""
    return st.dictionaries(ORGANIZATIONS, _named(whole) | st.just({}), max_size=2) | VALUES


def _perhaps(sound: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(*[sound] * 8, VALUES)


STATES: st.SearchStrategy[Any] = _perhaps(
    st.fixed_dictionaries(
        {
            "format": st.sampled_from(["respan-mock-state"] * 8 + ["respan-mock-scenario"]),
            "version": st.sampled_from([1] * 8 + [1.0, 2, "1", True]),
            "models": models(whole=True),
        }
    )
)

_EFFECTS: dict[str, st.SearchStrategy[Any]] = {
    "status": st.integers(399, 600) | NUMBERS,
    "latency": st.fixed_dictionaries({"min": NUMBERS}, optional={"max": NUMBERS}),
    "reset": st.sampled_from([True, True, False]),
    "truncate": NUMBERS,
    "malform": st.just(True),
    "drip": st.fixed_dictionaries({"bytes": NUMBERS, "every": NUMBERS}),
}
_CONDITIONS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.from_regex(r"[A-Za-z0-9._-]{1,3}", fullmatch=True) | TEXTS,
    "method": st.sampled_from(["POST", "post", "GET", "PSOT", "X-OWN"]) | TEXTS,
    "path": st.sampled_from(["/api/models/*", "*", "/api/*/", "*s/*", "/nowhere", "/api/models/%6D*"]) | TEXTS,
    "organization": ORGANIZATIONS,
    "model": NAMES,
    "probability": st.floats(0, 1) | NUMBERS,
    "count": st.integers(1, 3) | NUMBERS,
    "when": st.sampled_from(["before", "after", "later"]),
    "fired": NUMBERS,
}
_OF_STATUS: dict[str, st.SearchStrategy[Any]] = {
    "detail": TEXTS,
    "body": TEXTS,
    "headers": st.dictionaries(any_of(["Retry-After", "X-A", "x-a", "Content-Length", "X Y", "é"]), TEXTS, max_size=2),
}


@st.composite
def _fault(draw: st.DrawFn) -> dict[str, Any]:
    effect = draw(st.sampled_from([*_EFFECTS]))
    rule: dict[str, Any] = {effect: draw(_EFFECTS[effect])}
    rule |= draw(st.fixed_dictionaries({}, optional={**_CONDITIONS}).map(lambda it: dict([*it.items()][:2])))
    if effect == "status" or draw(st.integers(0, 20)) == 0:
        rule |= draw(st.fixed_dictionaries({}, optional={**_OF_STATUS}))
    return rule


FAULT_RULES = st.one_of(*[_fault()] * 6, nearly(FAULT))
FAULTS: st.SearchStrategy[Any] = _perhaps(st.fixed_dictionaries({"faults": st.lists(FAULT_RULES, max_size=3)}))

_KEYS = st.from_regex(r"[!-~]{4,20}", fullmatch=True) | TEXTS
_RIGHTS = st.fixed_dictionaries(
    {"organization": ORGANIZATIONS, "rights": st.sampled_from(["read-write", "read-only", "none"])}
)
_SHOWN = {name: field.schema for name, field in RULES.response.items()}
_PROVIDERS = st.dictionaries(TEXTS, nearly(_SHOWN.get("provider", {})), max_size=2)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "organizations": _perhaps(
        st.dictionaries(ORGANIZATIONS, st.just({}) | st.fixed_dictionaries({"providers": _PROVIDERS}), max_size=2)
    ),
    "api_keys": _perhaps(st.dictionaries(_KEYS, _perhaps(_RIGHTS), max_size=2)),
    "dashboard": _perhaps(
        st.fixed_dictionaries(
            {
                "secret": st.text(st.characters(codec="ascii"), min_size=31, max_size=40),
                "organization_claim": TEXTS,
                "rights_claim": TEXTS,
            }
        )
    ),
    "models": _perhaps(st.dictionaries(NAMES, nearly({"type": "object", "properties": _SHOWN}), max_size=2)),
}
FIXTURES = _perhaps(st.fixed_dictionaries(PARTS))

SCENARIOS: st.SearchStrategy[Any] = _perhaps(
    st.fixed_dictionaries(
        {},
        optional={
            "format": st.sampled_from(["respan-mock-scenario"] * 5 + ["respan-mock-state"]),
            "version": st.sampled_from([1] * 5 + [1.0, 2]),
            "clock": st.sampled_from([*TIMES, "2026-02-01T12:00:00Z+1s", "2026-02-01T12:00:00Z+1e9d", "+1s"]) | TEXTS,
            "seed": st.integers() | NUMBERS,
            "fixtures": _perhaps(st.fixed_dictionaries({}, optional=PARTS)),
            "faults": st.lists(FAULT_RULES, max_size=2),
            "models": models(whole=False),
        },
    )
)
