"""Ops that were stored and cut off from their verdict are answered, also when their tablet never comes back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.domain.problems import Problem
from curbstop.models import Conflict, OpLedger
from curbstop.models.base import utc_now
from curbstop.queries import tablet_incidents
from curbstop.queries.page import PageRequest
from sync import answering, forgotten, push
from tests.sync.model_tablet import ModelTablet
from tests.sync.sealing import SealingTablet
from tests.town import Town

DONE = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}


class _Dead(BaseException):
    """The process dies: nothing catches it."""


def _cut_off(tablet: ModelTablet, monkeypatch: pytest.MonkeyPatch, *ops: Any) -> None:
    """The ops are stored; then the process dies."""

    def die(*_: Any) -> None:
        raise _Dead

    with monkeypatch.context() as patch:
        patch.setattr(push, "_answered", die)
        with pytest.raises(_Dead):
            tablet.push(*ops)


def _clock(town: Town, later: timedelta = timedelta(minutes=3)) -> int:
    with town.work() as work:
        return forgotten.answer(replace(work, at=work.at + later))


@pytest.mark.parametrize("kind", [ModelTablet, SealingTablet])
def test_what_a_lost_tablet_had_sent_is_done(
    town: Town, kind: type[ModelTablet], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clauses 3.3 and 3.13, I5: as its own push would have, and once; one that cannot be done is parked."""
    order, other = (town.order("GEN", town.place(), to="tom") for _ in range(2))
    tablet = kind(town, "tom")
    tablet.pull()
    ops = [
        tablet.order_op("order.complete", order, DONE),
        tablet.order_op("order.complete", other, {"outcome": "NO SUCH", "captures": {}}),
        {"nonsense": True},
    ]
    if isinstance(tablet, SealingTablet):
        ops = [tablet.seal(op) for op in ops]
    _cut_off(tablet, monkeypatch, *ops)
    assert _clock(town, timedelta(0)) == 0, "a push that is being answered is left alone"
    assert _clock(town) == 3
    assert _clock(town) == 0
    assert town.read_order(order).state == "completed"
    told = {row.op_id: row.verdict for row in town.all(select(OpLedger))}
    assert sorted(str(verdict) for verdict in told.values()) == ["applied", "parked", "quarantined"]
    assert len(town.all(select(Conflict))) == 2
    again = [one["verdict"] for one in tablet.push(*ops)]
    assert again == ["applied", "parked", "quarantined"]


def test_an_op_without_a_verdict_is_among_those_that_wait(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 3.13: until it is answered, the office sees that it is here."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    _cut_off(tablet, monkeypatch, tablet.order_op("order.complete", order, DONE))
    monkeypatch.setattr(tablet_incidents, "PATIENCE", timedelta(0))
    with town.work("sue") as work:
        listed = tablet_incidents.waiting(
            work.session, work.actor, PageRequest(limit=10, sort="received_at"), utc_now()
        )
    assert [row.kind for row in listed.items] == ["order.complete"]


def test_a_batch_that_fails_stops_no_other_and_is_tried_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 3.13: whatever the fault was, the ops stay unanswered until it has passed."""
    orders = {who: town.order("GEN", town.place(), to=who) for who in ("tom", "tess")}
    for who, order in orders.items():
        tablet = ModelTablet(town, who)
        tablet.pull()
        _cut_off(tablet, monkeypatch, tablet.order_op("order.complete", order, DONE))
    real = answering.Answering.answer

    def fail_for_tom(self: answering.Answering, received: Any) -> Any:
        if self._work.actor.name == "Tom":
            raise ZeroDivisionError
        return real(self, received)

    with monkeypatch.context() as patch:
        patch.setattr(answering.Answering, "answer", fail_for_tom)
        assert _clock(town) == 1
    assert [town.read_order(order).state for order in orders.values()] == ["dispatched", "completed"]
    assert _clock(town) == 1
    assert town.read_order(orders["tom"]).state == "completed"


def test_what_waits_in_vain_is_handed_to_the_office_and_its_chain_goes_on(town: Town) -> None:
    """Clause 3.5: the op before was lost with an outbox; neither tablet nor office waits for it for ever."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    tablet.order_op("order.travel", order)  # lost before it was sent
    arrive, done = tablet.order_op("order.arrive", order), tablet.order_op("order.complete", order, DONE)
    assert [one["verdict"] for one in tablet.push(arrive, done)] == ["waiting", "waiting"]
    with town.work() as work:
        assert forgotten.give_up_waiting(replace(work, at=work.at + timedelta(days=6))) == 0
    with town.work() as work:
        assert forgotten.give_up_waiting(replace(work, at=work.at + timedelta(days=8))) == 1
    assert _clock(town) == 1
    assert [one["verdict"] for one in tablet.push(arrive, done)] == ["parked", "applied"]
    [conflict] = town.all(select(Conflict))
    assert (conflict.code, town.read_order(order).state) == ("predecessor_lost", "completed")


def test_the_office_gives_up_what_nobody_will_send_and_its_chain_goes_on(town: Town) -> None:
    """Clauses 3.5 and 9.12: the tablet lies in the river, so that nobody has to wait a week."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    tablet.order_op("order.travel", order)  # lost with the tablet
    arrive, done = tablet.order_op("order.arrive", order), tablet.order_op("order.complete", order, DONE)
    tablet.push(arrive, done)
    with pytest.raises(Problem, match="is here and waits itself"), town.work("dana") as work:
        forgotten.give_up(work, UUID(done["op_id"]))
    with pytest.raises(Problem, match="forbidden"), town.work("tom") as work:
        forgotten.give_up(work, UUID(arrive["op_id"]))
    told = []
    for _ in range(2):
        with town.work("dana") as work:
            told.append(forgotten.give_up(work, UUID(arrive["op_id"])))
    [conflict] = town.all(select(Conflict))
    assert told[0] == told[1]
    assert (told[0]["verdict"], told[0]["result"]["conflict_id"]) == ("parked", str(conflict.id))
    assert _clock(town) == 1
    assert town.read_order(order).state == "completed"
    with pytest.raises(Problem, match="It waits for nothing"), town.work("dana") as work:
        forgotten.give_up(work, UUID(done["op_id"]))
    with pytest.raises(Problem, match="not_found"), town.work("dana") as work:
        forgotten.give_up(work, UUID(int=7))
