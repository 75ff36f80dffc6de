"""Files tamper cases: the evidence as it was, the place's next rung, and the lock that was put on in answer."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import change_outs, journal, locks, readings, state_changes
from curbstop.commands.work import Work, get
from curbstop.domain.locks import LockEnd
from curbstop.domain.meters import OFF_STATES, PhysicalState
from curbstop.domain.moments import as_text
from curbstop.domain.readings import judge
from curbstop.domain.tamper_cases import Use, step_at, unmetered
from curbstop.models.attachment import Attachment
from curbstop.models.ids import new_id
from curbstop.models.lock import Lock
from curbstop.models.meter import Register
from curbstop.models.reading import Reading
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.state_change import StateChange
from curbstop.models.tamper_case import TamperCase


def file(work: Work, order: ServiceOrder) -> TamperCase:
    """The case of a posted investigation. What was locked before is broken, and what the crew put on is in use.

    The reading of the visit is in the books by then.
    """
    point = get(work, ServicePoint, order.service_point_id)
    at = change_outs.moment(work, order)
    here = change_outs.installed(work, point.id)
    register = next(iter(change_outs.registers_of(work, here[1].id).values()), None) if here is not None else None
    # What the place was before this visit locked it again.
    off = _off_since(work, point)
    use = _use(work, register, off, until=at) if register is not None else None
    broken = locks.end_all(work, point.id, LockEnd.BROKEN, at=at, order_id=order.id)
    level = 1 + (work.session.scalar(_highest(point.id)) or 0)
    case = TamperCase(
        id=new_id(),
        service_point_id=point.id,
        account_id=order.account_id,
        order_id=order.id,
        level=level,
        step=step_at(level).value,
        evidence=_evidence(work, order, point, broken, serial=here[1].serial if here is not None else None, off=off),
        unmetered_use=use,
        unit=register.unit if register is not None and use is not None else None,
        found_at=at,
        recorded_at=work.at,
    )
    work.session.add(case)
    work.session.flush()
    after = {"level": level, "step": case.step, "order_id": str(order.id)}
    journal.audit(work, "file", "tamper_case", case.id, after=after)
    if order.captures.get("action") in ("relock", "heavy_duty"):
        state_changes.record(work, point.id, PhysicalState.OFF_LOCKED, at=at, order_id=order.id)
        locks.apply(work, order)
    return case


def _highest(service_point_id: UUID) -> Any:
    return select(func.max(TamperCase.level)).where(TamperCase.service_point_id == service_point_id)


def _off_since(work: Work, point: ServicePoint) -> StateChange | None:
    """The cut that the present state goes back to, while the place is off."""
    if point.physical_state not in OFF_STATES:
        return None
    return work.session.scalar(
        select(StateChange)
        .where(StateChange.service_point_id == point.id, StateChange.withdrawn_at.is_(None))
        .order_by(StateChange.at.desc(), StateChange.id.desc())
        .limit(1)
    )


def _use(work: Work, register: Register, off: StateChange | None, *, until: Any) -> Decimal | None:
    mine = (
        select(Reading.value, Reading.noted_at)
        .where(Reading.register_id == register.id, Reading.superseded_by_id.is_(None))
        .order_by(Reading.noted_at, Reading.id)
    )
    if off is None:
        return None
    rows = [Use(value, at) for value, at in work.session.execute(mine)]
    before, after = [one for one in rows if one.at <= off.at], [one for one in rows if one.at > off.at]
    counted = None
    if before and after:
        counted = judge(readings.facts_of(register), before[-1].value, after[-1].value).usage
    past = (before[-13:][0], before[-1]) if len(before) > 1 else None
    return unmetered(off_since=off.at, until=until, counted=counted, before=past)


def _evidence(
    work: Work, order: ServiceOrder, point: ServicePoint, broken: list[Lock], *, serial: str | None,
    off: StateChange | None,
) -> dict[str, Any]:  # fmt: skip
    photos = select(Attachment.id, Attachment.label, Attachment.sha256, Attachment.noted_at).where(
        Attachment.order_id == order.id
    )
    told = ("found_state", "read", "missing_no", "action", "police_report", "lock_no", "seal_no")
    return {
        "order_number": order.number,
        "service_point_number": point.number,
        "meter_serial": serial,
        "physical_state": point.physical_state,
        "off_since": as_text(off.at) if off is not None else None,
        "captures": {name: order.captures[name] for name in told if name in order.captures},
        "notes": order.notes,
        "locks_on_record": [
            {"number": lock.number, "seal_no": lock.seal_no, "applied_at": as_text(lock.applied_at)} for lock in broken
        ],
        "photos": [
            {"id": str(row.id), "label": row.label, "sha256": row.sha256, "noted_at": as_text(row.noted_at)}
            for row in work.session.execute(photos.order_by(Attachment.id))
        ],
    }
