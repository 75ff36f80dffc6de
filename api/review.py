"""The office's last look at a completed order: post it, or send it back."""

from typing import Any
from uuid import UUID

from api.core import Blueprint, Body, edits, writing
from api.core.schemas import Flag, Id, Many, Part, Text
from api.service_order_schemas import OrderAnswer
from api.service_orders import STEP, ReasonBody
from curbstop.commands import corrections
from curbstop.commands import review as commands
from curbstop.commands.corrections import Correction
from curbstop.models.service_order import ServiceOrder

blp = Blueprint("review", "review", url_prefix="/service-orders", description="Posting what was done.")


@blp.operation(
    "POST",
    "/<uuid:order_id>/post",
    answer=OrderAnswer,
    problems=(
        *STEP,
        "four_eyes",
        "photos_missing",
        "review_required",
        "claim_disputed",
        "capture_missing",
        "order_type_inactive",
        "no_meter_installed",
        "meter_installed_elsewhere",
        "reading_invalid",
        "invalid",
    ),
)
@edits
def post_service_order(order_id: UUID, if_version: int | None) -> ServiceOrder:
    """Post a completed order: its readings, states and meters go into the books, once and all together.

    Nobody posts their own work, and an order whose photos have not arrived waits for them.
    """
    with writing() as work:
        return commands.post(work, order_id, if_version=if_version)


@blp.operation("POST", "/<uuid:order_id>/reject", body=ReasonBody, answer=OrderAnswer, problems=STEP)
@edits
def reject_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """Send a completed order back to be done again."""
    with writing() as work:
        return commands.reject(work, order_id, **body, if_version=if_version)


class CorrectedReadingBody(Body):
    reading_id = Id("The reading that was wrong.", required=True)
    value = Text("The right digits.", "0001234", required=True, shortest=1, longest=12)


class CorrectionBody(Body):
    reason = Text("Why.", "The wrong meter was read.", required=True, shortest=1, longest=2000)
    readings = Many(Part(CorrectedReadingBody, "A reading."), "Readings that were wrong.", most=20, load_default=list)
    take_back_state = Flag("The place is again as it was before the order.", False, load_default=False)
    take_back_fees = Flag("Its fees are met by ones of the opposite amount.", False, load_default=False)


@blp.operation(
    "POST", "/<uuid:order_id>/correct", body=CorrectionBody, answer=OrderAnswer,
    problems=(*STEP, "invalid", "reading_invalid"),
)  # fmt: skip
@edits
def correct_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """Take back what a posting did wrongly, by new rows beside the old ones; the order stays posted."""
    wrong = Correction(
        readings={one["reading_id"]: one["value"] for one in body["readings"]},
        take_back_state=body["take_back_state"],
        take_back_fees=body["take_back_fees"],
    )
    with writing() as work:
        return corrections.correct(work, order_id, wrong, reason=body["reason"], if_version=if_version)
