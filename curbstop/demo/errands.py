"""The office's errands at the API: find places, make orders, dispatch, start a route, post, look at what was done."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from curbstop.demo.office import Desk, OfficeError

Body = dict[str, Any]
ZONE = ZoneInfo("America/New_York")


def places(desk: Desk) -> Iterator[Body]:
    """The service points, page by page, as far as somebody wants them."""
    page = desk.get("/service-points", limit=100)
    while True:
        yield from page["items"]
        if not page["next_cursor"]:
            return
        page = desk.get("/service-points", limit=100, cursor=page["next_cursor"])


def order_somewhere(desk: Desk, where: Iterator[Body], type_code: str, instructions: str) -> tuple[Body, Body]:
    """An order at the next place that has none of that type, and the place."""
    for place in where:
        try:
            order = desk.create(
                "/service-orders", type_code=type_code, service_point_id=place["id"], instructions=instructions
            )
        except OfficeError as error:
            if error.code != "duplicate_open_order":
                raise
        else:
            return order, place
    raise OfficeError("the office looks for a place", f"every service point has an open {type_code}; load more")


def released(desk: Desk, order: Body) -> Body:
    """The order, released where its type wants somebody's word first."""
    return desk.act(f"/service-orders/{order['id']}/release", order["version"]) if order["state"] == "draft" else order


def assign(desk: Desk, order: Body, technician_id: str, *, on: date | None = None, **where: int) -> Body:
    """The order, given to a technician for a day, today by default."""
    return desk.act(
        f"/service-orders/{order['id']}/assign",
        order["version"],
        technician_id=technician_id,
        scheduled_on=(on or datetime.now(ZONE).date()).isoformat(),
        **where,
    )


def staff_id(desk: Desk, login: str) -> str:
    """A colleague's id."""
    return next(str(person["id"]) for person in desk.every("/staff") if person["login"] == login)


def post(desk: Desk, order_id: str) -> Body:
    """The order after it was posted, by somebody's hand or, where its type allows it, by the server's own."""
    path = f"/service-orders/{order_id}"
    order: Body = desk.get(path)
    if order["state"] != "posted":
        try:
            desk.act(f"{path}/post", order["version"])
        except OfficeError as error:
            # The server posts by itself what needs no look; it may have been quicker.
            if error.code not in ("impossible_transition", "version_mismatch"):
                raise
        order = desk.get(path)
    return order


def start_route(desk: Desk, technician_id: str) -> Body:
    """Gives the technician the first route that is published; returns its code and number of stops."""
    for route in desk.every("/routes"):
        version = route["published_version"]
        if version is None:
            continue
        try:
            desk.create(
                "/route-sessions",
                route_version_id=version["id"],
                technician_id=technician_id,
                on_date=datetime.now(ZONE).date().isoformat(),
            )
        except OfficeError as error:
            # Walked by this technician already: a day that was played before on the same server.
            if error.code != "conflict":
                raise
        return {"code": route["code"], "stops": version["stop_count"]}
    raise OfficeError("the office looks for a route", "none is published")


def missing_at(desk: Desk, point_id: str, evidence: Sequence[str], physical_state: str | None) -> str | None:
    """What a service point's page should show after the day and does not, or None."""
    if physical_state is not None:
        point = desk.get(f"/service-points/{point_id}")
        if point["physical_state"] != physical_state:
            return f"the service point is {point['physical_state']}, not {physical_state}"
    timeline = str(desk.get(f"/service-points/{point_id}/timeline"))
    missing = [word for word in evidence if word not in timeline]
    return f"the timeline does not speak of {', '.join(missing)}" if missing else None
