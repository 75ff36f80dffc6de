"""Locate tickets: what 811 said of the place where an order digs."""

from typing import Any
from uuid import UUID

from api.core import Blueprint, Body, edits, writing
from api.core.schemas import Flag, Moment, Text
from api.tap_schemas import RecordedTicketAnswer
from curbstop.commands import locate_tickets as commands
from curbstop.commands.locate_tickets import NewTicket
from curbstop.models.service_order import ServiceOrder
from curbstop.models.tap_request import LocateTicket

blp = Blueprint("locate tickets", "locate_tickets", url_prefix="/service-orders", description="Before anybody digs.")


class LocateTicketBody(Body):
    number = Text("What 811 calls it.", "A262230417", shortest=1, longest=40, required=True)
    called_at = Moment("When 811 was called.", required=True)
    legal_start_at = Moment("From when somebody may dig; counted by the policy when not given.", load_default=None)
    expires_at = Moment("Until when; counted by the policy when not given.", load_default=None)
    emergency = Flag("Whether it is an emergency, which may be dug at once.", False, load_default=False)
    justification = Text("Why it is one.", "Main broken, street undermined.", longest=2000, load_default=None)


@blp.operation(
    "POST", "/<uuid:service_order_id>/locate-ticket", body=LocateTicketBody, answer=RecordedTicketAnswer,
    problems=("invalid", "locate_ticket_invalid", "impossible_transition"),
)  # fmt: skip
@edits
def record_locate_ticket(service_order_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Keep the ticket with its order, in place of an earlier one; it reaches the tablet with the order."""
    with writing() as work:
        row = commands.record(work, service_order_id, NewTicket(**body), if_version=if_version)
        order = work.session.get_one(ServiceOrder, service_order_id)
        return {
            **{column.key: getattr(row, column.key) for column in LocateTicket.__table__.columns},
            "version": order.version,
        }
