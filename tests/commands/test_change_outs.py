"""A change-out: both halves are in one op, checked against the books, and written once when the order is posted."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import field_work, leases, meters, review
from curbstop.commands.field_work import Visit
from curbstop.commands.meters import NewMeter
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models import Attachment, Endpoint, Installation, Meter, Reading, ServiceOrder
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.settings import Settings
from tests.town import Place, Town

PHOTOS = ("photo_old_register", "photo_old_serial", "photo_new_register", "photo_new_serial")


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    return Town(sessions, settings).settle()


def captured(place: Place, **changes: Any) -> dict[str, Any]:
    return {
        "old_serial": place.serial,
        "out_read": {"1": "1042"},
        "old_condition": "running",
        "new_serial": "NEW-0001",
        "in_read": {"1": "0"},
        "new_size": "5/8",
        "new_make": "Badger",
        "new_model": "M25",
        "new_dials": 7,
        "new_decimals": 0,
        "new_multiplier": 1,
        "new_uom": "GAL",
        "new_endpoint": "R9000001",
        "reason": "planned",
        "box_condition": "good",
        "valve_found": "on",
        **changes,
    }


def change_out(town: Town, place: Place, **changes: Any) -> UUID:
    """An order, done in the field with its four photos, whose bytes are here."""
    order = town.order("MTR_XCHG", place, to="tom")
    with town.work("tom") as work:
        leases.mark_pulled(work)
    with town.work("tom") as work:
        _photograph(work, order)
        field_work.complete(work, order, Visit(outcome="DONE", captures=captured(place, **changes)))
    return order


def _photograph(work: Work, order: UUID) -> None:
    for label in PHOTOS:
        photo = Attachment(
            id=new_id(), order_id=order, label=label, media_type="image/jpeg", sha256=label.ljust(64, "0"), size=10,
            noted_at=utc_now(), stored_at=utc_now(),
        )  # fmt: skip
        work.session.add(photo)
    work.session.flush()


def test_posting_closes_the_old_installation_and_opens_the_new(town: Town) -> None:
    place = town.place()
    order = change_out(town, place)
    with town.work("bill") as work:
        review.post(work, order)
    installations = town.all(select(Installation).where(Installation.service_point_id == place.id))
    old = next(row for row in installations if row.meter_id == place.meter_id)
    [new] = [row for row in installations if row.removed_at is None]
    assert old.removed_at is not None
    assert new.order_id == order
    statuses = {meter.serial: meter.status for meter in town.all(select(Meter))}
    assert statuses == {place.serial: "removed", "NEW-0001": "installed"}
    kinds = {row.kind: row.value for row in town.all(select(Reading).where(Reading.order_id == order))}
    assert kinds == {"final": 1042, "initial": 0}
    radios = {row.radio_id: row.retired_at is not None for row in town.all(select(Endpoint))}
    assert radios == {"R0000001": True, "R9000001": False}


def test_a_meter_that_is_installed_elsewhere_is_not_completed_with(town: Town) -> None:
    """From a tablet it is parked with both claims: tests/sync/test_claims.py."""
    place, other = town.place(), town.place()
    with pytest.raises(Problem, match="serial_claimed_twice") as problem:
        change_out(town, place, new_serial=other.serial)
    theirs, mine = problem.value.extra["claimants"]
    assert (theirs["side"], theirs["service_point_id"]) == ("theirs", str(other.id))
    assert (mine["side"], mine["service_point_id"]) == ("mine", str(place.id))


def test_a_meter_that_was_installed_elsewhere_meanwhile_keeps_the_order_from_posting(town: Town) -> None:
    place, other = town.place(), town.place()
    order = change_out(town, place)
    with town.work("bill") as work:
        made = meters.create(work, NewMeter(serial="NEW-0001", dials=6))
        meters.install(work, other.id, made.id, at=work.at)
    with pytest.raises(Problem, match="capture_missing") as problem, town.work("bill") as work:
        review.post(work, order)
    assert [finding["code"] for finding in problem.value.extra["findings"]] == ["NEW_ACTIVE_ELSEWHERE"]
    assert town.all(select(Installation).where(Installation.order_id == order)) == []


def test_missing_photos_keep_the_order_from_posting(town: Town) -> None:
    place = town.place()
    order = town.order("MTR_XCHG", place, to="tom")
    with town.work("tom") as work:
        leases.mark_pulled(work)
        field_work.complete(work, order, Visit(outcome="DONE", captures=captured(place)))
    with pytest.raises(Problem, match="photos_missing"), town.work("bill") as work:
        review.post(work, order)


def test_a_photo_that_has_not_arrived_keeps_the_order_from_posting(town: Town) -> None:
    place = town.place()
    order = change_out(town, place)
    with town.sessions.write() as session:
        late = session.scalars(select(Attachment)).first()
        assert late is not None
        late.stored_at = None
    with pytest.raises(Problem, match="photos_missing"), town.work("bill") as work:
        review.post(work, order)


def test_an_exchange_without_all_captures_is_kept_because_it_happened(town: Town) -> None:
    """Clause 7.3."""
    place = town.place()
    order = town.order("MTR_XCHG", place, to="tom")
    with town.work("tom") as work:
        leases.mark_pulled(work)
        field_work.complete(work, order, Visit(outcome="DONE", captures={"old_serial": place.serial}))
    done = town.read_order(order)
    assert (done.state, "incomplete_capture" in done.flags) == ("completed", True)


def test_a_customer_representative_does_not_post_a_change_out(town: Town) -> None:
    order = change_out(town, town.place())
    with pytest.raises(Problem, match="forbidden"), town.work("carla") as work:
        review.post(work, order)


def test_whoever_completed_an_order_does_not_post_it(town: Town) -> None:
    place = town.place()
    order = town.order("GEN", place, to="tom")
    with town.work("tom") as work:
        leases.mark_pulled(work)
    with town.work("sue") as work:
        field_work.complete(work, order, Visit(outcome="DONE", captures={"notes": "Done by telephone"}))
    with pytest.raises(Problem, match="four_eyes"), town.work("sue") as work:
        review.post(work, order)
    with town.work("carla") as work:
        assert review.post(work, order).state == "posted"


def test_a_rejected_post_leaves_nothing_half_written(town: Town) -> None:
    """Clause 7.3: The second effect fails, so the first is undone with it."""
    place, elsewhere = town.place(), town.place()
    order = change_out(town, place)
    with town.sessions.write() as session:
        # The new meter was installed at another place between the completion and the review.
        meter = Meter(id=new_id(), serial="NEW-0001", status="installed")
        session.add(meter)
        session.flush()
        session.add(Installation(meter_id=meter.id, service_point_id=elsewhere.id, installed_at=utc_now()))
    before = len(town.all(select(Reading)))
    with pytest.raises(Problem), town.work("bill") as work:
        review.post(work, order)
    assert len(town.all(select(Reading))) == before
    with town.sessions.read() as session:
        found = session.get_one(ServiceOrder, order)
        assert (found.state, found.posted_at) == ("completed", None)
