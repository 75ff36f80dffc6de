"""What posting an order does to the utility's books: one function for each built word of the effects' vocabulary."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from curbstop.commands import (
    access_issues,
    ami_events,
    asset_notes,
    change_outs,
    connection_events,
    developments,
    fees,
    follow_ups,
    journal,
    locks,
    meter_work,
    order_contacts,
    readings,
    removal_timers,
    route_change_requests,
    service_levels,
    service_points,
    state_changes,
    supervisor_tasks,
    tamper_cases,
    tap_effects,
    temp_services,
)
from curbstop.commands.change_outs import installed, moment, registers_of
from curbstop.commands.order_steps import type_of
from curbstop.commands.work import Work, get
from curbstop.domain.clocks import as_moment
from curbstop.domain.connections import ConnectionReason
from curbstop.domain.contacts import Reason
from curbstop.domain.follow_ups import wanted
from curbstop.domain.locks import LockEnd
from curbstop.domain.meters import OFF_STATES, AccountStatus, PhysicalState
from curbstop.domain.order_types import OrderType
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, parse_reading
from curbstop.models.account import Account
from curbstop.models.reading import Reading
from curbstop.models.service_order import ServiceOrder

Effect = Callable[[Work, ServiceOrder, Mapping[str, Any]], None]


def apply(work: Work, order: ServiceOrder, order_type: OrderType) -> None:
    """All effects of the type, in its order, in the caller's transaction: all of them or none."""
    for call in order_type.effects:
        effect = EFFECTS.get(call.effect)
        if effect is None:
            raise Problem("order_type_inactive", f"The effect {call.effect} of {order.type_code} is not in use yet.")
        if wanted(call.args.get("only_if"), order.captures, order.flags):
            effect(work, order, call.args)
    # A tablet that holds the place sees the new meter, reading or state.
    service_points.touch(work, [order.service_point_id])


def _set_physical_state(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    state = PhysicalState(args["to"])
    state_changes.record(work, order.service_point_id, state, at=moment(work, order), order_id=order.id)


def _set_account_status(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    if order.account_id is None:
        return
    account = get(work, Account, order.account_id)
    status = AccountStatus(args["to"]).value
    if account.status != status:
        account.status = status
        journal.changed(work, account, "set_account_status")


def _record_reading(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    digits = order.captures.get(args["capture"])
    if digits is not None:
        _read(work, order, digits, ReadingKind(args["kind"]))


def _supersede_reading(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    """Both are kept: the doubted reading points at the one that counts."""
    digits = order.captures.get(args["capture"])
    if digits is None:
        return
    doubted = _doubted(work, order)
    fresh = _read(work, order, digits, ReadingKind.REREAD)
    if doubted is not None and fresh is not None:
        readings.supersede(work, doubted.id, by=fresh.id)


def _doubted(work: Work, order: ServiceOrder) -> Reading | None:
    """The regular reading that the order was made to check: the last one before the order."""
    here = installed(work, order.service_point_id)
    if here is None:
        return None
    first = next(iter(registers_of(work, here[1].id).values()), None)
    if first is None:
        return None
    return work.session.scalar(
        select(Reading)
        .where(
            Reading.register_id == first.id,
            Reading.superseded_by_id.is_(None),
            Reading.recorded_at <= order.created_at,
            Reading.kind == ReadingKind.REGULAR,
        )
        .order_by(Reading.noted_at.desc())
        .limit(1)
    )


def _read(work: Work, order: ServiceOrder, digits: Any, kind: ReadingKind) -> Reading | None:
    here = installed(work, order.service_point_id)
    if here is None:
        raise Problem("no_meter_installed", "There is no meter here that the reading could belong to.")
    register = next(iter(registers_of(work, here[1].id).values()), None)
    if register is None:
        return None
    value, at = parse_reading(digits, readings.facts_of(register)), _read_at(work, order)
    return readings.record(
        work,
        register.id,
        value=value,
        kind=kind,
        source="order",
        noted_at=at,
        order_id=order.id,
        service_point_id=order.service_point_id,
        flags=readings.oddities(work, register, value, before=at),
    )


def _read_at(work: Work, order: ServiceOrder) -> datetime:
    """When it was read, where the visit says so: never later than the work was done."""
    said, done = as_moment(order.captures.get("read_at")), moment(work, order)
    return min(said, done) if said is not None else done


def _exchange_meter(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    change_outs.exchange(work, order)


def _apply_lock(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """Posted after the water was put on again, it says what was there for a while."""
    later = state_changes.since(work, order.service_point_id, moment(work, order))
    gone = later is not None and later.state not in OFF_STATES
    locks.apply(work, order, gone_at=later.at if later is not None and gone else None)


def _remove_lock(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """The place's audit trail says which lock went by which order, also where the books knew of none."""
    locks.end_all(work, order.service_point_id, LockEnd.REMOVED, at=moment(work, order), order_id=order.id)
    lock = {"lock_no": order.captures.get("lock_no"), "order_id": str(order.id)}
    journal.audit(work, "remove_lock", "service_point", order.service_point_id, after=lock)


def _attach_fee(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    fees.attach(work, order, service_levels.fee_kind(work, order, args["kind"]))


def _log_contact(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    order_contacts.log(work, order, Reason(args["reason"]))


def _notify_status(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    """As the order left the place, which by now may be otherwise: the later order tells that."""
    made = state_changes.made_by(work, order.id)
    connection_events.tell(
        work,
        order.service_point_id,
        ConnectionReason(args["reason"]),
        at=moment(work, order),
        state=PhysicalState(made.state) if made is not None else None,
        account_id=order.account_id,
        order_id=order.id,
    )


def _start_removal_timer(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """Not for an order that was posted after the place's state had changed again."""
    at = moment(work, order)
    if state_changes.since(work, order.service_point_id, at) is None:
        removal_timers.start(work, order.service_point_id, at=at, order_id=order.id)


def _create_order(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    follow_ups.follow(work, order, type_of(work, order), args["code"])


def _ask_for_contact(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """Somebody without water has to hear why; the technician had other things to do."""
    detail = f"{order.number}: tell the customer. {follow_ups.found_in_words(order, type_of(work, order))}"
    supervisor_tasks.open_task(work, "contact_customer", detail=detail, order_id=order.id)


def _assess_tamper(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    tamper_cases.file(work, order)


def _close_ami_event(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    ami_events.close_by_order(work, order)


def _compare_radio(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    ami_events.compare_radio(work, order)


def _bill_costs(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    fees.bill_costs(work, order)


def _note_asset(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    asset_notes.write(work, order)


def _request_route_change(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    route_change_requests.propose(work, order)


def _review_access_issue(work: Work, order: ServiceOrder, args: Mapping[str, Any]) -> None:
    if order.access_issue_id is None:
        return
    still_there = bool(order.captures.get(args["capture"]))
    access_issues.recheck(work, order.access_issue_id, still_there=still_there, order_id=order.id)


EFFECTS: Final[dict[str, Effect]] = {
    "install_meter": meter_work.install_meter,
    "remove_meter": meter_work.remove_meter,
    "exchange_register": meter_work.exchange_register,
    "record_test": meter_work.record_test,
    "set_physical_state": _set_physical_state,
    "record_reading": _record_reading,
    "set_account_status": _set_account_status,
    "exchange_meter": _exchange_meter,
    "supersede_reading": _supersede_reading,
    "review_access_issue": _review_access_issue,
    "apply_lock": _apply_lock,
    "remove_lock": _remove_lock,
    "attach_fee": _attach_fee,
    "log_contact": _log_contact,
    "notify_status": _notify_status,
    "start_removal_timer": _start_removal_timer,
    "create_order": _create_order,
    "open_lot_accounts": developments.open_lot_accounts,
    "open_temp_service": temp_services.open_temp_service,
    "close_temp_service": temp_services.close_temp_service,
    "advance_tap": tap_effects.advance_tap,
    "request_feature": tap_effects.request_feature,
    "ask_for_contact": _ask_for_contact,
    "assess_tamper": _assess_tamper,
    "close_ami_event": _close_ami_event,
    "compare_radio": _compare_radio,
    "bill_costs": _bill_costs,
    "note_asset": _note_asset,
    "request_route_change": _request_route_change,
}
