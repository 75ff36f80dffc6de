"""Tap requests as the office keeps them: asked for, quoted, paid, permitted, inspected, given an account, ended."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import accounts, numbering, policies, service_orders, tap_steps
from curbstop.commands.accounts import SERVICE_CLASSES
from curbstop.commands.customers import check_seen
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, get
from curbstop.domain import taps as rules
from curbstop.domain.meters import AccountStatus, PhysicalState
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES
from curbstop.domain.taps import PERMITS, TapStage
from curbstop.models.account import Account, Customer
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.tap_request import TapRequest

SURVEY = "TAP_SITE"
_UNTAPPED = (PhysicalState.NO_TAP, PhysicalState.CUT_AT_MAIN, PhysicalState.ABANDONED)
_QUOTABLE = (TapStage.SITE_SURVEY, TapStage.QUOTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTapRequest:
    """Who wants a tap where, and how large a meter."""

    customer_id: UUID
    service_point_id: UUID
    meter_size: str
    service_class: str = "residential"
    note: str | None = None


def request(work: Work, new: NewTapRequest) -> TapRequest:
    """Takes a request, and makes the order for its site survey.

    Problems: forbidden, not_found, invalid (no fee for the size, unknown class), conflict (there is a tap, or another
    request under way, at the place).
    """
    require(work.actor, Action.KEEP_TAPS)
    point = get(work, ServicePoint, new.service_point_id)
    check_seen(work, get(work, Customer, new.customer_id, lock=False))
    if PhysicalState(point.physical_state) not in _UNTAPPED:
        raise Problem("conflict", f"{point.number} has a tap already: it is {point.physical_state}.")
    if new.service_class not in SERVICE_CLASSES:
        raise Problem("invalid", f"Service classes are {', '.join(SERVICE_CLASSES)}.", field="service_class")
    rules.quoted_cents(policies.in_force(work.session).policy.taps, new.meter_size, bored=False)
    there = tap_steps.open_at(work, point.id)
    if there is not None:
        raise Problem("conflict", f"{there.number} is under way at {point.number}.", tap_request_id=str(there.id))
    tap = TapRequest(
        id=new_id(),
        number=numbering.next_numbers(work, Prefix.TAP_REQUEST)[0],
        customer_id=new.customer_id,
        service_point_id=point.id,
        service_class=new.service_class,
        meter_size=new.meter_size,
        note=new.note,
        stage=TapStage.REQUESTED.value,
        stage_at=work.at,
        permits={},
        created_by_id=work.actor.staff_id,
        created_at=work.at,
        version=1,
    )
    work.session.add(tap)
    tap_steps.record(work, tap, "request", reason=new.note)
    tap.survey_order_id = _survey(work, tap)
    work.session.flush()
    return tap


def quote(work: Work, tap_id: UUID, *, cents: int | None = None, reason: str | None = None,
          if_version: int | None = None) -> TapRequest:  # fmt: skip
    """Gives the customer a price, by the policy or another one with a reason; it holds for as long as the policy says.

    Quoting again replaces a price that was not paid. Problems: forbidden, not_found, tap_ended, tap_gate_closed (it was
    not surveyed, or is paid), argument_required (`reason`).
    """
    require(work.actor, Action.KEEP_TAPS)
    tap = tap_steps.load(work, tap_id, if_version)
    if TapStage(tap.stage) not in _QUOTABLE:
        raise Problem("tap_gate_closed", f"A request is quoted after its survey and before it is paid: {tap.stage}.")
    policy = policies.in_force(work.session).policy.taps
    by_policy = rules.quoted_cents(policy, tap.meter_size, bored=_is_bored(work, tap))
    if cents is not None and cents != by_policy and not reason:
        raise Problem("argument_required", f"The policy has {by_policy} cents; say why.", missing=["reason"])
    tap.quote_cents = by_policy if cents is None else cents
    tap.quoted_at = work.at
    tap.quote_through = rules.as_of(work.at, work.settings.zone) + timedelta(days=policy.quote_days)
    tap_steps.record(work, tap, "quote", reason=reason, facts={"cents": tap.quote_cents, "by_policy": by_policy})
    return tap


def pay(work: Work, tap_id: UUID, *, cents: int, reference: str, if_version: int | None = None) -> TapRequest:
    """The quoted fee came in, and the time for the installation begins to run.

    Problems: forbidden, not_found, tap_ended, tap_gate_closed (not quoted, or paid), tap_quote_expired, invalid (less).
    """
    require(work.actor, Action.KEEP_TAPS)
    tap = tap_steps.load(work, tap_id, if_version)
    today = rules.as_of(work.at, work.settings.zone)
    if tap.stage != TapStage.QUOTED or tap.quote_cents is None or tap.quote_through is None:
        raise Problem("tap_gate_closed", f"A request is paid after it was quoted, and once: it is {tap.stage}.")
    if tap.quote_through < today:
        raise Problem("tap_quote_expired", f"The quote held through {tap.quote_through}.")
    if cents < tap.quote_cents:
        raise Problem("invalid", f"The quote is {tap.quote_cents} cents; it is paid in full.", field="cents")
    policy = policies.in_force(work.session).policy
    closed = policies.closures(work.session, policy)
    tap.paid_at, tap.payment_ref = work.at, reference
    tap.install_due_on = closed.add_business_days(today, policy.taps.install_working_days)
    tap_steps.record(work, tap, "pay", facts={"cents": cents, "reference": reference})
    return tap


def permit(work: Work, tap_id: UUID, kind: str, *, reference: str, received_on: date | None = None,
           if_version: int | None = None) -> TapRequest:  # fmt: skip
    """A permit is on file; the same kind again corrects it. They may come in at any time before the end."""
    require(work.actor, Action.KEEP_TAPS)
    if kind not in PERMITS:
        raise Problem("invalid", f"Permits are {', '.join(PERMITS)}.", field="kind")
    tap = tap_steps.load(work, tap_id, if_version)
    on = received_on or rules.as_of(work.at, work.settings.zone)
    said = {"reference": reference, "received_on": on.isoformat()}
    tap.permits = {**tap.permits, kind: said}
    tap_steps.record(work, tap, "permit", facts={"kind": kind, **said})
    return tap


def ask_inspection(work: Work, tap_id: UUID, *, if_version: int | None = None) -> TapRequest:
    """The customer's plumbing is ready; the policy says within how many hours somebody looks at it."""
    require(work.actor, Action.KEEP_TAPS)
    tap = tap_steps.load(work, tap_id, if_version)
    if not rules.is_past(TapStage(tap.stage), TapStage.METER_SET):
        raise Problem("tap_gate_closed", f"An inspection is asked for once the meter is set: it is {tap.stage}.")
    if tap.inspected_at is not None:
        raise Problem("conflict", "The inspection was passed already.")
    hours = policies.in_force(work.session).policy.taps.inspection_hours
    tap.inspection_requested_at, tap.inspection_due_at = work.at, work.at + timedelta(hours=hours)
    tap_steps.record(work, tap, "ask_inspection", facts={"due_at": tap.inspection_due_at.isoformat()})
    return tap


def inspect(work: Work, tap_id: UUID, *, passed: bool, reference: str, reason: str | None = None,
            if_version: int | None = None) -> TapRequest:  # fmt: skip
    """What the inspection came to. One that failed has to be asked for again; passed, the meter may be unlocked."""
    require(work.actor, Action.KEEP_TAPS)
    tap = tap_steps.load(work, tap_id, if_version)
    if tap.inspection_requested_at is None:
        raise Problem("tap_gate_closed", "Nobody has asked for an inspection yet.")
    if not passed and not reason:
        raise Problem("argument_required", "Say what was wrong.", missing=["reason"])
    if passed:
        tap.inspected_at = work.at
    else:
        tap.inspection_requested_at = tap.inspection_due_at = None
    tap.inspection_ref = reference
    tap_steps.record(work, tap, "inspect", reason=reason, facts={"passed": passed, "reference": reference})
    return tap


def set_up_account(work: Work, tap_id: UUID, *, deposit_reference: str | None = None,
                   if_version: int | None = None) -> TapRequest:  # fmt: skip
    """Opens the customer's account at the place, pending until the water is on, and notes the deposit with it.

    Problems: forbidden, not_found, tap_ended, conflict (somebody else's account is open there).
    """
    require(work.actor, Action.KEEP_TAPS)
    tap = tap_steps.load(work, tap_id, if_version)
    if tap.account_id is None:
        tap.account_id = _account(work, tap)
    if deposit_reference:
        tap.deposit_ref, tap.deposit_at = deposit_reference, work.at
    tap_steps.record(work, tap, "account", facts={"account_id": str(tap.account_id), "deposit": deposit_reference})
    return tap


def cancel(work: Work, tap_id: UUID, *, reason: str, if_version: int | None = None) -> TapRequest:
    """Nothing comes of it. Orders that are open for it are the office's to cancel or recall."""
    require(work.actor, Action.KEEP_TAPS)
    tap = tap_steps.load(work, tap_id, if_version)
    tap_steps.end(work, tap, TapStage.CANCELLED, reason)
    return tap


def expire_quotes(work: Work, *, limit: int = 200) -> int:
    """Ends the requests whose quote nobody paid in time; returns how many. For the clock."""
    today = rules.as_of(work.at, work.settings.zone)
    due = (
        select(TapRequest)
        .where(TapRequest.stage == TapStage.QUOTED.value, TapRequest.quote_through < today)
        .order_by(TapRequest.quote_through, TapRequest.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(work.session.scalars(due))
    for tap in found:
        tap_steps.end(work, tap, TapStage.EXPIRED, f"Nobody paid the quote through {tap.quote_through}.")
    return len(found)


def _survey(work: Work, tap: TapRequest) -> UUID:
    """The survey that is open at the place, from a request before, or a new one."""
    open_one = select(ServiceOrder.id).where(
        ServiceOrder.service_point_id == tap.service_point_id,
        ServiceOrder.type_code == SURVEY,
        ServiceOrder.state.in_(OPEN_STATES),
    )
    there = work.session.scalar(open_one.limit(1))
    if there is not None:
        return there
    new = NewOrder(type_code=SURVEY, service_point_id=tap.service_point_id, instructions=f"{tap.number}: survey it.")
    return service_orders.create(work, new).id


def _is_bored(work: Work, tap: TapRequest) -> bool:
    """Whether the survey found that the street has to be bored or cut."""
    captures = select(ServiceOrder.captures).where(ServiceOrder.id == tap.survey_order_id)
    return (work.session.scalar(captures) or {}).get("crossing") in ("bore", "cut")


def _account(work: Work, tap: TapRequest) -> UUID:
    there = work.session.scalar(
        select(Account.id).where(
            Account.service_point_id == tap.service_point_id,
            Account.customer_id == tap.customer_id,
            Account.status != AccountStatus.FINALED.value,
        )
    )
    if there is not None:
        return there
    return accounts.open_(
        work,
        customer_id=tap.customer_id,
        service_point_id=tap.service_point_id,
        status=AccountStatus.PENDING.value,
        service_class=tap.service_class,
    ).id
