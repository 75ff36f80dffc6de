"""Reads one service order whole: the place, the people, its history, photos and conflicts, in four statements."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, may
from curbstop.domain.service_orders import OrderState, possible
from curbstop.models.access_issue import AccessIssue
from curbstop.models.account import Account, Customer
from curbstop.models.conflict import Conflict
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from curbstop.queries import attachments
from curbstop.queries.service_orders import customer_columns, history_of
from curbstop.queries.visible_orders import Sight, no_such_order, sight, visible

# An order that was sent back and forth more often than this shows its latest events; the history has all.
LATEST = 200
# What is no place: people's words and what was captured in somebody's house.
_PERSONAL = ("account_id", "instructions", "captures", "notes", "reason")


@dataclass(frozen=True, slots=True)
class Photos:
    """What a tablet said it took, and how much of it is here: "3 of 5 photos here"."""

    declared: int
    stored: int
    items: list[Any]
    waiting: list["OnTablet"]


@dataclass(frozen=True, slots=True)
class OnTablet:
    """Photos that have not arrived: "3 of 5 photos still on Truck 12"."""

    tablet_id: UUID | None
    tablet_name: str | None
    declared: int
    waiting: int


def get(session: Session, actor: Actor, order_id: UUID) -> dict[str, Any]:
    """Everything about an order that the actor may see; Problem(`not_found`) for one that the actor may not."""
    seen = sight(actor)
    row = _order(session, actor, order_id, seen)
    order: ServiceOrder = row["ServiceOrder"]
    withheld = set(_PERSONAL) if seen is Sight.PLACE else set()
    detail = {c.key: None if c.key in withheld else getattr(order, c.key) for c in ServiceOrder.__table__.columns}
    latest = history_of(order_id, seen).order_by(OrderHistory.recorded_at.desc(), OrderHistory.id.desc())
    return {
        **detail,
        "type_name": row["type_definition"]["name"] if row["type_definition"] else order.type_code,
        "possible": [event.value for event in possible(OrderState(order.state))],
        "technician_name": row["technician_name"],
        "completed_by_name": row["completed_by_name"],
        "created_by_name": row["created_by_name"],
        "posted_by_name": row["posted_by_name"],
        "access_issue_state": row["access_issue_state"],
        "service_point": _place(row["ServicePoint"]),
        "customer": _customer(row, seen),
        "history": list(reversed(session.execute(latest.limit(LATEST)).all())),
        "photos": _photos(session, order_id, seen),
        "conflicts": _conflicts(session, actor, order_id, seen),
    }


def _order(session: Session, actor: Actor, order_id: UUID, seen: Sight) -> dict[str, Any]:
    done, made, posted = aliased(Staff), aliased(Staff), aliased(Staff)
    row = (
        session.execute(
            select(
                ServiceOrder,
                ServicePoint,
                OrderTypeRow.definition.label("type_definition"),
                Staff.name.label("technician_name"),
                done.name.label("completed_by_name"),
                made.name.label("created_by_name"),
                posted.name.label("posted_by_name"),
                AccessIssue.state.label("access_issue_state"),
                Account.status.label("account_status"),
                Customer.id.label("customer_id"),
                Customer.phone,
                Customer.email,
                Customer.language,
                Customer.name_withheld,
                *customer_columns(seen),
            )
            .join(ServicePoint, ServicePoint.id == ServiceOrder.service_point_id)
            .outerjoin(
                OrderTypeRow,
                (OrderTypeRow.code == ServiceOrder.type_code) & (OrderTypeRow.version == ServiceOrder.type_version),
            )
            .outerjoin(Account, Account.id == ServiceOrder.account_id)
            .outerjoin(Customer, Customer.id == Account.customer_id)
            .outerjoin(AccessIssue, AccessIssue.id == ServiceOrder.access_issue_id)
            .outerjoin(Staff, Staff.id == ServiceOrder.technician_id)
            .outerjoin(done, done.id == ServiceOrder.completed_by_id)
            .outerjoin(made, made.id == ServiceOrder.created_by_id)
            .outerjoin(posted, posted.id == ServiceOrder.posted_by_id)
            .where(ServiceOrder.id == order_id, *visible(actor))
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise no_such_order(order_id)
    return dict(row)


def _place(point: ServicePoint) -> dict[str, Any]:
    """The service point without its secrets; that there is a gate code is all that is said of it."""
    where = point_of(bytes(point.location.data)) if point.location is not None else (None, None)
    return {
        "id": point.id,
        "number": point.number,
        "address": point.address,
        "city": point.city,
        "state": point.state,
        "zip": point.zip,
        "longitude": where[0],
        "latitude": where[1],
        "physical_state": point.physical_state,
        "access_notes": point.access_notes,
        "read_instructions": point.read_instructions,
        "hazards": point.hazards,
        "has_gate_code": point.gate_code_sealed is not None,
    }


def _customer(row: dict[str, Any], seen: Sight) -> dict[str, Any] | None:
    """Name and account for the field; also how to reach the customer for the office; nothing for those who map."""
    if seen is Sight.PLACE or row["account_number"] is None:
        return None
    whole = seen is Sight.OFFICE
    return {
        "id": row["customer_id"] if whole else None,
        "account_number": row["account_number"],
        "account_status": row["account_status"],
        "name": row["customer_name"],
        "name_withheld": bool(row["name_withheld"]),
        "phone": row["phone"] if whole else None,
        "email": row["email"] if whole else None,
        "language": row["language"],
    }


def _photos(session: Session, order_id: UUID, seen: Sight) -> Photos:
    if seen is Sight.PLACE:
        return Photos(0, 0, [], [])
    rows = list(session.execute(attachments.of_order(order_id)).all())
    return Photos(len(rows), sum(1 for row in rows if row.stored), rows, _on_tablets(rows))


def _on_tablets(rows: list[Any]) -> list[OnTablet]:
    """By tablet, those only that have something left; a photo that was waived is not waited for."""
    declared = Counter((row.tablet_id, row.tablet_name) for row in rows)
    left = Counter((row.tablet_id, row.tablet_name) for row in rows if not row.stored and row.waived_at is None)
    return [OnTablet(*tablet, declared[tablet], count) for tablet, count in left.items()]


def _conflicts(session: Session, actor: Actor, order_id: UUID, seen: Sight) -> list[Any]:
    """Work on the order that arrived and was parked, the open ones first."""
    if seen is Sight.PLACE or not may(actor, Action.VIEW_CONFLICTS):
        return []
    parked = (
        select(Conflict.id, Conflict.code, Conflict.detail, Conflict.state, Conflict.created_at, Conflict.resolved_at)
        .where(Conflict.order_id == order_id)
        .order_by(Conflict.resolved_at.is_not(None), Conflict.created_at, Conflict.id)
        .limit(LATEST)
    )
    return list(session.execute(parked).all())
