"""Discrepancies: reported by whoever notices them, counted while they are open, and settled by the office."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.discrepancies import DiscrepancyKind, DiscrepancyState
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.discrepancy import Discrepancy
from curbstop.models.ids import new_id


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody noticed; `subject` (a serial, a radio's number) makes two reports one."""

    kind: DiscrepancyKind
    subject: str
    detail: str
    noted_at: datetime
    service_point_id: UUID | None = None
    meter_id: UUID | None = None
    order_id: UUID | None = None
    expected: str | None = None
    found: str | None = None


def report(work: Work, news: Sequence[Found]) -> list[Discrepancy]:
    """Opens what is new and counts what is open already: a fixed number of statements. For commands, not for people."""
    if not news:
        return []
    open_ones = select(Discrepancy).where(
        Discrepancy.state == DiscrepancyState.OPEN, Discrepancy.subject.in_({one.subject for one in news})
    )
    there = {(row.kind, row.subject, row.service_point_id): row for row in work.session.scalars(open_ones)}
    again, fresh = [], []
    for one in news:
        key = (one.kind.value, one.subject, one.service_point_id)
        row = there.get(key)
        if row is None:
            there[key] = row = _row(work, one)
            work.session.add(row)
            fresh.append(row)
        elif row not in fresh:
            row.times += 1
            row.noted_at = max(row.noted_at, one.noted_at)
            again.append(row)
    for rows, action in ((fresh, "report"), (again, "report_again")):
        if rows:
            journal.changed_many(work, rows, action)
    return fresh + again


def settle(work: Work, discrepancy_id: UUID, *, note: str, if_version: int | None) -> Discrepancy:
    """Somebody looked into it, and says what came of it. Problems: forbidden, not_found, version_mismatch, conflict."""
    require(work.actor, Action.REVIEW_ORDER)
    row = get(work, Discrepancy, discrepancy_id)
    check_version(row, if_version)
    if row.state != DiscrepancyState.OPEN:
        raise Problem("conflict", "That discrepancy was settled already.")
    row.state, row.note = DiscrepancyState.SETTLED.value, note
    row.settled_at, row.settled_by_id = work.at, work.actor.staff_id
    journal.changed(work, row, "settle")
    return row


def _row(work: Work, one: Found) -> Discrepancy:
    return Discrepancy(
        id=new_id(),
        kind=one.kind.value,
        state=DiscrepancyState.OPEN.value,
        service_point_id=one.service_point_id,
        meter_id=one.meter_id,
        order_id=one.order_id,
        subject=one.subject[:40],
        expected=one.expected,
        found=one.found,
        detail=one.detail,
        noted_at=one.noted_at,
        times=1,
        created_at=work.at,
    )
