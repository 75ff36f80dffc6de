"""Tablet incidents: work that a tablet seems to have lost, for the office to ask after."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, edits, page_of, reading, writing
from api.core.schemas import Free, Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import incidents as commands
from curbstop.queries import tablet_incidents as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("tablet incidents", "tablet_incidents", url_prefix="/tablet-incidents", description="Lost work.")

KINDS = [commands.REINSTALLED, commands.WENT_BACK, commands.GAP]


class IncidentAnswer(Answer):
    id = Id("The incident's id.")
    version = Whole("The version, also in the ETag.", 1)
    tablet_id = Id("The tablet.")
    tablet_name = Text("What the office calls it.", "Truck 7")
    staff_id = Id("Who had it last.", **NULL)
    staff_name = Text("Who had it last, by name.", "Tess Okafor", **NULL)
    kind = Text("How it was noticed.", "reinstalled", choices=KINDS)
    detail = Text("The same in a sentence.", "Possibly lost work on Truck 7: about 4 ops from 2026-07-30 10:40.")
    ops_lost = Whole("About so many ops.", 4)
    since_at = Moment("When the oldest of them was noted, by the tablet's clock.", **NULL)
    facts = Free("What the tablet said last, or the numbers that never came.", {"numbers": [2, 3]})
    state = Text("Whether somebody settled it.", "open", choices=["open", "settled"])
    note = Text("What came of it.", "Done again by hand.", **NULL)
    created_at = Moment("When it was noticed.")
    settled_at = Moment("When it was settled.", **NULL)
    settled_by_id = Id("Who settled it.", **NULL)


class IncidentQuery(PageQuery):
    sort = Sort("created_at")
    state = Text("Only in this state.", "open", choices=["open", "settled"], load_default=None)
    tablet_id = Id("Only of this tablet.", load_default=None)


class SettleBody(Body):
    note = Text("What came of it.", "Done again by hand.", required=True, shortest=1, longest=2000)


@blp.operation("GET", "", query=IncidentQuery, answer=page_of(IncidentAnswer))
def list_tablet_incidents(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Possibly lost work, of the tablets that you may see."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("GET", "/<uuid:incident_id>", answer=IncidentAnswer)
def get_tablet_incident(incident_id: UUID) -> Row[Any]:
    """One incident."""
    with reading() as session:
        return queries.get(session, actor(), incident_id)


@blp.operation("POST", "/<uuid:incident_id>/settle", body=SettleBody, answer=IncidentAnswer, problems=("conflict",))
@edits
def settle_tablet_incident(incident_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Say what came of it, once; the same note again changes nothing."""
    with writing() as work:
        commands.settle(work, incident_id, body["note"], if_version=if_version)
        return queries.get(work.session, actor(), incident_id)
