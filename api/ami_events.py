"""AMI events: what the head end tells of radios and meters."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, page_of, reading, writing
from api.core.schemas import Flag, Id, Many, Moment, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import ami_events as commands
from curbstop.commands.ami_events import Heard
from curbstop.queries import ami_events as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("AMI events", "ami_events", url_prefix="/ami-events", description="Alarms of the radio network.")

MOST = 1_000


class AmiEventAnswer(Answer):
    id = Id("The event's id.")
    source_key = Text("What the head end knows it by.", "RNI-1")
    name = Text("What happened.", "Continuous Flow")
    radio_id = Text("The radio.", "R0000001", **NULL)
    meter_serial = Text("The meter.", "4711", **NULL)
    service_point_id = Id("Where it is by the books; null for an orphan.", **NULL)
    service_point_number = Text("Its number.", "SP-000123", **NULL)
    happened_at = Moment("When it happened.")
    recorded_at = Moment("When it was told.")
    closed_at = Moment("When it was closed.", **NULL)
    order_id = Id("By which investigation.", **NULL)
    close_reason = Text("What the office says to it.", "A test.", **NULL)


class AmiEventQuery(PageQuery):
    sort = Sort("happened_at")
    service_point_id = Id("Only of this place.", load_default=None)
    closed = Flag("Only closed ones, or only open ones.", load_default=None)
    orphans = Flag("Only those that are at no place, or only others.", load_default=None)


class HeardBody(Body):
    source_key = Text("What the head end knows it by; told again, it counts once.", "RNI-1", longest=120, shortest=1,
                      required=True)  # fmt: skip
    name = Text("What happened.", "Continuous Flow", longest=60, shortest=1, required=True)
    happened_at = Moment("When.", required=True)
    radio_id = Text("The radio.", "R0000001", longest=40, load_default=None, allow_none=True)
    meter_serial = Text("The meter.", "4711", longest=40, load_default=None, allow_none=True)


class TellAmiBody(Body):
    events = Many(Part(HeardBody, "An event."), f"At most {MOST}.", most=MOST, required=True)


class ToldAmiAnswer(Answer):
    new = Whole("How many were not known yet.", 1)


class CloseAmiBody(Body):
    reason = Text("What it was.", "A test.", required=True, shortest=1, longest=500)


@blp.operation("PUT", "", body=TellAmiBody, answer=ToldAmiAnswer, problems=("invalid",))
def tell_ami_events(body: dict[str, Any]) -> dict[str, int]:
    """Say what the radio network noticed. An event is open until an investigation or the office closes it."""
    with writing() as work:
        return {"new": commands.tell(work, [Heard(**one) for one in body["events"]])}


@blp.operation("GET", "", query=AmiEventQuery, answer=page_of(AmiEventAnswer))
def list_ami_events(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """What the radio network noticed."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "/<uuid:event_id>/close", body=CloseAmiBody, answer=AmiEventAnswer, problems=("conflict",))
def close_ami_event(event_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Close an event without a visit."""
    with writing() as work:
        commands.close(work, event_id, **body)
        return queries.get(work.session, event_id)
