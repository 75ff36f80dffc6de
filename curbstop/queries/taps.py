"""Reads tap requests: where each stands, what it waits for in plain words, and how full the pipeline is."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from curbstop.domain import taps as rules
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.policy import Policy
from curbstop.domain.problems import Problem
from curbstop.domain.taps import ENDS, PIPELINE, TapStage
from curbstop.models.account import Account, Customer
from curbstop.models.calendar import in_force
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.models.tap_request import LocateTicket, TapHistory, TapRequest, tap_facts, taps_with_install
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.settings import Settings

SORTS = {"number": TapRequest.number, "stage_at": TapRequest.stage_at, "created_at": TapRequest.created_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    settings: Settings,
    *,
    at: datetime,
    stage: str | None = None,
    number: str | None = None,
    name: str | None = None,
    service_point_id: UUID | None = None,
    late: bool | None = None,
    open: bool | None = None,
) -> Page[dict[str, Any]]:
    """A page of requests with what each waits for; `number` and `name` are beginnings."""
    require(actor, Action.VIEW_TAPS)
    statement = _statement()
    if stage is not None:
        statement = statement.where(TapRequest.stage == stage)
    if number:
        statement = statement.where(TapRequest.number.startswith(number.strip().upper(), autoescape=True))
    if name:
        statement = statement.where(Customer.name.istartswith(name, autoescape=True))
    if service_point_id is not None:
        statement = statement.where(TapRequest.service_point_id == service_point_id)
    if late is not None:
        condition = _late(at, settings)
        statement = statement.where(condition if late else ~condition)
    if open is not None:
        ends = [one.value for one in ENDS]
        statement = statement.where(TapRequest.stage.not_in(ends) if open else TapRequest.stage.in_(ends))
    found = fetch(session, statement, page, SORTS, TapRequest.id)
    policy = in_force(session).policy
    return Page([_shown(row, policy, settings, at) for row in found.items], found.after)


def get(session: Session, actor: Actor, tap_id: UUID, settings: Settings, *, at: datetime) -> dict[str, Any]:
    """One request, or Problem(`not_found`)."""
    require(actor, Action.VIEW_TAPS)
    row = session.execute(_statement().where(TapRequest.id == tap_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no tap request with id {tap_id}.")
    return _shown(row, in_force(session).policy, settings, at)


def history(session: Session, actor: Actor, tap_id: UUID, page: PageRequest) -> Page[Any]:
    """What happened to a request: who, when and why."""
    require(actor, Action.VIEW_TAPS)
    if session.get(TapRequest, tap_id) is None:
        raise Problem("not_found", f"There is no tap request with id {tap_id}.")
    statement = (
        select(*TapHistory.__table__.columns, Staff.name.label("staff_name"))
        .outerjoin(Staff, Staff.id == TapHistory.staff_id)
        .where(TapHistory.tap_request_id == tap_id)
    )
    return fetch(session, statement, page, {"recorded_at": TapHistory.recorded_at}, TapHistory.id)


def board(session: Session, actor: Actor, settings: Settings, *, at: datetime) -> list[dict[str, Any]]:
    """The pipeline: how many requests each stage holds, how many of them are late, and since when the oldest waits."""
    require(actor, Action.VIEW_TAPS)
    counted = (
        select(
            TapRequest.stage,
            func.count().label("count"),
            func.sum(case((_late(at, settings), 1), else_=0)).label("late"),
            func.min(TapRequest.stage_at).label("oldest_at"),
        )
        .where(TapRequest.stage.not_in([stage.value for stage in ENDS]))
        .group_by(TapRequest.stage)
    )
    found = {row.stage: row for row in session.execute(counted)}
    lines = []
    for stage in PIPELINE[:-1]:
        row = found.get(stage.value)
        lines.append(
            {
                "stage": stage.value,
                "count": row.count if row is not None else 0,
                "late": int(row.late) if row is not None else 0,
                "oldest_days": (at - row.oldest_at).days if row is not None else None,
            }
        )
    return lines


def _late(at: datetime, settings: Settings) -> Any:
    """The rule's `late`, as a condition."""
    today = rules.as_of(at, settings.zone)
    late = or_(
        and_(TapRequest.install_due_on < today, TapRequest.installed_at.is_(None)),
        and_(TapRequest.inspection_due_at < at, TapRequest.inspected_at.is_(None)),
    )
    return func.coalesce(and_(TapRequest.stage.not_in([stage.value for stage in ENDS]), late), False)


def _statement() -> Select[Any]:
    return (
        taps_with_install()
        .add_columns(
            Customer.name.label("customer_name"),
            Customer.phone.label("customer_phone"),
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServicePoint.physical_state,
            Account.number.label("account_number"),
        )
        .join(Customer, Customer.id == TapRequest.customer_id)
        .join(ServicePoint, ServicePoint.id == TapRequest.service_point_id)
        .outerjoin(Account, Account.id == TapRequest.account_id)
    )


def _shown(row: Any, policy: Policy, settings: Settings, at: datetime) -> dict[str, Any]:
    """The request as the office reads it."""
    tap: TapRequest = row[0]
    install: ServiceOrder | None = row[1]
    ticket: LocateTicket | None = row[2]
    facts = tap_facts(tap, install, ticket, policy=policy, at=at, zone=settings.zone)
    stage = TapStage(tap.stage)
    after = rules.next_stage(stage)
    late = rules.late(facts) if stage not in ENDS else []
    plain: Mapping[str, Any] = {column.key: getattr(tap, column.key) for column in TapRequest.__table__.columns}
    return {
        **plain,
        **{name: getattr(row, name) for name in _NAMES},
        "permits": [
            {**said, "kind": kind, "received_on": date.fromisoformat(said["received_on"])}
            for kind, said in sorted(tap.permits.items())
        ],
        "next_stage": after.value if after is not None else None,
        "missing": [{"code": one.code, "says": one.says} for one in rules.missing(stage, facts)],
        "late": late,
        "days_in_stage": (at - tap.stage_at).days,
        "install_order_number": install.number if install is not None else None,
        "scheduled_on": facts.install_on,
        "locate_ticket": _ticket(ticket),
    }


_NAMES = (
    "customer_name", "customer_phone", "service_point_number", "address", "physical_state", "account_number",
)  # fmt: skip


def _ticket(ticket: LocateTicket | None) -> dict[str, Any] | None:
    if ticket is None:
        return None
    return {column.key: getattr(ticket, column.key) for column in LocateTicket.__table__.columns}
