"""The gates of a cut-off outside a run: asked about an account, and overridden for an order."""

from datetime import date
from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, writing
from api.core.schemas import Day, Free, Id, Many, Moment, Part, Text, Whole
from api.cutoff_schemas import GateOverrideBody
from curbstop.commands import gate_overrides
from curbstop.commands import gates as commands
from curbstop.domain.cut_offs import Cause
from curbstop.models.gate_check import GateOverride

blp = Blueprint("gates", "gates", url_prefix="", description="The rules of a cut-off, asked and overridden.")


class GateCheckBody(Body):
    cause = Text("What for.", "nonpayment", choices=[cause.value for cause in Cause], load_default="nonpayment")
    cut_on = Day("The day of the cut.", required=True)


class AskedGateAnswer(Answer):
    gate = Text("The rule.", "notice")
    ruling = Text("What it says.", "allow", choices=["allow", "needs_override", "block"])
    code = Text("What stands against it, as a code.", "no_notice", allow_none=True)
    detail = Text("In words; empty where nothing does.", "No final notice was mailed.")
    overridden_by = Many(Text("A role.", "SUP"), "Who may override it.")
    inputs = Free("What was looked at.", {"notice_mailed_on": None})


class GateCheckAnswer(Answer):
    ruling = Text("What it comes to.", "allow", choices=["allow", "needs_override", "block"])
    cut_on = Day("The day of the cut.")
    policy_number = Whole("The policy's version.", 3)
    asked_at = Moment("When it was asked.")
    gates = Many(Part(AskedGateAnswer, "A rule."), "Every rule with its answer.")


class GateOverrideAnswer(Answer):
    id = Id("The override's id.")
    account_id = Id("Whose cut-off.")
    gate = Text("The rule.", "critical")
    code = Text("What it was given for.", "critical_customer")
    through = Day("Its last day.")
    reason = Text("Why.", "Closed for the summer.")
    roles = Many(Text("A role.", "SUP"), "In which roles it was given.")
    given_at = Moment("When.")
    given_by_id = Id("Who gave it.")


class OrderOverrideBody(GateOverrideBody):
    cut_on = Day("The day that it is for; the order's own, or the next on which anything is cut off.",
                 load_default=None)  # fmt: skip


@blp.operation("POST", "/accounts/<uuid:account_id>/gate-checks", body=GateCheckBody, answer=GateCheckAnswer,
               problems=("not_found",))  # fmt: skip
def ask_gates(account_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Ask every rule about a cut-off of this account on a day, by what is known now; the answers are kept."""
    cut_on: date = body["cut_on"]
    with writing() as work:
        return commands.ask_about(work, account_id, Cause(body["cause"]), cut_on)


@blp.operation("POST", "/service-orders/<uuid:order_id>/gate-overrides", body=OrderOverrideBody,
               answer=GateOverrideAnswer, problems=("not_found", "invalid", "not_overridable"))  # fmt: skip
def override_order(order_id: UUID, body: dict[str, Any]) -> GateOverride:
    """Let an order's cut-off go ahead past a rule, by name and with a reason."""
    with writing() as work:
        return gate_overrides.override_order(work, order_id, body["gate"], reason=body["reason"], cut_on=body["cut_on"])
