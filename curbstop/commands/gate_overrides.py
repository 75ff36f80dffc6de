"""Takes people's overrides: somebody's named word that a gate does not stand in the way of one cut-off."""

from datetime import date
from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.gates import Question, ask, of_order
from curbstop.commands.work import Work, get
from curbstop.domain.cut_offs import Stage, is_gated
from curbstop.domain.gates import Ruling
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.gate_check import GateOverride
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder


def override(work: Work, question: Question, gate: str, *, stage: Stage, reason: str) -> GateOverride:
    """Lets one account's cut-off go ahead past a gate through that day; audited.

    Problems: forbidden (names the roles that may), not_overridable, invalid (nothing stands against it there).
    """
    require(work.actor, Action.OVERRIDE_GATE)
    [checked] = ask(work, [question], stage, keep=False)
    answer = next((one for one in checked.answers if one.gate == gate), None)
    if answer is None or answer.ruling is Ruling.ALLOW or answer.code is None or question.account_id is None:
        raise Problem("invalid", f"The gate {gate!r} does not stand in the way.", field="gate")
    if answer.ruling is Ruling.BLOCK:
        raise Problem("not_overridable", answer.detail, objections=[answer.to_json()])
    roles = sorted(role.value for role in work.actor.roles if role.value in answer.overridden_by)
    if not roles or work.actor.staff_id is None:
        allowed = list(answer.overridden_by)
        raise Problem("forbidden", f"The gate {gate} is overridden by {', '.join(allowed)}.", allowed_roles=allowed)
    row = GateOverride(
        id=new_id(),
        account_id=question.account_id,
        cause=question.cause.value,
        gate=gate,
        code=answer.code,
        through=question.cut_on,
        reason=reason,
        roles=roles,
        given_at=work.at,
        given_by_id=work.actor.staff_id,
    )
    work.session.add(row)
    work.session.flush()
    after = {"gate": gate, "code": answer.code, "through": question.cut_on.isoformat(), "reason": reason}
    journal.audit(work, "gate.override", "account", question.account_id, after=after)
    return row


def override_order(work: Work, order_id: UUID, gate: str, *, reason: str, cut_on: date | None = None) -> GateOverride:
    """The same for an order, for its day. Problems: as of `override`, and not_found; invalid for other orders."""
    require(work.actor, Action.OVERRIDE_GATE)
    order = get(work, ServiceOrder, order_id)
    if not is_gated(order.type_code):
        raise Problem("invalid", f"No gate is asked about {order.type_code}.")
    return override(work, of_order(work, order, cut_on), gate, stage=Stage.DISPATCH, reason=reason)
