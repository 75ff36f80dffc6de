"""The audit trail: who wrote what, when, from which tablet, before and after."""

from typing import Any

from sqlalchemy import Row

from api.core import Answer, Blueprint, PageQuery, actor, page_of, reading
from api.core.schemas import Free, Id, Moment, Text
from api.service_order_schemas import NULL
from curbstop.queries import audit as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("audit", "audit", url_prefix="/audit", description="Who wrote what.")


class AuditAnswer(Answer):
    id = Id("The entry's id.")
    recorded_at = Moment("When it was written.")
    staff_id = Id("Who wrote; null when the system did.", **NULL)
    staff_name = Text("Who wrote, by name.", "Carla Diaz", **NULL)
    tablet_id = Id("From which tablet.", **NULL)
    tablet_name = Text("From which tablet, by name.", "Truck 7", **NULL)
    action = Text("What was done.", "assign")
    entity_type = Text("What kind of row.", "service_order")
    entity_id = Id("Which row.")
    before = Free("The members that differ, before.", {"state": "ready"}, **NULL)
    after = Free("The members that differ, after; secrets only as the word `changed`.", {"state": "assigned"}, **NULL)


class AuditQuery(PageQuery):
    sort = Text(
        "The order of the list. The default is -recorded_at: the newest first.",
        "-recorded_at",
        choices=["-recorded_at", "recorded_at"],
        load_default="-recorded_at",
    )
    entity_type = Text("Only rows of this kind.", "service_order", longest=30, load_default=None)
    entity_id = Id("Only this row.", load_default=None)
    staff_id = Id("Only what this person wrote.", load_default=None)
    tablet_id = Id("Only what came from this tablet.", load_default=None)
    action = Text("Only this action.", "assign", longest=40, load_default=None)
    since = Moment("Only from this moment on.", load_default=None)
    until = Moment("Only before this moment.", load_default=None)


@blp.operation("GET", "", query=AuditQuery, answer=page_of(AuditAnswer))
def list_audit_entries(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """The audit trail, for supervisors, administrators and auditors."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)
