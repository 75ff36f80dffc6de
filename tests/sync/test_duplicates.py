"""Another op with the same meaning is `duplicate`, never a second effect; one that differs is for the office."""

from typing import Any

from sqlalchemy import select

from curbstop.models import Attachment, OrderHistory, ServiceOrder
from curbstop.models.ids import new_id
from tests.sync.model_tablet import ModelTablet, cut_off
from tests.town import Town


def one(tablet: ModelTablet, op: dict[str, Any]) -> tuple[str, str | None]:
    [answer] = tablet.push(op)
    return answer["verdict"], answer.get("code")


def test_an_order_made_again_under_its_id_is_a_duplicate_and_another_one_is_parked(town: Town) -> None:
    """Clause 10.13."""
    place = town.place()
    town.order("READ_RE", place, to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    made = new_id()
    args = {"order_id": str(made), "type_code": "GEN", "service_point_id": str(place.id), "instructions": "Lid."}
    assert one(toms, toms.order_op("order.create", made, args)) == ("applied", None)
    assert one(toms, toms.order_op("order.create", made, args)) == ("duplicate", None)
    assert one(toms, toms.order_op("order.create", made, {**args, "instructions": "Other."})) == ("parked", "conflict")
    assert len(town.all(select(ServiceOrder).where(ServiceOrder.id == made))) == 1


def test_a_completion_brought_back_again_by_its_doer_is_a_duplicate(town: Town) -> None:
    """Clause 10.13, I3: one effect; other captures or another person are a conflict."""
    place = town.place()
    order = town.order("CUT_OFF_REQ", place, to="tom")
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    done = cut_off(place)
    assert one(toms, toms.order_op("order.complete", order, done)) == ("applied", None)
    assert one(toms, toms.order_op("order.complete", order, done)) == ("duplicate", None)
    other = {**done, "captures": {**done["captures"], "read": "1012"}}
    assert one(toms, toms.order_op("order.complete", order, other)) == ("parked", "duplicate_completion")
    assert one(tesss, tesss.order_op("order.complete", order, done)) == ("parked", "duplicate_completion")
    assert len(town.all(select(OrderHistory).where(OrderHistory.event == "complete"))) == 1


def test_a_photo_declared_again_is_a_duplicate(town: Town) -> None:
    """Clause 10.13."""
    order = town.order("GEN", town.place(), to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    args = {
        "attachment_id": str(new_id()), "order_id": str(order), "label": "photo", "media_type": "image/jpeg",
        "sha256": "0" * 64, "size": 10,
    }  # fmt: skip
    assert one(toms, toms.order_op("attachment.declare", order, args)) == ("applied", None)
    assert one(toms, toms.order_op("attachment.declare", order, args)) == ("duplicate", None)
    assert one(toms, toms.order_op("attachment.declare", order, {**args, "size": 11})) == ("parked", "conflict")
    assert len(town.all(select(Attachment))) == 1
