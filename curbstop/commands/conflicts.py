"""Parks work that could not simply be applied, with everything that was captured, until somebody settles it.

A conflict is in its technician's bucket, so that the tablet says "the office is looking at it"; it leaves some days
after it was settled.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from curbstop.commands import claims, journal, scope
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.conflicts import Resolution, same_decision
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue
from curbstop.models.conflict import Conflict
from curbstop.models.ids import new_id
from curbstop.models.op_ledger import OpLedger
from curbstop.models.route import Stop
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

OPEN, RESOLVED = "open", "resolved"
NEEDS_GIS = "needs_gis"
# So long a tablet still shows what became of it.
SHOWN = timedelta(days=7)


def park(
    work: Work,
    *,
    op_id: UUID,
    aggregate: str,
    args: Mapping[str, Any],
    base: int | None,
    why: Problem,
) -> Conflict:
    """A conflict for the office to settle: the version that the tablet had, what is here now, and what was sent.

    Where the refusal names `claimants`, those that are here are marked: nothing is built on them meanwhile.
    """
    claimants: Sequence[Mapping[str, Any]] = why.extra.get("claimants", ())
    kind, subject = _subject(aggregate)
    order = work.session.get(ServiceOrder, subject) if kind == "service_order" and subject else None
    conflict = Conflict(
        id=new_id(),
        op_id=op_id,
        code=why.code,
        detail=why.detail,
        order_id=order.id if order is not None else None,
        service_point_id=_place_of(work, kind, subject, order),
        base={"version": base},
        theirs=_present(order),
        mine=dict(args),
        claimants=[dict(claimant) for claimant in claimants],
        state=OPEN,
        created_at=work.at,
        version=1,
    )
    work.session.add(conflict)
    journal.changed(work, conflict, "park")
    claims.mark(work, claimants)
    scope.enter(work, _bucket_of(work, conflict), [("conflict", conflict.id, conflict.version)])
    return conflict


def take(
    work: Work,
    conflict_id: UUID,
    *,
    resolution: str,
    chosen: Mapping[str, Any] | None,
    if_version: int | None,
) -> tuple[Conflict, bool]:
    """The conflict, locked, and whether this very decision was taken already.

    Problems: forbidden, not_found, version_mismatch, conflict_resolved (somebody decided otherwise), argument_required,
    invalid.
    """
    granted = require(work.actor, Action.RESOLVE_CONFLICTS)
    conflict = get(work, Conflict, conflict_id)
    if Grant.YES not in granted and conflict.code != NEEDS_GIS:
        raise Problem("forbidden", "A GIS editor settles where places are.", action=Action.RESOLVE_CONFLICTS.value)
    if conflict.state != OPEN:
        if same_decision(resolution, chosen, before=conflict.resolution, chosen_before=conflict.chosen):
            return conflict, True
        detail = f"It was settled by {conflict.resolution} already."
        raise Problem("conflict_resolved", detail, resolution=conflict.resolution, chosen=conflict.chosen)
    check_version(conflict, if_version)
    if resolution == Resolution.MERGE and not chosen:
        raise Problem("argument_required", "merge needs `fields`.", missing=["fields"])
    if resolution != Resolution.MERGE and chosen:
        raise Problem("invalid", f"{resolution} takes no `fields`; merge does.", field="fields")
    return conflict, False


def settle(
    work: Work,
    conflict: Conflict,
    *,
    resolution: str,
    chosen: Mapping[str, Any] | None,
    reason: str,
    result: Mapping[str, Any] | None,
) -> None:
    """Writes the decision down, once; the tablet hears of it with its next pull."""
    conflict.state, conflict.resolution, conflict.reason = RESOLVED, resolution, reason
    conflict.chosen, conflict.result = dict(chosen) if chosen else None, dict(result or {})
    conflict.resolved_at, conflict.resolved_by_id = work.at, work.actor.staff_id
    journal.changed(work, conflict, "resolve")
    claims.decide(work, conflict.claimants, resolution, op_id=conflict.op_id)


def is_proposed(work: Work, op_id: UUID) -> bool:
    """Whether the op's position waits for GIS, or did, in a conflict of its own."""
    there = select(Conflict.id).where(Conflict.op_id == op_id, Conflict.code == NEEDS_GIS)
    return work.session.scalar(there) is not None


def find_orders(work: Work, aggregate: str, order_id: UUID) -> None:
    """The order that these conflicts are about exists from now on: a parked creation was applied."""
    about = select(OpLedger.op_id).where(OpLedger.aggregate == aggregate)
    place = select(ServiceOrder.service_point_id).where(ServiceOrder.id == order_id).scalar_subquery()
    work.session.execute(
        update(Conflict)
        .where(Conflict.op_id.in_(about), Conflict.order_id.is_(None))
        .values(order_id=order_id, service_point_id=place)
        .execution_options(synchronize_session="fetch")
    )


def forget_settled(work: Work, *, limit: int = 500) -> int:
    """Takes conflicts that were settled long ago out of the tablets' buckets; how many. For the clock.

    The rows themselves stay: they are the office's memory.
    """
    shown = scope.held_anywhere("conflict")
    old = list(
        work.session.scalars(
            select(Conflict)
            .where(Conflict.resolved_at < work.at - SHOWN, Conflict.id.in_(shown))
            .order_by(Conflict.resolved_at)
            .limit(limit)
        )
    )
    for conflict in old:
        scope.leave(work, _bucket_of(work, conflict), [("conflict", conflict.id, conflict.version)])
    return len(old)


def _bucket_of(work: Work, conflict: Conflict) -> str:
    """The bucket of whoever did the work, on whichever tablet they are signed in now."""
    doer = work.session.scalar(select(OpLedger.staff_id).where(OpLedger.op_id == conflict.op_id))
    assert doer is not None
    return scope.technician_bucket(doer)


def _subject(aggregate: str) -> tuple[str, UUID | None]:
    """Kind and id of `service_order/<id>`; a malformed op may say anything here."""
    kind, _, subject = aggregate.partition("/")
    try:
        return kind, UUID(subject)
    except ValueError:
        return kind, None


def _place_of(work: Work, kind: str, subject: UUID | None, order: ServiceOrder | None) -> UUID | None:
    if order is not None:
        return order.service_point_id
    if subject is None:
        return None
    if kind == "service_point":
        return work.session.scalar(select(ServicePoint.id).where(ServicePoint.id == subject))
    if kind == "stop":
        return work.session.scalar(select(Stop.service_point_id).where(Stop.id == subject))
    if kind == "access_issue":
        return work.session.scalar(select(AccessIssue.service_point_id).where(AccessIssue.id == subject))
    return None


def _present(order: ServiceOrder | None) -> dict[str, Any]:
    if order is None:
        return {}
    return {
        "state": order.state,
        "version": order.version,
        "technician_id": str(order.technician_id) if order.technician_id else None,
        "outcome": order.outcome,
        "captures": order.captures,
        "notes": order.notes,
    }
