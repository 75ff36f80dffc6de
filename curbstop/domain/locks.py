"""Locks and seals at service points: how a number is written, and how a lock's time there ended."""

from enum import StrEnum

NO_LOCK = "none"


class LockEnd(StrEnum):
    """How a lock's time at a place ended."""

    REMOVED = "removed"
    REPLACED = "replaced"
    BROKEN = "broken"
    CORRECTED = "corrected"


def plain_number(number: str | None) -> str | None:
    """A lock's or seal's number as it is compared: capitals, no blanks around or within; None for nothing."""
    plain = "".join((number or "").split()).upper()
    return plain or None
