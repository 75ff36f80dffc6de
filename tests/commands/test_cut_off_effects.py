"""What posting a cut-off or a restoral does: locks, states, fees, the contact log, what others are told, the timer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from curbstop.commands import dispatch, field_work, locks, policies, removal_timers, review
from curbstop.commands.field_work import Visit
from curbstop.domain.problems import Problem
from curbstop.models import (
    AuditEntry,
    ConnectionEvent,
    ContactAttempt,
    Fee,
    Lock,
    Outbox,
    RemovalTimer,
    ServicePoint,
    StateChange,
    SupervisorTask,
)
from curbstop.models.base import utc_now
from tests.cut_offs import any_day, delinquent
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town
from tests.visits import done, post

LOCKED = {"valve_state": "off", "lock_type": "barrel", "lock_no": "b-1042", "seal_no": "S 77", "door_tag_left": True}


@pytest.fixture(autouse=True)
def _any_day(town: Town) -> None:
    any_day(town)


def cut(town: Town, place: Place, **changes: Any) -> UUID:
    return done(town, "CUT_OFF_NP", place, **{**LOCKED, "read": "001010", **changes})


def restored(town: Town, place: Place, **changes: Any) -> UUID:
    return done(
        town, "CUT_ON_RSTR", place, **{"read": "001010", "valve_state": "on", "leak_indicator": "still", **changes}
    )


def state_of(town: Town, place: Place) -> str:
    return str(town.all(select(ServicePoint.physical_state).where(ServicePoint.id == place.id))[0])


def test_a_posted_cut_off_keeps_lock_reading_fee_contact_state_and_timer(town: Town) -> None:
    place = town.place()
    order = cut(town, place)
    post(town, order)
    assert state_of(town, place) == "off_locked"
    [lock] = town.all(select(Lock))
    assert (lock.number, lock.seal_no, lock.kind, lock.order_id, lock.ended_at) == (
        "B-1042", "S77", "barrel", order, None,
    )  # fmt: skip
    [contact] = town.all(select(ContactAttempt))
    assert (contact.channel, contact.reason, contact.reached, contact.order_id) == (
        "door_tag", "delinquent", "none", order,
    )  # fmt: skip
    assert (contact.by_name, contact.by_id) == ("Tom", None)
    [event] = town.all(select(ConnectionEvent))
    assert (event.sequence, event.status, event.reason, event.meter_serial) == (
        1, "DisconnectedNonPay", "NonPayment", place.serial,
    )  # fmt: skip
    [timer] = town.all(select(RemovalTimer))
    assert (timer.off_since, timer.due_on.year, timer.ended_at) == (town.today, town.today.year + 1, None)
    [fee] = town.all(select(Fee))
    assert (fee.kind, fee.waived) == ("cut_off", False)


def test_a_restoral_ends_lock_and_timer_and_says_so(town: Town) -> None:
    place = town.place()
    post(town, cut(town, place))
    order = restored(town, place)
    post(town, order)
    [lock] = town.all(select(Lock))
    assert (lock.ended, lock.ended_by_order_id) == ("removed", order)
    [timer] = town.all(select(RemovalTimer))
    assert timer.ended_at is not None
    assert [event.reason for event in town.all(select(ConnectionEvent).order_by(ConnectionEvent.sequence))] == [
        "NonPayment", "PaymentReceived",
    ]  # fmt: skip
    assert state_of(town, place) == "on"


def test_a_cut_off_posted_after_its_restoral_changes_no_present(town: Town) -> None:
    """The office posts in any order; the water is on."""
    place = town.place()
    now = utc_now()
    order = cut(town, place, at=now - timedelta(hours=2))
    post(town, restored(town, place, at=now - timedelta(hours=1)))
    post(town, order)
    assert state_of(town, place) == "on"
    [lock] = town.all(select(Lock))
    assert lock.ended_at is not None
    assert town.all(select(RemovalTimer)) == []
    assert [row.state for row in town.all(select(StateChange).order_by(StateChange.at))] == ["off_locked", "on"]
    cut_event = town.all(select(ConnectionEvent).where(ConnectionEvent.order_id == order))[0]
    assert cut_event.status == "DisconnectedNonPay"


def test_a_lock_is_in_use_once_and_free_again_when_it_is_taken_off(town: Town) -> None:
    first, second = town.place(), town.place()
    post(town, cut(town, first))
    order = cut(town, second, lock_no="B - 1042")
    assert "incomplete_capture" in town.read_order(order).flags
    with pytest.raises(Problem, match="that lock is in use at SP-000001"):
        post(town, order)
    assert state_of(town, second) == "on"
    with town.work("dana") as work:
        [lock] = town.all(select(Lock))
        locks.end(work, lock.id, reason="The crew cut it off.")
    post(town, order)
    assert len(town.all(select(Lock).where(Lock.ended_at.is_(None)))) == 1
    with pytest.raises(Problem, match="conflict"), town.work("dana") as work:
        locks.end(work, lock.id, reason="Again.")


def test_a_cut_off_after_its_recall_costs_nothing(town: Town) -> None:
    place = town.place()
    delinquent(town, place)
    order = town.order("CUT_OFF_NP", place, by="bill", to="tom")
    ModelTablet(town, "tom").pull()
    with town.work("bill") as work:
        dispatch.recall(work, order, reason="Paid.")
    with town.work("tom") as work:
        captures = {"serial_seen": place.serial, "read": "001010", **LOCKED}
        field_work.complete(work, order, Visit(outcome="DONE", captures=captures))
    post(town, order)
    [fee] = town.all(select(Fee))
    assert fee.waived is True


def test_posting_is_done_once_and_nothing_follows_twice(town: Town) -> None:
    order = cut(town, town.place())
    post(town, order)
    with pytest.raises(Problem, match="impossible_transition"), town.work("bill") as work:
        review.post(work, order)
    for table in (Lock, Fee, ContactAttempt, ConnectionEvent, RemovalTimer, StateChange):
        assert town.all(select(func.count()).select_from(table)) == [1]
    assert town.all(select(Outbox.topic).where(Outbox.topic == "connection.changed")) == []


def test_the_clock_tells_a_supervisor_once_when_a_year_is_over(town: Town) -> None:
    place = town.place()
    post(town, cut(town, place))
    with town.work() as work:
        assert removal_timers.tell_due(work) == 0
    [timer] = town.all(select(RemovalTimer))
    with town.sessions.write() as session:
        session.get_one(RemovalTimer, timer.id).due_on = town.today
    for told in (1, 0):
        with town.work() as work:
            assert removal_timers.tell_due(work) == told
    [task] = town.all(select(SupervisorTask))
    assert (task.kind, task.facts["service_point_id"]) == ("removal_due", str(place.id))


def test_a_policy_that_removes_nothing_starts_no_timer(town: Town) -> None:
    with town.work("ada") as work:
        policies.edit(work, {"removal": {"months_off": 0}}, reason="Our ordinance knows no removal.")
    post(town, cut(town, town.place()))
    assert town.all(select(RemovalTimer)) == []


def test_a_fee_that_the_utility_may_not_charge_is_not_attached(town: Town) -> None:
    with town.work("ada") as work:
        policies.edit(
            work,
            {"fees": {"refused": ["cut_off"], "amounts_cents": {"cut_off": 0}}},
            reason="The law here knows no such fee.",
        )
    post(town, cut(town, town.place()))
    assert town.all(select(Fee)) == []
    assert town.all(select(AuditEntry.after).where(AuditEntry.action == "refuse_fee")) == [{"kind": "cut_off"}]
