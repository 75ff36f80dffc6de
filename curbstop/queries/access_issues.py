"""Reads access issues: what keeps technicians from which meters, what is due, what stopped and why."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from curbstop.domain.access_issues import OPEN_STATES, WAITS_FOR_CUSTOMER, AccessState
from curbstop.domain.access_remedies import REMEDIES, Remedy
from curbstop.domain.access_stories import Standing, next_step, stopped_because
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES as OPEN_ORDERS
from curbstop.models.access_issue import AccessIssue, AccessNotice
from curbstop.models.among import among
from curbstop.models.attachment import Attachment
from curbstop.models.base import utc_now
from curbstop.models.calendar import in_force
from curbstop.models.letter import Letter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {
    "first_seen_at": AccessIssue.first_seen_at,
    "last_seen_at": AccessIssue.last_seen_at,
}
_UNSENT: Final = ("draft", "approved", "queued")


@dataclass(frozen=True, slots=True)
class Today:
    """The moment and the utility's own day that ages and deadlines are told by."""

    at: datetime
    zone: ZoneInfo

    @property
    def day(self) -> date:
        return self.at.astimezone(self.zone).date()


def now(zone: ZoneInfo) -> Today:
    return Today(utc_now(), zone)


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    today: Today,
    *,
    state: Sequence[str] = (),
    category: str | None = None,
    service_point_id: UUID | None = None,
    open: bool | None = None,
    stopped: bool | None = None,
    due_by: date | None = None,
) -> Page[dict[str, Any]]:
    """A page of access issues with their places, ages, clocks and next steps."""
    require(actor, Action.VIEW_ACCESS_ISSUES)
    statement = _statement()
    if state:
        statement = statement.where(AccessIssue.state.in_(state))
    if category is not None:
        statement = statement.where(AccessIssue.category == category)
    if service_point_id is not None:
        statement = statement.where(AccessIssue.service_point_id == service_point_id)
    if open is not None:
        standing = AccessIssue.state.in_(OPEN_STATES)
        statement = statement.where(standing if open else ~standing)
    if stopped is not None:
        still = AccessIssue.stopped_on.is_not(None)
        statement = statement.where(still if stopped else ~still)
    if due_by is not None:
        waits = AccessIssue.state.in_([one.value for one in WAITS_FOR_CUSTOMER])
        statement = statement.where(AccessIssue.due_on <= due_by, waits)
    found = fetch(session, statement, page, SORTS, AccessIssue.id)
    return Page(told(session, found.items, today), found.after)


def get(session: Session, actor: Actor, access_issue_id: UUID, today: Today) -> dict[str, Any]:
    """One access issue with its place, or Problem(`not_found`)."""
    require(actor, Action.VIEW_ACCESS_ISSUES)
    row = session.execute(_statement().where(AccessIssue.id == access_issue_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no access issue with id {access_issue_id}.")
    return told(session, [row], today)[0]


def open_by_age(session: Session, actor: Actor, today: Today, *, at_once: int = 500) -> Iterator[dict[str, Any]]:
    """Every open issue, oldest first, for a spreadsheet."""
    require(actor, Action.VIEW_ACCESS_ISSUES)
    return _by_age(session, today, at_once)


def _by_age(session: Session, today: Today, at_once: int) -> Iterator[dict[str, Any]]:
    statement = _statement().where(AccessIssue.state.in_(OPEN_STATES))
    rows = session.execute(statement.order_by(AccessIssue.first_seen_at, AccessIssue.id)).partitions(at_once)
    for part in rows:
        yield from told(session, part, today)


def told(session: Session, rows: Sequence[Row[Any]], today: Today) -> list[dict[str, Any]]:
    """The rows with age, clock and next step; a fixed number of statements for all of them."""
    ids = [row.id for row in rows]
    letters, orders = _letters(session, ids), _orders(session, ids)
    reopen_days = in_force(session).policy.access.reopen_days if rows else 0
    found = []
    for row in rows:
        unsent, returned = letters[row.id]
        theirs = orders[row.id]
        cleared = row.cleared_at.astimezone(today.zone).date() if row.cleared_at is not None else None
        known = Standing(
            state=AccessState(row.state),
            today=today.day,
            due_on=row.due_on,
            unsent=tuple(unsent),
            returned=tuple(returned),
            confirmed=row.confirmed_at is not None,
            check=theirs.get("ACC_CHK"),
            repair=theirs.get("BOX_RPR"),
            proposal=REMEDIES[Remedy(row.proposal["remedy"])].says if row.proposal else None,
            cleared_on=cleared,
            reopen_days=reopen_days,
        )
        extra = {
            "age_days": (today.at - row.first_seen_at).days,
            "stopped_because": stopped_because(known),
            "next_step": next_step(known),
        }
        found.append({**row._asdict(), **extra})
    return found


def _letters(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[list[str], list[tuple[str, str]]]]:
    """Of each issue the letters that are not in the mail yet, and those that came back and were not sent again."""
    found: dict[UUID, tuple[list[str], list[tuple[str, str]]]] = defaultdict(lambda: ([], []))
    rows = session.execute(
        select(AccessNotice.access_issue_id, Letter.number, Letter.state, Letter.reason)
        .join(Letter, Letter.id == AccessNotice.letter_id)
        .where(
            among(session, AccessNotice.access_issue_id, ids),
            AccessNotice.replaced.is_(False),
            AccessNotice.out_of_turn.is_(False),
            Letter.state.in_([*_UNSENT, "returned_undeliverable"]),
        )
        .order_by(Letter.number)
    )
    for issue_id, number, state, reason in rows:
        unsent, returned = found[issue_id]
        if state in _UNSENT:
            unsent.append(number)
        else:
            returned.append((number, reason or "no reason given"))
    return found


def _orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[str, tuple[str, str]]]:
    """Of each issue its open orders: type -> (number, state)."""
    found: dict[UUID, dict[str, tuple[str, str]]] = defaultdict(dict)
    rows = session.execute(
        select(ServiceOrder.access_issue_id, ServiceOrder.type_code, ServiceOrder.number, ServiceOrder.state)
        .where(among(session, ServiceOrder.access_issue_id, ids), ServiceOrder.state.in_(OPEN_ORDERS))
        .order_by(ServiceOrder.created_at)
    )
    for issue_id, code, number, state in rows:
        if issue_id is not None:
            found[issue_id][code] = (number, state)
    return found


def _statement() -> Select[Any]:
    photos = (
        select(func.count()).select_from(Attachment).where(Attachment.access_issue_id == AccessIssue.id)
    ).scalar_subquery()
    return (
        select(
            *(getattr(AccessIssue, column.key) for column in AccessIssue.__table__.columns),
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServicePoint.city,
            Staff.name.label("reported_by_name"),
            photos.label("photos"),
        )
        .join(ServicePoint, ServicePoint.id == AccessIssue.service_point_id)
        .outerjoin(Staff, Staff.id == AccessIssue.reported_by_id)
    )
