"""Tap requests: taken over the telephone, and followed until the water runs and the meter is read."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.core import Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.context import context
from api.core.schemas import Day, Flag, Id, Text, Whole
from api.tap_schemas import (
    NULL,
    PERMIT_KINDS,
    TAP_STAGES,
    TapBoardAnswer,
    TapHistoryAnswer,
    TapRequestAnswer,
)
from curbstop.commands import taps as commands
from curbstop.commands.accounts import SERVICE_CLASSES
from curbstop.commands.taps import NewTapRequest
from curbstop.commands.work import Work
from curbstop.queries import taps as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("tap requests", "taps", url_prefix="/tap-requests", description="From the call to running water.")

CLOSED = ("tap_gate_closed", "tap_ended")


class TapRequestQuery(PageQuery):
    sort = Sort("number", "stage_at", "created_at")
    stage = Text("Only in this stage.", "paid", choices=TAP_STAGES, load_default=None)
    number = Text("The beginning of the number.", "TAP-2026-0", longest=20, load_default=None)
    name = Text("The beginning of the customer's name.", "Lee", longest=120, load_default=None)
    service_point_id = Id("Only at this place.", load_default=None)
    late = Flag("Only those that are late, or only those that are not.", True, load_default=None)
    open = Flag("Only those under way, or only those at an end.", True, load_default=None)


class TapRequestNew(Body):
    customer_id = Id("Who asks.", required=True)
    service_point_id = Id("Where; a place without a tap.", required=True)
    meter_size = Text("The size of the meter, one that the policy has a fee for.", "5/8", required=True, longest=15)
    service_class = Text("What the water is for.", "residential", choices=SERVICE_CLASSES, load_default="residential")
    note = Text("What was said.", "Builder wants it by March.", longest=2000, load_default=None)


class TapQuoteBody(Body):
    cents = Whole("Another price than the policy's, in cents; with a reason.", 180000, least=0, load_default=None)
    reason = Text("Why it is another.", "Neighbor shares the trench.", longest=2000, load_default=None)


class TapPaymentBody(Body):
    cents = Whole("What came in, in cents.", 180000, least=0, required=True)
    reference = Text("The receipt.", "R-48211", shortest=1, longest=80, required=True)


class TapPermitBody(Body):
    kind = Text("Which permit.", "plumbing", choices=PERMIT_KINDS, required=True)
    reference = Text("Its number.", "BP-2026-0412", shortest=1, longest=80, required=True)
    received_on = Day("When it came in; today by default.", load_default=None)


class TapInspectionBody(Body):
    passed = Flag("Whether it was passed.", True, required=True)
    reference = Text("Its reference.", "INS-3301", shortest=1, longest=80, required=True)
    reason = Text("What was wrong, if it was not.", "No backflow preventer.", longest=2000, load_default=None)


class TapAccountBody(Body):
    deposit_reference = Text("The deposit's receipt.", "D-1182", shortest=1, longest=80, load_default=None, **NULL)


class TapCancelBody(Body):
    reason = Text("Why.", "Customer withdrew.", shortest=1, longest=2000, required=True)


class TapHistoryQuery(PageQuery):
    sort = Sort("recorded_at")


@blp.operation("GET", "", query=TapRequestQuery, answer=page_of(TapRequestAnswer))
def list_tap_requests(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """Tap requests, each with what it waits for in plain words."""
    with reading() as session:
        return queries.find(session, actor(), page, context().settings, at=datetime.now(UTC), **query)


@blp.operation("GET", "/board", answer=TapBoardAnswer)
def show_tap_board() -> dict[str, Any]:
    """The pipeline: how many requests each stage holds, how many are late, and how old the oldest is."""
    with reading() as session:
        return {"stages": queries.board(session, actor(), context().settings, at=datetime.now(UTC))}


@blp.operation("POST", "", body=TapRequestNew, answer=TapRequestAnswer, problems=("not_found", "invalid", "conflict"))
@creates("/tap-requests/{id}")
def take_tap_request(body: dict[str, Any]) -> dict[str, Any]:
    """Take a request; the order for its site survey is made with it."""
    with writing() as work:
        made = commands.request(work, NewTapRequest(**body))
        return _shown(work, made.id)


@blp.operation("GET", "/<uuid:tap_request_id>", answer=TapRequestAnswer)
def get_tap_request(tap_request_id: UUID) -> dict[str, Any]:
    """One request: where it stands, and what comes next."""
    with reading() as session:
        return queries.get(session, actor(), tap_request_id, context().settings, at=datetime.now(UTC))


@blp.operation("GET", "/<uuid:tap_request_id>/history", query=TapHistoryQuery, answer=page_of(TapHistoryAnswer))
def list_tap_history(tap_request_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Any]:
    """What happened to a request: who, when and why."""
    with reading() as session:
        return queries.history(session, actor(), tap_request_id, page, **query)


@blp.operation(
    "POST", "/<uuid:tap_request_id>/quote", body=TapQuoteBody, answer=TapRequestAnswer,
    problems=(*CLOSED, "argument_required"),
)  # fmt: skip
@edits
def quote_tap_request(tap_request_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Give the customer a price: the policy's for the size and the survey, or another with a reason."""
    with writing() as work:
        commands.quote(work, tap_request_id, **body, if_version=if_version)
        return _shown(work, tap_request_id)


@blp.operation(
    "POST", "/<uuid:tap_request_id>/payment", body=TapPaymentBody, answer=TapRequestAnswer,
    problems=(*CLOSED, "tap_quote_expired", "invalid"),
)  # fmt: skip
@edits
def pay_tap_request(tap_request_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """The quoted fee came in; the time for the installation begins to run."""
    with writing() as work:
        commands.pay(work, tap_request_id, **body, if_version=if_version)
        return _shown(work, tap_request_id)


@blp.operation(
    "POST", "/<uuid:tap_request_id>/permits", body=TapPermitBody, answer=TapRequestAnswer, problems=("tap_ended",)
)
@edits
def file_tap_permit(tap_request_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """A permit is on file; the same kind again corrects it."""
    with writing() as work:
        commands.permit(work, tap_request_id, **body, if_version=if_version)
        return _shown(work, tap_request_id)


@blp.operation(
    "POST", "/<uuid:tap_request_id>/inspection-request", answer=TapRequestAnswer, problems=(*CLOSED, "conflict")
)
@edits
def ask_tap_inspection(tap_request_id: UUID, if_version: int | None) -> dict[str, Any]:
    """The customer's plumbing is ready to be looked at."""
    with writing() as work:
        commands.ask_inspection(work, tap_request_id, if_version=if_version)
        return _shown(work, tap_request_id)


@blp.operation(
    "POST", "/<uuid:tap_request_id>/inspection", body=TapInspectionBody, answer=TapRequestAnswer,
    problems=(*CLOSED, "argument_required"),
)  # fmt: skip
@edits
def record_tap_inspection(tap_request_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """What the inspection came to; once it is passed the meter may be unlocked."""
    with writing() as work:
        commands.inspect(work, tap_request_id, **body, if_version=if_version)
        return _shown(work, tap_request_id)


@blp.operation(
    "POST", "/<uuid:tap_request_id>/account", body=TapAccountBody, answer=TapRequestAnswer,
    problems=("tap_ended", "conflict"),
)  # fmt: skip
@edits
def set_up_tap_account(tap_request_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Open the customer's account at the place, pending, and note the deposit."""
    with writing() as work:
        commands.set_up_account(work, tap_request_id, **body, if_version=if_version)
        return _shown(work, tap_request_id)


@blp.operation(
    "POST", "/<uuid:tap_request_id>/cancel", body=TapCancelBody, answer=TapRequestAnswer, problems=("tap_ended",)
)
@edits
def cancel_tap_request(tap_request_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Nothing comes of it."""
    with writing() as work:
        commands.cancel(work, tap_request_id, **body, if_version=if_version)
        return _shown(work, tap_request_id)


def _shown(work: Work, tap_request_id: UUID) -> dict[str, Any]:
    return queries.get(work.session, work.actor, tap_request_id, work.settings, at=work.at)
