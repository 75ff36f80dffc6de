"""Reads conflicts: work that arrived and waits for somebody to settle it, with both sides and what to do."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.conflicts import suggest
from curbstop.domain.moments import as_text
from curbstop.domain.order_types import OrderType
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.conflict import Conflict
from curbstop.models.op_ledger import OpLedger
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"created_at": Conflict.created_at}
# A chain longer than this shows its latest ops.
LATEST = 200
_ORDER = ("state", "version", "outcome", "captures", "notes", "flags", "reason", "recalled_at", "completed_at")
_PLACE = ("version", "access_notes", "read_instructions", "hazards", "address", "physical_state")


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    state: str | None = None,
    code: str | None = None,
    order_id: UUID | None = None,
    staff_id: UUID | None = None,
) -> Page[Row[Any]]:
    """A page of conflicts, as far as the actor may see them; `staff_id` is whose work it is.

    Those of an order whose creation is parked itself are found by its id too.
    """
    statement = _statement().where(*_visible(actor))
    wanted = {Conflict.state: state, Conflict.code: code, OpLedger.staff_id: staff_id}
    statement = statement.where(*(column == value for column, value in wanted.items() if value is not None))
    if order_id is not None:
        about = and_(Conflict.order_id.is_(None), OpLedger.aggregate == f"service_order/{order_id}")
        statement = statement.where(or_(Conflict.order_id == order_id, about))
    return fetch(session, statement, page, SORTS, Conflict.id)


def get(session: Session, actor: Actor, conflict_id: UUID) -> dict[str, Any]:
    """One conflict whole, or Problem(`not_found`), also for one that the actor may not see.

    `theirs` is what is there now, `theirs_then` what was there when it was parked; `chain` are the ops of all tablets
    on the same thing, oldest first; `content` is the op as it came, letter by letter.
    """
    statement = _statement().add_columns(OpLedger.raw).where(Conflict.id == conflict_id, *_visible(actor))
    row = session.execute(statement).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no conflict with id {conflict_id}.")
    found = row._asdict()
    present, changes_the_ground = _present(session, row)
    suggestion = suggest(row.code, row.kind, present, changes_the_ground=changes_the_ground)
    return {
        **found,
        "theirs": present or {},
        "content": bytes(found.pop("raw")).decode("utf-8", "replace"),
        "chain": _chain(session, row),
        "suggestion": {"resolution": suggestion.resolution.value, "reason": suggestion.reason},
    }


def _present(session: Session, row: Row[Any]) -> tuple[dict[str, Any] | None, bool]:
    """What the conflict is about as it is now, and whether such an order changes something in the ground."""
    kind, _, _ = (row.aggregate or "").partition("/")
    if row.order_id is not None:
        order = session.get_one(ServiceOrder, row.order_id)
        definition = session.scalar(
            select(OrderTypeRow.definition).where(
                OrderTypeRow.code == order.type_code, OrderTypeRow.version == order.type_version
            )
        )
        technician = session.get(Staff, order.technician_id) if order.technician_id is not None else None
        found = {name: _written(getattr(order, name)) for name in _ORDER}
        found |= {
            "technician_id": order.technician_id,
            "technician_name": technician.name if technician is not None else None,
        }
        return found, definition is not None and OrderType.from_json(definition).changes_the_ground
    if kind == "service_order" or row.service_point_id is None:
        return None, False
    point = session.get_one(ServicePoint, row.service_point_id)
    where = point_of(bytes(point.location.data)) if point.location is not None else None
    location = {"longitude": where[0], "latitude": where[1]} if where is not None else None
    return {**{name: getattr(point, name) for name in _PLACE}, "location": location}, False


def _written(value: Any) -> Any:
    """What stands in free JSON is written by nobody else."""
    return as_text(value) if isinstance(value, datetime) else value


def _chain(session: Session, row: Row[Any]) -> list[Row[Any]]:
    if row.aggregate is None:
        return []
    latest = (
        select(
            OpLedger.op_id,
            OpLedger.n,
            OpLedger.kind,
            OpLedger.verdict,
            OpLedger.answer["code"].as_string().label("code"),
            OpLedger.staff_id,
            Staff.name.label("staff_name"),
            Tablet.name.label("tablet_name"),
            OpLedger.noted_at,
            OpLedger.received_at,
        )
        .join(Staff, Staff.id == OpLedger.staff_id)
        .join(Tablet, Tablet.id == OpLedger.tablet_id)
        .where(OpLedger.aggregate == row.aggregate)
        .order_by(OpLedger.received_at.desc(), OpLedger.n.desc(), OpLedger.op_id.desc())
        .limit(LATEST)
    )
    return list(reversed(session.execute(latest).all()))


def _statement() -> Select[Any]:
    resolver = aliased(Staff)
    hidden = {"updated_at", "theirs"}
    return (
        select(
            *(getattr(Conflict, c.key) for c in Conflict.__table__.columns if c.key not in hidden),
            Conflict.theirs.label("theirs_then"),
            OpLedger.kind,
            OpLedger.aggregate,
            OpLedger.noted_at,
            OpLedger.received_at,
            OpLedger.staff_id,
            Staff.name.label("staff_name"),
            Tablet.name.label("tablet_name"),
            ServiceOrder.number.label("order_number"),
            ServicePoint.address,
            resolver.name.label("resolved_by_name"),
        )
        .join(OpLedger, OpLedger.op_id == Conflict.op_id)
        .join(Staff, Staff.id == OpLedger.staff_id)
        .join(Tablet, Tablet.id == OpLedger.tablet_id)
        .outerjoin(resolver, resolver.id == Conflict.resolved_by_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == Conflict.order_id)
        .outerjoin(ServicePoint, ServicePoint.id == Conflict.service_point_id)
    )


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    granted = require(actor, Action.VIEW_CONFLICTS)
    if Grant.YES in granted:
        return []
    seen: list[ColumnElement[bool]] = []
    if Grant.CREW in granted:
        crew = select(Staff.id).where(or_(Staff.id == actor.staff_id, Staff.crew_lead_id == actor.staff_id))
        seen.append(OpLedger.staff_id.in_(crew))
    if Grant.GEO_ONLY in granted:
        seen.append(Conflict.code == "needs_gis")
    return [or_(*seen)]
