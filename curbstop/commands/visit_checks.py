"""Everything wrong or odd about a visit: by its type's captures, by what they say of each other, and by the books."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from curbstop.commands import change_outs, locks, meter_checks, policies, readings
from curbstop.commands.holdings import FIELD
from curbstop.commands.work import Work
from curbstop.domain.captures import check_captures
from curbstop.domain.findings import Finding, Severity
from curbstop.domain.locks import plain_number
from curbstop.domain.meters import PhysicalState
from curbstop.domain.order_types import OrderType, outcome_completes
from curbstop.domain.problems import Problem
from curbstop.domain.visit_checks import CLOCK_LENIENCY, VisitBooks, check
from curbstop.models.attachment import Attachment
from curbstop.models.reading import Reading
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from geo.distance import distance_m


def findings_of(
    work: Work,
    order: ServiceOrder,
    order_type: OrderType,
    *,
    outcome: str,
    captures: Mapping[str, Any],
    noted_at: datetime | None,
) -> list[Finding]:
    """The findings in the order of the checks; what the captures themselves lack comes first."""
    labels = list(work.session.scalars(select(Attachment.label).where(Attachment.order_id == order.id)))
    findings = check_captures(order_type, outcome, captures, labels)
    wrong = {finding.capture for finding in findings if finding.severity is Severity.REJECT}
    sound = {name: value for name, value in captures.items() if name not in wrong}
    findings += check(order_type, outcome, sound, _books(work, order, sound, noted_at), noted_at=noted_at)
    if outcome_completes(order_type, outcome) and not any(f.severity is Severity.REJECT for f in findings):
        findings += meter_checks.check(work, order, order_type, captures, noted_at or work.at, photos=labels)
    return findings


def refuse_stale(work: Work, order: ServiceOrder, noted_at: datetime | None) -> None:
    """Problem(`invalid`) for a time that cannot be, from somebody who can still put it right.

    What comes from a tablet is kept and flagged instead: it has happened, whatever its clock says.
    """
    if noted_at is None or work.op_id is not None or work.actor.tablet_id is not None or work.authority is not None:
        return
    if noted_at > work.at + CLOCK_LENIENCY:
        raise Problem("invalid", "Work is reported once it is done.", field="noted_at")
    if noted_at < order.created_at - CLOCK_LENIENCY and order.source != FIELD:
        raise Problem("invalid", f"{order.number} was not there yet at that time.", field="noted_at")


def _books(work: Work, order: ServiceOrder, captures: Mapping[str, Any], noted_at: datetime | None) -> VisitBooks:
    here = change_outs.installed(work, order.service_point_id)
    registers = list(change_outs.registers_of(work, here[1].id).values()) if here is not None else []
    first = registers[0] if registers else None
    gps = captures.get("gps")
    place = change_outs.location_of(work, order.service_point_id) if gps else None
    state = work.session.scalar(select(ServicePoint.physical_state).where(ServicePoint.id == order.service_point_id))
    return VisitBooks(
        now=work.at,
        zone=work.settings.zone,
        policy=policies.in_force(work.session).policy.visits,
        created_at=order.created_at,
        made_in_field=order.source == FIELD,
        requested_on=order.requested_on,
        serial=here[1].serial if here is not None else None,
        register=readings.facts_of(first) if first is not None else None,
        last_read=_last_read(work, first.id, noted_at or work.at) if first is not None else None,
        physical=PhysicalState(state or PhysicalState.ON),
        lock_holder=locks.holder_of(work, plain_number(captures.get("lock_no")), besides=order.service_point_id),
        moved_m=distance_m(place, (gps["longitude"], gps["latitude"])) if gps and place else None,
    )


def _last_read(work: Work, register_id: Any, before: datetime) -> Any:
    return work.session.scalar(
        select(Reading.value)
        .where(Reading.register_id == register_id, Reading.superseded_by_id.is_(None), Reading.noted_at <= before)
        .order_by(Reading.noted_at.desc(), Reading.id.desc())
        .limit(1)
    )
