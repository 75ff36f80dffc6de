"""Temporary services: meters that are out at hydrants and building sites."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, edits, page_of, reading, writing
from api.core.schemas import Flag, Id, Moment, Number, Text, Whole
from curbstop.commands import temp_services as commands
from curbstop.queries import temp_services as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("temporary services", "temp_services", url_prefix="/temp-services", description="Meters that are out.")
NULL: dict[str, Any] = {"allow_none": True}


class TempServiceAnswer(Answer):
    id = Id("Its id.")
    version = Whole("The version, also in the ETag.", 2)
    number = Text("The number for people.", "TS-2026-00001")
    service_point_id = Id("Where.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Mill Rd")
    account_id = Id("Whose account.", **NULL)
    account_number = Text("Its number.", "AC-000042", **NULL)
    customer_name = Text("Who has it.", "Bright Homes", **NULL)
    customer_phone = Text("Where to call.", "555-0100", **NULL)
    meter_id = Id("The meter.")
    serial = Text("Its serial number.", "HYD00017")
    hydrant = Text("At which hydrant.", "H-1142")
    backflow_device_no = Text("The backflow device that is with it.", "BF-88")
    deposit_ref = Text("The deposit's receipt.", "D-1182")
    set_order_id = Id("The order that set it.")
    opened_at = Moment("Since when it is out.")
    in_read = Number("What the register showed then.", 1200)
    expires_at = Moment("Until when it may stay out.")
    renewals = Whole("How often it was renewed.", 1)
    warned_at = Moment("When it was warned of its end.", **NULL)
    out = Flag("Whether it is out still.", True)
    overdue = Flag("Whether it should be back.", False)
    days_out = Whole("For how many days it is, or was, out.", 31)
    pull_order_id = Id("The order to fetch it.", **NULL)
    pull_order_number = Text("Its number.", "SO-2026-00123", **NULL)
    closed_at = Moment("When it came back.", **NULL)
    out_read = Number("What the register showed then.", 45200, **NULL)
    used = Number("What is billed, in the register's units; null for a misread.", 44000, **NULL)
    used_gallons = Number("The same in gallons.", 44000, **NULL)


class TempServiceQuery(PageQuery):
    sort = Sort("expires_at", "opened_at", "number")
    out = Flag("Only what is out, or only what is back.", True, load_default=None)
    overdue = Flag("Only what should be back, or only the others.", True, load_default=None)
    expires_within_days = Whole(
        "Only what expires within so many days.", 14, least=0, most=3650, strict=False, load_default=None
    )
    hydrant = Text("The beginning of the hydrant's name.", "H-11", longest=120, load_default=None)
    service_point_id = Id("Only at this place.", load_default=None)


class TempRenewBody(Body):
    reason = Text("Why.", "Paving is late.", required=True, shortest=1, longest=2000)


@blp.operation("GET", "", query=TempServiceQuery, answer=page_of(TempServiceAnswer))
def list_temp_services(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """What is out, at which hydrant, since when; and what was."""
    with reading() as session:
        return queries.find(session, actor(), page, at=datetime.now(UTC), **query)


@blp.operation("GET", "/<uuid:temp_service_id>", answer=TempServiceAnswer)
def get_temp_service(temp_service_id: UUID) -> dict[str, Any]:
    """One of them."""
    with reading() as session:
        return queries.get(session, actor(), temp_service_id, at=datetime.now(UTC))


@blp.operation(
    "POST", "/<uuid:temp_service_id>/renew", body=TempRenewBody, answer=TempServiceAnswer,
    problems=("not_renewable", "conflict"),
)  # fmt: skip
@edits
def renew_temp_service(temp_service_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Leave the meter out for one more while, as often as the policy allows."""
    with writing() as work:
        commands.renew(work, temp_service_id, **body, if_version=if_version)
        return queries.get(work.session, work.actor, temp_service_id, at=work.at)
