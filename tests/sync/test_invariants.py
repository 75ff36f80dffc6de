"""The invariants that no single part owns: exactly once, one moment, nothing beyond the grants, nothing refused.

docs/sync-proof.md says which clause each of them belongs to, and which other tests hold it. Long because each
invariant is read beside the others, and they share the day's work that they are tried on.
"""

import hashlib
import itertools
import random
import struct
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from curbstop.commands import dispatch, service_orders, service_points
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models import Conflict, OpLedger, OrderHistory, ServiceOrder, StopVisit
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from sync import pull
from sync.handlers import HANDLERS
from sync.ops import Op
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.town import Town

DONE: dict[str, Any] = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}
KEPT = {"applied", "merged", "parked", "superseded_noop"}


def effects(town: Town, ops: list[dict[str, Any]]) -> tuple[list[Any], list[Any], list[Any]]:
    """What these ops left behind, each with its op: events of orders, visits of stops, and parked work."""
    ids = [UUID(op["op_id"]) for op in ops]
    events = town.all(select(OrderHistory).where(OrderHistory.op_id.in_(ids)))
    return (
        sorted((str(one.op_id), one.event) for one in events),
        sorted(map(str, town.all(select(StopVisit.op_id).where(StopVisit.op_id.in_(ids))))),
        sorted(map(str, town.all(select(Conflict.op_id).where(Conflict.op_id.in_(ids))))),
    )


def _done_by_tess(town: Town, order: UUID) -> None:
    town.assign(order, "tess")
    tess = ModelTablet(town, "tess")
    tess.pull()
    assert verdicts(tess.push(tess.order_op("order.complete", order, DONE))) == ["applied"]


def days_work(town: Town, tablet: ModelTablet) -> list[dict[str, Any]]:
    """Ops of several aggregates; the last one is to be parked."""
    place, other, third = (town.place() for _ in range(3))
    order, lost = town.order("GEN", place, to="tom"), town.order("GEN", other, to="tom")
    [stop] = town.route([place], to="tom")
    tablet.pull()
    _done_by_tess(town, lost)
    reading = {"stop_id": str(stop), "readings": [{"register_id": str(place.register_id), "value": "001234"}]}
    found = new_id()
    new = {"order_id": str(found), "type_code": "GEN", "service_point_id": str(third.id), "instructions": "Wet"}
    return [
        tablet.order_op("order.arrive", order),
        tablet.order_op("order.complete", order, DONE),
        tablet.op("stop.read", f"stop/{stop}", reading),
        tablet.op("order.create", f"service_order/{found}", new),
        tablet.order_op("order.complete", lost, DONE),
        tablet.op("order.teleport", f"service_order/{order}"),
    ]


class _Cut(Exception):  # noqa: N818 - it stands for a machine that goes dark
    pass


def _cut_commit(sessions: Sessions, number: int) -> Callable[[], bool]:
    """The n-th COMMIT from now on never happens; what it returns says whether there was one, and heals."""
    count = itertools.count(1)
    hit = []

    def before(_: Connection) -> None:
        if next(count) == number:
            hit.append(True)
            raise _Cut

    event.listen(sessions.engine, "commit", before)

    def heal() -> bool:
        event.remove(sessions.engine, "commit", before)
        return bool(hit)

    return heal


def test_whichever_commit_never_happens_a_retry_finishes_the_work_once(town: Town, sessions: Sessions) -> None:
    """Clauses 1.5, 3.3, 3.4, I3: effects and verdict are in one transaction, so no gap lies between them."""
    tried = 0
    for number in itertools.count(1):
        tablet = ModelTablet(town, "tom")
        ops = days_work(town, tablet)
        heal = _cut_commit(sessions, number)
        try:
            first = tablet.push(*ops)
        except _Cut:
            first = []
        finally:
            was_cut = heal()
        again = tablet.push(*ops)
        assert not first or first == again
        assert verdicts(again) == ["applied"] * 4 + ["parked", "quarantined"]
        ids = [op["op_id"] for op in ops]
        history, visits, parked = effects(town, ops)
        found = [(ids[3], event) for event in ("create", "assign", "pull")]
        assert history == sorted([(ids[0], "arrive"), (ids[1], "complete"), *found])
        assert visits == [ids[2]]
        assert parked == sorted([ids[4], ids[5]])
        if not was_cut:
            break
        tried += 1
    assert tried >= 2


def test_one_batch_sent_twice_at_once_has_one_answer_and_one_effect(town: Town) -> None:
    """Clause 3.4, I3: a client that gave up waiting and sends again, while the first request is at work."""
    tablet = ModelTablet(town, "tom")
    ops = days_work(town, tablet)
    answers: list[list[dict[str, Any]]] = []
    start = threading.Barrier(3)

    def send() -> None:
        start.wait()
        answers.append(tablet.push(*ops))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert answers[0] == answers[1] == answers[2]
    history, visits, parked = effects(town, ops)
    assert (len(history), len(visits), len(parked)) == (5, 1, 2)


def test_nothing_that_was_received_is_without_a_verdict_or_out_of_sight(town: Town) -> None:
    """Clauses 3.3, 3.4, I5: every op is in the ledger with one verdict; what was not done is among the conflicts."""
    tablet = ModelTablet(town, "tom")
    ops = days_work(town, tablet)
    junk: list[Any] = [None, 7, "op", [], {"op_id": 5}, {"op_id": "x"}, {**ops[1], "n": "many"}]
    tablet.push(*ops, *junk)
    ledger = town.all(select(OpLedger).where(OpLedger.tablet_id == tablet.tablet_id))
    assert all(row.verdict and row.raw for row in ledger)
    assert len(ledger) == len(ops) + len(junk)
    undone = {row.op_id for row in ledger if row.verdict in ("parked", "quarantined")}
    assert undone == set(town.all(select(Conflict.op_id)))


def _lines(town: Town, tablet: ModelTablet, meanwhile: Callable[[], object]) -> list[dict[str, Any]]:
    """A pull during which something else happens: after its snapshot was taken, before any row was read."""
    actor = town.actor(tablet.who, tablet.tablet_id)
    with town.sessions.read() as session:
        lines = pull.pull(session, actor, town.settings, tablet.cursor, 1)
        assert lines is not None
        head = next(iter(lines))
        meanwhile()
        return [head, *lines]


def test_what_is_committed_during_a_pull_is_not_in_it_but_in_the_next(town: Town) -> None:
    """Clause 4.2, I7: all of a pull is of one moment, also the rows that are read long after its checkpoint."""
    place = town.place()
    order = town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    _edit_both(town, order, place.id, "first")

    lines = _lines(town, tablet, lambda: _edit_both(town, order, place.id, "second"))
    for line in lines:
        tablet._apply(line)
    assert tablet.rows("service_order")[str(order)]["instructions"] == "first"
    assert tablet.rows("service_point")[str(place.id)]["access_notes"] == "first"
    tablet.pull()
    assert tablet.rows("service_order")[str(order)]["instructions"] == "second"
    assert tablet.rows("service_point")[str(place.id)]["access_notes"] == "second"


def _edit_both(town: Town, order: UUID, place: UUID, words: str) -> None:
    """Two rows in one transaction."""
    with town.work("sue") as work:
        service_orders.edit(work, order, {"instructions": words}, if_version=None)
        service_points.edit(work, place, {"access_notes": words}, if_version=None)


def test_what_is_acknowledged_is_in_the_same_checkpoint(town: Town) -> None:
    """Clause 4.6, I6: a number is never acknowledged in a pull that does not have its op's effects, and the reverse."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("sue") as work:
        service_orders.edit(work, order, {"priority": 1}, if_version=None)
    op = tablet.order_op("order.complete", order, DONE)
    lines = _lines(town, tablet, lambda: tablet.push(op))
    assert lines[0]["checkpoint"]["acked_through_n"] == 0
    for line in lines:
        tablet._apply(line)
    assert tablet.rows("service_order")[str(order)]["state"] == "dispatched"
    head, *_ = tablet.pull()
    assert head["checkpoint"]["acked_through_n"] == op["n"]
    assert tablet.rows("service_order")[str(order)]["state"] == "completed"


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(3))), ids=lambda order: "".join(map(str, order)))
def test_a_chain_is_carried_out_in_its_own_order_however_it_arrives(town: Town, arrival: tuple[int, ...]) -> None:
    """Clause 3.5, I9: by what each op follows, not by when it came; another order's ops wait for none of it."""
    order, other = (town.order("GEN", town.place(), to="tom") for _ in range(2))
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    chain = [tablet.order_op(kind, order, args) for kind, args in STEPS]
    for number in arrival:
        alone = tablet.order_op("order.travel", other)
        *_, last = tablet.push(chain[number], alone)
        assert last["verdict"] in KEPT
    assert town.read_order(order).state == "completed"
    told = town.all(
        select(OrderHistory.event)
        .where(OrderHistory.order_id == order, OrderHistory.op_id.is_not(None))
        .order_by(OrderHistory.id)
    )
    assert told == ["travel", "arrive", "complete"]
    assert set(verdicts(tablet.push(*chain))) == {"applied"}


STEPS: list[tuple[str, dict[str, Any]]] = [("order.travel", {}), ("order.arrive", {}), ("order.complete", DONE)]


def test_a_poisoned_op_in_a_chain_parks_and_lets_its_followers_be_answered(town: Town) -> None:
    """Clause 3.5, I9: no op waits for ever behind one that was quarantined."""
    order, other = (town.order("GEN", town.place(), to="tom") for _ in range(2))
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    bad = tablet.order_op("order.arrive", order, {"position": "here"})
    good = tablet.order_op("order.complete", order, DONE)
    alone = tablet.order_op("order.complete", other, DONE)
    assert verdicts(tablet.push(bad, good, alone)) == ["quarantined", "applied", "applied"]


def _recall(town: Town, order: UUID) -> None:
    with town.work("sue") as work:
        dispatch.recall(work, order, reason="changed plans")


def _cancelled(town: Town, order: UUID) -> None:
    _recall(town, order)
    tablet = ModelTablet(town, "tom")
    tablet.push(tablet.order_op("order.acknowledge_recall", order))


def _moved_and_back(town: Town, order: UUID) -> None:
    town.assign(order, "tess")
    town.assign(order, "tom")


OFFICE: dict[str, Callable[[Town, UUID], None]] = {
    "nothing": lambda *_: None,
    "moves it": lambda town, order: town.assign(order, "tess"),
    "moves it and back": _moved_and_back,
    "recalls it": _recall,
    "cancels it": _cancelled,
}
KINDS: dict[str, dict[str, Any]] = {
    "order.travel": {},
    "order.arrive": {},
    "order.suspend": {"reason": "interrupted"},
    "order.resume": {},
    "order.decline": {"reason": "no valve key"},
    "order.complete": DONE,
    "order.return": {"outcome": "NO_ACCESS_DOG"},
    "order.acknowledge_recall": {},
}


@pytest.mark.parametrize("deed", OFFICE)
def test_work_on_what_was_held_is_done_or_parked_and_never_refused(town: Town, deed: str) -> None:
    """Clauses 3.4, 3.7, I11, I13: whatever the office did meanwhile, with everything that was captured."""
    for kind, args in KINDS.items():
        order = town.order("GEN", town.place(), to="tom")
        tablet = ModelTablet(town, "tom")
        tablet.pull()
        op = tablet.order_op(kind, order, args)
        OFFICE[deed](town, order)
        [answer] = tablet.push(op)
        assert answer["verdict"] in KEPT, (kind, answer)
        if answer["verdict"] == "parked":
            [conflict] = town.all(select(Conflict).where(Conflict.op_id == UUID(op["op_id"])))
            assert conflict.mine == args


def test_a_tablet_never_has_a_row_outside_its_grants(town: Town) -> None:
    """Clauses 4.3, 4.8, 4.13, I8, I12: its orders are its technician's, and no row's version went back."""
    chance = random.Random(12)
    orders = [town.order("GEN", town.place(), to="tom") for _ in range(4)]
    tablets = {who: ModelTablet(town, who) for who in ("tom", "tess")}
    seen: dict[str, Counter[str]] = {who: Counter() for who in tablets}
    for _ in range(40):
        order = chance.choice(orders)
        deed = chance.choice(["move", "move", "edit", "pull", "pull"])
        if deed == "move":
            town.assign(order, chance.choice(["tom", "tess"]))
        elif deed == "edit":
            with town.work("sue") as work:
                service_orders.edit(work, order, {"priority": chance.randint(1, 5)}, if_version=None)
        who = chance.choice(["tom", "tess"])
        tablets[who].pull()
        mine = set(map(str, town.all(select(ServiceOrder.id).where(ServiceOrder.technician_id == town.staff[who]))))
        held = {
            row_id: row["version"]
            for bucket in tablets[who].buckets.values()
            for (kind, row_id), row in bucket.items()
            if kind == "service_order"
        }
        assert held.keys() == mine
        assert all(version >= seen[who][row_id] for row_id, version in held.items())
        seen[who].update({row_id: version - seen[who][row_id] for row_id, version in held.items()})


def _write_change(session: Session, order: UUID) -> None:
    """As raw SQL writes it, with a short patience for locks."""
    session.execute(text("SET LOCAL lock_timeout = '300ms'"))
    session.execute(
        text(
            "INSERT INTO change_log (bucket, entity_type, entity_id, kind, row_version, recorded_at)"
            " VALUES ('b', 't', :id, 'P', 1, now())"
        ),
        {"id": order},
    )


def test_numbers_are_given_one_commit_at_a_time(sessions: Sessions) -> None:
    """Clause 4.2, I1: the lock is what makes the order of numbers the order of commits; raw SQL takes it, too."""
    if sessions.is_sqlite:
        pytest.skip("SQLite has one writer at a time anyhow")
    with sessions.write() as holder:
        holder.execute(text("SELECT pg_advisory_xact_lock(7230002)"))
        with sessions.read() as session:  # writing takes no lock; committing does
            assert session.scalar(text("SELECT count(*) FROM change_log")) == 0
        with pytest.raises(OperationalError, match="lock timeout"), sessions.write() as session:
            _write_change(session, UUID(int=1))
    with sessions.write() as session:
        _write_change(session, UUID(int=2))
    with sessions.read() as session:
        assert session.scalar(text("SELECT count(*) FROM change_log WHERE seq IS NOT NULL")) == 1


class _Dead(BaseException):
    """The process dies: nothing catches it."""


def test_an_op_is_stored_before_anybody_tries_to_carry_it_out(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 3.3, I5: a server that dies of an op still has it, and the retry goes on from there."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    op = tablet.order_op("order.complete", order, DONE)

    def die(work: Work, op: Op) -> dict[str, Any]:
        raise _Dead

    with monkeypatch.context() as patch:
        patch.setitem(HANDLERS, "order.complete", die)
        with pytest.raises(_Dead):
            tablet.push(op)
    [row] = town.all(select(OpLedger))
    assert (str(row.op_id), row.verdict) == (op["op_id"], None)
    assert verdicts(tablet.push(op)) == ["applied"]


def test_what_is_parked_leaves_nothing_half_done(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 3.4, I7: what a refused op wrote before it was refused is undone, and the others of its batch are not."""
    order, other = (town.order("GEN", town.place(), to="tom") for _ in range(2))
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    real = HANDLERS["order.complete"]

    def refuse_late(work: Work, op: Op) -> dict[str, Any]:
        result = real(work, op)
        work.session.flush()
        if op.subject_id == order:
            raise Problem("conflict", "Too late.")
        return result

    monkeypatch.setitem(HANDLERS, "order.complete", refuse_late)
    answers = tablet.push(*(tablet.order_op("order.complete", one, DONE) for one in (order, other)))
    assert verdicts(answers) == ["parked", "applied"]
    assert [town.read_order(one).state for one in (order, other)] == ["dispatched", "completed"]
    assert town.all(select(OrderHistory.order_id).where(OrderHistory.event == "complete")) == [other]


def _digest_of(tablet: ModelTablet, bucket: str) -> str:
    """The digest as chapter 8 says it, from the tablet's rows alone."""
    lanes = [0, 0, 0, 0]
    for (kind, row_id), row in tablet.buckets[bucket].items():
        words = struct.unpack(">4I", hashlib.sha256(f"{kind}/{row_id}/{row['version']}".encode()).digest()[:16])
        lanes = [(lane + word) % 2**32 for lane, word in zip(lanes, words, strict=True)]
    return "".join(f"{lane:08x}" for lane in lanes)


def test_the_digest_is_the_sum_of_what_the_tablet_holds(town: Town) -> None:
    """Clause 8.1, I14: after any edit, move or completion; a bucket that missed one would be found out here."""
    place = town.place()
    orders = [town.order("GEN", spot, to="tom") for spot in (place, town.place(), town.place())]
    town.route([place], to="tom")
    tablet = ModelTablet(town, "tom")
    deeds: list[Callable[[], object]] = [
        lambda: _edit_both(town, orders[0], place.id, "ring"),
        lambda: town.assign(orders[1], "tess"),
        lambda: tablet.push(tablet.order_op("order.complete", orders[0], DONE)),
        lambda: _recall(town, orders[2]),
        lambda: town.assign(orders[1], "tom"),
    ]
    tablet.pull()
    for deed in deeds:
        deed()
        head = tablet.pull()[0]["checkpoint"]
        for bucket in head["buckets"]:
            assert bucket["digest"] == _digest_of(tablet, bucket["id"]), bucket["id"]
