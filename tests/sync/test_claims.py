"""One meter and one radio are at one place: a second claim is parked, the first is marked, and the office decides."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import review
from curbstop.domain.problems import Problem
from curbstop.models import Conflict, Meter
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
