"""What billing tells meets the cut-offs: money takes them back at once, each payment once, and never a restoral."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, update

from curbstop.commands import holds, returned_payments, standings
from curbstop.commands.holds import NewHold
from curbstop.commands.standings import Paid, Told
from curbstop.domain.holds import HoldKind
from curbstop.domain.problems import Problem
from curbstop.models import Hold, Payment, ServiceOrder, Standing
from curbstop.models.base import utc_now
from curbstop.models.owed import owed_by
from tests.cut_offs import any_day, delinquent, notified
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town

AS_OF = datetime(2026, 5, 4, 11, tzinfo=UTC)


def owes(town: Town, place: Place, cents: int = 8_420, as_of: datetime = AS_OF) -> int:
    told = Told(
        account_id=place.account_id, past_due_cents=cents, periods_past_due=2, delinquent_since=date(2026, 4, 1),
        debt_class="residential", as_of=as_of,
    )  # fmt: skip
    with town.work("ivy") as work:
        return standings.tell(work, [told]).kept


def pays(town: Town, place: Place, cents: int, key: str = "P-1") -> standings.Taken:
    payment = Paid(account_id=place.account_id, source_key=key, cents=cents, received_at=utc_now())
    with town.work("ivy") as work:
        return standings.take(work, [payment])


@pytest.fixture
def place(town: Town) -> Place:
    any_day(town)
    place = town.place()
    owes(town, place)
    notified(town, place)
    return place


def cut_off(town: Town, place: Place, *, to: str | None = None) -> UUID:
    order = town.order("CUT_OFF_NP", place, by="bill")
    if to is not None:
        town.assign(order, to)
    return order


def of_type(town: Town, code: str, place: Place) -> UUID:
    """A cut-off of a type that may not be offered yet."""
    order = town.order("CUT_OFF_NP", place, by="bill", override_duplicate=True, reason="For a test.")
    with town.sessions.write() as session:
        session.execute(update(ServiceOrder).where(ServiceOrder.id == order).values(type_code=code))
    return order


def test_a_payment_in_full_cancels_what_no_tablet_has(town: Town, place: Place) -> None:
    order = cut_off(town, place, to="tom")
    taken = pays(town, place, 8_420)
    assert (taken.new, taken.recalled) == (1, [order])
    done = town.read_order(order)
    assert (done.state, done.reason) == ("cancelled", "payment received")


def test_a_payment_in_full_recalls_what_a_tablet_has(town: Town, place: Place) -> None:
    order = cut_off(town, place, to="tom")
    ModelTablet(town, "tom").pull()
    assert pays(town, place, 8_420).recalled == [order]
    assert town.read_order(order).state == "recall_pending"


def test_part_payments_take_back_when_together_they_are_enough(town: Town, place: Place) -> None:
    order = cut_off(town, place)
    assert pays(town, place, 8_000, "P-1").recalled == []
    assert town.read_order(order).state != "cancelled"
    assert pays(town, place, 420, "P-2").recalled == [order]


def test_a_payment_that_is_told_again_counts_once(town: Town, place: Place) -> None:
    order = cut_off(town, place)
    for _ in range(3):
        assert pays(town, place, 4_210, "P-1").recalled == []
    assert len(town.all(select(Payment))) == 1
    assert town.read_order(order).state != "cancelled"


def test_money_that_billing_has_counted_already_is_not_counted_again(town: Town, place: Place) -> None:
    """A payment from before the standing's own moment is in its amount."""
    order = cut_off(town, place)
    before = Paid(account_id=place.account_id, source_key="P-0", cents=8_420, received_at=AS_OF - timedelta(minutes=1))
    with town.work("ivy") as work:
        assert standings.take(work, [before]).recalled == []
    assert town.read_order(order).state != "cancelled"


def test_other_orders_of_the_account_stay(town: Town, place: Place) -> None:
    asked_for = town.order("CUT_OFF_REQ", place)
    assert pays(town, place, 8_420).recalled == []
    assert town.read_order(asked_for).state == "ready"


def test_an_older_standing_changes_nothing(town: Town, place: Place) -> None:
    assert owes(town, place, 100, AS_OF - timedelta(hours=1)) == 0
    assert owes(town, place, 200, AS_OF) == 1
    assert town.all(select(Standing.past_due_cents)) == [200]


def test_an_account_that_there_is_not_is_named_and_nothing_is_kept(town: Town, place: Place) -> None:
    nobody = UUID(int=7)
    payments = [
        Paid(account_id=account, source_key=f"P-{n}", cents=1, received_at=utc_now())
        for n, account in enumerate((place.account_id, nobody))
    ]
    with pytest.raises(Problem) as refused, town.work("ivy") as work:
        standings.take(work, payments)
    assert (refused.value.code, refused.value.extra["missing"]) == ("not_found", [str(nobody)])
    assert town.all(select(Payment)) == []


@pytest.mark.parametrize("cents", [0, -5])
def test_a_payment_is_above_nought(town: Town, place: Place, cents: int) -> None:
    with pytest.raises(Problem, match="invalid"):
        pays(town, place, cents)


def test_a_payment_that_came_back_leaves_the_recall_and_is_told_once(town: Town, place: Place) -> None:
    order = cut_off(town, place)
    pays(town, place, 8_420)
    for _ in range(2):
        with town.work("bill") as work:
            returned_payments.tell(work, "P-1", returned_on=date(2026, 5, 8), reason="insufficient_funds")
    assert town.read_order(order).state == "cancelled"
    with town.work("ivy") as work:
        assert owed_by(work.session, [place.account_id])[place.account_id].cents == 8_420
    with pytest.raises(Problem, match="conflict"), town.work("bill") as work:
        returned_payments.tell(work, "P-1", returned_on=date(2026, 5, 9), reason="fraud")
    with pytest.raises(Problem, match="not_found"), town.work("bill") as work:
        returned_payments.tell(work, "P-9", returned_on=date(2026, 5, 9), reason="fraud")


def test_a_payment_does_not_come_back_tomorrow(town: Town, place: Place) -> None:
    pays(town, place, 8_420)
    later = town.today + timedelta(days=2)
    with pytest.raises(Problem, match="not in the future"), town.work("bill") as work:
        returned_payments.tell(work, "P-1", returned_on=later, reason="insufficient_funds")


def test_the_office_does_not_make_up_payments(town: Town, place: Place) -> None:
    for name in ("carla", "sue", "dana"):
        with pytest.raises(Problem, match="forbidden"), town.work(name) as work:
            standings.take(work, [])


def test_a_standing_with_nothing_past_due_takes_the_cut_off_back(town: Town, place: Place) -> None:
    """Billing may count a payment itself and tell only what is left."""
    order, returned = cut_off(town, place), of_type(town, "CUT_OFF_RTN", place)
    told = Told(account_id=place.account_id, past_due_cents=0, periods_past_due=0, as_of=AS_OF + timedelta(days=1))
    with town.work("ivy") as work:
        assert standings.tell(work, [told]).recalled == [order]
    assert town.read_order(order).reason == "nothing is past due"
    # What the bank sent back is owed again, though not past due yet.
    assert town.read_order(returned).state != "cancelled"


def test_a_cut_off_that_came_back_undone_does_not_go_out_again(town: Town, place: Place) -> None:
    order = cut_off(town, place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    tablet.push(
        tablet.order_op("order.arrive", order), tablet.order_op("order.return", order, {"outcome": "NO_ACCESS_DOG"})
    )
    assert town.read_order(order).state == "returned"
    assert pays(town, place, 8_420).recalled == [order]
    assert town.read_order(order).state == "cancelled"


def test_many_cut_offs_are_taken_back_in_few_statements(town: Town, place: Place) -> None:
    places = [place, *(town.place() for _ in range(11))]
    for one in places[1:]:
        delinquent(town, one)
    for one in places:
        cut_off(town, one, to="tom")
    ModelTablet(town, "tom").pull()

    def statements(paying: list[Place]) -> int:
        ran: list[str] = []
        event.listen(town.sessions.engine, "before_cursor_execute", lambda *said: ran.append(said[2]))
        payments = [
            Paid(account_id=one.account_id, source_key=one.serial, cents=8_420, received_at=utc_now()) for one in paying
        ]
        with town.work("ivy") as work:
            assert len(standings.take(work, payments).recalled) == len(paying)
        return len(ran)

    two = statements(places[:2])
    assert statements(places[2:]) <= two * 3


@pytest.mark.parametrize("other", [{"cents": 500}, {"account_id": None}])
def test_a_key_that_is_known_for_other_money_is_a_conflict(town: Town, place: Place, other: dict[str, Any]) -> None:
    pays(town, place, 420)
    account_id = other.get("account_id", place.account_id) or town.place().account_id
    twice = Paid(account_id=account_id, source_key="P-1", cents=other.get("cents", 420), received_at=utc_now())
    with pytest.raises(Problem, match="P-1") as refused, town.work("ivy") as work:
        standings.take(work, [twice])
    assert (refused.value.code, refused.value.extra["source_keys"]) == ("conflict", ["P-1"])


def test_what_lies_ahead_of_the_clock_is_refused(town: Town, place: Place) -> None:
    """A standing of next year would outdo every one that is told until then."""
    later = utc_now() + timedelta(hours=1)
    with pytest.raises(Problem, match="as_of lies in the future"):
        owes(town, place, 100, later)
    payment = Paid(account_id=place.account_id, source_key="P-1", cents=1, received_at=later)
    with pytest.raises(Problem, match="received_at lies in the future"), town.work("ivy") as work:
        standings.take(work, [payment])


def test_a_payment_that_comes_back_breaks_the_plan_where_the_policy_says_so(town: Town, place: Place) -> None:
    with town.work("carla") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=HoldKind.PLAN, reason="Ten months."))
    pays(town, place, 100)
    with town.work("bill") as work:
        returned_payments.tell(work, "P-1", returned_on=town.today, reason="insufficient_funds")
    [plan] = town.all(select(Hold).where(Hold.account_id == place.account_id))
    assert (plan.ended_at is not None, plan.end_reason) == (True, "a payment came back")
