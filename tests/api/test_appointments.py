"""Appointments through HTTP: what is offered can be promised and reaches the tablet; all else is refused."""

from datetime import date, timedelta
from uuid import UUID

from curbstop.commands import dispatch, policies
from curbstop.domain.clocks import as_moment
from tests.api.office import Office
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


def test_a_window_that_is_offered_is_promised_and_reaches_the_tablet(office: Office, town: Town) -> None:
    carla = office.as_("carla")
    days = carla.get("/appointment-windows?days=14").json["days"]
    assert len(days) == 14
    assert all(not day["windows"] for day in days if day["closed"])
    open_days = [day for day in days[1:] if not day["closed"]]
    assert [window["name"] for window in open_days[0]["windows"]] == ["AM", "PM"]
    chosen = open_days[0]["windows"][1]
    body = {
        "type_code": "GEN", "service_point_id": str(town.place().id), "window_start": chosen["start"],
        "window_end": chosen["end"], "adult_present_required": True,
    }  # fmt: skip
    made = carla.post("/service-orders", json=body)
    assert made.status_code == 201, made.data
    assert made.json["due_at"] == chosen["end"]
    with town.work("dana") as work:
        day = date.fromisoformat(open_days[0]["on"])
        dispatch.assign(work, UUID(made.json["id"]), technician_id=town.staff["tom"], scheduled_on=day)
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    row = tablet.rows("service_order")[made.json["id"]]
    assert (as_moment(row["window_end"]), row["adult_present_required"]) == (as_moment(chosen["end"]), True)


def test_a_window_of_a_closed_day_is_not_offered_and_not_promised(office: Office, town: Town) -> None:
    days = office.as_("carla").get("/appointment-windows?days=14").json["days"]
    chosen = next(day for day in days[1:] if not day["closed"])
    with town.work("ada") as work:
        policies.close(work, date.fromisoformat(chosen["on"]), "Founders' Day")
    again = office.as_("carla").get(f"/appointment-windows?first={chosen['on']}&days=1").json["days"]
    assert again == [{"on": chosen["on"], "closed": True, "windows": []}]
    window = {"window_start": chosen["windows"][0]["start"], "window_end": chosen["windows"][0]["end"]}
    body = {"type_code": "GEN", "service_point_id": str(town.place().id), **window}
    refused = office.as_("carla").post("/service-orders", json=body)
    assert (refused.status_code, refused.json["code"], refused.json["why"]) == (422, "window_unavailable", "closed")
    past = (town.today - timedelta(days=9)).isoformat()
    assert all(
        not day["windows"] for day in office.as_("carla").get(f"/appointment-windows?first={past}&days=5").json["days"]
    )


def test_the_list_is_sorted_by_when_orders_are_due_and_an_order_that_is_overdue_is_late(
    office: Office, town: Town
) -> None:
    later, sooner = town.order("GEN", town.place()), town.order("READ_RE", town.place())
    paid = "2020-01-02T15:00:00Z"
    body = {"type_code": "CUT_ON_RSTR", "service_point_id": str(town.place().id), "due_from": paid}
    overdue = office.as_("carla").post("/service-orders", json=body).json
    assert overdue["due_at"] == "2020-01-02T22:00:00Z"
    lines = office.as_("dana").get("/service-orders?sort=due_at").json["items"]
    assert [line["id"] for line in lines] == [overdue["id"], str(sooner), str(later)]
    assert [line["late"] for line in lines] == [True, False, False]
