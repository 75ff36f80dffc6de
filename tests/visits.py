"""Builders for visits: captures that a type asks for, orders that were done, and their posting with what follows."""

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from curbstop.commands import field_work, review
from curbstop.commands.field_work import Visit
from curbstop.domain.order_types import Capture, CaptureKind, load_catalogue
from curbstop.models import Attachment
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from tests.cut_offs import delinquent
from tests.jobs import carry_out
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town

_locks = count(1)
# Who makes an order of a type, where it is not a supervisor.
MAKER = {"CUT_OFF_NP": "bill", "CUT_OFF_RTN": "bill", "TEMP_SET": "bill", "TEMP_PULL": "bill", "DEV_SET": "bill"}


def _value(capture: Capture, place: Place) -> Any:
    same: dict[CaptureKind, Any] = {
        CaptureKind.SERIAL: place.serial,
        CaptureKind.READING: "001000",
        CaptureKind.READINGS: {"1": "001000"},
        CaptureKind.YES_NO: True,
        CaptureKind.NUMBER: capture.min or 1,
        CaptureKind.DATETIME: utc_now().isoformat(),
        CaptureKind.POSITION: {"longitude": -78.999, "latitude": 35.0, "accuracy_m": 4},
        CaptureKind.TEXT: f"{capture.label} as found",
    }
    return capture.choices[0].code if capture.choices else same[capture.kind]


def captures_of(code: str, place: Place, **changes: Any) -> dict[str, Any]:
    """What the type asks for, all of it sound; a lock has a number that no other has. None leaves a capture out."""
    found = {
        capture.name: _value(capture, place)
        for capture in load_catalogue()[code].captures
        if capture.required and capture.kind is not CaptureKind.PHOTO
    }
    if "lock_type" in found or "action" in found:
        found |= {"lock_type": "barrel", "lock_no": f"B-{next(_locks):04d}"}
    return {name: value for name, value in {**found, **changes}.items() if value is not None}


def done(
    town: Town, code: str, place: Place, *, at: datetime | None = None, by: str | None = None, **more: Any
) -> UUID:
    """An order of the type, done by tom; `order` in `more` are fields of the order, all others captures."""
    fields = more.pop("order", {})
    if code == "CUT_OFF_NP":
        delinquent(town, place)
    order = town.order(code, place, by=by or MAKER.get(code, "sue"), to="tom", **fields)
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("tom", tablet.tablet_id) as work:
        field_work.arrive(work, order)
        visit = Visit(outcome="DONE", captures=captures_of(code, place, **more), noted_at=at)
        field_work.complete(work, order, visit)
    return order


def photos(town: Town, order_id: UUID) -> None:
    """The photos that the order's type asks for were taken, and are here."""
    asked = [one for one in load_catalogue()[town.read_order(order_id).type_code].captures if one.required]
    for capture in asked:
        for _ in range(capture.count if capture.kind is CaptureKind.PHOTO else 0):
            photo = Attachment(
                id=new_id(), order_id=order_id, label=capture.name, media_type="image/jpeg", sha256="a" * 64, size=1,
                noted_at=utc_now(), stored_at=utc_now(), version=1,
            )  # fmt: skip
            town.add(photo)


def post(town: Town, order_id: UUID, by: str = "bill") -> None:
    """Posts an order whose photos are here, and carries out what it asked for."""
    photos(town, order_id)
    with town.work(by) as work:
        review.post(work, order_id)
    carry_out(town)
