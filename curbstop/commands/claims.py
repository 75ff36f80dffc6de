"""What can be true once only: where a meter and a radio are, and what a register showed during one walk.

The claim that is here stays, but is marked and not posted; the one that arrives is parked. The office decides for
either, or corrects what was misread.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, func, select

from curbstop.commands import journal, readings
from curbstop.commands.order_steps import type_of
from curbstop.commands.work import Work, get
from curbstop.domain.conflicts import Resolution
from curbstop.domain.moments import as_text
from curbstop.domain.order_types import OrderType
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Flag, OrderState
from curbstop.models.among import among
from curbstop.models.meter import Endpoint, Installation, Meter
from curbstop.models.reading import Reading
from curbstop.models.route import RouteSession, Stop, StopVisit
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff

DOUBTED = "disputed"
DISPUTED, LOST = Flag.CLAIM_DISPUTED.value, Flag.CLAIM_LOST.value
# (capture, code of the refusal)
_CLAIMS: Final = (("new_serial", "serial_claimed_twice"), ("new_endpoint", "radio_claimed_twice"))

# The effects that put a meter or a radio somewhere.
_INSTALLING: Final = frozenset({"exchange_meter", "exchange_register", "install_meter"})

Claimant = dict[str, Any]


def check(work: Work, order: ServiceOrder, order_type: OrderType, captures: Mapping[str, Any]) -> None:
    """Raises Problem(serial_claimed_twice | radio_claimed_twice) with `claimants` when another place claims the same.

    A claim is an installation of this moment, or a change-out that was brought back and is not posted yet.
    """
    if not any(call.effect in _INSTALLING for call in order_type.effects):
        return
    wanted = [(name, code, str(captures[name])) for name, code in _CLAIMS if captures.get(name)]
    _one_after_the_other(work, [value for _, _, value in wanted])
    for name, code, value in wanted:
        others = [*_brought_back(work, order, name, value), *_installed(work, order, name, value)]
        if others:
            mine = _claimant("mine", name, value, order_id=order.id, point_id=order.service_point_id)
            mine |= {"order_number": order.number, "technician_name": work.actor.name}
            where = ", ".join(str(one["service_point_number"]) for one in others)
            what = "Serial number" if name == "new_serial" else "Radio"
            raise Problem(code, f"{what} {value} is claimed by {where} already.", claimants=[*others, mine])


def check_order(work: Work, order_id: UUID, captures: Mapping[str, Any]) -> None:
    """The same for an order by its id, with captures that somebody corrected."""
    order = get(work, ServiceOrder, order_id)
    check(work, order, type_of(work, order), captures)


def mark(work: Work, claimants: Sequence[Mapping[str, Any]]) -> None:
    """The claims that are here stay, and wait for the decision: their orders are not posted meanwhile."""
    for order in _theirs(work, claimants):
        if DISPUTED not in order.flags:
            order.flags = sorted({*order.flags, DISPUTED})
            journal.changed(work, order, "dispute")
    _mark_readings(work, claimants, disputed=True)


def decide(work: Work, claimants: Sequence[Mapping[str, Any]], resolution: str, *, op_id: UUID) -> None:
    """The office decided: for what arrived (apply: theirs is lost, and has to be done again), or for another."""
    for order in _theirs(work, claimants):
        flags = set(order.flags) - {DISPUTED} | ({LOST} if resolution == Resolution.APPLY else set())
        if flags != set(order.flags):
            order.flags = sorted(flags)
            journal.changed(work, order, "decide_claim")
    theirs = _mark_readings(work, claimants, disputed=False)
    if resolution != Resolution.KEEP_THEIRS:
        _supersede(work, theirs, op_id)


def readings_of_others(work: Work, stop_ids: Sequence[UUID]) -> dict[UUID, list[Claimant]]:
    """What other technicians have read at these stops during the present walks, by stop."""
    if work.authority is not None:
        return {}
    begun = select(func.min(RouteSession.created_at)).where(RouteSession.state == "open").scalar_subquery()
    lately = work.session.scalars(
        select(StopVisit.id).where(
            among(work.session, StopVisit.stop_id, stop_ids),
            StopVisit.technician_id != work.actor.staff_id,
            StopVisit.recorded_at >= begun,
        )
    ).all()
    if not lately:
        # Nearly always: two seldom walk the same stops.
        return {}
    visits = work.session.execute(
        select(StopVisit.id, StopVisit.stop_id, StopVisit.service_point_id, Staff.name)
        .join(Stop, Stop.id == StopVisit.stop_id)
        .outerjoin(Staff, Staff.id == StopVisit.technician_id)
        .where(
            among(work.session, StopVisit.id, lately),
            exists().where(
                RouteSession.route_version_id == Stop.route_version_id,
                RouteSession.state == "open",
                RouteSession.created_at <= StopVisit.recorded_at,
            ),
        )
    ).all()
    of_visit = {visit_id: (stop_id, technician) for visit_id, stop_id, _, technician in visits}
    # By the place, which is indexed; a visit's readings are of its place.
    taken = work.session.scalars(
        select(Reading).where(
            among(work.session, Reading.service_point_id, {place for _, _, place, _ in visits}),
            Reading.stop_visit_id.in_(of_visit),
            Reading.superseded_by_id.is_(None),
        )
    )
    found: dict[UUID, list[Claimant]] = {}
    for reading in taken:
        assert reading.stop_visit_id is not None
        stop_id, technician = of_visit[reading.stop_visit_id]
        claimant = {
            "side": "theirs",
            "what": "reading",
            # As it was read, not as the column pads it.
            "value": f"{reading.value.normalize():f}",
            "reading_id": str(reading.id),
            "register_id": str(reading.register_id),
            "technician_name": technician,
            "noted_at": as_text(reading.noted_at),
        }
        found.setdefault(stop_id, []).append(claimant)
    return found


def check_readings(work: Work, values: Mapping[UUID, Decimal], others: Sequence[Claimant], *, at: datetime) -> None:
    """Raises Problem(reading_regression) where another technician's reading of the same walk goes the other way.

    That is one of before `at` that is higher, or one of later that is lower: which of them arrived first says nothing.
    """
    for other in others:
        value, theirs = values.get(UUID(other["register_id"])), Decimal(other["value"])
        earlier = datetime.fromisoformat(other["noted_at"]) <= at
        if value is not None and (value < theirs if earlier else value > theirs):
            mine = {"side": "mine", "what": "reading", "value": str(value), "technician_name": work.actor.name}
            mine["noted_at"] = as_text(at)
            when = "before" if earlier else "later"
            detail = (
                f"{other['technician_name']} read {theirs.normalize():f} here {when}; this says {value.normalize():f}."
            )
            raise Problem("reading_regression", detail, claimants=[other, mine])


def _mark_readings(work: Work, claimants: Sequence[Mapping[str, Any]], *, disputed: bool) -> list[Reading]:
    """Readings are facts and stay as they are; that one is doubted is a flag."""
    found = [get(work, Reading, UUID(one["reading_id"])) for one in claimants if one.get("reading_id")]
    for reading in found:
        flags = {*reading.flags, DOUBTED} if disputed else {*reading.flags} - {DOUBTED}
        if flags != set(reading.flags):
            reading.flags = sorted(flags)
            journal.audit(work, "dispute" if disputed else "decide_claim", "reading", reading.id)
    work.session.flush()
    return found


def _supersede(work: Work, theirs: Sequence[Reading], op_id: UUID) -> None:
    """The reading that arrived counts: the doubted ones of the same registers point at it."""
    for doubted in theirs:
        fresh = work.session.scalar(
            select(Reading.id)
            .join(StopVisit, StopVisit.id == Reading.stop_visit_id)
            .where(StopVisit.op_id == op_id, Reading.register_id == doubted.register_id)
        )
        if fresh is not None and doubted.superseded_by_id is None:
            readings.supersede(work, doubted.id, by=fresh)


def refuse_posting(order: ServiceOrder) -> None:
    """Raises Problem(claim_disputed) for an order whose serial number or radio is not certain to be its own."""
    if DISPUTED in order.flags:
        raise Problem("claim_disputed", f"Another place claims what {order.number} installed; settle the conflict.")
    if LOST in order.flags:
        raise Problem("claim_disputed", f"What {order.number} says it installed is at another place: send it back.")


def _theirs(work: Work, claimants: Sequence[Mapping[str, Any]]) -> Iterator[ServiceOrder]:
    ids = {UUID(one["order_id"]) for one in claimants if one.get("side") == "theirs" and one.get("order_id")}
    for order_id in sorted(ids):
        yield get(work, ServiceOrder, order_id)


def _one_after_the_other(work: Work, values: Sequence[str]) -> None:
    """Two tablets that bring the same serial at once must not both find nobody; SQLite has one writer anyway."""
    if work.session.get_bind().dialect.name == "postgresql":
        for value in sorted(values):
            work.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(value, 7230002))))


def _brought_back(work: Work, order: ServiceOrder, name: str, value: str) -> list[Claimant]:
    """What other orders installed that were completed and not posted; there are never many."""
    rows = work.session.execute(
        select(ServiceOrder, ServicePoint.number, Staff.name)
        .join(ServicePoint, ServicePoint.id == ServiceOrder.service_point_id)
        .outerjoin(Staff, Staff.id == ServiceOrder.completed_by_id)
        .where(
            ServiceOrder.state == OrderState.COMPLETED,
            ServiceOrder.id != order.id,
            ServiceOrder.service_point_id != order.service_point_id,
            ServiceOrder.captures[name].as_string() == value,
        )
        .order_by(ServiceOrder.id)
    )
    return [
        _claimant("theirs", name, value, order_id=other.id, point_id=other.service_point_id)
        | {"order_number": other.number, "service_point_number": number, "technician_name": technician}
        for other, number, technician in rows
    ]


def _installed(work: Work, order: ServiceOrder, name: str, value: str) -> list[Claimant]:
    """Where the meter, or the meter with the radio, is installed now, and by which order."""
    statement = (
        select(Installation, ServicePoint.number, ServiceOrder.number)
        .join(Meter, Meter.id == Installation.meter_id)
        .join(ServicePoint, ServicePoint.id == Installation.service_point_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == Installation.order_id)
        .where(Installation.removed_at.is_(None), Installation.service_point_id != order.service_point_id)
    )
    if name == "new_serial":
        statement = statement.where(Meter.serial == value)
    else:
        paired = Endpoint.radio_id == value, Endpoint.retired_at.is_(None)
        statement = statement.join(Endpoint, Endpoint.meter_id == Meter.id).where(*paired)
    return [
        _claimant("theirs", name, value, order_id=there.order_id, point_id=there.service_point_id)
        | {"order_number": order_number, "service_point_number": number}
        for there, number, order_number in work.session.execute(statement)
    ]


def _claimant(side: str, name: str, value: str, *, order_id: UUID | None, point_id: UUID) -> Claimant:
    return {
        "side": side,
        "what": name,
        "value": value,
        "order_id": str(order_id) if order_id is not None else None,
        "service_point_id": str(point_id),
    }
