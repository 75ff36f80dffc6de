"""No path through the API gives out a cut-off that a gate blocks, whatever stands against it and whenever it came."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.commands import leases
from curbstop.models import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from tests.api.office import Office
from tests.cut_offs import any_day, notified, owes, payments_are_in
from tests.town import Place, Town

OUT = {"dispatched", "en_route", "on_site", "assigned"}
Blocker = Callable[[Office, Town, Place], object]


def _hold(kind: str, **more: Any) -> Blocker:
    def place_it(office: Office, town: Town, place: Place) -> None:
        said = {"account_id": str(place.account_id), "kind": kind, "reason": "They called.", **more}
        if kind == "promise":
            said["through"] = (town.today + timedelta(days=3)).isoformat()
        assert office.as_("carla").post("/holds", said).status_code == 201

    return place_it


def _moratorium_around(office: Office, town: Town, place: Place) -> None:
    """In a small square around the one place, so that others are not concerned."""
    with town.sessions.read() as session:
        point = session.get_one(ServicePoint, place.id)
        assert point.location is not None
        x, y = point_of(bytes(point.location.data))
    ring = [[x + dx, y + dy] for dx, dy in ((-1e-4, -1e-4), (1e-4, -1e-4), (1e-4, 1e-4), (-1e-4, 1e-4), (-1e-4, -1e-4))]
    area = {"type": "Polygon", "coordinates": [ring]}
    said = {"name": "Storm", "reason": "Order.", "starts_on": town.today.isoformat(), "area": area}
    assert office.as_("sue").post("/moratoria", said).status_code == 201


def _pays(office: Office, town: Town, place: Place) -> None:
    owes(town, place, 0)


BLOCKERS: dict[str, Blocker] = {
    "dispute": _hold("dispute"),
    "medical": _hold("medical"),
    "plan": _hold("plan"),
    "promise": _hold("promise"),
    "office": _hold("office"),
    "critical": _hold("critical", category="school"),
    "moratorium": _moratorium_around,
    "owes nothing": _pays,
    "owes little": lambda _office, town, place: owes(town, place, 1_000),
    "not long": lambda _office, town, place: owes(town, place, delinquent_since=town.today - timedelta(days=3)),
    "another's debt": lambda _office, town, place: owes(town, place, owed_by_former_occupant=True),
    "another class": lambda _office, town, place: owes(town, place, debt_class="commercial"),
}
some = st.sets(st.sampled_from(sorted(BLOCKERS)), max_size=2)


@pytest.fixture
def tablet(town: Town) -> UUID:
    any_day(town)
    return town.tablet("tom")


def _give(office: Office, town: Town, order: str, path: str) -> None:
    to, day = str(town.staff["tom"]), (town.today + timedelta(days=1)).isoformat()
    version = office.as_("dana").get(f"/service-orders/{order}").json["version"]
    if path == "moved":
        said = {"order_ids": [order], "technician_id": to, "scheduled_on": day}
        office.as_("dana").post("/dispatch/move", said)
        return
    office.as_("dana").post(
        f"/service-orders/{order}/assign", {"technician_id": to, "scheduled_on": day}, version=version
    )


def _take(office: Office, town: Town, tablet: UUID, order: str, path: str) -> None:
    if path == "handed out":
        version = office.as_("dana").get(f"/service-orders/{order}").json["version"]
        office.as_("dana").post(f"/service-orders/{order}/hand-out", version=version)
        return
    with town.work("tom", tablet) as work:
        leases.mark_pulled(work)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at_first=some,
    before_assignment=some,
    before_the_tablet=some,
    noticed=st.booleans(),
    path=st.sampled_from(["assigned", "moved", "handed out"]),
)
def test_no_path_gives_out_what_a_gate_blocks(  # noqa: PLR0917 - three fixtures, and what stands against it when
    office: Office,
    town: Town,
    tablet: UUID,
    at_first: set[str],
    before_assignment: set[str],
    before_the_tablet: set[str],
    noticed: bool,
    path: str,
) -> None:
    place = town.place()
    owes(town, place)
    payments_are_in(town)
    if noticed:
        notified(town, place)
    order = str(town.order("CUT_OFF_NP", place, by="bill", draft=True))
    against: list[str] = [] if noticed else ["no notice"]

    def stands(blockers: set[str]) -> None:
        for name in sorted(blockers):
            BLOCKERS[name](office, town, place)
        against.extend(blockers)

    def state() -> str:
        return str(office.as_("carla").get(f"/service-orders/{order}").json["state"])

    stands(at_first)
    version = office.as_("bill").get(f"/service-orders/{order}").json["version"]
    office.as_("bill").post(f"/service-orders/{order}/release", version=version)
    assert (state() == "ready") is not bool(against)
    stands(before_assignment)
    _give(office, town, order, path)
    assert (state() in OUT) is not bool(against), (state(), against)
    stands(before_the_tablet)
    _take(office, town, tablet, order, path)
    assert (state() == "dispatched") is not bool(against), (state(), against)
