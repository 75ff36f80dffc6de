"""A story: a dispatcher's morning, from the board through a technician who is ill to a restoral that comes too late."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.api.office import Office
from tests.api.test_assign_guards import not_closed
from tests.api.test_board import board, of
from tests.api.test_office_live import listening
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.town import Place, Town

DONE = {"outcome": "DONE", "captures": {"notes": "All well."}}


def test_a_morning_at_the_board(office: Office, town: Town) -> None:
    not_closed(town)
    dana, carla = office.as_("dana"), office.as_("carla")
    today, toms, tesss = town.today.isoformat(), str(town.staff["tom"]), str(town.staff["tess"])

    keep_hours(dana, toms, tesss)
    pile, place, restoral = yesterdays_leavings(carla, town)

    with listening(office, "dana") as stream:
        assert stream.next().name == "ready"
        seen = board(dana)
        assert (seen["board"]["pile"]["orders"], seen["board"]["totals"]["late"]) == (6, 1)
        [late] = board(dana, standing="late")["items"]
        assert late["id"] == restoral["id"]
        assert "It is late" in carla.get(f"/service-orders/{restoral['id']}").json["expectation"]["says"]

        # Tom gets all of it; the restoral goes first.
        given = {"order_ids": [*pile, restoral["id"]], "technician_id": toms, "scheduled_on": today}
        assert len(dana.post("/dispatch/move", json=given).json["orders"]) == 6
        event = stream.next()
        assert {order for order, _ in event.told()} == {*pile, restoral["id"]}
        first = {"technician_id": toms, "scheduled_on": today, "order_ids": [restoral["id"]]}
        day = dana.post("/dispatch/sequence", json=first).json["orders"]
        assert [one["id"] for one in day] == [restoral["id"], *pile]
        event = stream.next()
    [toms_day] = of(board(dana), "Tom")["days"]
    assert (toms_day["orders"], toms_day["minutes"], toms_day["missing_skills"]) == (6, 5 * 25 + 20, [])
    told: Any = carla.get(f"/service-orders/{pile[0]}").json["expectation"]
    assert told["standing"] in ("in_time", "at_risk")
    assert told["says"].startswith("It is to be done by")
    assert "Tom is expected about" in told["says"]

    # The line to the office is cut. Tom had his orders; then he calls in ill, and Tess takes his day over.
    tess = hand_over(dana, town, [one["id"] for one in day])

    # The screen comes back, and hears once of each what happened meanwhile.
    with listening(office, "dana", event.id) as stream:
        assert stream.next().data == {"resumed": True}
        missed = stream.next()
        assert len(missed.told()) == len(set(missed.told())) == 6
        assert {one["technician_id"] for one in missed.data["orders"]} == {tesss}

        # Tess does the first of the pile, and the screen sees it done.
        assert verdicts(tess.push(tess.order_op("order.complete", UUID(pile[0]), DONE))) == ["applied"]
        done = stream.next()
        assert (done.data["orders"][0]["id"], done.data["orders"][0]["state"]) == (pile[0], "completed")
    kept = carla.get(f"/service-orders/{pile[0]}").json["expectation"]
    assert kept["standing"] == "kept"
    assert "as promised" in kept["says"]
    lines = carla.get(f"/service-points/{place.id}/timeline?kind=order").json["items"]
    assert {line["due_at"] for line in lines} == {restoral["due_at"]}


def keep_hours(dana: Any, *people: str) -> None:
    """Everybody works from eight to five, and says so."""
    shifts = [{"weekday": day, "starts": "08:00", "ends": "17:00"} for day in range(7)]
    for one in people:
        assert dana.put(f"/staff/{one}/shifts", json={"shifts": shifts}).status_code == 204


def yesterdays_leavings(carla: Any, town: Town) -> tuple[list[str], Place, Any]:
    """Five small things lie on the pile, and a restoral that was paid the day before yesterday and forgotten."""
    pile = [str(town.order("GEN", town.place())) for _ in range(5)]
    place = town.place(physical_state="off_locked")
    paid = (datetime.now(town.settings.zone) - timedelta(days=2)).replace(hour=10).isoformat()
    body = {"type_code": "CUT_ON_RSTR", "service_point_id": str(place.id), "due_from": paid}
    return pile, place, carla.post("/service-orders", json=body).json


def hand_over(dana: Any, town: Town, orders: list[str]) -> ModelTablet:
    """Tom's day goes to Tess, whose tablet is given back; his holds nothing any more, and he is given nothing."""
    today, toms, tesss = town.today.isoformat(), str(town.staff["tom"]), str(town.staff["tess"])
    tablets = {name: ModelTablet(town, name) for name in ("tom", "tess")}
    tablets["tom"].pull()
    ill = {"first_on": today, "last_on": today, "reason": "ill"}
    assert dana.post(f"/staff/{toms}/absences", json=ill).status_code == 201
    [toms_day] = of(board(dana), "Tom")["days"]
    assert (toms_day["off"], toms_day["orders"], toms_day["capacity_minutes"]) == ("absent", 6, 0)
    assert "Tom" not in dana.get(f"/service-orders/{orders[0]}").json["expectation"]["says"]
    moved = {"order_ids": orders, "technician_id": tesss, "scheduled_on": today}
    assert dana.post("/dispatch/move", json=moved).status_code == 200
    back = dana.post("/dispatch/move", json={**moved, "order_ids": orders[:1], "technician_id": toms})
    assert (back.status_code, back.json["code"]) == (422, "technician_off")
    for tablet in tablets.values():
        tablet.pull()
    assert tablets["tom"].rows("service_order") == {}
    assert len(tablets["tess"].rows("service_order")) == 6
    return tablets["tess"]
