"""Several people on one tablet: each has their own rows, outbox and answers, and nothing is lost between them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from curbstop.models import OpLedger
from curbstop.tablet import FieldWork, NotAllowed, SignInNeeded, Store, outbox, rescue, view
from curbstop.tablet.clock import Clock
from tests.tablet.conftest import PASSWORD, NewTablet, Tablet
from tests.town import Town


@pytest.fixture
def order_id(town: Town) -> str:
    return str(town.order("CUT_OFF_REQ", town.place(), to="tom"))


@pytest.fixture
def tom(new_tablet: NewTablet, order_id: str) -> Tablet:
    """Tom's tablet, with his order on it."""
    tom = new_tablet("tom")
    tom.client.pull()
    return tom


class SetClock(Clock):
    """A wall clock that somebody sets; `hours` is how long the tablet has been on since it was made."""

    def __init__(self) -> None:
        self.off = timedelta()
        self.hours = 0.0
        self.boot = "first"
        self._made = datetime.now(UTC)

    def now(self) -> datetime:
        return self._made + timedelta(hours=self.hours) + self.off

    def mono_ms(self) -> int:
        return int(self.hours * 3_600_000)

    def boot_id(self) -> str:
        return self.boot


def test_another_person_neither_sees_nor_sends_unsent_work(tom: Tablet, town: Town, order_id: str) -> None:
    """Clauses 2.5 and 9.6."""
    op_id = tom.work.travel(order_id)
    tom.work.attach_photo(f"service_order/{order_id}", "photo_register", b"picture")
    tom.client.sign_in("tess", PASSWORD)
    assert (outbox.unanswered(tom.store), outbox.next_batch(tom.store)) == (0, [])
    assert view.orders(tom.store) == []
    tom.client.sync()
    assert town.all(select(OpLedger.op_id)) == []
    assert outbox.beacon(tom.store)["outbox_count"] == 2

    tom.client.sign_in("tom", PASSWORD)
    assert [order["id"] for order in view.orders(tom.store)] == [order_id]
    assert view.orders(tom.store)[0]["state"] == "en_route"
    tom.client.sync()
    assert outbox.unanswered(tom.store) == 0
    [row] = [row for row in town.all(select(OpLedger)) if str(row.op_id) == op_id]
    assert (row.staff_id, row.verdict) == (town.staff["tom"], "applied")


def test_the_second_person_works_while_the_first_ones_work_lies_sealed(tom: Tablet, town: Town, order_id: str) -> None:
    """Clause 9.6: two people, one tablet, no network in between; every op has its doer and one number."""
    hers = str(town.order("GEN", town.place(), to="tess"))
    tom.work.travel(order_id)
    tom.client.sign_in("tess", PASSWORD)
    tom.client.pull()
    tom.work.complete(hers, "DONE", {"notes": "Looked at it"})
    assert [json.loads(json.loads(sent)["content"])["n"] for sent in outbox.next_batch(tom.store)] == [2]
    tom.client.sign_in("tom", PASSWORD)
    tom.client.sync()
    tom.client.sign_in("tess", PASSWORD)
    tom.client.sync()
    told = {row.n: (row.staff_id, row.verdict) for row in town.all(select(OpLedger))}
    assert told == {1: (town.staff["tom"], "applied"), 2: (town.staff["tess"], "applied")}


def test_what_lies_sealed_survives_the_tablet_being_switched_off(tom: Tablet, order_id: str, tmp_path: Path) -> None:
    """Clause 9.6."""
    tom.work.travel(order_id)
    before = outbox.next_batch(tom.store)
    tom.client.sign_in("tess", PASSWORD)
    tom.store.close()
    tom.store.__init__(tmp_path / "tablet-0.db")  # type: ignore[misc] # switched on again
    tom.client.sign_in("tom", PASSWORD)
    assert outbox.next_batch(tom.store) == before


def test_a_tablet_shows_nothing_once_its_lease_is_over_and_loses_nothing(tom: Tablet, order_id: str) -> None:
    """Clause 9.8, I22."""
    clock = tom.store.clock = SetClock()
    tom.client.sign_in("tom", PASSWORD)
    op_id = tom.work.travel(order_id)
    clock.hours = 14 * 24 - 1
    assert view.orders(tom.store)
    clock.hours = 14 * 24 + 1
    with pytest.raises(NotAllowed):
        view.orders(tom.store)
    with pytest.raises(NotAllowed):
        tom.work.arrive(order_id)
    assert outbox.unanswered(tom.store) == 1
    # The server's clock has not moved in this test, so its answer is a new lease from the same moment.
    tom.client.sign_in("tom", PASSWORD)
    assert view.orders(tom.store)[0]["state"] == "en_route"
    tom.client.sync()
    assert {verdict["op_id"] for verdict in outbox.verdicts(tom.store)} == {op_id}


@pytest.mark.parametrize("boot", ["first", "second"])
def test_setting_the_clock_back_prolongs_no_lease(tom: Tablet, boot: str) -> None:
    """Clause 9.8: while the tablet is on its monotonic clock counts; after that the past is not believed."""
    clock = tom.store.clock = SetClock()
    tom.client.sign_in("tom", PASSWORD)
    clock.hours, clock.off = 15 * 24, timedelta(days=-3650)
    clock.boot = boot
    now = tom.store.now_by_server()
    assert now >= datetime.now(UTC) - timedelta(minutes=1)
    if boot == "first":
        with pytest.raises(NotAllowed):
            view.orders(tom.store)


def test_ended_tokens_and_an_ended_lease_delete_and_re_attribute_nothing(
    tom: Tablet, town: Town, order_id: str
) -> None:
    """Clauses 2.4 and 9.8, I22: whichever way in is shut, the work stays Tom's and arrives when it opens."""
    clock = tom.store.clock = SetClock()
    tom.client.sign_in("tom", PASSWORD)
    tom.work.travel(order_id)
    before = outbox.next_batch(tom.store)
    clock.hours = 400 * 24
    tom.store.remember(access_token="ended", refresh_token="ended too")
    with pytest.raises(SignInNeeded):
        tom.client.sync()
    tom.client.sign_in("tess", PASSWORD)
    tom.client.sync()
    assert town.all(select(OpLedger.op_id)) == []
    tom.client.sign_in("tom", PASSWORD)
    assert outbox.next_batch(tom.store) == before
    tom.client.push()
    assert town.all(select(OpLedger.staff_id)) == [town.staff["tom"]]


def test_the_rescue_files_hold_everybodys_sealed_ops(tom: Tablet, order_id: str, tmp_path: Path) -> None:
    """Clause 9.7."""
    for _ in range(3):
        tom.work.edit_place(view.orders(tom.store)[0]["service_point_id"], access_notes="n" * 400_000)
    tom.client.sign_in("tess", PASSWORD)
    paths = rescue.write(tom.store, tmp_path / "stick")
    bodies = [json.loads(path.read_text()) for path in paths]
    assert all(path.stat().st_size < 1_000_000 for path in paths)
    assert [json.loads(op["content"])["n"] for body in bodies for op in body["ops"]] == [1, 2, 3]
    assert outbox.beacon(tom.store)["outbox_count"] == 3


def test_the_rescue_files_hold_everybodys_photos_that_the_server_lacks(
    tom: Tablet, order_id: str, tmp_path: Path
) -> None:
    """Clause 9.13: of those declared long ago, of those still to be declared, and of whoever held the tablet before."""
    sent = tom.work.attach_photo(f"service_order/{order_id}", "photo", b"\xff\xd8 sent")
    tom.client.push()
    tom.client.upload()
    declared = tom.work.attach_photo(f"service_order/{order_id}", "photo", b"\xff\xd8 declared")
    tom.client.push()
    noted = tom.work.attach_photo(f"service_order/{order_id}", "photo", b"\xff\xd8 noted")
    tom.client.sign_in("tess", PASSWORD)
    written = {path.name: path.read_bytes() for path in rescue.write(tom.store, tmp_path / "stick")}
    assert written.pop(f"photo-{declared}.bin") == b"\xff\xd8 declared"
    assert written.pop(f"photo-{noted}.bin") == b"\xff\xd8 noted"
    assert [name.endswith("-001.json") for name in written] == [True], f"not {sent}, which has arrived"


def test_a_tablet_that_nobody_holds_still_notes(tmp_path: Path) -> None:
    """Clause 9.5: without a key or a person there is no seal and no `by`, and the op is as it always was."""
    store = Store(tmp_path / "fresh.db")
    outbox.append(store, "order.create", "service_order/x", {}, None)
    [sent] = outbox.next_batch(store)
    assert "by" not in json.loads(sent)
    assert isinstance(FieldWork(store), FieldWork)
    store.close()
