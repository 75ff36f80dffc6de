"""Conflicts: work that arrived from a tablet, could not simply be applied, and is kept whole."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, PageQuery, Sort, actor, page_of, reading
from api.core.schemas import Free, Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.queries import conflicts as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("conflicts", "conflicts", url_prefix="/conflicts", description="Parked work.")


class ConflictAnswer(Answer):
    id = Id("The conflict's id.")
    version = Whole("The version, also in the ETag.", 1)
    op_id = Id("The tablet's op.")
    kind = Text("What the op wanted to do.", "order.complete", **NULL)
    code = Text("Why it could not be applied: a problem's code.", "duplicate_completion")
    detail = Text("The same in a sentence.", "SO-2026-00123 is completed already.", **NULL)
    state = Text("Whether somebody settled it.", "open")
    order_id = Id("The order concerned.", **NULL)
    order_number = Text("The order's number.", "SO-2026-00123", **NULL)
    service_point_id = Id("The service point concerned.", **NULL)
    address = Text("Its address.", "12 Main St", **NULL)
    staff_id = Id("Whose work it is.")
    staff_name = Text("Whose work it is, by name.", "Tess Okafor")
    tablet_name = Text("The tablet that sent it.", "Truck 7")
    base = Free("What the tablet had before it.", {"version": 4})
    theirs = Free("What was here when it arrived.", {"state": "completed"})
    mine = Free("What the technician did and captured.", {"outcome": "DONE"})
    noted_at = Moment("When it was done, by the tablet's clock.", **NULL)
    received_at = Moment("When it arrived.")
    created_at = Moment("When it was parked.")
    resolved_at = Moment("When it was settled.", **NULL)
    resolved_by_id = Id("Who settled it.", **NULL)


class ConflictQuery(PageQuery):
    sort = Sort("created_at")
    state = Text("Only in this state.", "open", longest=12, load_default=None)
    code = Text("Only of this kind.", "duplicate_completion", longest=40, load_default=None)
    order_id = Id("Only of this order.", load_default=None)
    staff_id = Id("Only this technician's work.", load_default=None)


@blp.operation("GET", "", query=ConflictQuery, answer=page_of(ConflictAnswer))
def list_conflicts(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Parked work, as far as you may see it: crew leads their crew's."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("GET", "/<uuid:conflict_id>", answer=ConflictAnswer)
def get_conflict(conflict_id: UUID) -> Row[Any]:
    """One conflict, with everything that was captured."""
    with reading() as session:
        return queries.get(session, actor(), conflict_id)
