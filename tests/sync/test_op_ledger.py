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
    with town.sessions.read() as session:
        page, after = push.verdicts(session, tablet.tablet_id, 0, 1)
        rest, end = push.verdicts(session, tablet.tablet_id, after or 0, 10)
    assert [{k: v for k, v in row.items() if k != "n"} for row in page + rest] == answers
    assert end is None


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
