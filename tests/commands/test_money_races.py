"""Money and cut-offs that meet in the same moment come one after the other, whichever way an order goes on."""

import threading
from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import contacts, dispatch, holds, leases, promises, service_orders, standings
from curbstop.commands.contacts import NewAttempt
from curbstop.commands.holds import NewHold
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.standings import Paid
from curbstop.commands.work import Work
from curbstop.domain.contacts import Channel, Contact, Reached, Result
from curbstop.domain.holds import HoldKind
from curbstop.domain.problems import Problem
from curbstop.models import ContactAttempt, ServiceOrder
from curbstop.models.base import utc_now
from tests.commands.test_contacts import attempt, promise
from tests.cut_offs import any_day, delinquent
from tests.town import Place, Town

Act = Callable[[Work], object]
# So long the other one is given to overtake, if nothing holds it back.
HEAD_START_S = 0.4


@pytest.fixture
def place(town: Town) -> Place:
    any_day(town)
    return delinquent(town, town.place())


def meanwhile(town: Town, first: tuple[str | None, Act], second: tuple[str, Act]) -> Exception | None:
    """What became of the second, which began while the first one's transaction was still open."""
    failed: list[Exception] = []

    def run() -> None:
        try:
            with town.work(second[0]) as work:
                second[1](work)
        except Exception as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    other = threading.Thread(target=run)
    with town.work(first[0]) as work:
        first[1](work)
        work.session.flush()
        other.start()
        other.join(HEAD_START_S)
        assert other.is_alive(), "it did not wait"
    other.join(20)
    assert not other.is_alive()
    return failed[0] if failed else None


def pays(place: Place) -> tuple[str, Act]:
    paid = Paid(account_id=place.account_id, source_key="P-1", cents=8_420, received_at=utc_now())
    return "ivy", lambda work: standings.take(work, [paid])


def holds_it(place: Place) -> tuple[str, Act]:
    new = NewHold(account_id=place.account_id, kind=HoldKind.MEDICAL, reason="They called.")
    return "carla", lambda work: holds.place(work, new)


def orders_it(place: Place) -> tuple[str, Act]:
    new = NewOrder(type_code="CUT_OFF_NP", service_point_id=place.id, account_id=place.account_id)
    return "bill", lambda work: service_orders.create(work, new)


def gives_it_out(town: Town, order: UUID) -> tuple[str, Act]:
    tom, today = town.staff["tom"], town.today
    return "dana", lambda work: dispatch.assign(work, order, technician_id=tom, scheduled_on=today)


@pytest.mark.parametrize("money", [pays, holds_it])
def test_no_cut_off_is_ordered_past_money_that_is_coming_in(
    town: Town, place: Place, money: Callable[[Place], tuple[str, Act]]
) -> None:
    refused = meanwhile(town, money(place), orders_it(place))
    assert isinstance(refused, Problem)
    assert refused.code in ("gate_blocked", "override_needed")


@pytest.mark.parametrize("money", [pays, holds_it])
def test_money_that_comes_in_finds_the_cut_off_that_is_being_ordered(
    town: Town, place: Place, money: Callable[[Place], tuple[str, Act]]
) -> None:
    assert meanwhile(town, orders_it(place), money(place)) is None
    assert town.all(select(ServiceOrder.state)) == ["cancelled"]


@pytest.mark.parametrize("money", [pays, holds_it])
def test_a_cut_off_that_is_being_given_out_is_taken_back_all_the_same(
    town: Town, place: Place, money: Callable[[Place], tuple[str, Act]]
) -> None:
    order = town.order("CUT_OFF_NP", place, by="bill")
    assert meanwhile(town, gives_it_out(town, order), money(place)) is None
    assert town.read_order(order).state == "cancelled"


@pytest.mark.parametrize("money", [pays, holds_it])
def test_nothing_is_given_out_past_money_that_is_coming_in(
    town: Town, place: Place, money: Callable[[Place], tuple[str, Act]]
) -> None:
    order = town.order("CUT_OFF_NP", place, by="bill")
    refused = meanwhile(town, money(place), gives_it_out(town, order))
    assert isinstance(refused, Problem)
    assert town.read_order(order).state == "cancelled"


def test_a_tablet_that_pulls_while_money_comes_in_does_not_get_the_order(town: Town, place: Place) -> None:
    order = town.order("CUT_OFF_NP", place, by="bill", to="tom")
    assert meanwhile(town, pays(place), ("tom", leases.mark_pulled)) is None
    assert town.read_order(order).state == "cancelled"


def test_money_that_comes_in_while_a_tablet_pulls_calls_the_order_back(town: Town, place: Place) -> None:
    order = town.order("CUT_OFF_NP", place, by="bill", to="tom")
    assert meanwhile(town, ("tom", leases.mark_pulled), pays(place)) is None
    assert town.read_order(order).state == "recall_pending"


def test_two_payments_at_once_are_enough_together(town: Town, place: Place) -> None:
    order = town.order("CUT_OFF_NP", place, by="bill", to="tom")
    halves = [
        Paid(account_id=place.account_id, source_key=key, cents=4_210, received_at=utc_now()) for key in ("P-1", "P-2")
    ]
    first, second = (partial(standings.take, payments=[one]) for one in halves)
    assert meanwhile(town, ("ivy", first), ("ivy", second)) is None
    assert town.read_order(order).state == "cancelled"


def test_a_promise_that_the_clock_finds_kept_is_not_replaced_in_the_same_moment(town: Town, place: Place) -> None:
    first = promise(town, place, cents=5_000)
    with town.work("ivy") as work:
        standings.take(work, [Paid(account_id=place.account_id, source_key="P-1", cents=5_000, received_at=utc_now())])
    new = NewAttempt(
        account_id=place.account_id,
        contact=Contact(
            at=utc_now(),
            channel=Channel.PHONE,
            reached=Reached.CUSTOMER,
            result=Result.PROMISE,
            promise_cents=3_420,
            promise_on=town.today,
        ),
    )
    assert meanwhile(town, (None, promises.settle), ("carla", lambda work: contacts.log(work, new))) is None
    states = town.all(select(ContactAttempt.promise_state).order_by(ContactAttempt.at))
    assert (attempt(town, first).promise_state, states) == ("kept", ["kept", "open"])
