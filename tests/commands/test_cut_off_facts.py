"""What the gates ask is gathered from holds, standings and payments: for many accounts in few statements."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import event

from curbstop.commands import cut_off_facts, holds, returned_payments
from curbstop.commands.holds import NewHold
from curbstop.domain.cut_offs import Cause, Facts, ReturnedPayment
from curbstop.domain.holds import HoldKind
from tests.commands.test_standings import AS_OF, owes, pays
from tests.town import Place, Town

CUT_ON = date(2026, 5, 12)


def facts_of(town: Town, place: Place, cause: Cause = Cause.NONPAYMENT) -> Facts:
    with town.work() as work:
        return cut_off_facts.gather(work, [place.account_id], CUT_ON, cause)[place.account_id]


def hold(town: Town, place: Place, kind: HoldKind, **other: Any) -> Any:
    new = NewHold(account_id=place.account_id, kind=kind, reason="They called.", starts_on=date(2026, 5, 4), **other)
    with town.work("carla") as work:
        return holds.place(work, new).id


def test_of_an_account_that_billing_said_nothing_of_nothing_is_owed(town: Town) -> None:
    found = facts_of(town, town.place())
    assert (found.past_due_cents, found.delinquent_since, found.payments_as_of) == (0, None, None)


def test_what_is_owed_is_what_billing_said_less_what_was_paid_since(town: Town) -> None:
    place = town.place()
    owes(town, place)
    pays(town, place, 420)
    found = facts_of(town, place)
    assert (found.past_due_cents, found.periods_past_due, found.payments_as_of) == (8_000, 2, AS_OF)
    assert (found.debt_class, found.service_class) == ("residential", "residential")


def test_holds_are_told_by_kind_on_the_day_of_the_cut(town: Town) -> None:
    place = town.place()
    hold(town, place, HoldKind.DISPUTE)
    hold(town, place, HoldKind.MEDICAL)
    hold(town, place, HoldKind.PROMISE, through=CUT_ON)
    hold(town, place, HoldKind.OFFICE, through=CUT_ON - timedelta(days=1))
    hold(town, place, HoldKind.CRITICAL, category="dental")
    found = facts_of(town, place)
    assert (found.dispute_open, found.medical_until) == (True, date(2026, 6, 3))
    assert (found.promised_until, found.on_hold, found.critical) == (CUT_ON, False, "dental")
    assert not found.plan_active


def test_a_hold_that_was_ended_is_gone(town: Town) -> None:
    place = town.place()
    hold_id = hold(town, place, HoldKind.PLAN)
    assert facts_of(town, place).plan_active
    with town.work("carla") as work:
        holds.end(work, hold_id, reason="Broken.")
    assert not facts_of(town, place).plan_active


def test_the_latest_returned_payment_is_told(town: Town) -> None:
    place = town.place()
    owes(town, place)
    for number, day in enumerate((5, 6)):
        pays(town, place, 100, f"P-{number}")
        with town.work("bill") as work:
            returned_payments.tell(work, f"P-{number}", returned_on=date(2026, 5, day), reason="fraud")
    assert facts_of(town, place).returned == ReturnedPayment(date(2026, 5, 6), "fraud")


def test_many_accounts_cost_no_more_statements_than_one(town: Town) -> None:
    places = [town.place() for _ in range(12)]
    for place in places:
        owes(town, place)
        hold(town, place, HoldKind.OFFICE)

    def statements(chosen: list[Place]) -> int:
        count = 0

        def counted(*_: Any) -> None:
            nonlocal count
            count += 1

        with town.work() as work:
            engine = work.session.get_bind()
            event.listen(engine, "before_cursor_execute", counted)
            try:
                found = cut_off_facts.gather(work, [place.account_id for place in chosen], CUT_ON, Cause.NONPAYMENT)
            finally:
                event.remove(engine, "before_cursor_execute", counted)
        assert len(found) == len(chosen)
        return count

    assert statements(places) == statements(places[:1])
