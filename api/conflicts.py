"""Conflicts: work that arrived from a tablet, could not simply be applied, and is kept whole until it is settled."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, edits, page_of, reading, writing
from api.core.schemas import Anything, Free, Id, Many, Moment, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.domain.conflicts import Resolution
from curbstop.domain.problems import PROBLEMS
from curbstop.queries import conflicts as queries
from curbstop.queries.page import Page, PageRequest
from sync import resolving

blp = Blueprint("conflicts", "conflicts", url_prefix="/conflicts", description="Parked work.")

STATES = ["open", "resolved"]
# Whatever a refusal may be called, work may have been parked with it.
CODES = sorted(PROBLEMS)
RESOLUTIONS = [resolution.value for resolution in Resolution]


class ConflictAnswer(Answer):
    id = Id("The conflict's id.")
    version = Whole("The version, also in the ETag.", 1)
    op_id = Id("The tablet's op.")
    kind = Text("What the op wanted to do.", "order.complete", **NULL)
    aggregate = Text("What the op is about.", "service_order/01890a5d-ac96-774b-bcce-b302099a8057", **NULL)
    code = Text("Why it could not be applied: a problem's code.", "duplicate_completion")
    detail = Text("The same in a sentence.", "SO-2026-00123 is completed already.", **NULL)
    state = Text("Whether somebody settled it.", "open", choices=STATES)
    order_id = Id("The order concerned.", **NULL)
    order_number = Text("The order's number.", "SO-2026-00123", **NULL)
    service_point_id = Id("The service point concerned.", **NULL)
    address = Text("Its address.", "12 Main St", **NULL)
    staff_id = Id("Whose work it is.")
    staff_name = Text("Whose work it is, by name.", "Tess Okafor")
    tablet_name = Text("The tablet that sent it.", "Truck 7")
    base = Free("What the tablet had before it.", {"version": 4})
    theirs_then = Free("What was here when it arrived.", {"state": "completed"})
    mine = Free("What the technician did and captured.", {"outcome": "DONE"})
    claimants = Many(
        Free("A claimant.", {"order_number": "SO-2026-00122", "serial": "K1002003"}),
        "Who claims the same thing, such as a serial number, where that is the reason.",
    )
    noted_at = Moment("When it was done, by the tablet's clock.", **NULL)
    received_at = Moment("When it arrived.")
    created_at = Moment("When it was parked.")
    resolution = Text("How it was settled.", "apply", choices=RESOLUTIONS, **NULL)
    chosen = Free("The fields that were chosen, of a merge.", {"captures": {"read": "001234"}}, **NULL)
    reason = Text("Why it was settled so.", "The lock is on: I called him.", **NULL)
    result = Free("What came of it.", {"state": "completed"}, **NULL)
    resolved_at = Moment("When it was settled.", **NULL)
    resolved_by_id = Id("Who settled it.", **NULL)
    resolved_by_name = Text("Who settled it, by name.", "Dana Ruiz", **NULL)


class ChainAnswer(Answer):
    op_id = Id("The op.")
    n = Whole("Its number on its tablet.", 17, **NULL)
    kind = Text("What it wanted to do.", "order.arrive", **NULL)
    verdict = Text("What became of it.", "applied", **NULL)
    code = Text("Why, where it was not applied.", "not_in_scope", **NULL)
    staff_id = Id("Whose work it is.")
    staff_name = Text("Whose work it is, by name.", "Tess Okafor")
    tablet_name = Text("The tablet that sent it.", "Truck 7")
    noted_at = Moment("When it was done, by the tablet's clock.", **NULL)
    received_at = Moment("When it arrived.")


class SuggestionAnswer(Answer):
    resolution = Text("What the server would do.", "apply", choices=RESOLUTIONS)
    reason = Text("Why; you decide.", "It was cancelled, but the work was done in the ground: the fact stands.")


class ConflictDetailAnswer(ConflictAnswer):
    theirs = Free("What is here now; nothing if what it is about is not here.", {"state": "completed"})
    content = Text("The op as it came, letter by letter.", '{"op_id": "0192f4a0-7c1e-7d2a-8f00-000000000001"}')
    chain = Many(Part(ChainAnswer, "An op."), "The ops of all tablets on the same thing, as they arrived.")
    suggestion = Part(SuggestionAnswer, "What the server would do.")


class ConflictQuery(PageQuery):
    sort = Sort("created_at")
    state = Text("Only in this state.", "open", choices=STATES, load_default=None)
    code = Text("Only of this kind.", "duplicate_completion", choices=CODES, load_default=None)
    order_id = Id("Only of this order.", load_default=None)
    staff_id = Id("Only this technician's work.", load_default=None)


class ResolveBody(Body):
    resolution = Text("How to settle it.", "apply", required=True, choices=RESOLUTIONS)
    chosen = Free(
        "For merge: what counts in the place of what was captured; of a service point's edit, each field's value.",
        {"captures": {"read": "001234"}},
        values=Anything("Any value that the op's arguments may have."),
        data_key="fields",
        load_default=None,
        allow_none=True,
    )
    reason = Text("Why.", "The lock is on: I called him.", required=True, shortest=1, longest=2000)


@blp.operation("GET", "", query=ConflictQuery, answer=page_of(ConflictAnswer))
def list_conflicts(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Parked work, as far as you may see it: crew leads their crew's, GIS editors moved places."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("GET", "/<uuid:conflict_id>", answer=ConflictDetailAnswer)
def get_conflict(conflict_id: UUID) -> dict[str, Any]:
    """One conflict whole: both sides, the ops around it, and what the server would do."""
    with reading() as session:
        return queries.get(session, actor(), conflict_id)


@blp.operation(
    "POST",
    "/<uuid:conflict_id>/resolve",
    body=ResolveBody,
    answer=ConflictDetailAnswer,
    problems=(
        "conflict_resolved",
        "argument_required",
        "impossible_transition",
        "capture_missing",
        "reading_invalid",
        "outcome_unknown",
        "op_malformed",
        "op_unknown",
        "not_in_scope",
        "register_not_here",
        "duplicate_completion",
        "order_type_inactive",
        "order_type_not_yours",
        "order_type_unknown",
        "serial_claimed_twice",
        "radio_claimed_twice",
        "needs_gis",
        "invalid",
    ),
)
@edits
def resolve_conflict(conflict_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Settle parked work: apply it now, keep what is here, or merge with the fields that you choose.

    The same decision again changes nothing; another one is `conflict_resolved`. What was captured is never lost: the
    readings, notes and photos of work that does not count are kept beside the order. Where the work still cannot be
    carried out, the refusal says why and the conflict stays open.
    """
    with writing() as work:
        resolving.resolve(work, conflict_id, **body, if_version=if_version)
        return queries.get(work.session, actor(), conflict_id)
