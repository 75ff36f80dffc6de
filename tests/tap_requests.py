"""Builders for tests of taps: a place without a tap, and a request that has come as far as a test wants."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import update

from curbstop.commands import field_work, locate_tickets, review, service_orders, tap_steps, taps
from curbstop.commands.field_work import Visit
from curbstop.commands.locate_tickets import NewTicket
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.taps import NewTapRequest
from curbstop.domain.taps import TapStage
from curbstop.models import Attachment, Customer, ServiceOrder, ServicePoint, Staff, TapRequest
from curbstop.models.ids import new_id
from curbstop.models.sqlite_geometry import point_ewkb
from tests.town import SKILLS, Town

PERMITS = ("plumbing", "health", "address_911", "easement")
SURVEY = {
    "gps": {"longitude": -79.5, "latitude": 35.0}, "main_size": 8, "main_distance": 30, "crossing": "none",
    "materials": "saddle, 40 ft copper",
}  # fmt: skip
INSTALL = {
    "ticket_no": "A1", "tap_size": 1, "main_size": 8, "depth": 36, "materials": "saddle", "as_built": "2 ft north",
    "gps": {"longitude": -79.5, "latitude": 35.0},
}  # fmt: skip


def untapped(town: Town, number: int = 1, *, at: tuple[float, float] = (-79.5, 35.0)) -> tuple[UUID, UUID]:
    """(place, customer): nothing is in the ground yet, and nobody has an account."""
    point = ServicePoint(
        id=new_id(), number=f"SP-99{number:04d}", address=f"{number} New Rd", city="Millbrook", hazards=[],
        field_versions={}, physical_state="no_tap",
        location=WKBElement(point_ewkb(*at), srid=4326, extended=True),
    )  # fmt: skip
    customer = Customer(id=new_id(), number=f"CU-99{number:04d}", name=f"Nell New {number}", phone="555-0177")
    town.add(point, customer)
    return point.id, customer.id


def requested(town: Town, number: int = 1, **more: Any) -> UUID:
    point_id, customer_id = untapped(town, number, **more)
    with town.work("carla") as work:
        new = NewTapRequest(customer_id=customer_id, service_point_id=point_id, meter_size="5/8")
        return taps.request(work, new).id


def read(town: Town, tap_id: UUID) -> TapRequest:
    with town.sessions.read() as session:
        tap = session.get_one(TapRequest, tap_id)
        session.expunge(tap)
        return tap


def teach_taps(town: Town) -> None:
    """Tom learns to install taps."""
    with town.work() as work:
        work.session.execute(update(Staff).where(Staff.login == "tom").values(skills=[*SKILLS, "taps"]))


def done(town: Town, order_id: UUID, captures: dict[str, Any], photos: dict[str, int]) -> None:
    """The order is worked on by Tom and posted by the office; its photos have come in."""
    teach_taps(town)
    if town.read_order(order_id).state == "ready":
        town.assign(order_id, "tom")
    with town.work() as work:
        order = work.session.get_one(ServiceOrder, order_id)
        order.state, order.dispatched_at = "dispatched", work.at
        for label, count in photos.items():
            for _ in range(count):
                work.session.add(_photo(work.at, order_id, label))
    with town.work("tom") as work:
        field_work.complete(work, order_id, Visit(outcome="DONE", captures=captures))
    with town.work("bill") as work:
        review.post(work, order_id)


def _photo(at: Any, order_id: UUID, label: str) -> Attachment:
    return Attachment(
        id=new_id(), order_id=order_id, label=label, media_type="image/jpeg", sha256="0" * 64, size=1, stored_at=at,
        noted_at=at, created_at=at,
    )  # fmt: skip


def surveyed(town: Town, number: int = 1, **more: Any) -> UUID:
    tap_id = requested(town, number)
    survey = read(town, tap_id).survey_order_id
    assert survey is not None
    done(town, survey, {**SURVEY, **more}, {"photo": 1})
    return tap_id


def permitted(town: Town, number: int = 1) -> UUID:
    """Quoted, paid, and every permit on file."""
    tap_id = surveyed(town, number)
    with town.work("carla") as work:
        quoted = taps.quote(work, tap_id)
        taps.pay(work, tap_id, cents=quoted.quote_cents or 0, reference="R-1")
        for kind in PERMITS:
            taps.permit(work, tap_id, kind, reference=f"{kind}-1")
    return tap_id


def with_order(town: Town, number: int = 1) -> tuple[UUID, UUID]:
    """(request, its installation's order), without a locate ticket."""
    tap_id = permitted(town, number)
    with town.work("sue") as work:
        place = work.session.get_one(TapRequest, tap_id).service_point_id
        return tap_id, service_orders.create(work, NewOrder(type_code="TAP_INST", service_point_id=place)).id


def with_ticket(town: Town, number: int = 1, *, called_days_ago: int = 8) -> tuple[UUID, UUID]:
    """The same with a ticket of a call so many days ago."""
    tap_id, order_id = with_order(town, number)
    with town.work("dana") as work:
        called = work.at - timedelta(days=called_days_ago)
        locate_tickets.record(work, order_id, NewTicket(number="A1", called_at=called))
    return tap_id, order_id


def installed(town: Town, number: int = 1) -> UUID:
    tap_id, order_id = with_ticket(town, number)
    done(town, order_id, INSTALL, {"photo": 2})
    return tap_id


def meter_set(town: Town, number: int = 1) -> UUID:
    """As if the meter had been set: the fact that its order's posting brings."""
    tap_id = installed(town, number)
    with town.work("bill") as work:
        tap = work.session.get_one(TapRequest, tap_id)
        order = ServiceOrder(id=new_id(), service_point_id=tap.service_point_id, number="SO-X", completed_at=work.at)
        tap_steps.order_posted(work, order, TapStage.METER_SET)
    return tap_id
