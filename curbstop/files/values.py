"""Turns a cell's text into a value of a kind, or says what is wrong with it."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from curbstop.files.rows import Fault

Kind = Callable[[str], Any]
# How files write that there is nothing.
NOTHING: Final = frozenset({"", "<null>", "n/a", "#n/a"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS: Final = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%Y%m%d", "%d-%b-%Y", "%b %d, %Y")

_HOURS: Final = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p")
_MOMENT_DAYS: Final = ("%m/%d/%Y", "%m/%d/%y", "%Y-%m-%d")
_MOMENTS: Final = (*(f"{day} {hour}" for day in _MOMENT_DAYS for hour in _HOURS), *_MOMENT_DAYS)


class RefusedError(Exception):
    """A row that cannot be taken, with its fault."""

    def __init__(self, reason: str, detail: str, about: str | None = None) -> None:
        """`about` names the thing where several rows may be refused for the same one."""
        super().__init__(reason, detail, about)
        self.fault = Fault(reason, detail)
        self.about = about


def text(most: int) -> Kind:
    """Words with single blanks between them, at most so many signs. The reasons: too_long, bad_text."""

    def parse(cell: str) -> str:
        words = " ".join(cell.split())
        if not words.isprintable():
            raise RefusedError("bad_text", "has signs that cannot be printed")
        if len(words) > most:
            raise RefusedError("too_long", f"has {len(words)} signs; {most} fit")
        return words

    return parse


def integer(low: int, high: int) -> Kind:
    """A whole number within bounds; 1,475 and 1475.0 are whole. The reasons: not_a_number, out_of_range."""

    def parse(cell: str) -> int:
        number = decimal(Decimal(low), Decimal(high))(cell)
        if number != number.to_integral_value():
            raise RefusedError("not_a_number", f"{cell[:40]!r} is no whole number")
        return int(number)

    return parse


def decimal(low: Decimal, high: Decimal) -> Kind:
    """A number within bounds. The reasons: not_a_number, out_of_range."""

    def parse(cell: str) -> Decimal:
        try:
            number = Decimal(re.sub(r"(?<=\d),(?=\d{3})", "", cell.strip()))
        except InvalidOperation:
            raise RefusedError("not_a_number", f"{cell[:40]!r} is no number") from None
        if not number.is_finite() or not low <= number <= high:
            raise RefusedError("out_of_range", f"{cell[:40]} is not between {low} and {high}")
        return number

    return parse


def day(cell: str) -> date:
    """A day: ISO, American (5/4/2026), or milliseconds since 1970, also before it. The reason: not_a_date."""
    given = cell.strip()
    if given == "0" or re.fullmatch(r"-?\d{9,15}", given):
        found = (_EPOCH + timedelta(milliseconds=int(given))).date() if abs(int(given)) < 10**14 else None
    else:
        found = _written_day(given)
    if found is None or not 1700 <= found.year <= 2200:
        raise RefusedError("not_a_date", f"{given[:40]!r} is no date; write 2026-05-04")
    return found


def moment(cell: str) -> datetime:
    """A moment, ISO or American, with a zone or in the utility's own time. The reason: not_a_date."""
    given = " ".join(cell.split())
    found = _written_moment(given)
    if found is None or not 1900 <= found.year <= 2200:
        raise RefusedError("not_a_date", f"{given[:40]!r} is no date with a time; write 2026-05-04 14:30")
    return found


def _written_moment(given: str) -> datetime | None:
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        pass
    for form in _MOMENTS:
        try:
            return datetime.strptime(given, form)  # noqa: DTZ007 - the writer knows the utility's zone
        except ValueError:
            continue
    return None


def _written_day(given: str) -> date | None:
    try:
        return datetime.fromisoformat(given).date()
    except ValueError:
        pass
    written = given.split("T", maxsplit=1)[0].removesuffix(" 0:00")
    for form in _DAYS:
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def code(codes: Mapping[str, str], *, others: int = 0) -> Kind:
    """One of a list of codes, in any case, as our own word. Others are kept where up to `others` signs are let in.

    The reason: unknown_code.
    """
    folded = {key.casefold(): value for key, value in codes.items()}
    folded |= {value.casefold(): value for value in codes.values()}

    def parse(cell: str) -> str:
        given = " ".join(cell.split())
        if given.casefold() in folded:
            return folded[given.casefold()]
        if others:
            return str(text(others)(given)).lower()
        known = ", ".join(sorted(set(codes.values())))
        raise RefusedError("unknown_code", f"{given[:40]!r} is none of: {known}")

    return parse


def flag(cell: str) -> bool:
    """Yes or no. The reason: unknown_code."""
    if cell.strip().casefold() in {"y", "yes", "true", "t", "1", "x"}:
        return True
    if cell.strip().casefold() in {"n", "no", "false", "f", "0"}:
        return False
    raise RefusedError("unknown_code", f"{cell[:40]!r} is neither yes nor no")


def proper(most: int) -> Kind:
    """A name; shouted words of more than three letters are written as names: MUELLER is Mueller, AVK stays."""
    plain = text(most)

    def parse(cell: str) -> str:
        words = str(plain(cell)).split()
        return " ".join(
            word.capitalize() if word.isalpha() and word.isupper() and len(word) > 3 else word for word in words
        )

    return parse
