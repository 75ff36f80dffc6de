"""What does not fit between the ground, the account and the meter."""

import pytest

from curbstop.domain.meters import AccountStatus, PhysicalState, alarms


@pytest.mark.parametrize(
    ("physical", "account", "used", "expected"),
    [
        (PhysicalState.ON, AccountStatus.ACTIVE, True, ()),
        (PhysicalState.OFF_LOCKED, AccountStatus.OFF_NONPAY, True, ("off_use",)),
        (PhysicalState.ON, None, True, ("inactive_use",)),
        (PhysicalState.ON, AccountStatus.FINALED, True, ("inactive_use",)),
        (PhysicalState.ON, AccountStatus.FINALED, False, ()),
        (PhysicalState.OFF_LOCKED, AccountStatus.ACTIVE, False, ("active_but_locked",)),
        (PhysicalState.OFF_LOCKED, AccountStatus.ACTIVE, True, ("off_use", "active_but_locked")),
    ],
)
def test_what_does_not_fit_is_named(
    physical: PhysicalState, account: AccountStatus | None, used: bool, expected: tuple[str, ...]
) -> None:
    assert alarms(physical, account, used=used) == expected
