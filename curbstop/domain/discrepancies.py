"""The words for what the books and the field say differently."""

from enum import StrEnum


class DiscrepancyKind(StrEnum):
    """What does not fit."""

    DIFFERENT_METER = "different_meter"  # another meter was in the ground than the books have there
    DIFFERENT_RADIO = "different_radio"  # another radio was seen at a meter than the books have there
    PHANTOM_RADIO = "phantom_radio"  # a retired radio goes on transmitting
    ORPHAN_RADIO = "orphan_radio"  # a radio transmits that the books do not know


class DiscrepancyState(StrEnum):
    """Open until somebody in the office has looked into it."""

    OPEN = "open"
    SETTLED = "settled"
