"""The technician's events on an order, from a tablet or typed in by the office.

It is long because the two ways to end a visit share what they check, and read best beside each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select

from curbstop.commands import (
    access_issues,
    change_outs,
    claims,
    journal,
    locate_tickets,
    recalls,
    settling,
)
from curbstop.commands.holdings import has_it, held_once, was_on_site
from curbstop.commands.order_steps import (
    Event,
    advance,
    enter_bucket,
    leave_bucket,
    load,
    store,
    type_of,
)
from curbstop.commands.visit_checks import findings_of, refuse_stale
from curbstop.commands.work import Work
from curbstop.domain.findings import Finding, Severity
from curbstop.domain.order_types import OrderType, is_no_access, outcome_completes
from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Effect, Facts, Flag, OrderEvent, OrderState, Step, is_terminal, step
from curbstop.models.service_order import ServiceOrder
from geo.distance import distance_m

FAR_M = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a technician brings back from an order; `position` is {longitude, latitude, accuracy_m}."""

    outcome: str
    captures: Mapping[str, Any] = field(default_factory=dict)
    notes: str | None = None
    category: str | None = None
    position: Mapping[str, Any] | None = None
    noted_at: datetime | None = None
    voice_code: str | None = None
    # What is to be remarked on the order because of how it arrived, such as a tablet's clock that is far off.
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Returned:
    """The order after a return; `kept` says what was kept of a visit to an order that is somebody else's by now."""

    order: ServiceOrder
    kept: Mapping[str, Any] | None = None


def travel(work: Work, order_id: UUID, *, noted_at: datetime | None = None) -> ServiceOrder:
    """On the way."""
    order = load(work, order_id, OrderEvent.TRAVEL)
    advance(
        work, order, Event(OrderEvent.TRAVEL, noted_at=noted_at), Facts(another_active=_another_active(work, order))
    )
    return order


def arrive(
    work: Work, order_id: UUID, *, position: Mapping[str, Any] | None = None, noted_at: datetime | None = None
) -> ServiceOrder:
    """There. A position far from the service point is flagged, never refused.

    Problem(`dig_not_legal`) where the order digs and no locate ticket lets anybody begin.
    """
    order = load(work, order_id, OrderEvent.ARRIVE)
    locate_tickets.check_start(work, order, noted_at)
    far = _is_far(work, order, position)
    event = Event(OrderEvent.ARRIVE, noted_at=noted_at, record={"position": dict(position)} if position else {})
    advance(work, order, event, Facts(another_active=_another_active(work, order), far_from_point=far))
    return order


def suspend(work: Work, order_id: UUID, *, reason: str, noted_at: datetime | None = None) -> ServiceOrder:
    """Interrupted; what was captured stays."""
    return _simple(work, order_id, Event(OrderEvent.SUSPEND, reason=reason, noted_at=noted_at))


def resume(work: Work, order_id: UUID, *, noted_at: datetime | None = None) -> ServiceOrder:
    """Taken up again on site."""
    return _simple(work, order_id, Event(OrderEvent.RESUME, noted_at=noted_at))


def decline(work: Work, order_id: UUID, *, reason: str, noted_at: datetime | None = None) -> ServiceOrder:
    """Given back to the office before it was begun."""
    return _simple(work, order_id, Event(OrderEvent.DECLINE, reason=reason, noted_at=noted_at))


def acknowledge_recall(work: Work, order_id: UUID, *, noted_at: datetime | None = None) -> ServiceOrder:
    """The tablet has seen that the office took the order back."""
    return _simple(work, order_id, Event(OrderEvent.ACK, noted_at=noted_at))


def complete(work: Work, order_id: UUID, visit: Visit) -> ServiceOrder:
    """Done, with what was captured.

    Missing captures are accepted where something happened in the ground (flag incomplete_capture), else they are
    Problem(capture_missing) with `findings`. Somebody who held the order while it was on their tablet completes it even
    if the office has given it to another since: the completion wins and the other's copy is taken back.
    """
    order = load(work, order_id, OrderEvent.COMPLETE)
    order_type = type_of(work, order)
    if not outcome_completes(order_type, visit.outcome):
        raise Problem(
            "invalid", f"{visit.outcome} does not complete an order; it is returned with it.", field="outcome"
        )
    _refuse_second(order)
    _check_may_finish(work, order, cut_off=order_type.is_cut_off)
    refuse_stale(work, order, visit.noted_at)
    captures = {**_position_taken(order_type, visit.position), **order.captures, **visit.captures}
    if work.authority is None:
        claims.check(work, order, order_type, captures)
    findings = findings_of(work, order, order_type, outcome=visit.outcome, captures=captures, noted_at=visit.noted_at)
    rejects = [f for f in findings if f.severity is Severity.REJECT]
    # What the office decided to take as it is, is taken: its posting still asks for what is missing.
    stands = order_type.changed_the_ground(captures) or work.authority is not None
    if rejects and not stands:
        raise capture_missing(rejects)
    said = recalls.voice_record(work, order, visit.voice_code)
    facts = Facts(
        missing_captures=bool(rejects),
        physical_effect=stands,
        is_cut_off=order_type.is_cut_off,
        lease_expired=recalls.is_stale(work, order) and not said.get("voice_code_day"),
    )
    event = _event_of(OrderEvent.COMPLETE, visit, findings)
    times = recalls.times(work, order, visit.noted_at) if recalls.was_recalled(order) else {}
    event = replace(event, record={**event.record, **said, **times})
    _write_visit(order, visit, captures)
    # When it was done, by the corrected clock; what is noted of the future was done no later than it came.
    order.completed_at = min(visit.noted_at or work.at, work.at)
    order.completed_by_id = work.actor.staff_id
    locate_tickets.note_dig(work, order, visit.noted_at)
    order.flags = sorted({*order.flags, *_remarks(work, order, findings)})
    taken = _finish(work, order, event, facts)
    if Effect.AUTO_RESTORAL in taken.effects:
        recalls.restore(work, order, times)
    journal.enqueue(work, "service_order.completed", {"order_id": str(order.id)})
    return order


def same_completion(work: Work, order_id: UUID, visit: Visit) -> ServiceOrder | None:
    """The order, if the actor has brought back this very completion already by another op; else None."""
    order = work.session.get(ServiceOrder, order_id)
    if order is None or order.state not in (OrderState.COMPLETED, OrderState.POSTED):
        return None
    mine = order.completed_by_id == work.actor.staff_id and order.outcome == visit.outcome
    said = (visit.notes or "") in (order.notes or "")
    return order if mine and said and order.captures == {**order.captures, **visit.captures} else None


def return_(work: Work, order_id: UUID, visit: Visit) -> Returned:
    """Not done, and why. No access opens (or counts) an access issue of the category that the outcome maps to.

    Only a completion takes an order from whoever has it by now: one that was given on meanwhile goes on as it is, and
    the visit is kept with it.
    """
    order = load(work, order_id, OrderEvent.RETURN)
    if outcome_completes(type_of(work, order), visit.outcome):
        raise Problem("invalid", f"{visit.outcome} completes an order; it is not returned with it.", field="outcome")
    _refuse_second(order)
    _check_may_finish(work, order)
    refuse_stale(work, order, visit.noted_at)
    kept = None
    if work.authority is None and not has_it(work, order) and order.technician_id != work.actor.staff_id:
        kept = settling.keep_visit(
            work, order, visit.captures, noted_at=visit.noted_at, outcome=visit.outcome, notes=visit.notes
        )
    else:
        _write_visit(order, visit, {**order.captures, **visit.captures})
        _finish(work, order, _event_of(OrderEvent.RETURN, visit, []), Facts())
    if is_no_access(visit.outcome):
        category = visit.category or load_code_tables().outcomes[visit.outcome].access_category
        if category is not None:
            access_issues.report(
                work,
                order.service_point_id,
                category=category,
                note=visit.notes,
                order_id=order.id,
                noted_at=visit.noted_at,
            )
    return Returned(order, kept)


def _position_taken(order_type: OrderType, position: Mapping[str, Any] | None) -> dict[str, Any]:
    """Where the visit was completed is the position that its type asks for, unless another was captured."""
    return {"gps": dict(position)} if position and order_type.capture("gps") is not None else {}


def capture_missing(rejects: Sequence[Finding]) -> Problem:
    """The refusal of a visit's record, saying in words what is wrong with it."""
    detail = "; ".join(finding.detail for finding in rejects)
    return Problem("capture_missing", detail, findings=[finding.to_json() for finding in rejects])


def _simple(work: Work, order_id: UUID, event: Event) -> ServiceOrder:
    order = load(work, order_id, event.name)
    advance(work, order, event)
    return order


def _event_of(name: OrderEvent, visit: Visit, findings: list[Finding]) -> Event:
    record: dict[str, Any] = {"outcome": visit.outcome, "captures": dict(visit.captures)}
    if visit.notes:
        record["notes"] = visit.notes
    if visit.position:
        record["position"] = dict(visit.position)
    if findings:
        record["findings"] = [finding.to_json() for finding in findings]
    return Event(name, noted_at=visit.noted_at, record=record, given=frozenset({"outcome"}))


def _write_visit(order: ServiceOrder, visit: Visit, captures: Mapping[str, Any]) -> None:
    order.outcome, order.captures = visit.outcome, dict(captures)
    order.flags = sorted({*order.flags, *visit.flags})
    if visit.notes:
        order.notes = f"{order.notes}\n{visit.notes}" if order.notes and visit.notes not in order.notes else visit.notes


def _remarks(work: Work, order: ServiceOrder, findings: Sequence[Finding]) -> Iterator[str]:
    yield from (finding.code for finding in findings if finding.severity is Severity.WARN)
    if work.authority is None and order.technician_id not in (None, work.actor.staff_id):
        yield Flag.NOT_THE_ASSIGNEE.value


def _refuse_second(order: ServiceOrder) -> None:
    """Two technicians brought the same order back: the first received counts, the second is kept as a conflict."""
    if order.state in (OrderState.COMPLETED, OrderState.POSTED):
        raise Problem("duplicate_completion", f"{order.number} is {order.state} already.", state=order.state)


def _check_may_finish(work: Work, order: ServiceOrder, *, cut_off: bool = False) -> None:
    """Raises Problem(forbidden) or Problem(not_in_scope) for whoever never held the order.

    A cut-off that was done counts even after it was cancelled: somebody is without water.
    """
    require(work.actor, Action.FIELD_EVENTS)
    if has_it(work, order) and order.state != OrderState.CANCELLED:
        return
    if work.authority is not None:
        return
    over = is_terminal(OrderState(order.state)) and not cut_off
    if over or not held_once(work, order):
        raise Problem("not_in_scope", f"{order.number} was not on this tablet, or is {order.state} by now.")


def _finish(work: Work, order: ServiceOrder, event: Event, facts: Facts) -> Step:
    if has_it(work, order) and order.state != OrderState.CANCELLED:
        return advance(work, order, event, facts)
    # As if it had never been taken away: the step is the one from the state in which it was held.
    facts_given = Facts(
        given=event.given,
        missing_captures=facts.missing_captures,
        physical_effect=facts.physical_effect,
        is_cut_off=facts.is_cut_off,
        lease_expired=facts.lease_expired,
    )
    held = OrderState.ON_SITE if was_on_site(work, order) else OrderState.DISPATCHED
    held = OrderState.RECALL_PENDING if recalls.was_recalled(order) else held
    taken = step(held, event.name, roles=work.actor.roles, facts=facts_given)
    other = order.technician_id
    if order.state != OrderState.DRAFT:
        # A draft was nobody else's: its maker found the work, and did it before the office had looked at it.
        order.flags = sorted({*order.flags, "finished_by_former_technician"})
    order.technician_id = work.actor.staff_id
    store(work, order, event, taken)
    if other is not None:
        leave_bucket(work, order, other)
    if taken.state not in (OrderState.CANCELLED, OrderState.POSTED):
        assert work.actor.staff_id is not None
        enter_bucket(work, order, work.actor.staff_id)
    return taken


def _another_active(work: Work, order: ServiceOrder) -> bool:
    active = (OrderState.EN_ROUTE, OrderState.ON_SITE)
    others = exists().where(
        ServiceOrder.technician_id == order.technician_id,
        ServiceOrder.id != order.id,
        or_(*(ServiceOrder.state == state for state in active)),
    )
    return bool(work.session.scalar(select(others)))


def _is_far(work: Work, order: ServiceOrder, position: Mapping[str, Any] | None) -> bool:
    place = change_outs.location_of(work, order.service_point_id)
    if position is None or place is None:
        return False
    return distance_m(place, (float(position["longitude"]), float(position["latitude"]))) > FAR_M
