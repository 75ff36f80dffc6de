"""Amounts in cents, and when a payment is enough."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owed:
    """What billing said was past due, and what was paid since it said so."""

    past_due_cents: int
    paid_since_cents: int = 0

    @property
    def cents(self) -> int:
        """What is past due by now; never below nought."""
        return max(0, self.past_due_cents - self.paid_since_cents)


def takes_back(owed: Owed) -> bool:
    """Whether a cut-off for this debt is to be taken back: everything past due is paid."""
    return owed.paid_since_cents > 0 and owed.cents == 0


def dollars(cents: int) -> str:
    """ "$1,234.56" """
    return f"${cents // 100:,}.{cents % 100:02d}"
