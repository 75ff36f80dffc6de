"""Reads what changed of orders since somebody was told last, for the office's live streams."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.models.change_log import OFFICE, ChangeHorizon, ChangeLog, SyncHistory
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.queries.visible_orders import own_people


def history(session: Session) -> str:
    """Which history the change log's numbers belong to: a restored backup has another one."""
    found = session.scalar(select(SyncHistory.history_id))
    # The end of it is chance, its beginning is the time.
    return found.hex[-8:] if found is not None else ""


def newest(session: Session) -> int:
    """The number of the newest change of all."""
    return session.scalar(select(func.max(ChangeLog.seq))) or 0


def after(session: Session, history: str, last: str | None, most: int) -> int | None:
    """The number in an event's id, where this history still knows all that came behind it."""
    of, _, number = (last or "").partition(".")
    if of != history or not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    horizon = session.scalar(select(ChangeHorizon.seq).where(ChangeHorizon.bucket == OFFICE)) or 0
    return int(number) if horizon <= int(number) <= most else None


def changed(session: Session, behind: int, limit: int) -> Sequence[Row[Any]]:
    """Each order that changed behind a number, with its last change and as it is now: of one moment, in one statement.

    In the order of those last changes: whoever was told up to one of them was told of all before it.
    """
    last = (
        select(ChangeLog.entity_type, ChangeLog.entity_id, func.max(ChangeLog.seq).label("seq"))
        .where(ChangeLog.bucket == OFFICE, ChangeLog.seq > behind)
        .group_by(ChangeLog.entity_type, ChangeLog.entity_id)
        .subquery("last")
    )
    statement: Any = (
        select(
            last.c.seq, last.c.entity_type, last.c.entity_id, ServiceOrder.version, ServiceOrder.state,
            ServiceOrder.technician_id, ServiceOrder.scheduled_on, ServiceOrder.due_at, ServiceOrder.completed_by_id,
            ServiceOrder.created_by_id,
        )
        .outerjoin(ServiceOrder, ServiceOrder.id == last.c.entity_id)
        .order_by(last.c.seq)
        .limit(limit)
    )  # fmt: skip
    return session.execute(statement).all()


def visible_of(session: Session, actor: Actor, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """What the actor may see of them; of one that was theirs and is no more, only that it is gone."""
    people = own_people(session, actor)
    if people is None:
        return [_line(row) for row in rows]
    told, others = {}, []
    for row in rows:
        if {row.technician_id, row.completed_by_id} & people or row.created_by_id == actor.staff_id:
            told[row.entity_id] = _line(row)
        else:
            others.append(row.entity_id)
    told |= {order_id: {"id": str(order_id), "gone": True} for order_id in _were_theirs(session, others, people)}
    return [told[row.entity_id] for row in rows if row.entity_id in told]


def _were_theirs(session: Session, ids: Collection[UUID], people: Collection[UUID | None]) -> set[UUID]:
    if not ids:
        return set()
    had = select(OrderHistory.order_id).where(OrderHistory.order_id.in_(ids), OrderHistory.technician_id.in_(people))
    return set(session.scalars(had.distinct()))


def _line(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": str(row.entity_id),
        "version": row.version,
        "state": row.state,
        "technician_id": str(row.technician_id) if row.technician_id else None,
        "scheduled_on": row.scheduled_on.isoformat() if row.scheduled_on else None,
        "due_at": row.due_at.isoformat().replace("+00:00", "Z") if row.due_at else None,
        "gone": False,
    }
