"""Builders for cut-offs: a policy that cuts on any day at any hour, and accounts that every gate lets be cut off."""

from datetime import date, timedelta
from typing import Any

from curbstop.commands import policies, standings
from curbstop.commands.standings import Told
from curbstop.domain.cut_offs import Cause
from curbstop.models import CutOffNotice
from curbstop.models.base import utc_now
from tests.town import Place, Town

ANY_DAY: dict[str, Any] = {
    "calendar": {"country": "", "weekend": []},
    "cut_off": {
        "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "opens": "00:00",
        "closes": "23:59:59.999999",
        "day_before_closure": "any",
    },
}


def any_day(town: Town, **changes: Any) -> None:
    """From now on the policy lets the day and the hour be any."""
    with town.work("ada") as work:
        policies.edit(work, ANY_DAY | changes, reason="Tests run on any day.")


def owes(town: Town, place: Place, cents: int = 8_420, **fields: Any) -> None:
    """Billing says that the account owes, since long ago."""
    told = {
        "past_due_cents": cents,
        "periods_past_due": 2,
        "delinquent_since": town.today - timedelta(days=60),
        "debt_class": "residential",
        "as_of": utc_now(),
        **fields,
    }
    with town.work("ivy") as work:
        standings.tell(work, [Told(account_id=place.account_id, **told)])


def notified(town: Town, place: Place, *, mailed_on: date | None = None, cause: Cause = Cause.NONPAYMENT) -> None:
    """A final notice was mailed long enough ago, and payments are in as of now."""
    notice = CutOffNotice(
        account_id=place.account_id,
        cause=cause.value,
        mailed_on=mailed_on or town.today - timedelta(days=20),
        method="first_class",
        proof="Print job 1",
    )
    town.add(notice)
    payments_are_in(town)


def payments_are_in(town: Town) -> None:
    """Billing says that all payments are in as of now."""
    with town.work("ivy") as work:
        standings.mark_payments(work, utc_now())


def delinquent(town: Town, place: Place, cents: int = 8_420) -> Place:
    """The account may be cut off: no gate is against it."""
    owes(town, place, cents)
    notified(town, place)
    return place
