"""Fees that orders bring about: each once for its order, by the policy, and waived where nobody may be charged."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from curbstop.commands import journal, policies
from curbstop.commands.work import Work
from curbstop.domain import costs
from curbstop.domain.service_orders import Flag
from curbstop.models.fee import Fee
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder

PENALTY, DAMAGE = "tamper_penalty", "damage_cost"


def attach(
    work: Work, order: ServiceOrder, kind: str, *, cents: int | None = None, detail: Mapping[str, Any] | None = None
) -> Fee | None:
    """The order's fee of a kind, whenever the policy attaches it: the second time, nothing.

    None too where the law knows no such fee, or a penalty or a cost comes to nought. Nobody pays for a cut-off that had
    been taken back. `cents` is the policy's amount unless given; None where billing knows it.
    """
    there = select(Fee.id).where(Fee.order_id == order.id, Fee.kind == kind)
    if work.session.scalar(there.limit(1)) is not None:
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


def bill_costs(work: Work, order: ServiceOrder) -> Fee | None:
    """Hours and materials of the order, by the policy's rates."""
    rates = policies.in_force(work.session).policy.costs
    hours = Decimal(str(order.captures.get("hours") or 0))
    dollars = Decimal(str(order.captures.get("material_cost") or 0))
    amount = costs.cents(rates, hours=hours, material_dollars=dollars)
    detail = {"hours": str(hours), "material_cost": str(dollars), "materials": order.captures.get("materials")}
    return attach(work, order, DAMAGE, cents=amount, detail=detail)
