"""Numbers for people: SO-2026-00123, SP-000123, AC-000123; made by the server, read over the telephone."""

import re
from dataclasses import dataclass
from enum import StrEnum

from curbstop.domain.problems import Problem


class Prefix(StrEnum):
    """What a number names."""

    SERVICE_ORDER = "SO"
    SERVICE_POINT = "SP"
    ACCOUNT = "AC"
    CUSTOMER = "CU"
    TABLET = "TB"
    ACCESS_ISSUE = "AI"
    TAP_REQUEST = "TAP"
    CUT_OFF_RUN = "CR"
    TEMP_SERVICE = "TS"
    DEVELOPMENT = "DV"
    LETTER = "LT"
    LETTER_BATCH = "LB"


WITH_YEAR = frozenset(
    {
        Prefix.SERVICE_ORDER,
        Prefix.ACCESS_ISSUE,
        Prefix.CUT_OFF_RUN,
        Prefix.TAP_REQUEST,
        Prefix.TEMP_SERVICE,
        Prefix.LETTER,
        Prefix.LETTER_BATCH,
    }
)  # these begin at 1 again every January
_PATTERN = re.compile(r"([A-Z]{2,3})[ -]*(?:(\d{4})[ -]+)?(\d+)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in its parts; `year` only where the prefix has one."""

    prefix: Prefix
    serial: int
    year: int | None = None

    def __str__(self) -> str:
        if self.year is None:
            return f"{self.prefix}-{self.serial:06d}"
        return f"{self.prefix}-{self.year:04d}-{self.serial:05d}"


def format_number(prefix: Prefix, serial: int, year: int | None = None) -> str:
    """The number as it is stored and printed; longer serials widen it. Raises ValueError for a wrong year."""
    if (year is not None) != (prefix in WITH_YEAR):
        raise ValueError(f"{prefix} {'needs' if prefix in WITH_YEAR else 'takes no'} year")
    return str(Number(prefix, serial, year))


def parse_number(text: str) -> Number:
    """Read a number as people type it: small letters, spaces for dashes, zeros left out.

    Raises Problem(`number_invalid`).
    """
    match = _PATTERN.fullmatch(text.strip().upper())
    try:
        if match is None:
            raise ValueError(text)
        prefix, year = Prefix(match[1]), int(match[2]) if match[2] else None
        if (year is not None) != (prefix in WITH_YEAR):
            raise ValueError(text)
    except ValueError as error:
        raise Problem("number_invalid", f"{text[:40]!r} is not a number of ours") from error
    return Number(prefix, int(match[3]), year)
