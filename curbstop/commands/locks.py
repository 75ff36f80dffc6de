"""Locks and seals at service points: put on and taken off by orders, ended by the office where the books are wrong."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.change_outs import moment
from curbstop.commands.work import Work, get
from curbstop.domain.locks import NO_LOCK, LockEnd, plain_number
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.lock import Lock
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint


def apply(work: Work, order: ServiceOrder, *, gone_at: datetime | None = None) -> Lock | None:
    """The lock and seal that an order put on; what was there before is replaced.

    `gone_at`: it is known already that they were taken off then, because this order was posted late. Nothing where
    neither was put on. Problems: lock_in_use (at another place).
    """
    kind = order.captures.get("lock_type") or order.captures.get("action") or "lock"
    number = plain_number(order.captures.get("lock_no")) if kind != NO_LOCK else None
    seal_no = plain_number(order.captures.get("seal_no"))
    if number is None and seal_no is None:
        return None
    at = moment(work, order)
    if gone_at is None:
        _refuse_twin(work, number, order.service_point_id)
        end_all(work, order.service_point_id, LockEnd.REPLACED, at=at, order_id=order.id)
    lock = Lock(
        id=new_id(),
        service_point_id=order.service_point_id,
        kind=kind if number is not None else "seal",
        number=number,
        seal_no=seal_no,
        applied_at=at,
        order_id=order.id,
        ended_at=gone_at,
        ended=LockEnd.REMOVED.value if gone_at is not None else None,
        recorded_at=work.at,
    )
    work.session.add(lock)
    work.session.flush()
    journal.audit(work, "apply", "lock", lock.id, after={"number": number, "seal_no": seal_no})
    return lock


def end_all(
    work: Work, service_point_id: UUID, how: LockEnd, *, at: datetime, order_id: UUID | None = None
) -> list[Lock]:
    """The locks that are in use at the place and were put on before then are there no longer."""
    there = select(Lock).where(
        Lock.service_point_id == service_point_id, Lock.ended_at.is_(None), Lock.applied_at <= at
    )
    locks = list(work.session.scalars(there.order_by(Lock.id).with_for_update()))
    for lock in locks:
        _end(work, lock, how, at=at, order_id=order_id)
    return locks


def end(work: Work, lock_id: UUID, *, reason: str) -> Lock:
    """The office knows that the lock is not there, whatever the books say. Problems: forbidden, not_found, conflict."""
    require(work.actor, Action.END_LOCK)
    lock = get(work, Lock, lock_id)
    if lock.ended_at is not None:
        raise Problem("conflict", "That lock is in use there no longer.")
    lock.ended_by_id, lock.end_reason = work.actor.staff_id, reason
    _end(work, lock, LockEnd.CORRECTED, at=work.at)
    return lock


def holder_of(work: Work, number: str | None, *, besides: UUID) -> str | None:
    """The number of another service point where the lock is in use by the books."""
    if number is None:
        return None
    return work.session.scalar(
        select(ServicePoint.number)
        .join(Lock, Lock.service_point_id == ServicePoint.id)
        .where(Lock.number == number, Lock.ended_at.is_(None), ServicePoint.id != besides)
    )


def _refuse_twin(work: Work, number: str | None, service_point_id: UUID) -> None:
    there = holder_of(work, number, besides=service_point_id)
    if there is not None:
        raise Problem("lock_in_use", f"Lock {number} is in use at {there}.", service_point=there)


def _end(work: Work, lock: Lock, how: LockEnd, *, at: datetime, order_id: UUID | None = None) -> None:
    lock.ended_at, lock.ended, lock.ended_by_order_id = at, how.value, order_id
    work.session.flush()
    after = {"number": lock.number, "ended": how.value, "order_id": str(order_id) if order_id else None}
    journal.audit(work, "end", "lock", lock.id, after=after)
