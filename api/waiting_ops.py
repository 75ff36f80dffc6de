"""Waiting ops: work that a tablet sent, and that waits for something which the tablet has not sent."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, PageQuery, Sort, actor, page_of, reading, writing
from api.core.schemas import Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.models.base import utc_now
from curbstop.queries import tablet_incidents as queries
from curbstop.queries.page import Page, PageRequest
from sync import forgotten

blp = Blueprint("waiting ops", "waiting_ops", url_prefix="/waiting-ops", description="Ops that wait for others.")


class WaitingOpAnswer(Answer):
    id = Id("The op's id.")
    waits_for_id = Id("The op that it follows, which has not arrived.", **NULL)
    tablet_id = Id("The tablet that sent it.")
    tablet_name = Text("What the office calls it.", "Truck 7")
    staff_id = Id("Whose work it is.")
    staff_name = Text("Whose work it is, by name.", "Tess Okafor")
    n = Whole("The op's number on the tablet.", 17, **NULL)
    kind = Text("What it wants to do.", "order.complete", **NULL)
    aggregate = Text("What it is about.", "service_order/0192f4a0-7c1e-7d2a-8f00-000000000011", **NULL)
    received_at = Moment("When it arrived.")


class GivenUpAnswer(Answer):
    op_id = Id("The op's id.")
    verdict = Text("What became of it: `parked`, or `quarantined` when it cannot be read.", "parked")
    code = Text("Why.", "predecessor_lost")
    conflict_id = Id("The conflict in which what was captured waits for the office.", **NULL)


class WaitingOpQuery(PageQuery):
    sort = Sort("received_at")


@blp.operation("GET", "", query=WaitingOpQuery, answer=page_of(WaitingOpAnswer))
def list_waiting_ops(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Ops that have waited for their predecessor for more than 15 minutes: ask the technician, or rescue the tablet."""
    with reading() as session:
        return queries.waiting(session, actor(), page, utc_now(), **query)


@blp.operation("POST", "/<uuid:op_id>/give-up", answer=GivenUpAnswer, problems=("not_found", "conflict"))
def give_up_waiting_op(op_id: UUID) -> dict[str, Any]:
    """Wait no longer for the op before this one: it goes among the conflicts, and what follows it goes on."""
    with writing() as work:
        told = forgotten.give_up(work, op_id)
    return {**told, "conflict_id": told.get("result", {}).get("conflict_id")}
