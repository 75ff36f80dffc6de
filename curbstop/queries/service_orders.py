"""Reads service orders: the office's list of them, and the history of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Row, Select, String, and_, case, func, literal, null, or_, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES, OrderState
from curbstop.models.account import Account, Customer
from curbstop.models.base import UtcDateTime
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet
from curbstop.queries.page import Column, Page, PageRequest, fetch
from curbstop.queries.visible_orders import Sight, require_visible, sight, visible

_EVER = literal(datetime(9999, 12, 31, tzinfo=UTC), UtcDateTime)
_NEVER = literal(date(9999, 12, 31), Date)
SORTS: dict[str, Column] = {
    "number": ServiceOrder.number,
    "created_at": ServiceOrder.created_at,
    "updated_at": ServiceOrder.updated_at,
    "priority": ServiceOrder.priority,
    "due_at": func.coalesce(ServiceOrder.due_at, _EVER),
    # An order without a day comes after all others.
    "scheduled_on": func.coalesce(ServiceOrder.scheduled_on, _NEVER),
}
HISTORY_SORTS = {"recorded_at": OrderHistory.recorded_at}
# Done in the field, whatever the office still has to do about it.
DONE = (OrderState.COMPLETED, OrderState.RETURNED)
# What somebody has still to do.
WAITING = tuple(state for state in OPEN_STATES if state not in DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed to; an empty sequence or None narrows nothing. `number` is a beginning."""

    state: Sequence[str] = ()
    type_code: Sequence[str] = ()
    technician_id: UUID | None = None
    scheduled_from: date | None = None
    scheduled_to: date | None = None
    service_point_id: UUID | None = None
    account_id: UUID | None = None
    number: str | None = None
    open: bool | None = None
    late: bool | None = None


def find(
    session: Session, actor: Actor, page: PageRequest, filters: Filters, *, today: date, now: datetime
) -> Page[Row[Any]]:
    """A page of orders, as far as the actor may see them, with the place and the people by name.

    `late`: open, not done in the field, and past its day (scheduled, else requested), its window or the moment it was
    due; `today` is the utility's day at `now`. Problem(`invalid`) for an order type that there is not.
    """
    check_types(session, filters.type_code)
    late = is_late(today, now)
    statement = (
        select(
            *_COLUMNS,
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServicePoint.city,
            Staff.name.label("technician_name"),
            *customer_columns(sight(actor)),
            late.label("late"),
        )
        .join(ServicePoint, ServicePoint.id == ServiceOrder.service_point_id)
        .outerjoin(Account, Account.id == ServiceOrder.account_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .outerjoin(Staff, Staff.id == ServiceOrder.technician_id)
        .where(*visible(actor), *_conditions(filters, late))
    )
    return fetch(session, statement, page, SORTS, ServiceOrder.id)


def history(session: Session, actor: Actor, page: PageRequest, order_id: UUID) -> Page[Row[Any]]:
    """A page of what happened to an order, oldest first; Problem(`not_found`) for one that the actor may not see."""
    require_visible(session, actor, order_id)
    return fetch(session, history_of(order_id, sight(actor)), page, HISTORY_SORTS, OrderHistory.id)


def history_of(order_id: UUID, seen: Sight) -> Select[Any]:
    """The statement for an order's history with people and tablets by name."""
    technician = aliased(Staff)
    columns: list[Any] = [
        OrderHistory.id,
        OrderHistory.event,
        OrderHistory.from_state,
        OrderHistory.to_state,
        OrderHistory.staff_id,
        Staff.name.label("staff_name"),
        OrderHistory.tablet_id,
        Tablet.name.label("tablet_name"),
        OrderHistory.technician_id,
        technician.name.label("technician_name"),
        OrderHistory.op_id,
        OrderHistory.noted_at,
        OrderHistory.recorded_at,
    ]
    words = [OrderHistory.reason, OrderHistory.facts] if seen is not Sight.PLACE else nothing("reason", "facts")
    return (
        select(*columns, *words)
        .outerjoin(Staff, Staff.id == OrderHistory.staff_id)
        .outerjoin(technician, technician.id == OrderHistory.technician_id)
        .outerjoin(Tablet, Tablet.id == OrderHistory.tablet_id)
        .where(OrderHistory.order_id == order_id)
    )


def customer_columns(seen: Sight) -> list[ColumnElement[Any]]:
    """The account's number and the customer's name, as far as they may be seen."""
    if seen is Sight.PLACE:
        return nothing("account_number", "customer_name")
    name: Any = Customer.name
    if seen is Sight.FIELD:
        name = case((Customer.name_withheld.is_(True), null()), else_=Customer.name)
    return [Account.number.label("account_number"), name.label("customer_name")]


def nothing(*names: str) -> list[ColumnElement[Any]]:
    """Columns that are there and say nothing."""
    return [null().cast(String).label(name) for name in names]


def is_late(today: date, now: datetime) -> ColumnElement[bool]:
    """Open, not done in the field, and past its day, its window or the moment it was due."""
    day = func.coalesce(ServiceOrder.scheduled_on, ServiceOrder.requested_on, _NEVER)
    past = or_(
        day < today,
        and_(ServiceOrder.window_end.is_not(None), ServiceOrder.window_end < now),
        and_(ServiceOrder.due_at.is_not(None), ServiceOrder.due_at < now),
    )
    return and_(ServiceOrder.state.in_(WAITING), past)


def check_types(session: Session, wanted: Sequence[str]) -> None:
    """An empty list would read as: there is no such work."""
    if not wanted:
        return
    known = sorted(session.scalars(select(OrderTypeRow.code).distinct()))
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        detail = f"There is no order type {', '.join(unknown)}; there are {', '.join(known)}."
        raise Problem("invalid", detail, field="type_code", unknown=unknown, choices=known)


def _conditions(wanted: Filters, late: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    equal = {
        ServiceOrder.technician_id: wanted.technician_id,
        ServiceOrder.service_point_id: wanted.service_point_id,
        ServiceOrder.account_id: wanted.account_id,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if wanted.state:
        found.append(ServiceOrder.state.in_(wanted.state))
    if wanted.type_code:
        found.append(ServiceOrder.type_code.in_(wanted.type_code))
    if wanted.scheduled_from is not None:
        found.append(ServiceOrder.scheduled_on >= wanted.scheduled_from)
    if wanted.scheduled_to is not None:
        found.append(ServiceOrder.scheduled_on <= wanted.scheduled_to)
    if wanted.number:
        found.append(ServiceOrder.number.startswith(wanted.number.strip().upper(), autoescape=True))
    if wanted.open is not None:
        still_open = ServiceOrder.state.in_(OPEN_STATES)
        found.append(still_open if wanted.open else ~still_open)
    if wanted.late is not None:
        found.append(late if wanted.late else ~late)
    return found


_COLUMNS = (
    ServiceOrder.id,
    ServiceOrder.version,
    ServiceOrder.number,
    ServiceOrder.type_code,
    ServiceOrder.state,
    ServiceOrder.priority,
    ServiceOrder.service_point_id,
    ServiceOrder.account_id,
    ServiceOrder.technician_id,
    ServiceOrder.requested_on,
    ServiceOrder.scheduled_on,
    ServiceOrder.place,
    ServiceOrder.window_start,
    ServiceOrder.window_end,
    ServiceOrder.due_at,
    ServiceOrder.attempt_no,
    ServiceOrder.outcome,
    ServiceOrder.flags,
    ServiceOrder.created_at,
    ServiceOrder.updated_at,
)
