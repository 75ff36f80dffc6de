"""What is off: since when, and whether water was used meanwhile."""

from typing import Any

from api.core import Answer, Blueprint, PageQuery, Sort, actor, page_of, reading
from api.core.schemas import Id, Many, Moment, Number, Text
from api.service_order_schemas import NULL
from curbstop.domain.meters import OFF_STATES
from curbstop.queries import disconnected as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("disconnected", "disconnected", url_prefix="/disconnected", description="What is off.")

STATES = sorted(state.value for state in OFF_STATES)


class DisconnectedAnswer(Answer):
    service_point_id = Id("The place.")
    service_point_number = Text("Its number.", "SP-000123")
    address = Text("Its address.", "12 Main St")
    physical_state = Text("How it is off.", "off_locked", choices=STATES)
    off_since = Moment("Since when; null where nobody of ours turned it off.", **NULL)
    order_id = Id("The order that turned it off.", **NULL)
    account_id = Id("Whose account is there now.", **NULL)
    account_number = Text("Its number.", "AC-000123", **NULL)
    account_status = Text("Where it is.", "off_nonpay", **NULL)
    meter_serial = Text("The meter.", "MTR00001", **NULL)
    at_cut = Number("What the register showed when the water went off.", 1_010.0, **NULL)
    latest = Number("What it showed last.", 1_034.0, **NULL)
    latest_at = Moment("When.", **NULL)
    used = Number("What was used since, in the meter's unit.", 24.0, **NULL)
    alarms = Many(Text("What does not fit.", "off_use"), "Used though off, or an account that should have water.")


class DisconnectedQuery(PageQuery):
    sort = Sort("number")
    state = Text("Only those that are off in this way.", "off_locked", choices=STATES, load_default=None)


@blp.operation("GET", "", query=DisconnectedQuery, answer=page_of(DisconnectedAnswer))
def list_disconnected(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """Places that are off, with what was used since."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)
