"""The office's last look at a completed order: post it, or send it back."""

from typing import Any
from uuid import UUID

from api.core import Blueprint, edits, writing
from api.service_order_schemas import OrderAnswer
from api.service_orders import STEP, ReasonBody
from curbstop.commands import review as commands
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
