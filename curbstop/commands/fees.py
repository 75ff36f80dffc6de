"""Fees that orders bring about: each once for its order, by the policy, and waived where nobody may be charged."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from curbstop.commands import journal, policies
from curbstop.commands.work import Work
from curbstop.domain import costs
from curbstop.domain.cut_offs import CAUSE_OF, MONEY
from curbstop.domain.service_orders import Flag
from curbstop.models.among import among
from curbstop.models.fee import Fee
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder

PENALTY, DAMAGE, CUT_OFF = "tamper_penalty", "damage_cost", "cut_off"


def attach(
    work: Work, order: ServiceOrder, kind: str, *, cents: int | None = None, detail: Mapping[str, Any] | None = None
) -> Fee | None:
    """The order's fee of a kind, whenever the policy attaches it: the second time, nothing.

    None too where the law knows no such fee, or a penalty or a cost comes to nought. Nobody pays for a cut-off that had
    been taken back. `cents` is the policy's amount unless given; None where billing knows it.
    """
    there = work.session.scalar(select(Fee).where(Fee.order_id == order.id, Fee.kind == kind).order_by(Fee.id).limit(1))
    if there is not None:
        if Flag.COMPLETED_AFTER_RECALL.value in order.flags and not there.waived:
            # It was attached before the payment came; nobody pays for what had been taken back.
            take_back(work, [there], reason="cut off after it was recalled")
        return None
    policy = policies.in_force(work.session).policy.fees
    amount = cents if cents is not None else policy.amounts_cents.get(kind)
    if kind in policy.refused or (amount == 0 and kind in (PENALTY, DAMAGE)):
        journal.audit(work, "refuse_fee", "service_order", order.id, after={"kind": kind})
        return None
    fee = Fee(
        id=new_id(),
        order_id=order.id,
        account_id=order.account_id,
        kind=kind,
        cents=amount,
        detail=dict(detail) if detail else None,
        waived=order.fees_waived or Flag.COMPLETED_AFTER_RECALL.value in order.flags,
        recorded_at=work.at,
    )
    work.session.add(fee)
    work.session.flush()
    after = {"kind": fee.kind, "waived": fee.waived, "cents": amount}
    journal.audit(work, "attach", "fee", fee.id, after=after)
    return fee


def attach_early(work: Work, orders: Sequence[ServiceOrder], moment: str) -> None:
    """Attaches the fee of cut-offs for money where the policy's `fees.attached_at` is that moment: "listed" or
    "dispatched". Once for an order; what is posted later finds it there. Some statements for any number of orders.
    """
    wanted = [order for order in orders if CAUSE_OF.get(order.type_code) in MONEY]
    if not wanted:
        return
    policy = policies.in_force(work.session).policy.fees
    if policy.attached_at != moment or CUT_OFF in policy.refused:
        return
    ids = [order.id for order in wanted]
    charged = select(Fee.order_id).where(among(work.session, Fee.order_id, ids), Fee.kind == CUT_OFF)
    there = set(work.session.scalars(charged))
    made = [
        Fee(
            id=new_id(),
            order_id=order.id,
            account_id=order.account_id,
            kind=CUT_OFF,
            cents=policy.amounts_cents.get(CUT_OFF),
            waived=order.fees_waived,
            recorded_at=work.at,
        )
        for order in wanted
        if order.id not in there
    ]
    work.session.add_all(made)
    work.session.flush()
    journal.audit_many(work, "attach", "fee", [(fee.id, None, {"kind": fee.kind, "at": moment}) for fee in made])


def take_back(work: Work, fees: Sequence[Fee], *, reason: str) -> list[Fee]:
    """Meets each fee with one of the opposite amount that names it, unless one did before; what was made."""
    orders = {fee.order_id for fee in fees}
    rows = work.session.scalars(select(Fee).where(among(work.session, Fee.order_id, orders)))
    met = {fee.detail["takes_back"] for fee in rows if fee.detail and "takes_back" in fee.detail}
    made = [
        Fee(
            id=new_id(),
            order_id=fee.order_id,
            account_id=fee.account_id,
            kind=fee.kind,
            cents=-fee.cents if fee.cents is not None else None,
            detail={"takes_back": str(fee.id), "reason": reason},
            waived=False,
            recorded_at=work.at,
        )
        for fee in fees
        if str(fee.id) not in met and not (fee.detail and "takes_back" in fee.detail)
    ]
    work.session.add_all(made)
    work.session.flush()
    said = [(fee.id, None, {"kind": fee.kind, **(fee.detail or {})}) for fee in made]
    journal.audit_many(work, "take_back", "fee", said)
    return made


def bill_costs(work: Work, order: ServiceOrder) -> Fee | None:
    """Hours and materials of the order, by the policy's rates."""
    rates = policies.in_force(work.session).policy.costs
    hours = Decimal(str(order.captures.get("hours") or 0))
    dollars = Decimal(str(order.captures.get("material_cost") or 0))
    amount = costs.cents(rates, hours=hours, material_dollars=dollars)
    detail = {"hours": str(hours), "material_cost": str(dollars), "materials": order.captures.get("materials")}
    return attach(work, order, DAMAGE, cents=amount, detail=detail)
