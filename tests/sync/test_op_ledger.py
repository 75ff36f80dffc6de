"""The op ledger: whatever comes is kept, has its place in its chain, and one verdict that no passing fault decides."""

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models import Conflict, OpLedger, OrderHistory
from curbstop.models.ids import new_id
from sync import push
from sync.handlers import HANDLERS
from sync.ops import Op
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.town import Town

DONE: dict[str, Any] = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}


def test_of_two_contents_in_one_batch_the_first_stands_and_both_are_kept(town: Town) -> None:
    """Clause 3.6, I4."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    op = tablet.order_op("order.complete", order, DONE)
    answers = tablet.push(op, {**op, "args": {**DONE, "notes": "Something else"}})
    assert verdicts(answers) == ["applied", "quarantined"]
    assert town.read_order(order).notes is None
    assert len(town.all(select(OpLedger))) == 2


def test_the_office_finds_what_was_quarantined(town: Town) -> None:
    tablet = ModelTablet(town, "tom")
    tablet.push(tablet.op("order.teleport", f"service_order/{new_id()}"), {"op_id": "x"})
    assert town.all(select(Conflict.code).order_by(Conflict.code)) == ["op_malformed", "op_unknown"]


def test_a_long_chain_is_settled_when_its_first_op_comes(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    chain = [tablet.order_op("order.travel", order) for _ in range(1200)]
    for start in range(1, len(chain), 200):
        tablet.push(*chain[start : start + 200])
    assert verdicts(tablet.push(chain[0])) == ["applied"]
    assert town.all(select(OpLedger).where(OpLedger.verdict == "waiting")) == []


def test_an_op_that_follows_itself_is_not_waited_for(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    alone, one, two = (tablet.order_op("order.travel", order) for _ in range(3))
    assert verdicts(tablet.push({**alone, "follows": alone["op_id"]})) == ["quarantined"]
    assert verdicts(tablet.push({**one, "follows": two["op_id"]})) == ["waiting"]
    assert verdicts(tablet.push({**two, "follows": one["op_id"]})) == ["quarantined"]


def test_a_passing_fault_of_the_database_is_no_verdict(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 3.13."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    real, faults = HANDLERS["order.complete"], iter([True] * 4 + [False])

    def unlucky(work: Work, op: Op) -> dict[str, Any]:
        if next(faults):
            raise OperationalError("UPDATE", {}, Exception("deadlock detected"))
        return real(work, op)

    monkeypatch.setitem(HANDLERS, "order.complete", unlucky)
    op = tablet.order_op("order.complete", order, DONE)
    with pytest.raises(Problem, match="unavailable"):
        tablet.push(op)
    assert town.all(select(OpLedger.verdict)) == [None]
    assert verdicts(tablet.push(op)) == ["applied"]


def test_whatever_comes_gets_a_verdict_and_is_kept(town: Town) -> None:
    """Clauses 3.3, 3.7, I5, I25."""
    tablet = ModelTablet(town, "tom")
    odd: list[Any] = [
        None,
        7,
        "op",
        [],
        {},
        {"op_id": "x"},
        {"op_id": str(new_id()), "kind": 5, "n": 2**70},
        {"a": "\0"},
    ]
    answers = tablet.push(*odd)
    assert verdicts(answers) == ["quarantined"] * len(odd)
    assert len(town.all(select(OpLedger))) == len(odd)
    assert tablet.push(*odd) == answers


def test_an_unknown_kind_is_kept_word_for_word(town: Town) -> None:
    """Clauses 3.3, 7.1."""
    tablet = ModelTablet(town, "tom")
    op = tablet.op("order.teleport", f"service_order/{new_id()}", {"where": "home"})
    [answer] = tablet.push(op)
    assert (answer["verdict"], answer["code"]) == ("quarantined", "op_unknown")
    [kept] = town.all(select(OpLedger))
    assert json.loads(kept.raw) == op


def test_the_ledger_answers_what_have_you_got_from_me(town: Town) -> None:
    """Clause 3.8."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    ops = [tablet.order_op("order.travel", order), tablet.order_op("order.arrive", order)]
    answers = tablet.push(*ops)
    me = town.actor("tom", tablet.tablet_id)
    with town.sessions.read() as session:
        page, after = push.verdicts(session, me, 0, 1)
        rest, end = push.verdicts(session, me, after or 0, 10)
    assert [{k: v for k, v in row.items() if k != "n"} for row in page + rest] == answers
    assert end is None


def test_ops_that_share_a_number_are_on_one_page(town: Town) -> None:
    """Clause 3.8: nobody who asks for page after page misses one."""
    tablet = ModelTablet(town, "tom")
    numbers = [1, 7, 7, 7, 8]
    tablet.push(*({**tablet.op("order.teleport", f"service_order/{new_id()}"), "n": n} for n in numbers))
    me, listed, after = town.actor("tom", tablet.tablet_id), [], 0
    with town.sessions.read() as session:
        while True:
            page, next_after = push.verdicts(session, me, after, 2)
            listed += [row["n"] for row in page]
            if next_after is None:
                break
            after = next_after
    assert listed == numbers


def test_what_became_of_an_op_is_for_its_doer_and_its_sender(town: Town) -> None:
    """Clauses 2.5, 3.8, 9.6: on a shared tablet a colleague learns only that it is here."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    op = tablet.order_op("order.complete", order, {"outcome": "NO SUCH", "captures": {}})
    [mine] = tablet.push(op)
    tess = town.actor("tess", tablet.tablet_id)
    assert push.take(town.sessions, tess, town.settings, [op]) == [{"op_id": mine["op_id"], "verdict": "parked"}]
    with town.sessions.read() as session:
        [told], _ = push.verdicts(session, town.actor("tom", tablet.tablet_id), 0, 10)
        [seen], _ = push.verdicts(session, tess, 0, 10)
    assert (told, "detail" in told) == ({"n": 1, **mine}, True)
    assert seen == {"n": 1, "op_id": mine["op_id"], "verdict": "parked"}


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
)
def test_a_moment_that_no_calendar_holds_spoils_no_batch(town: Town, moment: str) -> None:
    """Clauses 3.3, 3.12 and 12.4, I25: in an op it is malformed, in a clock or a beacon it is passed over."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    bad = {**tablet.order_op("order.travel", order), "noted_at": moment}
    good = tablet.order_op("order.travel", order)
    clock = {"sent_at": moment, "boot_id": "b1", "mono_ms": 5, "round_trip_ms": None}
    beacon = {"install_id": "x", "outbox_count": 1, "oldest_op_at": moment, "last_n": 9}
    me = town.actor("tom", tablet.tablet_id)
    for outbox in (beacon, {**beacon, "last_n": 3, "outbox_count": 0}):
        answers = push.take(town.sessions, me, town.settings, [bad, good], beacon=outbox, clock=clock)
        assert [(one["verdict"], one.get("code")) for one in answers] == [
            ("quarantined", "op_malformed"),
            ("applied", None),
        ]


def test_an_op_waits_for_the_one_before_it_and_then_has_its_verdict(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    first, second, third = (
        tablet.order_op("order.travel", order),
        tablet.order_op("order.arrive", order),
        tablet.order_op("order.complete", order, DONE),
    )
    assert verdicts(tablet.push(third)) == ["waiting"]
    assert verdicts(tablet.push(second)) == ["waiting"]
    assert verdicts(tablet.push(first)) == ["applied"]
    assert verdicts(tablet.push(third, second)) == ["applied", "applied"]
    events = town.all(select(OrderHistory.event).where(OrderHistory.order_id == order).order_by(OrderHistory.id))
    assert events[-3:] == ["travel", "arrive", "complete"]
