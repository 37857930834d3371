"""Why a requirement is not testable, on servers that leave something out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance import check
from conformance.results.verdict import Verdict
from tests.mutants.judging import judged
from tests.servers.plain import PlainServer
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from tests.servers.fixtures import Caller
    from tests.servers.plain_http import Handler
    from tests.servers.wire import Json, Request, Response


class _DeletesOnly(PlainServer):
    """A server whose models can be deleted, but not read."""

    def read(self, request: Request) -> Response:
        raise HttpError(405, "Only DELETE is allowed.", {"Allow": "DELETE"})


def test_a_target_with_a_delete_is_not_said_to_have_none() -> None:
    result = judged(_DeletesOnly(), only=["CON-09"])
    assert "the target has a delete" in result.notes
    assert [reason.partition(":")[0] for reason in result.judged["CON-09"].reasons] == ["the target has no read"]


class _NoMethodsKnown(PlainServer):
    """A server that returns 404 for methods that it does not have."""

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except HttpError as error:
            raise HttpError(404, "Not found.") from error


def test_methods_that_get_no_405_are_named_in_one_reason() -> None:
    methods = "PUT, PATCH, DELETE, GET, OPTIONS and POST to a model"
    result = judged(_NoMethodsKnown(), only=["STA-15"])
    assert result.judged["STA-15"].reasons == [f"the target does not reject {methods} with 405"]


def test_what_does_not_exist_is_no_fault_of_the_target() -> None:
    only = ["STA-18", "STA-26"]
    result = check(
        PlainServer(), api_key="demo-acme", provider="rc-no-provider", builtin_model="rc-no-model", only=only
    )
    assert result.judged["STA-18"].reasons == ["the target had no model rc-no-model; check --builtin-model"]
    assert "check that the target has what --provider" in result.judged["STA-26"].reasons[0]
    assert {result.verdicts(strict=True)[id] for id in only} == {Verdict.NOT_TESTABLE}


class _Infinite(PlainServer):
    """A server that stores numbers beyond the range of doubles, and then returns what is no JSON."""

    def reject_unstorable(self, value: Json, depth: int = 1) -> None:
        if not isinstance(value, float):
            super().reject_unstorable(value, depth)

    def encode(self, value: Json) -> bytes:
        return json.dumps(value).encode()


def test_what_an_unusual_request_leaves_is_not_the_fault_of_the_next_one() -> None:
    findings = judged(_Infinite(), only=["SCH-01", "STA-23"]).judged["SCH-01"].findings
    cases = {finding.case for finding in findings}
    assert "a number beyond the range of doubles" in cases
    assert "a thousand unknown fields" not in cases
    assert all(finding.reproduce for finding in findings[:1])


class _UnknownProviderReturns400(PlainServer):
    """A server that returns 400 for a provider that does not exist."""

    def unknown_reference(self, field: str, name: str) -> HttpError:
        return HttpError(400, f"There is no {name}.") if "provider" in field else super().unknown_reference(field, name)


def test_a_status_is_expected_as_the_requirement_says() -> None:
    findings = judged(_UnknownProviderReturns400(), only=["STA-13"]).judged["STA-13"].findings
    assert {finding.expected for finding in findings} == {
        "status 404 for an unknown custom_provider_id",
        "status 404 for an unknown provider_id",
    }


class _TwoKeysOfOne(PlainServer):
    """A server that has both keys in one organization, as a user may give them."""

    def caller(self, token: str) -> Caller | None:
        return super().caller("demo-acme" if token == "demo-globex" else token)


def test_two_keys_of_one_organization_are_suspected() -> None:
    (finding,) = judged(_TwoKeysOfOne(), only=["TEN-03"]).judged["TEN-03"].findings
    both = "RESPAN_API_KEY and RESPAN_OTHER_ORG_KEY"
    assert finding.hint == f"the target is not at fault if {both} are keys of one organization"


def test_a_key_that_only_reads_has_not_lost_its_rights() -> None:
    result = check(PlainServer(), api_key="demo-acme", other_org_key="demo-acme-readonly", only=["TEN-01"])
    assert result.judged["TEN-01"].reasons == ["the key of the other organization cannot write: it gets 403"]
    assert not result.disruptions


class _OtherKeyExpires(PlainServer):
    """A server on which the key of the second organization works once."""

    uses = 0

    def caller(self, token: str) -> Caller | None:
        self.uses += token == "demo-globex"
        return super().caller(token) if token != "demo-globex" or self.uses == 1 else None


def test_a_key_that_expires_casts_doubt_on_what_used_it_only() -> None:
    result = judged(_OtherKeyExpires(), only=["STA-05", "TEN-01"])
    assert "did they expire?" in result.judged["TEN-01"].reasons[0]
    assert result.verdicts()["STA-05"] is Verdict.PASS


def test_a_case_is_named_without_the_escapes_of_pytest() -> None:
    cases = judged(PlainServer(), only=["IDM-20"]).judged["IDM-20"].cases
    assert {r'"nul \u0000 inside"', '"decomposed e\u0301, composed \xe9, emoji \U0001f9ea \u2764\ufe0f"'} <= set(cases)
