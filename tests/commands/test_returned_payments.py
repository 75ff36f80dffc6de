"""A payment that the bank sent back is a reason to cut off until it is made good, and only then no more."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import cut_off_facts, cut_off_runs, holds, returned_payments, standings
from curbstop.commands.cut_off_candidates import NewRun
from curbstop.commands.holds import NewHold
from curbstop.commands.standings import Paid
from curbstop.domain.cut_offs import Cause
from curbstop.domain.holds import HoldKind
from curbstop.domain.letters import Language, day_in_words
from curbstop.domain.problems import Problem
from curbstop.models import CutOffLine, CutOffRun, Letter
from curbstop.models.base import utc_now
from tests.commands.test_standings import of_type
from tests.cut_offs import any_day, delinquent
from tests.town import Place, Town


def pays(town: Town, place: Place, cents: int, key: str) -> standings.Taken:
    payment = Paid(account_id=place.account_id, source_key=key, cents=cents, received_at=utc_now())
    with town.work("ivy") as work:
        return standings.take(work, [payment])


def bounces(town: Town, place: Place, cents: int, key: str) -> None:
    """A payment of a week ago comes back three days later."""
    received = utc_now() - timedelta(days=7)
    payment = Paid(account_id=place.account_id, source_key=key, cents=cents, received_at=received)
    with town.work("ivy") as work:
        standings.take(work, [payment])
        returned_payments.tell(work, key, returned_on=town.today - timedelta(days=4), reason="insufficient_funds")


def is_open(town: Town, place: Place) -> bool:
    with town.work() as work:
        found = cut_off_facts.gather(work, [place.account_id], town.today, Cause.RETURNED_PAYMENT)
        return found[place.account_id].returned is not None


def test_what_is_paid_since_makes_a_returned_payment_good(town: Town) -> None:
    place = delinquent(town, town.place())
    bounces(town, place, 5_000, "P-1")
    pays(town, place, 4_999, "P-2")
    assert is_open(town, place)
    pays(town, place, 1, "P-3")
    assert not is_open(town, place)


def test_one_payment_does_not_make_two_good(town: Town) -> None:
    place = delinquent(town, town.place())
    for key in ("P-1", "P-2"):
        bounces(town, place, 5_000, key)
    pays(town, place, 5_000, "P-3")
    assert is_open(town, place)
    pays(town, place, 5_000, "P-4")
    assert not is_open(town, place)


def test_a_cut_off_is_taken_back_when_the_payment_is_made_good_and_not_before(town: Town) -> None:
    """What was owed may be nothing past due yet: then any dollar seemed enough."""
    any_day(town)
    place = delinquent(town, town.place(), 5_000)
    bounces(town, place, 8_000, "P-1")
    order = of_type(town, "CUT_OFF_RTN", place)
    assert pays(town, place, 5_000, "P-2").recalled == []
    assert town.read_order(order).state != "cancelled"
    assert pays(town, place, 3_000, "P-3").recalled == [order]


def test_nobody_is_listed_for_a_payment_that_was_made_good_long_ago(town: Town) -> None:
    """A cent of the next bill would have been enough to be cut off without a notice."""
    any_day(town)
    place = delinquent(town, town.place())
    bounces(town, place, 5_000, "P-1")
    pays(town, place, 5_000, "P-2")
    with pytest.raises(Problem, match="Nobody owes enough"), town.work("bill") as work:
        cut_off_runs.build(work, NewRun(cause=Cause.RETURNED_PAYMENT, cut_on=town.today))


def test_who_has_a_payment_sent_back_is_written_to_at_once_and_listed_when_the_grace_is_over(town: Town) -> None:
    any_day(town)
    slow, quick, held = (delinquent(town, town.place()) for _ in range(3))
    for place, key, days in ((slow, "P-1", 1), (quick, "P-2", 0), (held, "P-3", 9)):
        back = town.today - timedelta(days=days)
        payment = Paid(account_id=place.account_id, source_key=key, cents=5_000, received_at=utc_now() - timedelta(10))
        with town.work("ivy") as work:
            standings.take(work, [payment])
            reason = "fraud" if place is quick else "insufficient_funds"
            returned_payments.tell(work, key, returned_on=back, reason=reason)
            # The same again writes nothing again.
            returned_payments.tell(work, key, returned_on=back, reason=reason)
    with town.work("carla") as work:
        hold = holds.place(work, NewHold(account_id=held.account_id, kind=HoldKind.DISPUTE, reason="Says he paid."))
    letters = town.all(select(Letter))
    # Fraud has no grace, so nothing to write about.
    assert {(one.kind, one.account_id) for one in letters} == {
        ("returned_payment_notice", slow.account_id), ("returned_payment_notice", held.account_id),
    }  # fmt: skip
    [to_slow] = [one for one in letters if one.account_id == slow.account_id]
    assert to_slow.fields["amount"] == "$50.00"
    assert to_slow.fields["returned_on"] == day_in_words(town.today - timedelta(days=1), Language.EN)
    assert to_slow.fields["pay_by"] == day_in_words(town.today + timedelta(days=2), Language.EN)

    assert lists(town) == [quick.account_id]
    # Again lists nobody twice; a dispute that is over lets the list go on.
    assert lists(town) == []
    with town.work("carla") as work:
        holds.end(work, hold.id, reason="He had not.")
    assert lists(town) == [held.account_id]
    [first, second] = town.all(select(CutOffRun).order_by(CutOffRun.created_at))
    assert {(one.cause, one.stage, one.built_by_id) for one in (first, second)} == {("returned_payment", "built", None)}
    # Whoever somebody takes off, the clock does not put back.
    with town.work("bill") as work:
        cut_off_runs.abandon(work, second.id, reason="He paid at the bank.")
    assert lists(town) == []


def lists(town: Town) -> list[UUID]:
    """Whom the clock lists now."""
    with town.work() as work:
        before = set(work.session.scalars(select(CutOffLine.id)))
        count = returned_payments.list_due(work)
        rows = work.session.execute(select(CutOffLine.id, CutOffLine.account_id)).all()
        added = [account_id for line_id, account_id in rows if line_id not in before]
        assert len(added) == count
        return added
