"""Reads a service point's timeline: orders, readings, meters, access issues, photos and edits, merged by the database.

One statement a page: a UNION of what each table knows of the place, newest first, continued behind a key.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, String, Uuid, case, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue
from curbstop.models.account import Account, Customer
from curbstop.models.attachment import Attachment
from curbstop.models.audit import AuditEntry
from curbstop.models.base import Json
from curbstop.models.meter import Installation, Meter, Register
from curbstop.models.reading import Reading
from curbstop.models.route import StopVisit
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.queries import customers
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.queries.visible_orders import Sight, sight, visible

# What a line can be of; each has its own events.
KINDS = ("order", "reading", "meter", "access_issue", "stop", "photo", "edit")
# Newest first is what a page of it means.
NEWEST_FIRST = "-at"


def find(
    session: Session, actor: Actor, page: PageRequest, service_point_id: UUID, *, kinds: tuple[str, ...] = ()
) -> Page[dict[str, Any]]:
    """A page of what happened at the place, newest first, as far as the actor may see it; `kinds` narrows it.

    Each line: `at` (when it happened, never later than the server heard of it), `kind`, `event`, `entity_id`, `label`
    (an order's number and type, a meter's serial, a reading's digits), the order and the person concerned, the
    `reason` that was given, a visit's `outcome`, `recorded_at` (when the server heard of it), when that order is due
    and its appointment, and for an edit the names of the `fields` that changed. Problem(`not_found`).
    """
    require(actor, Action.VIEW_NETWORK)
    if session.scalar(select(ServicePoint.id).where(ServicePoint.id == service_point_id)) is None:
        raise Problem("not_found", f"There is no service point with id {service_point_id}.")
    parts = _parts(actor, service_point_id, frozenset(kinds or KINDS))
    if not parts:
        return Page([], None)
    lines = union_all(*parts).subquery("lines")
    statement: Select[Any] = (
        select(
            lines,
            ServiceOrder.number.label("order_number"),
            ServiceOrder.due_at,
            ServiceOrder.window_start,
            ServiceOrder.window_end,
            Staff.name.label("staff_name"),
        )
        .outerjoin(ServiceOrder, ServiceOrder.id == lines.c.order_id)
        .outerjoin(Staff, Staff.id == lines.c.staff_id)
    )
    found = fetch(session, statement, replace(page, sort=NEWEST_FIRST), {"at": lines.c.at}, lines.c.key)
    with_names = not _sees_places_only(actor)
    return Page([_line(row, with_names=with_names) for row in found.items], found.after)


def _line(row: Row[Any], *, with_names: bool) -> dict[str, Any]:
    line = row._asdict()
    changed = line.pop("changed")
    nobody = {} if with_names else {"staff_id": None, "staff_name": None, "reason": None}
    if line["kind"] == "reading":
        line["label"] = _digits(line["label"])
    return {**line, **nobody, "fields": sorted(changed) if changed else []}


def _digits(label: str) -> str:
    """ "1042 GAL", whichever way the database writes a number."""
    value, unit = label.split(" ", 1)
    text = f"{Decimal(value):f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def _sees_orders(actor: Actor) -> bool:
    return may(actor, Action.VIEW_ALL_ORDERS) or may(actor, Action.VIEW_OWN_ORDERS)


def _sees_places_only(actor: Actor) -> bool:
    return _sees_orders(actor) and sight(actor) is Sight.PLACE


def _parts(actor: Actor, point: UUID, kinds: frozenset[str]) -> list[Select[Any]]:
    """What each table knows of the place, all of the same columns."""
    parts: list[Select[Any]] = []
    if "reading" in kinds:
        parts.append(_readings(point))
    if "meter" in kinds:
        parts += [_installations(point, "installed"), _installations(point, "removed")]
    if "stop" in kinds:
        parts.append(_stops(point))
    if "order" in kinds and _sees_orders(actor):
        parts.append(_orders(actor, point))
    if "photo" in kinds and _sees_orders(actor) and not _sees_places_only(actor):
        parts += _photos(actor, point)
    if "access_issue" in kinds and may(actor, Action.VIEW_ACCESS_ISSUES):
        parts += [_access_issues(point, "reported"), _access_issues(point, "cleared")]
    if "edit" in kinds:
        parts += _edits(actor, point)
    return parts


def _columns(
    kind: str,
    event: Any,
    entity_id: Any,
    at: Any,
    *,
    label: Any = None,
    order_id: Any = None,
    staff_id: Any = None,
    reason: Any = None,
    outcome: Any = None,
    recorded_at: Any = None,
    changed: Any = None,
    line_id: Any = None,
) -> tuple[ColumnElement[Any], ...]:
    said = literal(event, String) if isinstance(event, str) else cast(event, String)
    return (
        # An installation is two lines, an edited row many: `line_id`, or else the row with its event, tells them apart.
        (literal(f"{kind}/", String) + said + "/" + cast(entity_id if line_id is None else line_id, String)).label(
            "key"
        ),
        at.label("at"),
        literal(kind, String).label("kind"),
        said.label("event"),
        entity_id.label("entity_id"),
        (cast(null(), String) if label is None else cast(label, String)).label("label"),
        (cast(null(), Uuid) if order_id is None else order_id).label("order_id"),
        (cast(null(), Uuid) if staff_id is None else staff_id).label("staff_id"),
        (cast(null(), String) if reason is None else cast(reason, String)).label("reason"),
        (cast(null(), String) if outcome is None else cast(outcome, String)).label("outcome"),
        (at if recorded_at is None else recorded_at).label("recorded_at"),
        (cast(null(), Json) if changed is None else changed).label("changed"),
    )


def _happened(noted_at: Any, recorded_at: Any) -> ColumnElement[Any]:
    """By whoever noted it, but a clock that is ahead does not make a future."""
    return case((noted_at < recorded_at, noted_at), else_=recorded_at)


def _orders(actor: Actor, point: UUID) -> Select[Any]:
    return (
        select(
            *_columns(
                "order",
                OrderHistory.event,
                OrderHistory.id,
                _happened(OrderHistory.noted_at, OrderHistory.recorded_at),
                label=ServiceOrder.type_code + " " + OrderHistory.to_state,
                order_id=ServiceOrder.id,
                staff_id=OrderHistory.staff_id,
                reason=OrderHistory.reason,
                outcome=OrderHistory.facts["outcome"].as_string(),
                recorded_at=OrderHistory.recorded_at,
            )
        )
        .join(ServiceOrder, ServiceOrder.id == OrderHistory.order_id)
        .where(ServiceOrder.service_point_id == point, *visible(actor))
    )


def _readings(point: UUID) -> Select[Any]:
    digits = cast(Reading.value, String) + " " + Register.unit
    return (
        select(
            *_columns(
                "reading",
                Reading.kind,
                Reading.id,
                _happened(Reading.noted_at, Reading.recorded_at),
                label=digits,
                order_id=Reading.order_id,
                recorded_at=Reading.recorded_at,
            )
        )
        .join(Register, Register.id == Reading.register_id)
        .where(Reading.service_point_id == point)
    )


def _installations(point: UUID, event: str) -> Select[Any]:
    at = Installation.installed_at if event == "installed" else Installation.removed_at
    # The order is the one that installed it; another took it out.
    order_id = Installation.order_id if event == "installed" else None
    return (
        select(*_columns("meter", event, Installation.id, at, label=Meter.serial, order_id=order_id))
        .join(Meter, Meter.id == Installation.meter_id)
        .where(Installation.service_point_id == point, at.is_not(None))
    )


def _access_issues(point: UUID, event: str) -> Select[Any]:
    at = AccessIssue.first_seen_at if event == "reported" else AccessIssue.cleared_at
    staff_id = AccessIssue.reported_by_id if event == "reported" else None
    columns = _columns("access_issue", event, AccessIssue.id, at, label=AccessIssue.category, staff_id=staff_id)
    return select(*columns).where(AccessIssue.service_point_id == point, at.is_not(None))


def _stops(point: UUID) -> Select[Any]:
    """Skips only: a stop that was read shows by its readings."""
    return select(
        *_columns(
            "stop",
            StopVisit.kind,
            StopVisit.id,
            _happened(StopVisit.noted_at, StopVisit.recorded_at),
            label=StopVisit.skip_code,
            staff_id=StopVisit.technician_id,
            recorded_at=StopVisit.recorded_at,
        )
    ).where(StopVisit.service_point_id == point, StopVisit.kind == "skip")


def _photos(actor: Actor, point: UUID) -> list[Select[Any]]:
    """Those of orders that the actor sees, and of access issues by who sees these.

    Two parts, because a planner that meets an OR of two tables reads all photos there are.
    """
    event = case((Attachment.stored_at.is_(None), "declared"), else_="stored")
    at = _happened(Attachment.noted_at, Attachment.created_at)
    columns = _columns(
        "photo",
        event,
        Attachment.id,
        at,
        label=Attachment.label,
        order_id=Attachment.order_id,
        recorded_at=Attachment.created_at,
    )
    parts = [
        select(*columns)
        .join(ServiceOrder, ServiceOrder.id == Attachment.order_id)
        .where(ServiceOrder.service_point_id == point, *visible(actor))
    ]
    if may(actor, Action.VIEW_ACCESS_ISSUES):
        of_issue = select(*columns).join(AccessIssue, AccessIssue.id == Attachment.access_issue_id)
        parts.append(of_issue.where(AccessIssue.service_point_id == point, Attachment.order_id.is_(None)))
    return parts


def _edits(actor: Actor, point: UUID) -> list[Select[Any]]:
    """Of the place, and of its accounts for those who see customers; by the names of fields, without their values."""
    columns = _columns(
        "edit",
        AuditEntry.action,
        AuditEntry.entity_id,
        AuditEntry.recorded_at,
        label=AuditEntry.entity_type,
        staff_id=AuditEntry.staff_id,
        changed=AuditEntry.after,
        line_id=AuditEntry.id,
    )
    parts = [select(*columns).where(AuditEntry.entity_type == "service_point", AuditEntry.entity_id == point)]
    if may(actor, Action.VIEW_CUSTOMERS):
        of_account = select(*columns).join(Account, Account.id == AuditEntry.entity_id)
        parts.append(
            of_account.where(
                AuditEntry.entity_type == "account",
                Account.service_point_id == point,
                Account.customer_id.in_(select(Customer.id).where(*customers.visible(actor))),
            )
        )
    return parts
