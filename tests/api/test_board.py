"""The dispatch board through HTTP: counts against capacity, what is late, where it is, and who may look."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from curbstop.commands import staff, staff_calendars
from curbstop.models import Cycle, Route, RouteVersion, ServiceOrder, Stop
from curbstop.models.ids import new_id
from tests.api.office import Office
from tests.api.test_assign_guards import keep_calendar, not_closed
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


@pytest.fixture
def dana(office: Office) -> Any:
    return office.as_("dana")


def board(client: Any, **query: Any) -> Any:
    answer = client.get("/dispatch/board", query_string=query)
    assert answer.status_code == 200, answer.data
    return answer.json


def of(found: Any, name: str) -> Any:
    return next(one for one in found["board"]["technicians"] if one["name"] == name)


def set_due(town: Town, order: UUID, at: datetime) -> None:
    with town.work() as work:
        work.session.execute(update(ServiceOrder).where(ServiceOrder.id == order).values(due_at=at, due_on=at.date()))


def test_each_technicians_day_is_counted_against_what_it_holds(office: Office, town: Town, dana: Any) -> None:
    not_closed(town)
    keep_calendar(town, "tom", "08:00", "12:30")
    for code in ("GEN", "GEN", "READ_RE"):
        town.order(code, town.place(), to="tom")
    waits = town.order("GEN", town.place())
    found = board(dana)
    [day] = of(found, "Tom")["days"]
    assert (day["on"], day["orders"], day["minutes"], day["capacity_minutes"]) == (town.today.isoformat(), 3, 60, 240)
    assert (day["by_type"], day["by_state"]) == ({"GEN": 2, "READ_RE": 1}, {"assigned": 3})
    assert of(found, "Tess")["days"][0]["orders"] == 0
    assert {one["name"] for one in found["board"]["technicians"]} == {"Tom", "Tess", "Lee"}
    assert (found["board"]["pile"]["orders"], found["board"]["totals"]["orders"]) == (1, 4)
    shown = next(one for one in found["items"] if one["id"] == str(waits))
    assert (shown["technician_name"], shown["state"], shown["address"]) == (None, "ready", "4 Main St")
    assert (round(shown["longitude"], 3), round(shown["latitude"], 3)) == (-78.996, 35.0)


def test_an_absence_shows_with_its_reason_and_a_skill_that_is_missing_by_name(
    office: Office, town: Town, dana: Any
) -> None:
    town.order("CUT_OFF_REQ", town.place(), to="tom")
    with town.work("sue") as work:
        staff_calendars.add_absence(work, town.staff["tom"], first_on=town.today, last_on=town.today, reason="ill")
    with town.work() as work:
        staff.edit(work, town.staff["tom"], {"skills": ["meters"]})
    [day] = of(board(dana), "Tom")["days"]
    assert (day["off"], day["off_reason"], day["capacity_minutes"], day["missing_skills"]) == (
        "absent", "ill", 0, ["valves"],
    )  # fmt: skip


def test_why_somebody_is_away_is_for_whoever_plans_the_day(office: Office, town: Town) -> None:
    day = town.today.isoformat()
    said = {"first_on": day, "last_on": day, "reason": "chemotherapy"}
    calendar = f"/staff/{town.staff['tom']}"
    assert office.as_("dana").post(f"{calendar}/absences", said).status_code == 201
    for name, told in (("dana", True), ("sue", True), ("tom", True), ("carla", False), ("otto", False)):
        seen = [office.as_(name).get(f"{calendar}/calendar")]
        if name != "tom":
            seen.append(office.as_(name).get("/dispatch/board"))
        for answer in seen:
            assert answer.status_code == 200
            assert ("chemotherapy" in answer.text) is told
            assert "absent" in answer.text


def test_what_is_late_and_what_will_be_is_seen_and_can_be_asked_for(office: Office, town: Town, dana: Any) -> None:
    now = datetime.now(UTC)
    late, soon, planned_late, fine = (town.order("GEN", town.place()) for _ in range(4))
    set_due(town, late, now - timedelta(hours=1))
    set_due(town, soon, now + timedelta(minutes=60))
    set_due(town, fine, now + timedelta(days=9))
    town.assign(planned_late, "tom")
    with town.work() as work:
        values = {"scheduled_on": town.today + timedelta(days=2), "due_on": town.today + timedelta(days=1)}
        work.session.execute(update(ServiceOrder).where(ServiceOrder.id == planned_late).values(values))
    found = board(dana, days=3)
    standing = {one["id"]: (one["late"], one["at_risk"]) for one in found["items"]}
    assert standing == {
        str(late): (True, False), str(soon): (False, True), str(planned_late): (False, True), str(fine): (False, False),
    }  # fmt: skip
    assert (found["board"]["totals"]["late"], found["board"]["totals"]["at_risk"]) == (1, 2)
    assert of(found, "Tom")["days"][2]["at_risk"] == 1
    assert [one["id"] for one in board(dana, standing="late")["items"]] == [str(late)]
    assert {one["id"] for one in board(dana, standing="at_risk", days=3)["items"]} == {str(soon), str(planned_late)}


def test_the_planned_order_says_which_appointments_break(office: Office, town: Town, dana: Any) -> None:
    """Seven hours of work before an appointment of the morning of a coming day: it is reached too late."""
    days = dana.get("/appointment-windows?days=14").json["days"]
    chosen = next(one for one in days[1:] if not one["closed"])
    on, window = date.fromisoformat(chosen["on"]), chosen["windows"][0]
    work_first = [town.order("GEN", town.place()) for _ in range(17)]
    promised = town.order(
        "GEN", town.place(), window_start=datetime.fromisoformat(window["start"]),
        window_end=datetime.fromisoformat(window["end"]),
    )  # fmt: skip
    body = {"technician_id": str(town.staff["tom"]), "scheduled_on": chosen["on"]}
    ids = [str(one) for one in (*work_first, promised)]
    assert dana.post("/dispatch/move", json={**body, "order_ids": ids}).status_code == 200
    [day] = of(board(dana, first=on.isoformat()), "Tom")["days"]
    assert (day["windows_kept"], day["windows_broken"]) == (0, 1)
    assert dana.post("/dispatch/sequence", json={**body, "order_ids": [str(promised)]}).status_code == 200
    [day] = of(board(dana, first=on.isoformat()), "Tom")["days"]
    assert (day["windows_kept"], day["windows_broken"]) == (1, 0)


def test_an_area_is_a_box_a_drawn_polygon_a_route_or_a_cycle(office: Office, town: Town, dana: Any) -> None:
    """The builders' places lie a thousandth of a degree apart, to the east."""
    places = [town.place() for _ in range(4)]
    orders = [town.order("GEN", place) for place in places]
    cycle, route = (
        Cycle(id=new_id(), code="C1", name="One"),
        Route(id=new_id(), code="R1", name="One", cycle_id=new_id()),
    )
    route.cycle_id = cycle.id
    version = RouteVersion(id=new_id(), route_id=route.id, number=1, state="published", stop_count=1)
    old = RouteVersion(id=new_id(), route_id=route.id, number=2, state="retired", stop_count=1)
    stop = Stop(id=new_id(), route_version_id=version.id, service_point_id=places[3].id, sequence=10)
    gone = Stop(id=new_id(), route_version_id=old.id, service_point_id=places[0].id, sequence=10)
    town.add(cycle, route, version, old, stop, gone)

    def found(**area: str) -> list[str]:
        shown = board(dana, **area)
        assert shown["board"]["totals"]["orders"] == len(shown["items"])
        return sorted(one["id"] for one in shown["items"])

    first, second, _, fourth = (str(one) for one in orders)
    assert found(bbox="-78.9995,34.9,-78.9975,35.1") == sorted([first, second])
    # A triangle whose box holds the second place, and which does not.
    assert found(polygon="-78.9995 34.9999,-78.9975 34.9999,-78.9995 35.0001") == [first]
    assert found(route_id=str(route.id)) == found(cycle_id=str(cycle.id)) == [fourth]
    assert found(route_id=str(new_id())) == []
    for bad in ("1 2,3 4", "0 0,1 1,0 1,1 0", "x y,1 2,3 4", "0 0,200 0,0 1"):
        refused = dana.get("/dispatch/board", query_string={"polygon": bad})
        assert (refused.status_code, refused.json["field"]) == (422, "polygon" if "200" not in bad else "bbox")


def test_pages_follow_one_another_and_only_the_first_counts(office: Office, town: Town, dana: Any) -> None:
    orders = {str(town.order("GEN", town.place())) for _ in range(5)}
    first = board(dana, limit=2)
    seen, cursor = [one["id"] for one in first["items"]], first["next_cursor"]
    while cursor:
        page = board(dana, limit=2, cursor=cursor)
        assert page["board"] is None
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert (len(seen), set(seen)) == (5, orders)


def test_the_last_work_says_where_somebody_is_and_only_to_whoever_dispatches(
    office: Office, town: Town, dana: Any
) -> None:
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    where = {"longitude": -78.9, "latitude": 35.1, "accuracy_m": 8.0}
    tablet.push(tablet.order_op("order.arrive", order, {"position": where}))
    position = of(board(dana), "Tom")["position"]
    assert (position["longitude"], position["latitude"], position["order_id"]) == (-78.9, 35.1, str(order))
    assert position["age_minutes"] >= 0
    assert of(board(office.as_("carla")), "Tom")["position"] is None
    assert of(board(dana), "Tess")["position"] is None


def test_a_crew_lead_sees_the_crew_and_a_technician_no_board(office: Office, town: Town, dana: Any) -> None:
    town.order("GEN", town.place(), to="tom")
    mine = town.order("GEN", town.place(), to="tess")
    found = board(office.as_("lee"))
    assert [one["id"] for one in found["items"]] == [str(mine)]
    assert {one["name"] for one in found["board"]["technicians"]} == {"Tess", "Lee"}
    assert office.as_("tom").get("/dispatch/board").json["code"] == "forbidden"
    assert dana.get("/dispatch/board?type_code=NOPE").json["code"] == "invalid"
