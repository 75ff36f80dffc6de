"""AMI events: told by the radio network's head end, closed by a visit or by the office."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from curbstop.commands import change_outs, discrepancies, journal
from curbstop.commands.change_outs import moment
from curbstop.commands.discrepancies import Found
from curbstop.commands.many import insert_many
from curbstop.commands.work import Work, get
from curbstop.domain.discrepancies import DiscrepancyKind
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.ami_event import AmiEvent
from curbstop.models.ids import new_id
from curbstop.models.meter import Endpoint, Installation, Meter
from curbstop.models.service_order import ServiceOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One event as the head end names it; at least one of radio and meter."""

    source_key: str
    name: str
    happened_at: datetime
    radio_id: str | None = None
    meter_serial: str | None = None


def tell(work: Work, events: Sequence[Heard]) -> int:
    """Keeps those that are not known yet, with the place where the radio or meter is; returns how many.

    A fixed number of statements. Problems: forbidden, invalid (names neither radio nor meter).
    """
    require(work.actor, Action.TELL_AMI_EVENTS)
    for number, one in enumerate(events):
        if one.radio_id is None and one.meter_serial is None:
            raise Problem("invalid", "An event names its radio or its meter.", field=f"events.{number}.radio_id")
    by_key = {one.source_key: one for one in events}
    known = set(work.session.scalars(select(AmiEvent.source_key).where(AmiEvent.source_key.in_(by_key))))
    fresh = [one for key, one in by_key.items() if key not in known]
    places = _places(work, fresh)
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "source_key": one.source_key,
            "name": one.name,
            "radio_id": one.radio_id,
            "meter_serial": one.meter_serial,
            "service_point_id": places.get(one.radio_id) or places.get(one.meter_serial),
            "happened_at": one.happened_at,
            "recorded_at": work.at,
        }
        for one in fresh
    ]
    if rows:
        insert_many(work.session, AmiEvent, rows)
        journal.audit_many(work, "tell", "ami_event", [(row["id"], None, {"name": row["name"]}) for row in rows])
    return len(rows)


def close(work: Work, event_id: UUID, *, reason: str) -> AmiEvent:
    """The office knows what it was. Problems: forbidden, not_found, conflict (closed already)."""
    require(work.actor, Action.CLOSE_AMI_EVENT)
    event = get(work, AmiEvent, event_id)
    if event.closed_at is not None:
        raise Problem("conflict", "That event is closed already.")
    event.closed_at, event.closed_by_id, event.close_reason = work.at, work.actor.staff_id, reason
    work.session.flush()
    journal.audit(work, "close", "ami_event", event.id, after={"reason": reason})
    return event


def close_by_order(work: Work, order: ServiceOrder) -> int:
    """Closes what is open at an investigation's place and happened before the visit; returns how many."""
    at = moment(work, order)
    closed = (
        update(AmiEvent)
        .where(
            AmiEvent.service_point_id == order.service_point_id,
            AmiEvent.closed_at.is_(None),
            AmiEvent.happened_at <= at,
        )
        .values(closed_at=at, order_id=order.id, closed_by_id=order.completed_by_id)
        .returning(AmiEvent.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(work.session.scalars(closed))
    journal.audit_many(work, "close", "ami_event", [(one, None, {"order_id": str(order.id)}) for one in ids])
    return len(ids)


def compare_radio(work: Work, order: ServiceOrder) -> None:
    """A radio that was seen at the place and is another one by the books is a discrepancy."""
    seen = "".join(str(order.captures.get("endpoint_seen") or "").split())
    here = change_outs.installed(work, order.service_point_id)
    if not seen or here is None:
        return
    paired = select(Endpoint.radio_id).where(Endpoint.meter_id == here[1].id, Endpoint.retired_at.is_(None))
    known = work.session.scalar(paired)
    if known is not None and known.upper() == seen.upper():
        return
    detail = f"{order.number} saw radio {seen} at meter {here[1].serial}; the books have {known or 'none'}."
    found = Found(
        kind=DiscrepancyKind.DIFFERENT_RADIO,
        subject=seen,
        detail=detail,
        noted_at=moment(work, order),
        service_point_id=order.service_point_id,
        meter_id=here[1].id,
        order_id=order.id,
        expected=known,
        found=seen,
    )
    discrepancies.report(work, [found])


def _places(work: Work, events: Sequence[Heard]) -> dict[str | None, UUID]:
    radios = {one.radio_id for one in events if one.radio_id}
    serials = {one.meter_serial for one in events if one.meter_serial}
    found = work.session.execute(
        select(Meter.serial, Endpoint.radio_id, Installation.service_point_id)
        .join(Installation, (Installation.meter_id == Meter.id) & Installation.removed_at.is_(None))
        .outerjoin(Endpoint, (Endpoint.meter_id == Meter.id) & Endpoint.retired_at.is_(None))
        .where(or_(Meter.serial.in_(serials), Endpoint.radio_id.in_(radios)))
    )
    places: dict[str | None, UUID] = {}
    for serial, radio, place in found:
        places[serial] = place
        # Of a meter without a radio there is none.
        places[radio] = place
    places.pop(None, None)
    return places
