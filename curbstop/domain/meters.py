"""The words for the network's things: states of meters, service points and accounts."""

from enum import StrEnum


class MeterStatus(StrEnum):
    """A meter's or a radio's place in its life; a radio that is paired counts as installed."""

    ORDERED = "ordered"
    STOCK = "stock"
    ON_TRUCK = "on_truck"
    INSTALLED = "installed"
    REMOVED = "removed"
    TESTING = "testing"
    SCRAPPED = "scrapped"
    LOST = "lost"


class PhysicalState(StrEnum):
    """What is in the ground, whoever pays: kept apart from the account's status."""

    NO_TAP = "no_tap"
    TAPPED = "tapped"
    SET_OFF_LOCKED = "set_off_locked"
    ON = "on"
    OFF = "off"
    OFF_LOCKED = "off_locked"
    PLUGGED = "plugged"
    PULLED = "pulled"
    CUT_AT_MAIN = "cut_at_main"
    ABANDONED = "abandoned"


class AccountStatus(StrEnum):
    """Where the customer's account is in billing's eyes."""

    PENDING = "pending"
    ACTIVE = "active"
    FINAL_PENDING = "final_pending"
    FINALED = "finaled"
    DELINQUENT = "delinquent"
    OFF_NONPAY = "off_nonpay"
    VACANT = "vacant"


OFF_STATES = frozenset(
    {PhysicalState.SET_OFF_LOCKED, PhysicalState.OFF, PhysicalState.OFF_LOCKED, PhysicalState.PLUGGED}
)
IN_SERVICE = frozenset({AccountStatus.ACTIVE, AccountStatus.DELINQUENT, AccountStatus.FINAL_PENDING})
LOCKED = frozenset({PhysicalState.SET_OFF_LOCKED, PhysicalState.OFF_LOCKED})


def alarms(physical: PhysicalState, account: AccountStatus | None, *, used: bool) -> tuple[str, ...]:
    """What does not fit between the ground, the account and the meter.

    `used`: consumption above tolerance. Codes: off_use, inactive_use, active_but_locked.
    """
    in_service = account in IN_SERVICE
    noted = {
        "off_use": used and physical in OFF_STATES,
        "inactive_use": used and physical is PhysicalState.ON and not in_service,
        "active_but_locked": account is AccountStatus.ACTIVE and physical in LOCKED,
    }
    return tuple(code for code, holds in noted.items() if holds)
