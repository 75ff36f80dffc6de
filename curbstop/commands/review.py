"""The office's last look at a completed order: posting it, sending it back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import claims, effects
from curbstop.commands.field_work import capture_missing
from curbstop.commands.order_steps import Event, advance, load, type_of
from curbstop.commands.visit_checks import findings_of
from curbstop.commands.work import Work
from curbstop.domain.clocks import FLAG as CLOCK_SKEW
from curbstop.domain.findings import Finding, Severity
from curbstop.domain.order_types import OrderType
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Facts, OrderEvent, OrderState
from curbstop.models.attachment import Attachment
from curbstop.models.service_order import ServiceOrder
from curbstop.models.tablet import Tablet


def post(work: Work, order_id: UUID, *, if_version: int | None = None) -> ServiceOrder:
    """Makes the order's effects, once, in this transaction.

    Problems: forbidden, four_eyes (who completed it does not post it), capture_missing (with `findings`),
    photos_missing (with `waiting`, a row for each tablet), review_required (for the system), impossible_transition.
    """
    order = load(work, order_id, OrderEvent.POST, if_version)
    order_type = type_of(work, order)
    _check_poster(work, order_type)
    claims.refuse_posting(order)
    findings = _findings(work, order, order_type)
    rejects = [f for f in findings if f.severity is Severity.REJECT]
    if rejects and order.state == OrderState.COMPLETED:
        raise capture_missing(rejects)
    warnings = [f for f in findings if f.severity is Severity.WARN]
    not_taken = [f for f in findings if f.code == "photo_missing"]
    awaited = _photos_awaited(work, order)
    facts = Facts(
        # A clock that was off is remarked on and nothing is decided on it: the moment was corrected.
        warnings=len(warnings) + len(set(order.flags) - {CLOCK_SKEW}),
        auto_post=order_type.auto_post,
        completed_by_actor=order.completed_by_id is not None and order.completed_by_id == work.actor.staff_id,
        photos_missing=bool(not_taken or awaited),
    )
    order.posted_at, order.posted_by_id = work.at, work.actor.staff_id
    try:
        advance(work, order, Event(OrderEvent.POST), facts)
    except Problem as problem:
        if problem.code != "photos_missing":
            raise
        raise _photos_missing(awaited, not_taken) from None
    effects.apply(work, order, order_type)
    return order


def auto_post(work: Work, order_id: UUID) -> bool:
    """Posts a completed order whose type needs no review, if nothing about it is odd; returns whether it did."""
    order = load(work, order_id, OrderEvent.POST)
    if order.state != OrderState.COMPLETED or not type_of(work, order).auto_post:
        return False
    try:
        with work.session.begin_nested():
            post(work, order_id)
    except Problem as problem:
        if problem.code in ("review_required", "photos_missing", "capture_missing", "claim_disputed"):
            return False
        raise
    return True


def reject(work: Work, order_id: UUID, *, reason: str, if_version: int | None = None) -> ServiceOrder:
    """Sends a completed order back to be done again."""
    order = load(work, order_id, OrderEvent.REJECT, if_version)
    order.completed_at = order.completed_by_id = None
    advance(work, order, Event(OrderEvent.REJECT, reason=reason))
    return order


def _check_poster(work: Work, order_type: OrderType) -> None:
    if order_type.post_roles and not work.actor.is_system and not work.actor.roles & order_type.post_roles:
        allowed = sorted(role.value for role in order_type.post_roles)
        raise Problem("forbidden", f"{order_type.code} is posted by {', '.join(allowed)}.", allowed_roles=allowed)


def _findings(work: Work, order: ServiceOrder, order_type: OrderType) -> list[Finding]:
    if order.state != OrderState.COMPLETED or order.outcome is None:
        return []
    return findings_of(
        work, order, order_type, outcome=order.outcome, captures=order.captures, noted_at=order.completed_at
    )


def _photos_awaited(work: Work, order: ServiceOrder) -> list[dict[str, Any]]:
    """The photos that were taken and have not arrived, by tablet; waived ones are not waited for."""
    awaited = Attachment.stored_at.is_(None) & Attachment.waived_at.is_(None)
    waiting = func.count().filter(awaited)
    by_tablet = (
        select(Attachment.tablet_id, Tablet.name, waiting, func.count())
        .outerjoin(Tablet, Tablet.id == Attachment.tablet_id)
        .where(Attachment.order_id == order.id)
        .group_by(Attachment.tablet_id, Tablet.name)
        .having(waiting > 0)
        .order_by(Tablet.name)
    )
    return [
        {"tablet_id": str(tablet_id) if tablet_id else None, "tablet_name": name, "waiting": here, "declared": declared}
        for tablet_id, name, here, declared in work.session.execute(by_tablet)
    ]


def _photos_missing(awaited: Sequence[Mapping[str, Any]], not_taken: Sequence[Finding]) -> Problem:
    """The refusal to post while photos are missing, saying which: not taken at all, or still on which tablet."""
    said = [
        f"{one['waiting']} of {one['declared']} photos still on {one['tablet_name'] or 'an unknown tablet'}"
        for one in awaited
    ]
    detail = "; ".join([finding.detail for finding in not_taken] + said)
    hint = "Wait for the tablet to send them, or waive them." if said else "Send the order back for them."
    return Problem("photos_missing", f"{detail}. {hint}", waiting=list(awaited))
