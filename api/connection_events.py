"""What became of connections, for billing and other systems to fetch in order."""

from typing import Any

from sqlalchemy import Row

from api.core import Answer, Blueprint, PageQuery, Sort, actor, page_of, reading
from api.core.schemas import INT64, Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.domain.connections import ConnectionReason, ConnectionStatus
from curbstop.queries import connection_events as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint(
    "connection events", "connection_events", url_prefix="/connection-events",
    description="Water that was turned on and off, and why, for the billing system.",
)  # fmt: skip


class ConnectionEventAnswer(Answer):
    id = Id("The event's id.")
    sequence = Whole("Its number; the next time, ask for what is `since` the last one.", 1, most=INT64)
    service_point_id = Id("The place.")
    service_point_number = Text("Its number.", "SP-000123")
    account_id = Id("The account.", **NULL)
    account_number = Text("Its number.", "AC-000123", **NULL)
    order_id = Id("The order that did it.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    meter_serial = Text("The meter that was there.", "4711", **NULL)
    status = Text("What became of it.", "Disconnected", choices=[word.value for word in ConnectionStatus])
    reason = Text("Why.", "NonPayment", choices=[word.value for word in ConnectionReason])
    at = Moment("Since when.")
    recorded_at = Moment("When it became known.")


class ConnectionEventQuery(PageQuery):
    sort = Sort("sequence")
    since = Whole(
        "Only events after this number: the last one that was seen.",
        0,
        least=0,
        most=INT64,
        strict=False,
        load_default=0,
    )
    service_point_id = Id("Only of this place.", load_default=None)


@blp.operation("GET", "", query=ConnectionEventQuery, answer=page_of(ConnectionEventAnswer))
def list_connection_events(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """What became of connections. Numbers rise in the order of the commits, so that none is ever missed."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)
