"""Sealed ops: the tablet's key says what was noted and by whom, and no token or borrowed seal says otherwise."""

import json
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update

from curbstop.commands import tablets
from curbstop.domain.problems import Problem
from curbstop.models import Conflict, OpLedger, OrderHistory, Tablet
from sync import contract
from sync.resolving import resolve
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.sync.sealing import SealingTablet, base64url, seal
from tests.town import Town

DONE: dict[str, Any] = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}


@pytest.fixture
def tablet(town: Town) -> SealingTablet:
    return SealingTablet(town, "tom")


@pytest.fixture
def order(town: Town, tablet: SealingTablet) -> UUID:
    """An order that Tom's tablet has pulled."""
    order = town.order("GEN", town.place(), to="tom")
    tablet.pull()
    return order


def _ledger(town: Town, op_id: str) -> OpLedger:
    [row] = town.all(select(OpLedger).where(OpLedger.op_id == UUID(op_id)))
    found: OpLedger = row
    return found


def test_a_sealed_op_is_applied_and_its_exact_bytes_are_kept(town: Town, tablet: SealingTablet, order: UUID) -> None:
    """Clauses 3.3 and 9.2."""
    op = tablet.order_op("order.complete", order, {**DONE, "notes": "Vanne grippée"})
    sealed = tablet.seal(op)
    first = tablet.push(sealed)
    assert verdicts(first) == ["applied"]
    assert _ledger(town, op["op_id"]).raw == sealed["content"].encode()
    assert tablet.push(sealed) == first
    assert town.read_order(order).state == "completed"


def test_an_unsealed_op_of_a_sealing_tablet_is_kept_and_not_carried_out(
    town: Town, tablet: SealingTablet, order: UUID
) -> None:
    """Clause 9.3."""
    op = tablet.order_op("order.complete", order, DONE)
    [answer] = tablet.push(op)
    assert (answer["op_id"], answer["verdict"], answer["code"]) == (op["op_id"], "quarantined", "signature_invalid")
    assert town.read_order(order).state == "dispatched"
    assert town.all(select(Conflict.code)) == ["signature_invalid"]
    assert tablet.push(op) == [answer]


@pytest.mark.parametrize("fault", ["wrong key", "altered", "none", "garbage", "not text"])
def test_a_wrong_seal_is_told_and_does_not_take_the_id_from_the_right_op(
    town: Town, tablet: SealingTablet, order: UUID, fault: str
) -> None:
    """Clause 9.3, I4, I22: what somebody damaged or forged cannot stand in the way of the real op."""
    op = tablet.order_op("order.complete", order, DONE)
    good = tablet.seal(op)
    bad = {
        "wrong key": seal(Ed25519PrivateKey.generate(), op),
        "altered": {**good, "content": good["content"].replace("DONE", "NOPE")},
        "none": {"content": good["content"]},
        "garbage": {**good, "signature": "ü" * 86},
        "not text": {**good, "signature": 5},
    }[fault]
    [answer] = tablet.push(bad)
    assert (answer["op_id"], answer["code"]) == (op["op_id"], "signature_invalid")
    assert tablet.push(bad) == [answer]
    assert verdicts(tablet.push(good)) == ["applied"]
    assert town.read_order(order).state == "completed"


def test_another_tablets_seal_is_worth_nothing_here(town: Town, tablet: SealingTablet, order: UUID) -> None:
    """Clause 9.3, I22: a seal that was recorded on one tablet and is replayed by another."""
    thief = SealingTablet(town, "tess")
    recorded = tablet.seal(tablet.order_op("order.complete", order, DONE))
    assert thief.push(recorded)[0]["code"] == "signature_invalid"
    assert town.read_order(order).state == "dispatched"
    assert verdicts(tablet.push(recorded)) == ["applied"]
    assert town.read_order(order).completed_by_id == town.staff["tom"]


def test_work_stays_with_its_doer_whoever_is_signed_in_when_it_arrives(
    town: Town, tablet: SealingTablet, order: UUID
) -> None:
    """Clauses 9.4 and 2.5, I22."""
    op = tablet.seal(tablet.order_op("order.complete", order, DONE))
    tablet.lend("tess")
    assert verdicts(tablet.push(op)) == ["applied"]
    assert town.read_order(order).completed_by_id == town.staff["tom"]
    row = _ledger(town, json.loads(op["content"])["op_id"])
    assert (row.staff_id, row.sent_by_id) == (town.staff["tom"], town.staff["tess"])


def test_a_doer_who_never_used_the_tablet_is_not_believed(town: Town, tablet: SealingTablet, order: UUID) -> None:
    """Clause 9.4."""
    [answer] = tablet.push_sealed(tablet.order_op("order.complete", order, DONE, by=str(town.staff["lee"])))
    assert (answer["verdict"], answer["code"]) == ("quarantined", "doer_unknown")
    assert town.read_order(order).state == "dispatched"


def test_what_nobody_vouches_for_becomes_nobodys_work(town: Town, tablet: SealingTablet, order: UUID) -> None:
    """Clause 9.4: not that of whoever sent it; the office keeps what was captured, in its own name."""
    tablet.push_sealed(tablet.order_op("order.complete", order, DONE, by=str(town.staff["lee"])))
    [conflict] = town.all(select(Conflict))
    for resolution, chosen in (("apply", None), ("merge", {"outcome": "DONE"})):
        with pytest.raises(Problem, match="doer_unknown"), town.work("sue") as work:
            resolve(work, conflict.id, resolution=resolution, chosen=chosen, reason="?", if_version=None)
    with town.work("sue") as work:
        resolve(work, conflict.id, resolution="keep_theirs", chosen=None, reason="Asked both.", if_version=None)
    [event] = town.all(select(OrderHistory).where(OrderHistory.event == "keep"))
    assert (event.staff_id, event.technician_id) == (town.staff["sue"], town.staff["tom"])
    assert town.read_order(order).state == "dispatched"


def test_by_is_nobodys_word_where_nothing_seals_it(town: Town) -> None:
    """Clause 9.5: an older tablet's op is its session's, whatever it names."""
    tablet = ModelTablet(town, "tom")
    order = town.order("GEN", town.place(), to="tom")
    tablet.pull()
    assert verdicts(tablet.push(tablet.order_op("order.complete", order, DONE, by=str(town.staff["tess"])))) == [
        "applied"
    ]
    assert town.read_order(order).completed_by_id == town.staff["tom"]


def test_a_chain_of_sealed_ops_waits_and_goes_on(town: Town, tablet: SealingTablet, order: UUID) -> None:
    """Clause 3.5: an op that waited is read back from its sealed bytes."""
    first = tablet.order_op("order.travel", order)
    second = tablet.order_op("order.complete", order, DONE)
    assert verdicts(tablet.push_sealed(second)) == ["waiting"]
    assert verdicts(tablet.push_sealed(first)) == ["applied"]
    assert town.read_order(order).state == "completed"
    events = town.all(select(OrderHistory.event).where(OrderHistory.order_id == order))
    assert events.count("complete") == 1


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "null", '"x"', '{"op_id": 5}', '{"a": NaN}', "\ud800"])
def test_content_that_is_no_op_is_kept_and_told(tablet: SealingTablet, content: str) -> None:
    """Clause 3.7, I25."""
    signature = base64url(tablet.key.sign(content.encode("utf-8", "surrogatepass")))
    [answer] = tablet.push({"content": content, "signature": signature})
    assert (answer["verdict"], answer["code"]) == ("quarantined", "op_malformed")


def test_the_contracts_example_verifies(town: Town, tablet: SealingTablet) -> None:
    """mobile-schema: whoever writes a client can try their code on it."""
    schema = contract.schemas()["push/sealed_op.json"]
    public = schema["description"].rpartition(" ")[2].rstrip(".")
    with town.sessions.write() as session:
        session.execute(update(Tablet).where(Tablet.id == tablet.tablet_id).values(public_key=public))
    [answer] = tablet.push(schema["examples"][0])
    assert answer["code"] == "doer_unknown"


@pytest.mark.parametrize("key", ["", "short", "A" * 42, "A" * 44, "ü" * 43, "A" * 42 + "!", "A" * 100])
def test_a_malformed_key_does_not_enrol(town: Town, key: str) -> None:
    """Clause 9.1."""
    with town.work("sue") as work:
        code = tablets.make_code(work, "Truck 7").code
    with pytest.raises(Problem) as refused, town.work() as work:
        tablets.enrol(work, code, install_id="x", public_key=key)
    assert refused.value.code == "invalid"


def test_nobody_enrols_their_own_key_with_a_used_code(town: Town) -> None:
    """Clause 9.1."""
    mine, theirs = (base64url(Ed25519PrivateKey.generate().public_key().public_bytes_raw()) for _ in "ab")
    with town.work("sue") as work:
        code = tablets.make_code(work, "Truck 7").code
    with town.work() as work:
        first = tablets.enrol(work, code, install_id="x", public_key=mine)
    with town.work() as work:
        assert tablets.enrol(work, code, install_id="x", public_key=mine) == first
    with pytest.raises(Problem), town.work() as work:
        tablets.enrol(work, code, install_id="x", public_key=theirs)
