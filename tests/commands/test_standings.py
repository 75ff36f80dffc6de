"""What billing tells meets the cut-offs: money takes them back at once, each payment once, and never a restoral."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import holds, standings
from curbstop.commands.holds import NewHold
from curbstop.commands.standings import Paid, Told
from curbstop.domain.holds import HoldKind
from curbstop.domain.problems import Problem
from curbstop.models import Payment, Standing
from curbstop.models.base import utc_now
from curbstop.models.owed import owed_by
from tests.cut_offs import notified
from tests.sync.model_tablet import ModelTablet
from tests.tablet.test_recall import in_use
from tests.town import Place, Town

AS_OF = datetime(2026, 5, 4, 11, tzinfo=UTC)


def owes(town: Town, place: Place, cents: int = 8_420, as_of: datetime = AS_OF) -> int:
    told = Told(
        account_id=place.account_id, past_due_cents=cents, periods_past_due=2, delinquent_since=date(2026, 4, 1),
        debt_class="residential", as_of=as_of,
    )  # fmt: skip
    with town.work("ivy") as work:
        return standings.tell(work, [told])


def pays(town: Town, place: Place, cents: int, key: str = "P-1") -> standings.Taken:
    payment = Paid(account_id=place.account_id, source_key=key, cents=cents, received_at=utc_now())
    with town.work("ivy") as work:
        return standings.take(work, [payment])


@pytest.fixture
def place(town: Town) -> Place:
    in_use(town)
    place = town.place()
    owes(town, place)
    notified(town, place)
    return place


def cut_off(town: Town, place: Place, *, to: str | None = None) -> UUID:
    order = town.order("CUT_OFF_NP", place, by="bill")
    if to is not None:
        town.assign(order, to)
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
            standings.return_payment(work, "P-1", returned_on=date(2026, 5, 8), reason="insufficient_funds")
    assert town.read_order(order).state == "cancelled"
    with town.work("ivy") as work:
        assert owed_by(work.session, [place.account_id])[place.account_id].cents == 8_420
    with pytest.raises(Problem, match="conflict"), town.work("bill") as work:
        standings.return_payment(work, "P-1", returned_on=date(2026, 5, 9), reason="fraud")
    with pytest.raises(Problem, match="not_found"), town.work("bill") as work:
        standings.return_payment(work, "P-9", returned_on=date(2026, 5, 9), reason="fraud")


def test_the_office_does_not_make_up_payments(town: Town, place: Place) -> None:
    for name in ("carla", "sue", "dana"):
        with pytest.raises(Problem, match="forbidden"), town.work(name) as work:
            standings.take(work, [])


@pytest.mark.parametrize("kind", [HoldKind.DISPUTE, HoldKind.MEDICAL, HoldKind.PLAN, HoldKind.OFFICE])
def test_a_hold_takes_back_a_cut_off_that_is_under_way(town: Town, place: Place, kind: HoldKind) -> None:
    order = cut_off(town, place, to="tom")
    ModelTablet(town, "tom").pull()
    with town.work("carla") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=kind, reason="They called."))
    found = town.read_order(order)
    assert (found.state, found.reason) == ("recall_pending", f"{kind.value} hold placed")


def test_a_critical_customer_asks_for_an_approval_and_recalls_nothing(town: Town, place: Place) -> None:
    order = cut_off(town, place)
    with town.work("carla") as work:
        holds.place(
            work,
            NewHold(account_id=place.account_id, kind=HoldKind.CRITICAL, reason="A ward.", category="nursing_home"),
        )
    assert town.read_order(order).state != "cancelled"
    with pytest.raises(Problem, match="A critical customer is one of"), town.work("carla") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=HoldKind.CRITICAL, reason="A pub.", category="pub"))


def test_a_medical_hold_lasts_thirty_days_and_is_renewed_once(town: Town, place: Place) -> None:
    start = date(2026, 5, 4)
    with town.work("carla") as work:
        hold = holds.place(
            work,
            NewHold(
                account_id=place.account_id, kind=HoldKind.MEDICAL, reason="Certificate of Dr. Low.", starts_on=start,
                through=date(2027, 1, 1),
            ),
        )  # fmt: skip
        assert hold.through == start + timedelta(days=30)
        assert holds.renew(work, hold.id).through == start + timedelta(days=60)
    with pytest.raises(Problem, match="renewed once at most"), town.work("carla") as work:
        holds.renew(work, hold.id)
    with town.work("carla") as work:
        holds.end(work, hold.id, reason="Moved away.")
    with pytest.raises(Problem, match="hold_ended"), town.work("carla") as work:
        holds.end(work, hold.id, reason="Again.")


def test_a_promise_names_its_day(town: Town, place: Place) -> None:
    with pytest.raises(Problem, match="A promise names the day"), town.work("carla") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=HoldKind.PROMISE, reason="On Friday."))
    yesterday = NewHold(
        account_id=place.account_id, kind=HoldKind.OFFICE, reason="Late.", starts_on=date(2026, 5, 4),
        through=date(2026, 5, 3),
    )  # fmt: skip
    with pytest.raises(Problem, match="no earlier than it begins"), town.work("carla") as work:
        holds.place(work, yesterday)


def test_a_technician_places_no_hold(town: Town, place: Place) -> None:
    with pytest.raises(Problem, match="forbidden"), town.work("tom") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=HoldKind.OFFICE, reason="Nice people."))
