"""The contact log: what must be said, what it holds back, and promises that are held to by the clock."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import contacts, promises, standings
from curbstop.commands.contacts import NewAttempt
from curbstop.commands.standings import Paid
from curbstop.domain.contacts import Channel, Contact, Direction, PromiseState, Reached, Reason, Result, promise_state
from curbstop.domain.problems import Problem
from curbstop.models import ContactAttempt, Hold
from curbstop.models.base import utc_now
from tests.commands.test_standings import owes
from tests.cut_offs import any_day, delinquent
from tests.town import Place, Town


def log(town: Town, place: Place, *, by: str = "carla", **said: Any) -> UUID:
    contact = Contact(**{"at": utc_now() - timedelta(minutes=5), "channel": Channel.PHONE, **said})
    with town.work(by) as work:
        return contacts.log(work, NewAttempt(account_id=place.account_id, contact=contact)).id


def promise(town: Town, place: Place, *, days: int = 3, cents: int = 8_420, **said: Any) -> UUID:
    on = town.today + timedelta(days=days)
    spoken = {"reached": Reached.CUSTOMER, "result": Result.PROMISE, "promise_cents": cents, "promise_on": on}
    return log(town, place, **{**spoken, **said})


def settle(town: Town, *, days: int = 0) -> int:
    with town.work() as work:
        later = type(work)(work.session, work.actor, work.settings, work.at + timedelta(days=days))
        return promises.settle(later)


def attempt(town: Town, attempt_id: UUID) -> ContactAttempt:
    [found] = town.all(select(ContactAttempt).where(ContactAttempt.id == attempt_id))
    assert isinstance(found, ContactAttempt)
    return found


def holds_of(town: Town, place: Place) -> list[tuple[str, date | None, str | None]]:
    found = town.all(select(Hold).where(Hold.account_id == place.account_id).order_by(Hold.id))
    return [(hold.kind, hold.through, hold.end_reason) for hold in found]


def test_a_call_that_reached_nobody_is_kept_and_holds_nothing(town: Town) -> None:
    place = town.place()
    found = attempt(town, log(town, place, reached=Reached.VOICEMAIL))
    assert (found.channel, found.direction, found.reached, found.result) == ("phone", "out", "voicemail", "none")
    assert found.by_id == town.staff["carla"]
    assert holds_of(town, place) == []


def test_a_promise_holds_the_cut_off_through_its_day_and_the_grace(town: Town) -> None:
    any_day(town)
    order = town.order("CUT_OFF_NP", place := delinquent(town, town.place()), by="bill")
    found = attempt(town, promise(town, place))
    last = town.today + timedelta(days=4)
    assert (found.promise_state, found.promise_through) == ("open", last)
    assert holds_of(town, place) == [("promise", last, None)]
    assert town.read_order(order).state == "cancelled"


@pytest.mark.parametrize(("result", "kind"), [(Result.PLAN, "plan"), (Result.DISPUTE, "dispute")])
def test_a_plan_and_a_dispute_hold_it_too(town: Town, result: Result, kind: str) -> None:
    place = town.place()
    log(town, place, direction=Direction.IN, reached=Reached.CUSTOMER, result=result, note="It was the neighbour.")
    assert holds_of(town, place) == [(kind, None, None)]


def test_a_promise_is_kept_by_what_was_paid_since(town: Town) -> None:
    place = town.place()
    owes(town, place)
    promised = promise(town, place)
    assert settle(town) == 0
    for key, cents in (("P-1", 8_000), ("P-2", 420)):
        assert attempt(town, promised).promise_state == "open"
        payment = Paid(account_id=place.account_id, source_key=key, cents=cents, received_at=utc_now())
        with town.work("ivy") as work:
            standings.take(work, [payment])
        settle(town)
    assert attempt(town, promised).promise_state == "kept"
    [(_, _, why)] = holds_of(town, place)
    assert why == "promise kept"
    assert settle(town, days=30) == 0


def test_money_from_before_the_promise_does_not_keep_it(town: Town) -> None:
    place = town.place()
    payment = Paid(
        account_id=place.account_id, source_key="P-0", cents=9_000, received_at=utc_now() - timedelta(days=1)
    )
    with town.work("ivy") as work:
        standings.take(work, [payment])
    promised = promise(town, place)
    settle(town)
    assert attempt(town, promised).promise_state == "open"


def test_a_promise_is_broken_when_its_last_day_is_over(town: Town) -> None:
    place = town.place()
    promised = promise(town, place, days=3)
    assert settle(town, days=4) == 0, "the grace is one day"
    assert settle(town, days=5) == 1
    assert attempt(town, promised).promise_state == "broken"
    [(_, _, why)] = holds_of(town, place)
    assert why == "promise broken"


def test_money_that_came_too_late_does_not_keep_it_whenever_the_clock_looks(town: Town) -> None:
    """The clock may have stood still over a weekend."""
    place = town.place()
    promised = promise(town, place, days=-3, at=utc_now() - timedelta(days=5))
    paid(town, place)
    assert settle(town) == 1
    assert attempt(town, promised).promise_state == "broken"


def test_money_of_the_last_evening_keeps_it(town: Town) -> None:
    """In New York the day ends hours after it does in UTC."""
    place = town.place()
    promised = promise(town, place, days=-3, at=utc_now() - timedelta(days=5))
    last = town.today - timedelta(days=2)  # with a day of grace
    paid(town, place, datetime.combine(last, time(23, 59), tzinfo=town.settings.zone))
    settle(town)
    assert attempt(town, promised).promise_state == "kept"


def test_money_that_came_in_time_and_is_told_late_keeps_it_after_all(town: Town) -> None:
    """Billing closes its day in the evening, and tells of a weekend's money on Monday."""
    place = town.place()
    promised = promise(town, place, days=-3, at=utc_now() - timedelta(days=5))
    settle(town)
    assert attempt(town, promised).promise_state == "broken"
    paid(town, place, utc_now() - timedelta(days=4))
    assert attempt(town, promised).promise_state == "kept"


def paid(town: Town, place: Place, at: datetime | None = None) -> None:
    payment = Paid(account_id=place.account_id, source_key="P-1", cents=8_420, received_at=at or utc_now())
    with town.work("ivy") as work:
        standings.take(work, [payment])


@pytest.mark.parametrize(("days", "held"), [(2, True), (90, True), (91, False), (400, False)])
def test_a_dispute_of_an_old_spreadsheet_holds_nothing(town: Town, days: int, held: bool) -> None:
    place = town.place()
    at = utc_now() - timedelta(days=days)
    log(town, place, at=at, reached=Reached.CUSTOMER, result=Result.DISPUTE)
    assert bool(holds_of(town, place)) is held


def test_an_order_of_somebody_else_is_not_what_it_was_about(town: Town) -> None:
    here, there = town.place(), town.place()
    theirs = town.order("CUT_OFF_REQ", there)
    contact = Contact(at=utc_now(), channel=Channel.PHONE)
    with pytest.raises(Problem, match="another account's"), town.work("carla") as work:
        contacts.log(work, NewAttempt(account_id=here.account_id, contact=contact, order_id=theirs))


def test_a_browsers_clock_may_be_ahead_by_a_little(town: Town) -> None:
    found = attempt(town, log(town, town.place(), at=utc_now() + timedelta(minutes=2)))
    assert found.at == found.recorded_at
    with pytest.raises(Problem, match="once it has happened"):
        log(town, town.place(), at=utc_now() + timedelta(minutes=20))


def test_a_new_promise_takes_the_place_of_the_one_before(town: Town) -> None:
    """A payment of fifty dollars does not keep two promises of fifty dollars."""
    place = town.place()
    first = promise(town, place, days=1, cents=5_000)
    second = promise(town, place, days=6, cents=5_000, at=utc_now() - timedelta(minutes=1))
    told_late = promise(town, place, days=2, cents=5_000, at=utc_now() - timedelta(minutes=9))
    states = [attempt(town, one).promise_state for one in (first, second, told_late)]
    assert states == ["replaced", "open", "replaced"]
    assert [why for _, _, why in holds_of(town, place)] == ["promise replaced", None]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"at": datetime(2036, 1, 1, tzinfo=UTC)}, "once it has happened"),
        ({"result": Result.PROMISE, "reached": Reached.CUSTOMER}, "its amount and its day"),
        ({"promise_cents": 500}, "Only a promise"),
        ({"result": Result.REFUSED, "reached": Reached.VOICEMAIL}, "Nobody was reached"),
        ({"result": Result.DISPUTE}, "Nobody was reached"),
    ],
)
def test_an_attempt_that_makes_no_sense_is_refused_in_words(town: Town, said: dict[str, Any], words: str) -> None:
    with pytest.raises(Problem, match=words):
        log(town, town.place(), **said)
    assert town.all(select(ContactAttempt)) == []


def test_a_promise_for_yesterday_is_refused(town: Town) -> None:
    with pytest.raises(Problem, match="still to come"):
        promise(town, town.place(), days=-1)


@pytest.mark.parametrize("year", [2062, 9999])
def test_a_promise_for_another_age_is_refused(town: Town, year: int) -> None:
    with pytest.raises(Problem, match="within a year"):
        promise(town, town.place(), promise_on=date(year, 12, 31))


def test_a_technician_does_not_write_the_log(town: Town) -> None:
    for name in ("tom", "dana", "sue"):
        with pytest.raises(Problem, match="forbidden"):
            log(town, town.place(), by=name, reason=Reason.HIGH_BILL)


@pytest.mark.parametrize(
    ("paid", "day", "state"),
    [(99, 4, "open"), (99, 5, "broken"), (100, 5, "kept"), (101, 4, "kept")],
)
def test_how_a_promise_stands(paid: int, day: int, state: str) -> None:
    through = date(2026, 5, 4)
    found = promise_state(promised_cents=100, paid_cents=paid, through=through, today=date(2026, 5, day))
    assert found is PromiseState(state)
