"""Bugs that skip the validation of some requests, or of some part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import KEY
from tests.servers.wire import FieldError, HttpError

if TYPE_CHECKING:
    from tests.servers.fixtures import Caller
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request

STREAMED = 1 << 16


class _Skipped(Mutant):
    """What is wrong in some requests is left out instead of being refused."""

    def skips(self, request: Request) -> bool:
        """Whether nobody validates the request."""
        raise NotImplementedError

    def admit(self, request: Request) -> tuple[Caller, Values]:
        if not self.skips(request):
            return super().admit(request)
        caller, fields = self.authenticate(request), self.known_fields(self.as_object(self.json_body(request)))
        return caller, self.resolve_aliases(
            {name: self.validate_field(name, value) for name, value in fields.items() if self.right(name, value)}
        )

    def right(self, name: str, value: Json) -> bool:
        """Whether a field may hold a value."""
        try:
            self.validate_field(name, value)
        except FieldError:
            return False
        return True


class MediaTypeInCapitalsUnchecked(_Skipped):
    """The schema is looked up by the media type as it is written: for `Application/JSON` there is none."""

    kills = frozenset({"STA-34"})

    def skips(self, request: Request) -> bool:
        return not request.header("Content-Type").startswith("application/json")


class CharsetUnchecked(_Skipped):
    """The schema is looked up by the whole Content-Type: with a charset behind it there is none."""

    kills = frozenset({"STA-34"})

    def skips(self, request: Request) -> bool:
        return "charset" in request.header("Content-Type")


class OtherMediaTypesUnchecked(_Skipped):
    """A body of any media type is read as JSON, and validated where it says that it is."""

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


class LastFieldCounts(Mutant):
    """Each field is validated, and the last result is the one that is looked at."""

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
    """Only creates are validated: an update leaves out what is wrong, and takes the rest."""

    kills = frozenset({"STA-08", "STA-09", "STA-10", "STA-11"})

    def validate_fields(self, fields: Values) -> Values:
        name = fields.get(KEY)
        if not isinstance(name, str) or all(name != known for _, known in self.models):
            return super().validate_fields(fields)
        right: Values = {}
        for field, value in fields.items():
            try:
                right[field] = self.validate_field(field, value)
            except FieldError:
                continue
        return right
