"""What the books say to the captures of work on meters, for whichever effects an order's type has."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, select

from curbstop.commands import change_outs
from curbstop.commands.change_out_books import Asked, Seen, look
from curbstop.commands.change_outs import distance_and_accuracy, whole
from curbstop.commands.work import Work
from curbstop.domain import meter_work as rule
from curbstop.domain.change_outs import ChangeOut
from curbstop.domain.findings import Finding, reject
from curbstop.domain.meter_tests import FLOWS
from curbstop.domain.meters import IN_SERVICE, AccountStatus, PhysicalState
from curbstop.domain.order_types import OrderType
from curbstop.domain.permissions import Role
from curbstop.domain.readings import RegisterFacts
from curbstop.domain.service_orders import OrderEvent
from curbstop.models.account import Account
from curbstop.models.meter import Installation, Meter, Register
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff

Captures = Mapping[str, Any]


def check(
    work: Work, order: ServiceOrder, order_type: OrderType, captures: Captures, at: datetime, *, photos: Sequence[str]
) -> list[Finding]:
    """Everything about captures that are whole in themselves which does not fit the books."""
    effects = {call.effect for call in order_type.effects}
    if "exchange_meter" in effects:
        return change_outs.check(work, order, captures, at, photos=photos)
    for effect in _CHECKS.keys() & effects:
        return _CHECKS[effect](work, order, captures, at, photos)
    return []


def seen_by(
    work: Work, order: ServiceOrder, captures: Captures, at: datetime, photos: Sequence[str] = ()
) -> tuple[ChangeOut, Seen]:
    """Half a change-out out of the captures of other work on meters, and the books for it."""
    out = _half(work, order, captures, at)
    photographed = any(label.startswith("photo") for label in photos)
    [seen] = look(work, [Asked(order.service_point_id, out, photographed)])
    return out, seen


def parts_of(captures: Captures) -> tuple[bool, bool]:
    """Whether the register and whether the radio was changed."""
    parts = captures.get("parts")
    return parts in ("register", "both"), parts in ("radio", "both")


def _half(work: Work, order: ServiceOrder, captures: Captures, at: datetime) -> ChangeOut:
    distance, accuracy = distance_and_accuracy(work, order, captures)
    face = _face_here(work, order)
    return ChangeOut(
        old_serial=str(captures.get("serial_seen") or ""),
        new_serial=str(captures.get("new_serial") or ""),
        out_reads=captures.get("out_read") or {},
        in_reads=captures.get("in_read") or {},
        installed_at=at,
        # A register that was changed for one of its kind has its face.
        new_dials=whole(captures.get("new_dials"), face.dials),
        new_decimals=whole(captures.get("new_decimals"), face.decimals),
        new_multiplier=Decimal(str(captures.get("new_multiplier") or face.multiplier)),
        new_unit=str(captures.get("new_uom") or "GAL"),
        new_size=captures.get("new_size"),
        new_make=captures.get("new_make"),
        new_model=captures.get("new_model"),
        new_endpoint=captures.get("new_endpoint"),
        estimated_out_read=bool(captures.get("estimated_out_read")),
        estimate_reason=captures.get("estimate_reason"),
        typed_by_hand=captures.get("new_serial_by") == "typed",
        serial_again=captures.get("new_serial_again"),
        test_read=captures.get("test_read"),
        distance_m=distance,
        accuracy_m=accuracy,
    )


def _face_here(work: Work, order: ServiceOrder) -> RegisterFacts:
    first = work.session.scalar(
        select(Register)
        .join(Installation, Installation.meter_id == Register.meter_id)
        .where(
            Installation.service_point_id == order.service_point_id,
            Installation.removed_at.is_(None),
            Register.removed_at.is_(None),
        )
        .order_by(Register.position)
        .limit(1)
    )
    return RegisterFacts(6) if first is None else RegisterFacts(first.dials, first.decimals, first.multiplier)


def _check_set(
    work: Work, order: ServiceOrder, captures: Captures, at: datetime, photos: Sequence[str]
) -> list[Finding]:
    out, seen = seen_by(work, order, captures, at, photos)
    state = work.session.scalars(
        select(ServicePoint.physical_state).where(ServicePoint.id == order.service_point_id)
    ).one()
    return list(
        rule.check_set(out, seen.books, state=PhysicalState(state), locked=captures.get("locked_on_set") is True)
    )


def _check_pull(
    work: Work, order: ServiceOrder, captures: Captures, at: datetime, photos: Sequence[str]
) -> list[Finding]:
    out, seen = seen_by(work, order, captures, at, photos)
    serves = _serves(work, order)
    approved = serves is not None and _approved(work, order)
    return list(rule.check_pull(out, seen.books, in_service=serves, approved=approved))


def _serves(work: Work, order: ServiceOrder) -> str | None:
    """The number of the account in service here, where the place has one meter only."""
    here = select(func.count()).where(
        Installation.service_point_id == order.service_point_id, Installation.removed_at.is_(None)
    )
    if int(work.session.scalar(here) or 0) > 1:
        return None
    in_service = [status.value for status in IN_SERVICE if status is not AccountStatus.FINAL_PENDING]
    return work.session.scalar(
        select(Account.number)
        .where(Account.service_point_id == order.service_point_id, Account.status.in_(in_service))
        .limit(1)
    )


def _approved(work: Work, order: ServiceOrder) -> bool:
    """Whether a supervisor made or released the order and gave a reason."""
    said = select(Staff.roles).where(
        OrderHistory.order_id == order.id,
        OrderHistory.event.in_([OrderEvent.CREATE.value, OrderEvent.RELEASE.value]),
        OrderHistory.reason.is_not(None),
        Staff.id == OrderHistory.staff_id,
    )
    return any(Role.SUP.value in roles for roles in work.session.scalars(said))


def _check_parts(
    work: Work, order: ServiceOrder, captures: Captures, at: datetime, photos: Sequence[str]
) -> list[Finding]:
    out, seen = seen_by(work, order, captures, at, photos)
    register, radio = parts_of(captures)
    return list(rule.check_parts(out, seen.books, register=register, radio=radio))


def _check_test(
    work: Work, _order: ServiceOrder, captures: Captures, _at: datetime, _photos: Sequence[str]
) -> list[Finding]:
    serial = str(captures["serial_seen"])
    known = work.session.scalar(select(Meter.id).where(Meter.serial == serial)) is not None
    found = [] if known else [reject("METER_UNKNOWN", "serial_seen", f"the inventory does not know {serial}")]
    for flow in FLOWS:
        reference, registered = (Decimal(str(captures[f"{flow}_{what}"])) for what in ("reference", "registered"))
        if reference <= 0 or registered > reference * 10:
            said = f"{registered} of {reference} at {flow} flow is no test: look at both volumes again"
            found.append(reject("TEST_VOLUME", f"{flow}_reference", said))
    return found


_CHECKS: Final[dict[str, Callable[[Work, ServiceOrder, Captures, datetime, Sequence[str]], list[Finding]]]] = {
    "install_meter": _check_set,
    "remove_meter": _check_pull,
    "exchange_register": _check_parts,
    "record_test": _check_test,
}
