"""An access issue's full story: its steps, letters, orders, photos, and what was said to the customer."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.contacts import Reason
from curbstop.domain.permissions import Action, may
from curbstop.models.access_issue import AccessIssue, AccessNotice, AccessStep
from curbstop.models.account import Account
from curbstop.models.attachment import Attachment
from curbstop.models.contact_attempt import ContactAttempt
from curbstop.models.letter import Letter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff
from curbstop.queries import access_issues
from curbstop.queries.access_issues import Today

MOST = 500


def story(session: Session, actor: Actor, access_issue_id: UUID, today: Today) -> dict[str, Any]:
    """All of it, oldest first in each part; letters and contacts for whoever may see a customer."""
    issue = access_issues.get(session, actor, access_issue_id, today)
    mine = AccessIssue.id == access_issue_id
    return {
        "issue": issue,
        "steps": session.execute(
            select(
                *(getattr(AccessStep, column.key) for column in AccessStep.__table__.columns),
                Staff.name.label("by_name"),
            )
            .outerjoin(Staff, Staff.id == AccessStep.by_id)
            .where(AccessStep.access_issue_id == access_issue_id)
            .order_by(AccessStep.at, AccessStep.id)
            .limit(MOST)
        ).all(),
        "letters": _letters(session, actor, access_issue_id),
        "orders": session.execute(
            select(ServiceOrder.id, ServiceOrder.number, ServiceOrder.type_code, ServiceOrder.state,
                   ServiceOrder.outcome, ServiceOrder.created_at, ServiceOrder.completed_at)
            .where(ServiceOrder.access_issue_id == access_issue_id)
            .order_by(ServiceOrder.created_at, ServiceOrder.id)
            .limit(MOST)
        ).all(),
        "photos": session.execute(
            select(Attachment.id, Attachment.order_id, Attachment.label, Attachment.noted_at, Attachment.stored_at)
            .where(
                or_(
                    Attachment.access_issue_id == access_issue_id,
                    Attachment.order_id.in_(
                        select(ServiceOrder.id).where(ServiceOrder.access_issue_id == access_issue_id)
                    ),
                )
            )
            .order_by(Attachment.noted_at, Attachment.id)
            .limit(MOST)
        ).all(),
        "contacts": _contacts(session, actor, mine),
    }  # fmt: skip


def _letters(session: Session, actor: Actor, access_issue_id: UUID) -> Sequence[Any]:
    if not may(actor, Action.VIEW_LETTERS):
        return []
    rows = session.execute(
        select(
            AccessNotice.letter_id, AccessNotice.stage, AccessNotice.round, AccessNotice.recipient, AccessNotice.until,
            AccessNotice.respond_by, AccessNotice.replaced, AccessNotice.out_of_turn, Letter.number, Letter.state,
            Letter.mailed_on, Letter.method, Letter.tracking, Letter.ended_on, Letter.reason,
        )
        .join(Letter, Letter.id == AccessNotice.letter_id)
        .where(AccessNotice.access_issue_id == access_issue_id)
        .order_by(AccessNotice.created_at, AccessNotice.id)
        .limit(MOST)
    )  # fmt: skip
    return rows.all()


def _contacts(session: Session, actor: Actor, mine: Any) -> Sequence[Any]:
    """What was said to the place's customers about access since it was seen first."""
    if not may(actor, Action.VIEW_CUSTOMERS):
        return []
    rows = session.execute(
        select(ContactAttempt.at, ContactAttempt.channel, ContactAttempt.direction, ContactAttempt.result,
               ContactAttempt.note, Account.number.label("account_number"))
        .join(Account, Account.id == ContactAttempt.account_id)
        .join(AccessIssue, AccessIssue.service_point_id == Account.service_point_id)
        .where(mine, ContactAttempt.reason == Reason.ACCESS.value, ContactAttempt.at >= AccessIssue.first_seen_at)
        .order_by(ContactAttempt.at, ContactAttempt.id)
        .limit(MOST)
    )  # fmt: skip
    return rows.all()
