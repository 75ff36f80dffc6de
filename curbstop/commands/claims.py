"""What can be true of one place only: a meter's serial number and a radio's id, claimed by two change-outs.

The claim that is here stays, but is marked and not posted; the one that arrives is parked. The office decides for
either, or corrects what was misread.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import journal
from curbstop.commands.order_steps import type_of
from curbstop.commands.work import Work, get
from curbstop.domain.conflicts import Resolution
from curbstop.domain.order_types import OrderType
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Flag, OrderState
from curbstop.models.meter import Endpoint, Installation, Meter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff

DISPUTED, LOST = Flag.CLAIM_DISPUTED.value, Flag.CLAIM_LOST.value
# (capture, code of the refusal)
_CLAIMS: Final = (("new_serial", "serial_claimed_twice"), ("new_endpoint", "radio_claimed_twice"))

Claimant = dict[str, Any]


def check(work: Work, order: ServiceOrder, order_type: OrderType, captures: Mapping[str, Any]) -> None:
    """Raises Problem(serial_claimed_twice | radio_claimed_twice) with `claimants` when another place claims the same.

    A claim is an installation of this moment, or a change-out that was brought back and is not posted yet.
    """
    if not any(call.effect == "exchange_meter" for call in order_type.effects):
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


def decide(work: Work, claimants: Sequence[Mapping[str, Any]], resolution: str) -> None:
    """The office decided: for what arrived (apply: theirs is lost, and has to be done again), or for another."""
    for order in _theirs(work, claimants):
        flags = set(order.flags) - {DISPUTED} | ({LOST} if resolution == Resolution.APPLY else set())
        if flags != set(order.flags):
            order.flags = sorted(flags)
            journal.changed(work, order, "decide_claim")


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
    """Change-outs of other orders that were completed and not posted; there are never many."""
    rows = work.session.execute(
        select(ServiceOrder, ServicePoint.number, Staff.name)
        .join(ServicePoint, ServicePoint.id == ServiceOrder.service_point_id)
        .outerjoin(Staff, Staff.id == ServiceOrder.completed_by_id)
        .where(
            ServiceOrder.state == OrderState.COMPLETED,
            ServiceOrder.type_code == order.type_code,
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
