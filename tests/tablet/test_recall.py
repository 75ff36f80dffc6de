"""The race that matters: a payment recalls a cut-off that an offline tablet is about to do, or has done.

Long because every interleaving of chapter 11 has its test here, and they share how a cut-off is set up.
"""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from curbstop.commands import dispatch, review, voice_codes
from curbstop.domain.problems import Problem
from curbstop.models import Fee, OrderHistory, ServiceOrder, SupervisorTask
from curbstop.models.order_type import OrderTypeRow
from curbstop.tablet import NotAllowed, Offline, outbox, view
from curbstop.tablet.clock import Clock
from tests.cut_offs import any_day, delinquent
from tests.tablet.conftest import NewTablet
from tests.tablet.conftest import Tablet as InHand
from tests.town import Place, Town

SHIFTS = {"clock right": 0, "clock ahead": 20, "clock behind": -20}


@pytest.fixture
def cut(town: Town) -> str:
    """A cut-off for non-payment, to be done by Tom tomorrow: today's work window may be over when this runs."""
    any_day(town)
    place = town.place()
    return cut_off(town, place)


@pytest.fixture(params=SHIFTS, ids=list(SHIFTS))
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The tablet's clock is wrong by so many minutes."""
    minutes = SHIFTS[request.param]

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Shifted":
            at = datetime.now(tz) + timedelta(minutes=minutes)
            return cls.fromisoformat(at.isoformat())

    monkeypatch.setattr("curbstop.tablet.clock.datetime", Shifted)
    return minutes


class Ahead(Clock):
    """A wall clock that is 90 seconds ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=90)


def cut_off(town: Town, place: Place, to: str = "tom") -> str:
    order = town.order("CUT_OFF_NP", delinquent(town, place), by="bill")
    assign(town, str(order), to)
    return str(order)


def assign(town: Town, order_id: str, to: str) -> None:
    with town.work("sue") as work:
        tomorrow = town.today + timedelta(days=1)
        dispatch.assign(work, UUID(order_id), technician_id=town.staff[to], scheduled_on=tomorrow)


def paid(town: Town, order_id: str) -> str:
    """The billing system says that the customer has paid."""
    with town.work("ivy") as work:
        return str(dispatch.recall(work, UUID(order_id), reason="Paid 84.20 at the counter.").state)


def captures(town: Town, order_id: str) -> dict[str, Any]:
    return {
        "serial_seen": "MTR00001",
        "read": "001010",
        "valve_state": "off",
        "lock_type": "barrel",
        "lock_no": "B-1042",
        "door_tag_left": True,
    }


def finish(town: Town, tom: InHand, order_id: str) -> None:
    tom.work.complete(order_id, "DONE", captures(town, order_id))


STAGES: dict[str, tuple[Callable[[InHand, str], object], ...]] = {
    "on the tablet": (),
    "on the way": (lambda tom, order_id: tom.work.travel(order_id),),
    "on site": (
        lambda tom, order_id: tom.work.travel(order_id),
        lambda tom, order_id: tom.work.arrive(order_id),
    ),
}


def go(stage: str, tom: InHand, order_id: str) -> None:
    for step in STAGES[stage]:
        step(tom, order_id)


def restorals(town: Town) -> list[ServiceOrder]:
    return town.all(select(ServiceOrder).where(ServiceOrder.type_code == "CUT_ON_RSTR"))


def tasks(town: Town) -> list[SupervisorTask]:
    return town.all(select(SupervisorTask))


def check_restored(town: Town, order_id: str) -> None:
    """The fact stands, the water is ordered back on for nothing, and a supervisor hears of it."""
    done = town.read_order(UUID(order_id))
    assert done.state == "completed"
    assert "completed_after_recall" in done.flags
    assert done.captures["read"] == "001010"
    [restoral] = restorals(town)
    assert (restoral.priority, restoral.fees_waived, restoral.state) == (1, True, "ready")
    assert (restoral.follows_id, restoral.service_point_id) == (done.id, done.service_point_id)
    [task] = tasks(town)
    assert (task.kind, task.order_id, task.state) == ("completed_after_recall", done.id, "open")
    assert task.facts["restoral_id"] == str(restoral.id)
    assert task.facts["recalled_at"] is not None
    assert task.facts["received_at"] is not None
    [event] = town.all(select(OrderHistory).where(OrderHistory.order_id == done.id, OrderHistory.event == "complete"))
    assert {"recalled_at", "noted_at", "received_at", "clock_skew_s"} <= set(event.facts)


def test_a_recall_before_the_first_pull_cancels_at_once(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """Clause 11.1."""
    assert paid(town, cut) == "cancelled"
    tom = new_tablet("tom")
    tom.client.pull()
    assert view.orders(tom.store) == []
    assert restorals(town) == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_cut_done_offline_before_the_recall_was_heard_stands_and_is_restored(
    town: Town, new_tablet: NewTablet, cut: str, stage: str, clock: int
) -> None:
    """Clauses 11.2 and 11.4, I19: paid at 10:02 while the tablet is offline, cut at 10:05, synced at 14:00."""
    tom = new_tablet("tom")
    tom.client.sync()
    tom.network.online = False
    go(stage, tom, cut)
    assert paid(town, cut) == "recall_pending"
    finish(town, tom, cut)
    tom.network.online = True
    tom.client.sync()
    assert outbox.verdicts(tom.store)[-1]["verdict"] == "applied"
    check_restored(town, cut)
    [event] = town.all(select(OrderHistory).where(OrderHistory.event == "complete"))
    assert abs((event.noted_at - event.recorded_at).total_seconds() / 60) < 5, "whatever the tablet's clock said"


@pytest.mark.parametrize("stage", STAGES)
def test_a_recall_that_is_heard_first_is_acknowledged_and_nothing_is_cut(
    town: Town, new_tablet: NewTablet, cut: str, stage: str
) -> None:
    """Clause 11.3."""
    tom = new_tablet("tom")
    tom.client.sync()
    go(stage, tom, cut)
    tom.client.push()
    paid(town, cut)
    tom.client.pull()
    seen = view.find(tom.store, "service_order", cut)
    assert seen is not None
    assert seen["state"] == "recall_pending"
    tom.work.acknowledge_recall(cut)
    with pytest.raises(NotAllowed):
        finish(town, tom, cut)
    tom.client.sync()
    assert town.read_order(UUID(cut)).state == "cancelled"
    assert view.find(tom.store, "service_order", cut) is None
    assert (restorals(town), tasks(town)) == ([], [])


def test_a_cut_that_was_done_while_its_recall_was_on_the_screen_is_restored_too(
    town: Town, new_tablet: NewTablet, cut: str
) -> None:
    """Clause 11.4: the fact stands, whatever the technician had been told."""
    tom = new_tablet("tom")
    tom.client.sync()
    paid(town, cut)
    tom.client.pull()
    finish(town, tom, cut)
    tom.client.sync()
    check_restored(town, cut)


def test_a_cut_that_arrives_after_the_recall_was_acknowledged_is_restored_too(
    town: Town, new_tablet: NewTablet, cut: str
) -> None:
    """Clause 11.4: cancelled already, and the water is off all the same."""
    tom, other = new_tablet("tom"), new_tablet("tom")
    tom.client.sync()
    other.client.sync()
    tom.network.online = False
    finish(town, tom, cut)
    paid(town, cut)
    other.client.pull()
    other.work.acknowledge_recall(cut)
    other.client.sync()
    assert town.read_order(UUID(cut)).state == "cancelled"
    tom.network.online = True
    tom.client.sync()
    assert [verdict["verdict"] for verdict in outbox.verdicts(tom.store)] == ["applied"]
    check_restored(town, cut)


def test_a_cut_by_the_former_technician_after_a_move_and_a_recall_is_restored_too(
    town: Town, new_tablet: NewTablet, cut: str
) -> None:
    """Clause 11.4: nobody's tablet had it any more as far as the office knew, so it was cancelled at once."""
    tom = new_tablet("tom")
    tom.client.sync()
    tom.network.online = False
    assign(town, cut, "tess")
    assert paid(town, cut) == "cancelled"
    finish(town, tom, cut)
    tom.network.online = True
    tom.client.sync()
    check_restored(town, cut)


def test_a_retry_of_the_completion_restores_once(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """I3."""
    tom = new_tablet("tom")
    tom.client.sync()
    paid(town, cut)
    finish(town, tom, cut)
    tom.network.lose_replies = 1
    with pytest.raises(Offline):
        tom.client.push()
    tom.client.sync()
    check_restored(town, cut)


def test_an_open_restoral_of_the_place_is_taken_and_made_free(town: Town, new_tablet: NewTablet) -> None:
    """Clause 11.4: one restoral a place."""
    any_day(town)
    place = town.place()
    cut = cut_off(town, place)
    tom = new_tablet("tom")
    tom.client.sync()
    paid(town, cut)
    there = town.order("CUT_ON_RSTR", place, by="carla")
    finish(town, tom, cut)
    tom.client.sync()
    check_restored(town, cut)
    assert [order.id for order in restorals(town)] == [there]


def test_the_free_restoral_is_worked_and_posted_without_a_fee(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """Clause 11.5."""
    tom = new_tablet("tom")
    tom.client.sync()
    paid(town, cut)
    finish(town, tom, cut)
    tom.client.sync()
    [restoral] = restorals(town)
    assign(town, str(restoral.id), "tom")
    tom.client.sync()
    on = {"serial_seen": "MTR00001", "read": "001010", "valve_state": "on", "leak_indicator": "still"}
    tom.work.complete(str(restoral.id), "DONE", {**on, "lock_no": "L-17"})
    tom.client.sync()
    with town.work("carla") as work:
        assert review.post(work, restoral.id).state == "posted"
    [fee] = town.all(select(Fee))
    assert (fee.kind, fee.waived, fee.order_id) == ("reconnect", True, restoral.id)


def test_the_known_skew_of_the_tablet_is_told_beside_both_times(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """Clause 11.4: an estimate for the supervisor; nothing is decided on it."""
    tom = new_tablet("tom")
    tom.client.sync()
    paid(town, cut)
    tom.store.clock = Ahead()
    finish(town, tom, cut)
    tom.client.push()
    [task] = tasks(town)
    assert abs(task.facts["clock_skew_s"] - 90) < 1
    ahead = datetime.fromisoformat(task.facts["noted_at"]) - datetime.fromisoformat(task.facts["noted_at_corrected"])
    assert abs(ahead - timedelta(seconds=90)) < timedelta(seconds=1)


# -- the lease


def lease(town: Town, order_id: str) -> datetime:
    until = town.read_order(UUID(order_id)).authorized_until
    assert until is not None
    return until


def shorten(town: Town, order_id: str, by: timedelta) -> None:
    """As if so much of the lease had passed."""
    with town.sessions.write() as session:
        until = lease(town, order_id) - by
        session.execute(update(ServiceOrder).where(ServiceOrder.id == UUID(order_id)).values(authorized_until=until))


def test_a_lease_is_renewed_at_a_pull_once_half_of_it_is_used(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """Clause 11.6: as an ordinary change of the order, and not at every pull."""
    tom = new_tablet("tom")
    tom.client.sync()
    first = lease(town, cut)
    tom.client.pull()
    assert lease(town, cut) == first
    shorten(town, cut, timedelta(hours=1))
    tom.client.pull()
    assert lease(town, cut) == first - timedelta(hours=1)
    shorten(town, cut, timedelta(hours=2))
    assert tom.client.pull() > 0
    assert lease(town, cut) > first - timedelta(minutes=5)
    seen = view.find(tom.store, "service_order", cut)
    assert seen is not None
    assert datetime.fromisoformat(seen["authorized_until"]) == lease(town, cut)


def test_a_recalled_cut_off_gets_no_fresh_lease(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """Clause 11.6."""
    tom = new_tablet("tom")
    tom.client.sync()
    shorten(town, cut, timedelta(hours=3))
    paid(town, cut)
    before = lease(town, cut)
    tom.client.pull()
    assert lease(town, cut) == before


def test_a_lease_that_ran_out_asks_for_a_voice_code_and_a_right_one_is_no_fault(
    town: Town, new_tablet: NewTablet, cut: str
) -> None:
    """Clauses 11.7 and 11.8."""
    done = _cut_by_telephone(town, new_tablet, cut, spoil=False)
    assert "stale_authorization" not in done.flags
    [event] = town.all(select(OrderHistory).where(OrderHistory.event == "complete"))
    assert event.facts["voice_code_day"] == town.today.isoformat()


def test_a_wrong_voice_code_is_flagged_and_the_work_is_kept(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """Clause 11.8: never a refusal."""
    done = _cut_by_telephone(town, new_tablet, cut, spoil=True)
    assert done.state == "completed"
    assert "stale_authorization" in done.flags
    [event] = town.all(select(OrderHistory).where(OrderHistory.event == "complete"))
    assert event.facts["voice_code_day"] is None


def _cut_by_telephone(town: Town, new_tablet: NewTablet, cut: str, *, spoil: bool) -> ServiceOrder:
    tom = new_tablet("tom")
    tom.client.sync()
    shorten(town, cut, timedelta(hours=1))
    tom.client.pull()
    _run_out(town, tom, cut)
    with pytest.raises(NotAllowed, match="voice code"):
        tom.work.travel(cut)
    with town.work("dana") as work:
        code, _ = voice_codes.give(work, UUID(cut))
    with pytest.raises(NotAllowed, match="six digits"):
        tom.work.enter_voice_code(cut, "12")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    tom.work.enter_voice_code(cut, wrong if spoil else f"{code[:3]} {code[3:]}")
    tom.work.travel(cut)
    finish(town, tom, cut)
    tom.client.push()
    return town.read_order(UUID(cut))


def _run_out(town: Town, tom: InHand, cut: str) -> None:
    """The lease is over, here and on the tablet, which has no network to hear more."""
    past = datetime.now().astimezone() - timedelta(minutes=5)
    with town.sessions.write() as session:
        session.execute(update(ServiceOrder).where(ServiceOrder.id == UUID(cut)).values(authorized_until=past))
    with tom.store.transaction() as db:
        body = "json_set(body, '$.authorized_until', ?)"
        sql = f"UPDATE server_row SET body = {body} WHERE entity_type = 'service_order' AND id = ?"
        db.execute(sql, (past.isoformat(), cut))


def test_no_code_is_given_for_what_must_not_be_cut(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """Clause 11.7."""
    other = town.order("GEN", town.place(), to="tom")
    with pytest.raises(Problem, match="on no tablet"), town.work("dana") as work:
        voice_codes.give(work, UUID(cut))
    tom = new_tablet("tom")
    tom.client.sync()
    with pytest.raises(Problem, match="no cut-off"), town.work("dana") as work:
        voice_codes.give(work, other)
    with pytest.raises(Problem) as caught, town.work("tom") as work:
        voice_codes.give(work, UUID(cut))
    assert caught.value.code == "forbidden"
    paid(town, cut)
    with pytest.raises(Problem, match="recalled"), town.work("dana") as work:
        voice_codes.give(work, UUID(cut))


def test_a_completion_stands_where_no_restoral_can_be_made(town: Town, new_tablet: NewTablet, cut: str) -> None:
    """Clause 11.4: the task then says so."""
    tom = new_tablet("tom")
    tom.client.sync()
    paid(town, cut)
    with town.sessions.write() as session:
        row = session.scalars(select(OrderTypeRow).where(OrderTypeRow.code == "CUT_ON_RSTR")).one()
        row.definition = {**row.definition, "built": False}
    finish(town, tom, cut)
    tom.client.sync()
    assert town.read_order(UUID(cut)).state == "completed"
    [task] = tasks(town)
    assert "No restoral could be made" in task.detail
    assert restorals(town) == []
