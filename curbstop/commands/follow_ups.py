"""Orders that follow from another: made once, linked to it, with what was found there and its photos."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, service_orders, supervisor_tasks
from curbstop.commands.order_steps import load_type
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work
from curbstop.domain import follow_ups as rules
from curbstop.domain.actors import SYSTEM
from curbstop.domain.order_types import CaptureKind, OrderType
from curbstop.domain.problems import Problem
from curbstop.models.attachment import Attachment
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder

# A reading is taken anew, and a photo is carried as a photo.
_NOT_TOLD = (CaptureKind.READING, CaptureKind.READINGS, CaptureKind.PHOTO)
TASK = "follow_up_not_made"


def follow(work: Work, order: ServiceOrder, order_type: OrderType, code: str) -> ServiceOrder | None:
    """The order of type `code` that an order asks for; once, and never a second one.

    One of that type that is open at the place already is enough. Where none can be made, a supervisor is told why and
    what was asked for goes on. A type that somebody has to approve is made as a draft.
    """
    if _made(work, order, code):
        return None
    system = replace(work, actor=SYSTEM, authority=None)
    try:
        with work.session.begin_nested():
            made = service_orders.create(system, _new(work, order, order_type, code))
    except Problem as problem:
        _not_made(system, order, code, problem)
        return None
    carry_photos(work, order, made)
    return made


def carry_photos(work: Work, order: ServiceOrder, to: ServiceOrder) -> None:
    """The photos of the first visit that are here, for whoever goes next; their bytes are kept once."""
    there = select(Attachment).where(Attachment.order_id == order.id, Attachment.stored_at.is_not(None))
    copies = [
        Attachment(
            id=new_id(),
            order_id=to.id,
            tablet_id=photo.tablet_id,
            staff_id=photo.staff_id,
            # Not a capture's name: it is no photo of the visit that is to come.
            label=f"{order.number} {photo.label}"[:60],
            media_type=photo.media_type,
            sha256=photo.sha256,
            size=photo.size,
            noted_at=photo.noted_at,
            stored_at=photo.stored_at,
            created_at=work.at,
        )
        for photo in work.session.scalars(there.order_by(Attachment.id))
    ]
    if copies:
        work.session.add_all(copies)
        journal.changed_many(work, copies, "carry")


def told(order: ServiceOrder, order_type: OrderType) -> str:
    """What the next technician is told of an order."""
    return found_in_words(order, order_type, head=f"Follows {order.number} ({order_type.name}).")


def found_in_words(order: ServiceOrder, order_type: OrderType, *, head: str | None = None) -> str:
    """What a visit found: what was seen, not what was read, which is in the books."""
    labels = {one.name: one.label for one in order_type.captures if one.kind not in _NOT_TOLD and one.name != "notes"}
    notes = "\n".join(dict.fromkeys(filter(None, (order.notes, order.captures.get("notes")))))
    return rules.told(head or f"{order.number}: {order_type.name}.", order.captures, labels, notes)


def _new(work: Work, order: ServiceOrder, order_type: OrderType, code: str) -> NewOrder:
    return NewOrder(
        type_code=code,
        service_point_id=order.service_point_id,
        account_id=order.account_id,
        instructions=told(order, order_type),
        follows_id=order.id,
        access_issue_id=order.access_issue_id,
        source="system",
        draft=bool(load_type(work, code).approve_roles),
    )


def _made(work: Work, order: ServiceOrder, code: str) -> bool:
    there = select(ServiceOrder.id).where(ServiceOrder.follows_id == order.id, ServiceOrder.type_code == code)
    return work.session.scalar(there.limit(1)) is not None


def _not_made(system: Work, order: ServiceOrder, code: str, problem: Problem) -> None:
    if problem.code == "duplicate_open_order":
        open_one = UUID(problem.extra["order_id"])
        journal.audit(system, "follow", "service_order", open_one, after={"follows": order.number})
        return
    detail = f"{order.number} asks for a following {code}, and none could be made: {problem.detail}"
    supervisor_tasks.open_task(system, TASK, detail=detail, order_id=order.id, facts={"code": problem.code})
