"""The base schemas and the fields that resources are described with: every one says what it is, with an example."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

INT32 = 2**31 - 1
INT64 = 2**63 - 1
# What is told of other years is a slip of the hand; the first and the last that there are cannot even be reckoned with
# in another zone. Imports go by the same.
YEARS = range(1700, 2201)


class Body(Schema):
    """A request body: what it does not know, it refuses."""

    class Meta:
        unknown = RAISE
        ordered = True


class Query(Body):
    """Query parameters: what it does not know, it refuses."""


class Answer(Schema):
    """A response: every field is always there, null where nothing is known."""

    class Meta:
        unknown = EXCLUDE
        ordered = True

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = True


def _said(about: str, example: Any, given: dict[str, Any]) -> dict[str, Any]:
    metadata = {"description": about, **given.pop("metadata", {})}
    if example is not None:
        metadata["examples"] = [example]
    return {"metadata": metadata, **given}


class Text(fields.String):
    """Text of bounded length; `choices` closes the list."""

    def __init__(
        self,
        about: str,
        example: str | None = None,
        *,
        longest: int | None = None,
        shortest: int = 0,
        choices: Sequence[str] | None = None,
        pattern: str | None = None,
        **rest: Any,
    ) -> None:
        rules: list[validate.Validator] = []
        if choices is not None:
            rules.append(validate.OneOf(list(choices)))
        if longest is not None or shortest:
            rules.append(validate.Length(min=shortest or None, max=longest))
        if shortest and pattern is None and choices is None:
            # A reason of blanks is none.
            rules.append(validate.Regexp(r"\s*\S", error="Must hold more than blanks."))
        if pattern is not None:
            # fullmatch: a `$` would let a trailing line break through.
            rules.append(validate.Regexp(rf"^(?:{pattern})\Z"))
            rest = {**rest, "metadata": {"pattern": rf"^(?:{pattern})$", **rest.get("metadata", {})}}
        super().__init__(**_said(about, example, rest), validate=rules)


class Whole(fields.Integer):
    """A whole number within what the database's column holds."""

    def __init__(
        self, about: str, example: int | None = None, *, least: int = -INT32 - 1, most: int = INT32, **rest: Any
    ) -> None:
        rest.setdefault("strict", True)
        super().__init__(**_said(about, example, rest), validate=validate.Range(min=least, max=most))


class Number(fields.Float):
    """A finite number."""

    def __init__(
        self, about: str, example: float | None = None, *, least: float | None = None, most: float | None = None,
        **rest: Any,
    ) -> None:  # fmt: skip
        rule = [validate.Range(min=least, max=most)] if least is not None or most is not None else []
        super().__init__(**_said(about, example, rest), validate=rule)


class Flag(fields.Boolean):
    """true or false, and nothing that merely looks like it."""

    truthy = {True, "true"}
    falsy = {False, "false"}

    def __init__(self, about: str, example: bool | None = None, **rest: Any) -> None:
        super().__init__(**_said(about, example, rest))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Id(fields.UUID):
    """A row's id."""

    def __init__(self, about: str, example: str | None = "01890a5d-ac96-774b-bcce-b302099a8057", **rest: Any) -> None:
        super().__init__(**_said(about, example, rest))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        # uuid.UUID also reads braces, urn: prefixes and 16 raw bytes; one spelling is enough.
        if not isinstance(value, str) or len(value) != 36:
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, attr, data, **kwargs)


class Moment(fields.AwareDateTime):
    """A moment with its zone; answered in UTC with Z."""

    def __init__(self, about: str, example: str | None = "2026-07-30T14:05:00Z", **rest: Any) -> None:
        super().__init__(**_said(about, example, rest), format="iso")

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            moment: datetime = super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except OverflowError:
            raise ValidationError("That moment is out of range.") from None
        _check_year(moment.year)
        return moment


class Day(fields.Date):
    """A calendar day of the utility."""

    def __init__(self, about: str, example: str | None = "2026-07-30", **rest: Any) -> None:
        super().__init__(**_said(about, example, rest))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        found: date = super()._deserialize(value, attr, data, **kwargs)
        _check_year(found.year)
        return found


def _check_year(year: int) -> None:
    if year not in YEARS:
        raise ValidationError(f"The year is from {YEARS[0]} to {YEARS[-1]}.")


class Many(fields.List[Any]):
    """A list of one kind."""

    def __init__(
        self, item: Any, about: str, example: list[Any] | None = None, *, most: int | None = None,
        shortest: int | None = None, **rest: Any,
    ) -> None:  # fmt: skip
        rules = [validate.Length(min=shortest, max=most)] if most is not None or shortest is not None else []
        super().__init__(item, **_said(about, example, rest), validate=rules)


class Part(fields.Nested):
    """A nested object."""

    def __init__(self, nested: Any, about: str, **rest: Any) -> None:
        super().__init__(nested, **_said(about, None, rest))


class Free(fields.Dict):
    """An object whose members another rule checks, such as captures."""

    def __init__(self, about: str, example: dict[str, Any] | None = None, **rest: Any) -> None:
        super().__init__(keys=fields.String(), **_said(about, example, rest))


class Anything(fields.Raw):
    """Any JSON value."""

    def __init__(self, about: str, example: Any = None, **rest: Any) -> None:
        super().__init__(**_said(about, example, rest))
