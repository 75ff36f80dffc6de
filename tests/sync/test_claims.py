"""One meter and one radio are at one place: a second claim is parked, the first is marked, and the office decides."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import review, routes
from curbstop.domain.problems import Problem
from curbstop.models import Conflict, Meter, Reading, RouteSession
from tests.commands.test_change_outs import captured
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.sync.test_resolving import parked, resolve
from tests.town import Place, Town


def change_out(place: Place, **changes: Any) -> dict[str, Any]:
    return {"outcome": "DONE", "captures": captured(place, **changes)}


def two_claims(town: Town, **second: Any) -> tuple[UUID, UUID, Place]:
    """Tom and Tess each exchange a meter, and both say that they put in the same one."""
    places = town.place(), town.place()
    orders = [town.order("MTR_XCHG", place, to=who) for place, who in zip(places, ("tom", "tess"), strict=True)]
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    tesss.pull()
    assert verdicts(toms.push(toms.order_op("order.complete", orders[0], change_out(places[0])))) == ["applied"]
    changed = {"new_endpoint": "R9000002", **second}
    [answer] = tesss.push(tesss.order_op("order.complete", orders[1], change_out(places[1], **changed)))
    assert answer["verdict"] == "parked"
    return orders[0], orders[1], places[1]


def post(town: Town, order_id: UUID) -> str:
    with town.work("bill") as work:
        return str(review.post(work, order_id).state)


def flags(town: Town, order_id: UUID) -> set[str]:
    return set(town.read_order(order_id).flags) & {"claim_disputed", "claim_lost"}


@pytest.mark.parametrize(
    ("second", "code", "value"),
    [
        ({}, "serial_claimed_twice", "NEW-0001"),
        ({"new_serial": "NEW-0002", "new_endpoint": "R9000001"}, "radio_claimed_twice", "R9000001"),
    ],
)
def test_a_second_claim_is_parked_with_both_claimants_and_the_first_waits(
    town: Town, second: dict[str, Any], code: str, value: str
) -> None:
    """Clause 10.11."""
    first, other, place = two_claims(town, **second)
    conflict = parked(town)
    assert conflict.code == code
    theirs, mine = conflict.claimants
    assert (theirs["side"], theirs["order_id"], theirs["value"]) == ("theirs", str(first), value)
    assert (mine["side"], mine["order_id"], mine["service_point_id"]) == ("mine", str(other), str(place.id))
    assert flags(town, first) == {"claim_disputed"}
    with pytest.raises(Problem, match="claim_disputed"):
        post(town, first)


def test_the_office_decides_for_the_one_that_was_here(town: Town) -> None:
    """Clause 10.11: the other's facts are kept, and the first is free to be posted."""
    first, other, _ = two_claims(town)
    resolve(town, parked(town), "keep_theirs")
    assert flags(town, first) == set()
    assert town.read_order(other).state == "dispatched"
    with pytest.raises(Problem) as caught:
        post(town, first)
    # Its photos were never declared here; what held it up is gone.
    assert caught.value.code == "photos_missing"


def test_the_office_decides_for_the_one_that_arrived(town: Town) -> None:
    """Clause 10.11: the first has to be sent back, and cannot be posted."""
    first, other, _ = two_claims(town)
    resolve(town, parked(town), "apply")
    assert town.read_order(other).state == "completed"
    assert flags(town, first) == {"claim_lost"}
    with pytest.raises(Problem, match="send it back"):
        post(town, first)


def test_a_misread_number_is_corrected_and_both_stand(town: Town) -> None:
    """Clause 10.11, and a correction to a number of a third place is refused."""
    first, other, _ = two_claims(town)
    third = town.place()
    with pytest.raises(Problem, match="serial_claimed_twice"):
        resolve(town, parked(town), "merge", {"captures": {"new_serial": third.serial}})
    assert flags(town, first) == {"claim_disputed"}
    resolve(town, parked(town), "merge", {"captures": {"new_serial": "NEW-0007"}})
    assert (flags(town, first), flags(town, other)) == (set(), set())
    assert town.read_order(other).captures["new_serial"] == "NEW-0007"


def test_a_meter_that_is_in_the_ground_elsewhere_is_claimed_by_its_place(town: Town) -> None:
    """Clause 10.11."""
    place, elsewhere = town.place(), town.place()
    order = town.order("MTR_XCHG", place, to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    done = change_out(place, new_serial=elsewhere.serial)
    [answer] = toms.push(toms.order_op("order.complete", order, done))
    assert (answer["verdict"], answer["code"]) == ("parked", "serial_claimed_twice")
    [conflict] = town.all(select(Conflict))
    assert conflict.claimants[0]["service_point_id"] == str(elsewhere.id)
    assert [meter.status for meter in town.all(select(Meter).where(Meter.serial == elsewhere.serial))] == ["installed"]


def walk(town: Town) -> tuple[UUID, Place, ModelTablet, ModelTablet]:
    """A route that Tom and Tess both walk today."""
    place = town.place()
    [stop] = town.route([place], to="tom")
    with town.sessions.read() as session:
        version = session.scalars(select(RouteSession.route_version_id)).one()
    with town.work("sue") as work:
        routes.start_session(work, version, technician_id=town.staff["tess"], on_date=town.today)
    return stop, place, ModelTablet(town, "tom"), ModelTablet(town, "tess")


def read(tablet: ModelTablet, stop: UUID, place: Place, value: str, *, minutes_ago: int = 0) -> tuple[str, str | None]:
    args = {"stop_id": str(stop), "readings": [{"register_id": str(place.register_id), "value": value}]}
    noted = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat().replace("+00:00", "Z")
    [answer] = tablet.push(tablet.op("stop.read", f"stop/{stop}", args, noted_at=noted))
    return answer["verdict"], answer.get("code")


def readings(town: Town) -> dict[int, Reading]:
    return {int(row.value): row for row in town.all(select(Reading).where(Reading.value > 1000))}


def test_two_technicians_readings_that_go_backwards_are_both_held(town: Town) -> None:
    """Clauses 1.1 and 10.14; the office may take either."""
    stop, place, toms, tesss = walk(town)
    assert read(toms, stop, place, "001050") == ("applied", None)
    assert read(tesss, stop, place, "001040") == ("parked", "reading_regression")
    assert readings(town)[1050].flags == ["disputed"]
    conflict = parked(town)
    assert [one["value"] for one in conflict.claimants] == ["1050", "1040"]
    assert "read 1050 here" in (conflict.detail or "")
    assert all(one["noted_at"].endswith("Z") for one in conflict.claimants)
    resolve(town, conflict, "apply")
    found = readings(town)
    assert (found[1050].superseded_by_id, found[1050].flags) == (found[1040].id, [])
    assert found[1040].kind == "regular"


def test_the_first_of_two_readings_may_be_kept(town: Town) -> None:
    """Clause 10.14."""
    stop, place, toms, tesss = walk(town)
    read(toms, stop, place, "001050")
    read(tesss, stop, place, "001040")
    resolve(town, parked(town), "keep_theirs")
    found = readings(town)
    assert (found[1050].superseded_by_id, found[1050].flags, found[1040].kind) == (None, [], "special")


def test_a_technicians_own_second_reading_is_a_correction(town: Town) -> None:
    """Clause 10.14."""
    stop, place, toms, tesss = walk(town)
    assert read(toms, stop, place, "001050") == ("applied", None)
    assert read(toms, stop, place, "001040") == ("applied", None)
    assert read(tesss, stop, place, "001050") == ("applied", None)


def test_readings_that_go_forward_in_time_contradict_nobody_in_whichever_order_they_arrive(town: Town) -> None:
    """Clause 10.14: Tess read less, but before Tom did."""
    stop, place, toms, tesss = walk(town)
    assert read(toms, stop, place, "001050") == ("applied", None)
    assert read(tesss, stop, place, "001040", minutes_ago=30) == ("applied", None)
    assert readings(town)[1050].flags == []


def test_a_higher_reading_of_an_earlier_moment_is_a_contradiction(town: Town) -> None:
    """Clause 10.14: by when they were noted, not by when they arrived."""
    stop, place, toms, tesss = walk(town)
    assert read(toms, stop, place, "001040") == ("applied", None)
    assert read(tesss, stop, place, "001050", minutes_ago=30) == ("parked", "reading_regression")
    assert readings(town)[1040].flags == ["disputed"]
    assert "later" in (parked(town).detail or "")
