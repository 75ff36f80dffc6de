"""How a value stands in a field of a record, and how it is read from there: the inverse of each other."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as also
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Final

Value = str | int | Decimal | date | None

DATE_FORMS: Final = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYYMMDD": "%Y%m%d",
    "MM/DD/YYYY": "%m/%d/%Y",
    "MMDDYYYY": "%m%d%Y",
    "MMDDYY": "%m%d%y",
}
# What has no parts to be taken apart into letters and accents.
_PLAIN: Final = str.maketrans(
    {
        "\N{LATIN SMALL LETTER SHARP S}": "ss", "\N{LATIN CAPITAL LETTER AE}": "AE", "\N{LATIN SMALL LETTER AE}": "ae",
        "\N{LATIN CAPITAL LIGATURE OE}": "OE", "\N{LATIN SMALL LIGATURE OE}": "oe",
        "\N{LATIN CAPITAL LETTER O WITH STROKE}": "O", "\N{LATIN SMALL LETTER O WITH STROKE}": "o",
        "\N{LATIN CAPITAL LETTER L WITH STROKE}": "L", "\N{LATIN SMALL LETTER L WITH STROKE}": "l",
        "\N{LATIN CAPITAL LETTER D WITH STROKE}": "D", "\N{LATIN SMALL LETTER D WITH STROKE}": "d",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i", "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"', "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{HYPHEN}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: its name, a code (too_long, ...), and words that say what to do."""

    field: str
    reason: str
    detail: str


class FaultError(ValueError):
    """A field that cannot be written or read."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.detail)


@dataclass(frozen=True, slots=True)
class RecordField:
    """A field of a record: where it stands, from one, and how its value is written there.

    `codes` are ours and how they are written. `implied` says that a decimal's point is left out. `rounds` lets a
    decimal be rounded to its places, half to even; without it, more places than there is room for are a fault.
    """

    name: str
    heading: str
    start: int
    length: int
    about: str
    type: str = "text"
    pad: str = " "
    justify: str = "left"
    required: bool = False
    default: str = ""
    decimals: int = 0
    implied: bool = False
    rounds: bool = False
    date_form: str = "YYYY-MM-DD"
    codes: Mapping[str, str] = also(default_factory=dict)
    encoding: str = "ascii"
    transliterate: bool = False
    padded: bool = True


def writer_of(field: RecordField) -> Callable[[Any], str]:
    """What writes the field's values at their full length. Raises FaultError."""
    write = _WRITERS[field.type]
    length, name, left, padded = field.length, field.name, field.justify == "left", field.padded
    zeros = field.pad == "0"

    def writer(value: Any) -> str:
        text = field.default if value is None else write(field, value)
        if not text and field.required:
            raise _fault(field, "missing", f"{field.heading} is empty, and has to be filled in.")
        if len(text) > length:
            raise _fault(
                field, "too_long", f"{field.heading} has room for {length} characters; {text!r} has {len(text)}."
            )
        if not padded:
            return text
        if left:
            return text.ljust(length)
        if zeros and text:
            return text.zfill(length)
        return text.rjust(length)

    writer.__name__ = f"write_{name}"
    return writer


def reader_of(field: RecordField) -> Callable[[str], Value]:
    """What reads the field's characters, None where they are blank. Raises FaultError."""
    read = _READERS[field.type]

    def reader(cell: str) -> Value:
        bare = cell.strip(" ")
        if not bare:
            if field.required:
                raise _fault(field, "missing", f"{field.heading} is blank, and has to be filled in.")
            return None
        return read(field, bare)

    return reader


def _write_text(field: RecordField, value: Any) -> str:
    text = str(value)
    if text.isascii() and text.isprintable():
        return text.strip(" ")
    # A line's end within a field would end the record.
    text = " ".join(text.split())
    if field.transliterate:
        text = plain(text)
    try:
        text.encode(field.encoding)
    except UnicodeEncodeError as error:
        odd = text[error.start : error.end]
        raise _fault(
            field, "unwritable", f"{field.heading} has {odd!r}, which {field.encoding} cannot write; spell it without."
        ) from None
    if not text.isprintable():
        raise _fault(field, "unwritable", f"{field.heading} has characters that are not printed; spell it without.")
    return text


def plain(text: str) -> str:
    """Letters without their accents, and signs as a typewriter has them; what has no such form stays as it is."""
    apart = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _write_integer(field: RecordField, value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    number = _number(field, value)
    if number != number.to_integral_value():
        raise _fault(field, "not_whole", f"{field.heading} is a whole number, not {value}.")
    return str(int(number))


def _write_decimal(field: RecordField, value: Any) -> str:
    number = _number(field, value)
    if number.adjusted() > field.length:
        raise _fault(field, "too_long", f"{field.heading} has room for {field.length} characters, not for {value}.")
    fixed = number.quantize(Decimal(1).scaleb(-field.decimals), ROUND_HALF_EVEN)
    if fixed != number and not field.rounds:
        raise _fault(field, "too_fine", f"{field.heading} has {field.decimals} decimal places; {value} has more.")
    if fixed == 0:
        fixed = abs(fixed)  # no "-0.00"
    text = f"{fixed:f}"
    return text.replace(".", "") if field.implied else text


def _write_date(field: RecordField, value: Any) -> str:
    if not isinstance(value, date):
        raise _fault(field, "not_a_day", f"{field.heading} is a day, not {value!r}.")
    # strftime writes the years before 1000 with fewer digits.
    return value.strftime(DATE_FORMS[field.date_form].replace("%Y", f"{value.year:04d}"))


def _write_code(field: RecordField, value: Any) -> str:
    if value not in field.codes:
        raise _fault(
            field, "unknown_code", f"{field.heading} has no code for {value!r}; the layout lists {_listed(field)}."
        )
    return field.codes[value]


def _number(field: RecordField, value: Any) -> Decimal:
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _fault(field, "not_a_number", f"{field.heading} is a number, not {value!r}.")
    return number


def _read_text(_field: RecordField, cell: str) -> Value:
    return cell


def _read_integer(field: RecordField, cell: str) -> Value:
    number = _number(field, cell)
    if number != number.to_integral_value():
        raise _fault(field, "not_whole", f"{field.heading} is a whole number, not {cell!r}.")
    return int(number)


def _read_decimal(field: RecordField, cell: str) -> Value:
    number = _number(field, cell)
    return number.scaleb(-field.decimals) if field.implied else number


def _read_date(field: RecordField, cell: str) -> Value:
    try:
        return datetime.strptime(cell, DATE_FORMS[field.date_form]).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise _fault(field, "not_a_day", f"{field.heading} is a day as {field.date_form}, not {cell!r}.") from None


def _read_code(field: RecordField, cell: str) -> Value:
    ours = next((ours for ours, theirs in field.codes.items() if theirs == cell), None)
    if ours is None:
        raise _fault(field, "unknown_code", f"{field.heading} has no code {cell!r}; the layout lists {_listed(field)}.")
    return ours


def _listed(field: RecordField) -> str:
    return ", ".join(f"{ours} as {theirs}" for ours, theirs in field.codes.items())


def _fault(field: RecordField, reason: str, detail: str) -> FaultError:
    return FaultError(Fault(field.name, reason, detail))


_WRITERS: Final[Mapping[str, Callable[[RecordField, Any], str]]] = {
    "text": _write_text, "integer": _write_integer, "decimal": _write_decimal, "date": _write_date,
    "code": _write_code,
}  # fmt: skip
_READERS: Final[Mapping[str, Callable[[RecordField, str], Value]]] = {
    "text": _read_text, "integer": _read_integer, "decimal": _read_decimal, "date": _read_date, "code": _read_code,
}  # fmt: skip
