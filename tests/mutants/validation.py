"""Bugs that skip validation for some requests or some fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import KEY, PROVIDER, PROVIDER_ALIAS
from tests.servers.wire import FieldError, HttpError

if TYPE_CHECKING:
    from tests.servers.fixtures import Caller
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request

STREAMED = 1 << 16


class _Skipped(Mutant):
    """Invalid values of some requests are ignored instead of rejected."""

    def skips(self, request: Request) -> bool:
        """Return whether validation is skipped for the request."""
        raise NotImplementedError

    def admit(self, request: Request) -> tuple[Caller, Values]:
        if not self.skips(request):
            return super().admit(request)
        caller, fields = self.authenticate(request), self.known_fields(self.as_object(self.json_body(request)))
        return caller, self.resolve_aliases(
            {name: self.validate_field(name, value) for name, value in fields.items() if self.right(name, value)}
        )

    def right(self, name: str, value: Json) -> bool:
        """Return whether a field may hold a value."""
        try:
            self.validate_field(name, value)
        except FieldError:
            return False
        return True


class CapitalMediaTypeUnchecked(_Skipped):
    """A body of type `Application/JSON` is not validated: the schema is looked up case-sensitively."""

    kills = frozenset({"STA-34"})

    def skips(self, request: Request) -> bool:
        return not request.header("Content-Type").startswith("application/json")


class CharsetUnchecked(_Skipped):
    """A body whose Content-Type has a charset is not validated: the schema is looked up by the whole value."""

    kills = frozenset({"STA-34"})

    def skips(self, request: Request) -> bool:
        return "charset" in request.header("Content-Type")


class OtherMediaTypesUnchecked(_Skipped):
    """A body of another media type is read as JSON without validation."""

    kills = frozenset({"STA-34"})

    def skips(self, request: Request) -> bool:
        return "json" not in request.header("Content-Type").lower()

    def reject_media_type(self, content_type: str) -> None:
        pass


class LargeBodiesUnchecked(_Skipped):
    """A body of more than 64 KiB is streamed past the validator."""

    kills = frozenset({"STA-35"})

    def skips(self, request: Request) -> bool:
        return int(request.header("Content-Length") or 0) > STREAMED


class OnlyLastFieldValidated(Mutant):
    """Only the validation result of the last field counts."""

    kills = frozenset({"STA-35"})

    def validate_fields(self, fields: Values) -> Values:
        values: Values = {}
        wrong = {} if KEY in fields else {KEY: ["This field is required."]}
        for name, value in fields.items():
            wrong.pop("last", None)
            try:
                values[name] = self.validate_field(name, value)
            except FieldError as error:
                wrong["last"] = [str(error)]
        if wrong:
            raise HttpError(400, wrong)
        return values


class UpdatesUnchecked(Mutant):
    """Only creates are validated: an update ignores invalid fields."""

    kills = frozenset({"STA-08", "STA-09", "STA-10", "STA-11"})

    def validate_fields(self, fields: Values) -> Values:
        name = fields.get(KEY)
        if not isinstance(name, str) or all(name != known for _, known in self.snapshot()):
            return super().validate_fields(fields)
        right: Values = {}
        for field, value in fields.items():
            try:
                right[field] = self.validate_field(field, value)
            except FieldError:
                continue
        return right


class AliasUncheckedBesideMainSpelling(Mutant):
    """`main or alias`: the alias of the provider is not validated if the main spelling is sent."""

    kills = frozenset({"STA-35"})

    def validate_fields(self, fields: Values) -> Values:
        both = isinstance(fields.get(PROVIDER), str) and not isinstance(fields.get(PROVIDER_ALIAS), str)
        return super().validate_fields({name: v for name, v in fields.items() if name != PROVIDER_ALIAS or not both})
