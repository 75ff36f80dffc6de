"""Creating service orders and the office's own events on them: release, hold, cancel, reschedule and so on.

Long because the office's events are read together, and creating an order asks whatever has a say in it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import (
    access_issues,
    appointments,
    final_notices,
    gates,
    journal,
    numbering,
    search_index,
    service_levels,
    tap_steps,
)
from curbstop.commands.order_steps import Event, add_history, advance, load, type_row
from curbstop.commands.work import Work, get
from curbstop.domain.cut_offs import CAUSE_OF, Cause, Stage
from curbstop.domain.order_types import OrderType, require_creatable
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import (
    OPEN_STATES,
    Facts,
    Flag,
    OrderEvent,
    OrderState,
    is_terminal,
    state_at_create,
)
from curbstop.models.account import Account
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

log = logging.getLogger(__name__)

# Header fields that the office may change after creation; captures are the technician's.
EDITABLE = frozenset(
    {"priority", "requested_on", "window_start", "window_end", "adult_present_required", "after_hours", "instructions"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """What a new service order is made from; `order_id` is given when a tablet made it offline."""

    type_code: str
    service_point_id: UUID
    account_id: UUID | None = None
    priority: int | None = None
    requested_on: date | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    adult_present_required: bool = False
    # Since when its service level counts, where not since now: of a restoral, when it was paid.
    due_from: datetime | None = None
    after_hours: bool = False
    instructions: str | None = None
    follows_id: UUID | None = None
    access_issue_id: UUID | None = None
    override_duplicate: bool = False
    reason: str | None = None
    draft: bool = False
    order_id: UUID | None = None
    source: str = "office"
    source_key: str | None = None
    fees_waived: bool = False
    # A danger that needs no notice: for violations alone.
    hazard: bool = False


def create(work: Work, new: NewOrder) -> ServiceOrder:
    """Makes an order, ready or (when something or somebody's word is missing) as a draft.

    Problems: forbidden, order_type_unknown, order_type_inactive, order_type_not_yours, not_found (service point),
    invalid (account of another place, window), window_unavailable, duplicate_open_order (with the open order) unless
    overridden.
    """
    granted = require(work.actor, Action.CREATE_ORDER)
    found_work = Grant.FOUND_WORK in granted and Grant.YES not in granted
    version, order_type = type_row(work, new.type_code)
    # What the office decided to take is made by its right too.
    roles = work.actor.roles | (work.authority.roles if work.authority is not None else frozenset())
    require_creatable(order_type, roles, system=work.actor.is_system, found_work=found_work)
    # The lock on the place makes two people who create the same order one after the other.
    point = get(work, ServicePoint, new.service_point_id)
    appointments.check(work, new.window_start, new.window_end)
    account_id = _account_of(work, new, point)
    final_notices.check(work, order_type, new.access_issue_id, at=point.id)
    _check_duplicate(work, new)
    tap = tap_steps.admit_order(work, order_type.code, point.id) if work.authority is None else None
    order = ServiceOrder(
        id=new.order_id or new_id(),
        number=numbering.next_order_number(work),
        type_code=order_type.code,
        type_version=version,
        state=_first_state(work, new, order_type, account_id).value,
        priority=new.priority or order_type.priority,
        source=new.source,
        source_key=new.source_key,
        service_point_id=point.id,
        account_id=account_id,
        follows_id=new.follows_id,
        access_issue_id=new.access_issue_id,
        requested_on=new.requested_on,
        window_start=new.window_start,
        window_end=new.window_end,
        adult_present_required=new.adult_present_required,
        due_from=new.due_from,
        after_hours=new.after_hours,
        instructions=new.instructions,
        created_by_id=work.actor.staff_id,
        reason=new.reason,
        created_at=work.at,
        fees_waived=new.fees_waived,
        flags=_flags(new),
        captures={},
        field_versions={},
        attempt_no=1,
        version=1,
    )
    service_levels.set_due(work, order)
    work.session.add(order)
    journal.changed(work, order, "create")
    if tap is not None:
        tap_steps.order_made(work, tap, order)
    add_history(work, order, Event(OrderEvent.CREATE, reason=new.reason), None)
    search_index.index(work, "service_order", [(order.id, order.number)])
    work.session.flush()
    if order.state == OrderState.READY and (facts := _gated(work, order, Stage.APPROVE)).gates is not None:
        # Ready at once is released at once.
        facts.gates.require()
    return order


def made_before(work: Work, new: NewOrder) -> ServiceOrder | None:
    """The order that the actor made under this id already, if it is the same one.

    Problems: conflict (the id is another order's).
    """
    there = work.session.get(ServiceOrder, new.order_id) if new.order_id is not None else None
    if there is None:
        return None
    same = (there.type_code, there.service_point_id, there.instructions) == (
        new.type_code, new.service_point_id, new.instructions,
    )  # fmt: skip
    if not same or there.created_by_id != work.actor.staff_id:
        raise Problem("conflict", f"That id belongs to {there.number} already.")
    return there


def edit(work: Work, order_id: UUID, changes: Mapping[str, Any], *, if_version: int | None) -> ServiceOrder:
    """Changes header fields of an open order; field by field, so that a tablet's captures never clash with them."""
    require(work.actor, Action.EDIT_ORDER)
    order = load(work, order_id, None, if_version)
    if is_terminal(OrderState(order.state)):
        raise Problem("impossible_transition", f"An order that is {order.state} is not edited.", state=order.state)
    unknown = set(changes) - EDITABLE
    if unknown:
        raise Problem("invalid", f"These fields are not edited here: {', '.join(sorted(unknown))}.")
    versions = dict(order.field_versions)
    for name, value in changes.items():
        if getattr(order, name) != value:
            setattr(order, name, value)
            versions[name] = order.version + 1
    if {"window_start", "window_end"} & versions.keys() & changes.keys():
        appointments.check(work, order.window_start, order.window_end)
        appointments.check_room(work, order)
    service_levels.set_due(work, order)
    order.field_versions = versions
    journal.changed(work, order, "edit")
    return order


def release(work: Work, order_id: UUID, *, if_version: int | None = None) -> ServiceOrder:
    """A draft becomes ready: by whoever may create its type, and by an approver where the type asks for one."""
    gates.lock_accounts(work, [order_id])
    order = load(work, order_id, OrderEvent.RELEASE, if_version)
    _, order_type = type_row(work, order.type_code, order.type_version)
    if order_type.approve_roles and not work.actor.is_system and not work.actor.roles & order_type.approve_roles:
        allowed = sorted(role.value for role in order_type.approve_roles)
        raise Problem("forbidden", f"{order.type_code} is released by {', '.join(allowed)}.", allowed_roles=allowed)
    if order_type.needs_account and order.account_id is None:
        raise Problem("invalid", f"{order.type_code} needs an account before it is released.")
    advance(work, order, Event(OrderEvent.RELEASE), _gated(work, order, Stage.APPROVE))
    return order


def hold(work: Work, order_id: UUID, *, until: date, reason: str, if_version: int | None = None) -> ServiceOrder:
    """Sets an order aside until a day; the clock brings it back."""
    order = load(work, order_id, OrderEvent.HOLD, if_version)
    if until <= work.at.astimezone(work.settings.zone).date():
        raise Problem("invalid", "held_until must be a coming day.")
    order.held_until = until
    advance(work, order, Event(OrderEvent.HOLD, reason=reason, given=frozenset({"held_until"})))
    return order


def unhold(work: Work, order_id: UUID, *, if_version: int | None = None) -> ServiceOrder:
    """Takes a held order up again."""
    gates.lock_accounts(work, [order_id])
    order = load(work, order_id, OrderEvent.UNHOLD, if_version)
    order.held_until = None
    # Whether it is a day for it is asked when somebody gets it.
    advance(work, order, Event(OrderEvent.UNHOLD), _gated(work, order, Stage.BUILD))
    return order


def unhold_due(work: Work, *, limit: int = 200) -> int:
    """Takes up the orders whose hold has run out, at most `limit` of them; returns how many. For the clock."""
    today = work.at.astimezone(work.settings.zone).date()
    due = select(ServiceOrder.id).where(ServiceOrder.state == OrderState.HELD, ServiceOrder.held_until <= today)
    ids = list(work.session.scalars(due.order_by(ServiceOrder.id).limit(limit)))
    done = 0
    for order_id in ids:
        try:
            with work.session.begin_nested():
                unhold(work, order_id)
            done += 1
        except Problem as problem:
            # Somebody moved it meanwhile, or a gate is against it; one order must not keep the others waiting.
            log.info("order %s stays held: %s", order_id, problem)
            if problem.code in ("gate_blocked", "override_needed"):
                _hold_on(work, order_id, today + timedelta(days=1))
    return done


def _hold_on(work: Work, order_id: UUID, until: date) -> None:
    """A cut-off that a gate blocks is asked about once a day; otherwise the first 200 would keep all others waiting."""
    order = get(work, ServiceOrder, order_id)
    order.held_until = until
    journal.changed(work, order, "hold")


def cancel(work: Work, order_id: UUID, *, reason: str, if_version: int | None = None) -> ServiceOrder:
    """Ends an order that is not on a tablet; one that is must be recalled."""
    order = load(work, order_id, OrderEvent.CANCEL, if_version)
    _, order_type = type_row(work, order.type_code, order.type_version)
    own_type = bool(work.actor.roles & order_type.create_roles)
    advance(work, order, Event(OrderEvent.CANCEL, reason=reason), Facts(own_type=own_type))
    return order


def reschedule(work: Work, order_id: UUID, *, if_version: int | None = None) -> ServiceOrder:
    """A returned order is ready for another attempt; after the third the place itself becomes an access issue."""
    order = load(work, order_id, OrderEvent.RESCHEDULE, if_version)
    order.outcome = None
    if Flag.ACCESS_ISSUE.value in advance(work, order, Event(OrderEvent.RESCHEDULE)).flags:
        access_issues.report_tries(work, order)
    return order


def close(work: Work, order_id: UUID, *, reason: str, if_version: int | None = None) -> ServiceOrder:
    """Ends a returned order, for example because it was done already."""
    order = load(work, order_id, OrderEvent.CLOSE, if_version)
    advance(work, order, Event(OrderEvent.CLOSE, reason=reason))
    return order


def _gated(work: Work, order: ServiceOrder, stage: Stage) -> Facts:
    checked = gates.ask_for_orders(work, [order], stage).get(order.id)
    return Facts(is_cut_off=True, gates=checked.asked) if checked is not None else Facts()


def _flags(new: NewOrder) -> list[str]:
    if new.hazard and CAUSE_OF.get(new.type_code) is not Cause.VIOLATION:
        raise Problem("invalid", "Only a cut-off for a violation is made for a hazard.", field="hazard")
    flags = {"duplicate_overridden": new.override_duplicate, gates.HAZARD: new.hazard}
    return [flag for flag, holds in flags.items() if holds]


def _first_state(work: Work, new: NewOrder, order_type: OrderType, account_id: UUID | None) -> OrderState:
    needs_approval = not work.actor.is_system and order_type.needs_approval(work.actor.roles)
    complete = account_id is not None or not order_type.needs_account
    return state_at_create(header_complete=complete, needs_approval=needs_approval, as_draft=new.draft)


def _account_of(work: Work, new: NewOrder, point: ServicePoint) -> UUID | None:
    """The account named, which must be of this place; else the place's current one."""
    here = select(Account.id).where(Account.service_point_id == point.id)
    if new.account_id is not None:
        if work.session.scalar(here.where(Account.id == new.account_id)) is None:
            raise Problem("invalid", "That account is not at this service point.", field="account_id")
        return new.account_id
    return work.session.scalar(here.where(Account.status != "finaled").order_by(Account.id.desc()).limit(1))


def _check_duplicate(work: Work, new: NewOrder) -> None:
    if work.authority is not None:
        return
    if new.override_duplicate:
        require(work.actor, Action.OVERRIDE_DUPLICATE)
        if not new.reason:
            raise Problem("argument_required", "Say in `reason` why a second order is needed.", missing=["reason"])
        return
    twin = work.session.execute(
        select(ServiceOrder.id, ServiceOrder.number, ServiceOrder.state)
        .where(
            ServiceOrder.service_point_id == new.service_point_id,
            ServiceOrder.type_code == new.type_code,
            ServiceOrder.state.in_(OPEN_STATES),
        )
        .limit(1)
    ).first()
    if twin is not None:
        detail = f"{twin.number} ({new.type_code}) is {twin.state} at this service point."
        raise Problem("duplicate_open_order", detail, order_id=str(twin.id), number=twin.number)
