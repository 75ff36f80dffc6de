"""Reads photos: what was declared for an order, what of it has arrived, and who may look at one."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.models.attachment import Attachment, Thumbnail, Upload
from curbstop.models.base import utc_now
from curbstop.models.service_order import ServiceOrder
from curbstop.models.tablet import Tablet
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.queries.tablets import syncing
from curbstop.queries.visible_orders import Sight, sight, visible


def of_order(order_id: UUID) -> Select[Any]:
    """The statement for an order's photos, in the order in which they were taken."""
    return select(*_COLUMNS).where(Attachment.order_id == order_id).order_by(Attachment.noted_at, Attachment.id)


def get(session: Session, actor: Actor, attachment_id: UUID) -> Row[Any]:
    """One photo's declaration, or Problem(`not_found`), also for one that the actor may not see.

    A photo is seen with its order or with its access issue; where only places are seen, it is not.
    """
    found = session.execute(
        select(*_COLUMNS)
        .outerjoin(ServiceOrder, ServiceOrder.id == Attachment.order_id)
        .where(Attachment.id == attachment_id, or_(*_reached(actor)))
    ).one_or_none()
    if found is None:
        raise Problem("not_found", f"There is no photo with id {attachment_id}.")
    return found


def thumbnail(session: Session, actor: Actor, attachment_id: UUID) -> Thumbnail:
    """A photo's small picture, or Problem(`not_found`); whoever sees the photo sees it."""
    get(session, actor, attachment_id)
    row = session.get(Thumbnail, attachment_id)
    if row is None:
        raise Problem("not_found", "There is no small picture of this photo yet.")
    return row


def waiting(
    session: Session, actor: Actor, page: PageRequest, *, order_id: UUID | None = None, tablet_id: UUID | None = None
) -> Page[Any]:
    """What is still on tablets, a row for each order (or access issue) and tablet: "3 of 5 photos still on Truck 12".

    The oldest first. Photos that were waived are not waited for.
    """
    of_group = aliased(Attachment)
    same = and_(
        of_group.tablet_id == Attachment.tablet_id,
        or_(
            of_group.order_id == Attachment.order_id,
            and_(Attachment.order_id.is_(None), of_group.access_issue_id == Attachment.access_issue_id),
        ),
    )
    # The oldest photo that is waited for stands for its group.
    earlier = tuple_(of_group.noted_at, of_group.id) < tuple_(Attachment.noted_at, Attachment.id)
    first = ~select(of_group.id).where(same, _is_awaited(of_group), earlier).exists()

    def counted(what: Any, *conditions: ColumnElement[bool]) -> Any:
        return select(what).where(same, *conditions).correlate(Attachment).scalar_subquery()

    statement = (
        select(
            Attachment.order_id,
            ServiceOrder.number.label("order_number"),
            Attachment.access_issue_id,
            Attachment.tablet_id,
            Tablet.name.label("tablet_name"),
            Tablet.last_seen_at,
            counted(func.count()).label("declared"),
            counted(func.count(), _is_awaited(of_group)).label("waiting"),
            counted(func.coalesce(func.sum(of_group.size), 0), _is_awaited(of_group)).label("bytes"),
            Attachment.noted_at.label("oldest_at"),
        )
        .join(Tablet, Tablet.id == Attachment.tablet_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == Attachment.order_id)
        .where(_is_awaited(Attachment), first, or_(*_reached(actor)))
    )
    if order_id is not None:
        statement = statement.where(Attachment.order_id == order_id)
    if tablet_id is not None:
        statement = statement.where(Attachment.tablet_id == tablet_id)
    return fetch(session, statement, page, {"oldest_at": Attachment.noted_at}, Attachment.id)


def _is_awaited(photo: Any) -> ColumnElement[bool]:
    return and_(photo.stored_at.is_(None), photo.waived_at.is_(None))


def mine(session: Session, actor: Actor, attachment_id: UUID) -> Attachment:
    """A photo that this very tablet declared, or this person on another one, or Problem(`not_found`).

    The person counts because a tablet that was set up anew is another tablet to the office.
    """
    tablet_id = syncing(actor)
    row = session.get(Attachment, attachment_id)
    if row is None or (row.tablet_id != tablet_id and row.staff_id != actor.staff_id):
        raise Problem("not_found", f"This tablet has declared no attachment {attachment_id}.")
    return row


def to_rescue(session: Session, actor: Actor, attachment_id: UUID) -> Attachment:
    """A declared photo of any tablet, whose bytes a supervisor brings in, or Problem(`forbidden`, `not_found`)."""
    require(actor, Action.RESCUE_WORK)
    if actor.tablet_id is not None:
        raise Problem("forbidden", "A rescue is done in the office, not on a tablet.", action=Action.RESCUE_WORK.value)
    row = session.get(Attachment, attachment_id)
    if row is None:
        raise Problem(
            "not_found",
            f"No attachment {attachment_id} is declared. Bring in the tablet's ops first, and apply what is parked.",
        )
    return row


def upload(session: Session, attachment_id: UUID, *, stored: bool) -> Upload | None:
    """A photo's upload; None when it came without one. Problems: not_found, upload_expired, unless it is stored."""
    row = session.get(Upload, attachment_id)
    if stored:
        return row
    if row is None:
        raise Problem("not_found", "No upload was created for this photo yet.")
    if row.expires_at <= utc_now():
        raise Problem("upload_expired")
    return row


def _reached(actor: Actor) -> list[Any]:
    reached: list[Any] = []
    if may(actor, Action.VIEW_ACCESS_ISSUES):
        reached.append(Attachment.access_issue_id.is_not(None))
    if may(actor, Action.VIEW_OWN_ORDERS) and sight(actor) is not Sight.PLACE:
        conditions = visible(actor)
        reached.append(ServiceOrder.id.is_not(None) if not conditions else conditions[0])
    if not reached:
        require(actor, Action.VIEW_OWN_ORDERS)
    return reached


_COLUMNS: list[Any] = [
    Attachment.id,
    Attachment.order_id,
    Attachment.access_issue_id,
    Attachment.label,
    Attachment.media_type,
    Attachment.sha256,
    Attachment.size,
    Attachment.noted_at,
    Attachment.stored_at,
    Attachment.stored_at.is_not(None).label("stored"),
    Attachment.tablet_id,
    select(Tablet.name).where(Tablet.id == Attachment.tablet_id).scalar_subquery().label("tablet_name"),
    select(Thumbnail.attachment_id).where(Thumbnail.attachment_id == Attachment.id).exists().label("has_thumbnail"),
    Attachment.waived_at,
    Attachment.waived_by_id,
    Attachment.waive_reason,
]
