"""Discrepancies: what the books and the field say differently, until the office has looked into it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, edits, page_of, reading, writing
from api.core.schemas import Id, Moment, Text, Whole
from api.meter_schemas import NULL
from curbstop.commands import discrepancies as commands
from curbstop.domain.discrepancies import DiscrepancyKind, DiscrepancyState
from curbstop.queries import discrepancies as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("discrepancies", "discrepancies", url_prefix="/discrepancies", description="What does not fit.")

KINDS = [kind.value for kind in DiscrepancyKind]
STATES = [state.value for state in DiscrepancyState]


class DiscrepancyAnswer(Answer):
    id = Id("The discrepancy's id.")
    version = Whole("The version, also in the ETag.", 1)
    kind = Text("What does not fit.", "phantom_radio", choices=KINDS)
    state = Text("Whether somebody has settled it.", "open", choices=STATES)
    subject = Text("The serial or the radio that it is about.", "80000042")
    detail = Text("What is wrong, in words.", "Radio 80000042 was retired and goes on transmitting.")
    expected = Text("What the books have.", "K10000042", **NULL)
    found = Text("What was found.", "K10000077", **NULL)
    service_point_id = Id("Where.", **NULL)
    service_point_number = Text("Where, by number.", "SP-000042", **NULL)
    address = Text("The address there.", "12 Main St", **NULL)
    meter_id = Id("The meter concerned.", **NULL)
    order_id = Id("The order that found it.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    noted_at = Moment("When it was noticed last.")
    times = Whole("How often it was noticed.", 1)
    created_at = Moment("When it was first reported.")
    settled_at = Moment("When it was settled.", **NULL)
    settled_by_id = Id("Who settled it.", **NULL)
    settled_by_name = Text("Who settled it, by name.", "Carla Reyes", **NULL)
    note = Text("What came of it.", "The crew dug it out.", **NULL)


class DiscrepancyQuery(PageQuery):
    sort = Sort("noted_at", "created_at")
    kind = Text("Only of this kind.", "phantom_radio", choices=KINDS, load_default=None)
    state = Text("Only in this state.", "open", choices=STATES, load_default=None)
    service_point_id = Id("Only here.", load_default=None)


class DiscrepancySettleBody(Body):
    note = Text("What came of it.", "The crew dug it out.", required=True, shortest=1, longest=2000)


@blp.operation("GET", "", query=DiscrepancyQuery, answer=page_of(DiscrepancyAnswer))
def list_discrepancies(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Discrepancies, open and settled."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("GET", "/<uuid:discrepancy_id>", answer=DiscrepancyAnswer)
def get_discrepancy(discrepancy_id: UUID) -> Row[Any]:
    """One discrepancy."""
    with reading() as session:
        return queries.get(session, actor(), discrepancy_id)


@blp.operation("POST", "/<uuid:discrepancy_id>/settle", body=DiscrepancySettleBody, answer=DiscrepancyAnswer)
@edits
def settle_discrepancy(discrepancy_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Say what came of it; noticed again after that, it opens anew."""
    with writing() as work:
        commands.settle(work, discrepancy_id, **body, if_version=if_version)
        return queries.get(work.session, work.actor, discrepancy_id)
