"""Reads what is off: since when, whose account it is, and whether water was used meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.meters import OFF_STATES, AccountStatus, PhysicalState, alarms
from curbstop.domain.permissions import Action, require
from curbstop.models.account import Account
from curbstop.models.meter import Installation, Meter, Register
from curbstop.models.reading import Reading, latest_of
from curbstop.models.service_point import ServicePoint
from curbstop.models.state_change import StateChange
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"number": ServicePoint.number}


@dataclass(frozen=True, slots=True)
class _Use:
    """What a register said when the water went off, and what it said last; in its own units."""

    at_cut: Decimal | None = None
    latest: Decimal | None = None
    latest_at: datetime | None = None
    used: Decimal | None = None


def find(session: Session, actor: Actor, page: PageRequest, *, state: str | None = None) -> Page[dict[str, Any]]:
    """A page of places that are off, in four statements: usage is since the reading of the order that cut them off.

    `alarms` are what does not fit: water used though it is off, an account in service.
    """
    require(actor, Action.VIEW_CUSTOMERS)
    states = [one.value for one in OFF_STATES if state in (None, one.value)]
    found = fetch(session, _statement().where(ServicePoint.physical_state.in_(states)), page, SORTS, ServicePoint.id)
    uses = _uses(session, found.items)
    return Page([_told(row, uses.get(row.meter_id, _Use())) for row in found.items], found.after)


def _statement() -> Select[Any]:
    other = aliased(StateChange)
    newest = (
        select(other.id)
        .where(other.service_point_id == ServicePoint.id, other.withdrawn_at.is_(None))
        .order_by(other.at.desc(), other.id.desc())
        .limit(1)
        .correlate(ServicePoint)
        .scalar_subquery()
    )
    account = aliased(Account)
    current = (
        select(account.id)
        .where(account.service_point_id == ServicePoint.id, account.status != AccountStatus.FINALED.value)
        .order_by(account.id.desc())
        .limit(1)
        .correlate(ServicePoint)
        .scalar_subquery()
    )
    columns: tuple[Any, ...] = (
        ServicePoint.id.label("service_point_id"),
        ServicePoint.number.label("service_point_number"),
        ServicePoint.address,
        ServicePoint.physical_state,
        StateChange.at.label("off_since"),
        StateChange.order_id,
        Account.id.label("account_id"),
        Account.number.label("account_number"),
        Account.status.label("account_status"),
        Meter.id.label("meter_id"),
        Meter.serial.label("meter_serial"),
    )
    return (
        select(*columns)
        .select_from(ServicePoint)
        .outerjoin(StateChange, StateChange.id == newest)
        .outerjoin(Account, Account.id == current)
        .outerjoin(Installation, (Installation.service_point_id == ServicePoint.id) & Installation.removed_at.is_(None))
        .outerjoin(Meter, Meter.id == Installation.meter_id)
    )


def _uses(session: Session, rows: Sequence[Row[Any]]) -> Mapping[UUID, _Use]:
    """By meter, for its first register."""
    meters = [row.meter_id for row in rows if row.meter_id is not None]
    mine = Register.meter_id.in_(meters), Register.position == 1, Register.removed_at.is_(None)
    registers = {register.id: register for register in session.scalars(select(Register).where(*mine))}
    latest = {reading.register_id: reading for reading in session.scalars(latest_of(list(registers)))}
    orders = [row.order_id for row in rows if row.order_id is not None]
    cut = select(Reading).where(Reading.order_id.in_(orders), Reading.superseded_by_id.is_(None))
    at_cut = {reading.register_id: reading for reading in session.scalars(cut)}
    return {
        register.meter_id: _use(register, at_cut.get(register.id), latest.get(register.id))
        for register in registers.values()
    }


def _use(register: Register, at_cut: Reading | None, latest: Reading | None) -> _Use:
    if latest is None or at_cut is None:
        at = latest.noted_at if latest else None
        return _Use(at_cut.value if at_cut else None, latest.value if latest else None, at)
    used = latest.value - at_cut.value
    # A register that came round counts on from nought.
    used = used if used >= 0 else used + Decimal(10) ** register.dials
    return _Use(at_cut.value, latest.value, latest.noted_at, used * register.multiplier)


def _told(row: Row[Any], use: _Use) -> dict[str, Any]:
    status = AccountStatus(row.account_status) if row.account_status else None
    found = alarms(PhysicalState(row.physical_state), status, used=bool(use.used))
    known = {name: value for name, value in row._asdict().items() if name not in ("sort_key", "sort_id")}
    numbers = {name: float(value) if isinstance(value, Decimal) else value for name, value in asdict(use).items()}
    return {**known, **numbers, "alarms": list(found)}
