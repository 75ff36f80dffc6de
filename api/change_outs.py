"""Change-outs: the exchanges that are in the books, with both halves."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, PageQuery, Sort, actor, page_of, reading
from api.core.schemas import Day, Free, Id, Many, Moment, Text
from api.meter_schemas import NULL
from curbstop.queries import change_outs as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("change-outs", "change_outs", url_prefix="/change-outs", description="One meter for another.")

SOURCES = ["order", "import"]


class ChangeOutAnswer(Answer):
    id = Id("The change-out's id.")
    service_point_id = Id("Where.")
    service_point_number = Text("Where, by number.", "SP-000042")
    address = Text("The address there.", "12 Main St")
    old_meter_id = Id("The meter that was taken out; null where nobody knows it.", **NULL)
    old_serial = Text("Its serial number.", "K10000042")
    old_endpoint = Text("The radio that was retired with it.", "80000042", **NULL)
    out_reads = Free("What its registers showed, by position.", {"1": "001042"})
    out_kind = Text("Whether they were read or guessed.", "final", choices=["final", "estimated"])
    new_meter_id = Id("The meter that was put in.")
    new_serial = Text("Its serial number.", "K20000077")
    new_endpoint = Text("Its radio.", "90000077", **NULL)
    in_reads = Free("What its registers showed, by position.", {"1": "0000000"})
    installed_on = Day("The utility's day.")
    installed_at = Moment("When.")
    reason = Text("Why.", "planned", **NULL)
    remark = Text("What was said of it.", "Glass broken.", **NULL)
    installer = Text("Who did it.", "Tom Reed", **NULL)
    photos = Many(Text("A photo.", "photo_old_register"), "What was photographed.", ["photo_old_register"])
    findings = Many(Text("A finding's code.", "SIZE_CHANGED"), "What did not fit, and was looked at.", ["FAR"])
    source = Text("How we know.", "order", choices=SOURCES)
    order_id = Id("The order.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    recorded_at = Moment("When it came into the books.")


class ChangeOutQuery(PageQuery):
    sort = Sort("recorded_at", "installed_at")
    service_point_id = Id("Only here.", load_default=None)
    serial = Text("Only of this meter, old or new.", "K10000042", longest=40, load_default=None)
    source = Text("Only from there.", "order", choices=SOURCES, load_default=None)
    since = Day("Only those made from this day on.", load_default=None)


@blp.operation("GET", "", query=ChangeOutQuery, answer=page_of(ChangeOutAnswer))
def list_change_outs(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Change-outs, by order and out of files."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("GET", "/<uuid:change_out_id>", answer=ChangeOutAnswer)
def get_change_out(change_out_id: UUID) -> Row[Any]:
    """One change-out."""
    with reading() as session:
        return queries.get(session, actor(), change_out_id)
