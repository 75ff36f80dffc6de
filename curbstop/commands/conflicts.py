"""Parks work that arrived and could not simply be applied, with everything that was captured."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models.conflict import Conflict
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint


def park(
    work: Work, *, op_id: UUID, aggregate: str, args: Mapping[str, Any], base: int | None, why: Problem
) -> Conflict:
    """A conflict for the office to settle: the version that the tablet had, what is here now, and what was sent."""
    kind, subject = _subject(aggregate)
    order = work.session.get(ServiceOrder, subject) if kind == "service_order" and subject else None
    point_id = order.service_point_id if order is not None else None
    if kind == "service_point" and subject and work.session.get(ServicePoint, subject) is not None:
        point_id = subject
    conflict = Conflict(
        op_id=op_id,
        code=why.code,
        detail=why.detail,
        order_id=order.id if order is not None else None,
        service_point_id=point_id,
        base={"version": base},
        theirs=_present(order),
        mine=dict(args),
        state="open",
        created_at=work.at,
    )
    work.session.add(conflict)
    journal.changed(work, conflict, "park")
    return conflict


def _subject(aggregate: str) -> tuple[str, UUID | None]:
    """Kind and id of `service_order/<id>`; a malformed op may say anything here."""
    kind, _, subject = aggregate.partition("/")
    try:
        return kind, UUID(subject)
    except ValueError:
        return kind, None


def _present(order: ServiceOrder | None) -> dict[str, Any]:
    if order is None:
        return {}
    return {
        "state": order.state,
        "version": order.version,
        "technician_id": str(order.technician_id) if order.technician_id else None,
        "outcome": order.outcome,
        "captures": order.captures,
    }
