"""The inventory: the model catalogue, meters on the shelf, and radios with what is heard of them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Flag, Id, Many, Moment, Part, Text, Whole
from api.meter_schemas import NULL, STATUSES, UNITS, Digits
from curbstop.commands import inventory as commands
from curbstop.commands import meter_models
from curbstop.commands import radios as radio_commands
from curbstop.domain.meters import MeterStatus
from curbstop.models.inventory import MeterModel
from curbstop.queries import inventory as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("inventory", "inventory", url_prefix="/inventory", description="Where meters and radios are.")

ON_THE_SHELF = [status for status in STATUSES if status != MeterStatus.INSTALLED]
_NUMBER = r"(?:0\.[0-9]{0,3}[1-9]|[1-9][0-9]{0,6}(?:\.[0-9]{1,4})?)"
KINDS = ["AMI", "AMR"]


class MeterModelAnswer(Answer):
    id = Id("The model's id.")
    version = Whole("The version, also in the ETag.", 1)
    manufacturer = Text("Who makes it.", "Kestrel")
    model = Text("Its name.", "K20")
    size = Text("Its size in inches.", "5/8")
    dials = Whole("How many digits its registers show.", 7, **NULL)
    decimals = Whole("How many of them may stand behind the point.", 0, **NULL)
    resolution = Digits("The smallest step that they show, in their units.", "1", **NULL)
    multiplier = Digits("What one unit counts for.", "1", **NULL)
    unit = Text("What they count.", "GAL", **NULL)
    active = Flag("Whether change-outs are checked against it.", True)
    created_at = Moment("When it was entered.")


class MeterModelFace(Body):
    dials = Whole("How many digits its registers show.", 7, least=1, most=12, **NULL)
    decimals = Whole("How many of them may stand behind the point.", 0, least=0, most=4, **NULL)
    resolution = Text("The smallest step that they show.", "1", pattern=_NUMBER, **NULL)
    multiplier = Text("What one unit counts for.", "1", pattern=_NUMBER, **NULL)
    unit = Text("What they count.", "GAL", choices=UNITS, **NULL)
    active = Flag("Whether change-outs are checked against it.", True)


class MeterModelNew(MeterModelFace):
    manufacturer = Text("Who makes it.", "Kestrel", required=True, shortest=1, longest=40)
    model = Text("Its name.", "K20", required=True, shortest=1, longest=40)
    size = Text("Its size in inches.", "5/8", required=True, shortest=1, longest=15)


class MeterModelQuery(PageQuery):
    sort = Sort("model", "created_at")
    active = Flag("Only those in use, or only those that are not.", True, load_default=None)


class InventoryMoveAnswer(Answer):
    id = Id("The move's id.")
    from_status = Text("From where; null for what was new to us.", "stock", choices=STATUSES, **NULL)
    to_status = Text("To where.", "on_truck", choices=STATUSES)
    at = Moment("When.")
    holder_id = Id("Whose truck it is on.", **NULL)
    holder_name = Text("Whose truck it is on, by name.", "Tom Reed", **NULL)
    order_id = Id("The order that moved it.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    staff_id = Id("Who moved it.", **NULL)
    staff_name = Text("Who moved it, by name.", "Sue Ames", **NULL)
    reason = Text("Why.", "Cracked register.", **NULL)


class MoveQuery(PageQuery):
    sort = Sort("at")


class MoveMetersBody(Body):
    meter_ids = Many(Id("A meter."), "The meters.", required=True, shortest=1, most=1000)
    to = Text("Where they go; service orders install and remove.", "on_truck", choices=ON_THE_SHELF, required=True)
    holder_id = Id("Whose truck, where they go onto one.", load_default=None, **NULL)
    reason = Text("Why.", "Morning load.", longest=500, load_default=None, **NULL)


class MovedMetersAnswer(Answer):
    moved = Whole("How many meters are there now.", 12)


class InventoryRadioAnswer(Answer):
    id = Id("The radio's id.")
    version = Whole("The version, also in the ETag.", 1)
    number = Text("Its number.", "80000042")
    kind = Text("What kind.", "AMI")
    status = Text("Its place; installed while it is paired, removed once it is retired.", "stock", choices=STATUSES)
    last_heard_at = Moment("When it was last heard.", **NULL)
    meter_id = Id("The meter that it is paired with.", **NULL)
    serial = Text("That meter's serial number.", "K10000042", **NULL)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class InventoryRadioNew(Body):
    number = Text("Its number.", "80000042", required=True, shortest=1, longest=40)
    kind = Text("What kind.", "AMI", choices=KINDS, load_default="AMI")
    status = Text("Ordered, or in stock.", "stock", choices=["ordered", "stock"], load_default="stock")


class InventoryRadioMove(Body):
    to = Text("Where it goes.", "testing", choices=ON_THE_SHELF, required=True)
    reason = Text("Why.", "Water in it.", longest=500, load_default=None, **NULL)


class InventoryRadioQuery(PageQuery):
    sort = Sort("number", "updated_at")
    number = Text("The beginning of the number.", "8000", longest=40, load_default=None)
    status = Many(Text("A status.", "stock", choices=STATUSES), "Only these.", ["stock"], load_default=list)


class SightingBody(Body):
    number = Text("The radio's number.", "80000042", required=True, shortest=1, longest=40)
    at = Moment("When it was last heard.", required=True)


class SightingsBody(Body):
    radios = Many(Part(SightingBody, "A radio that was heard."), "Each radio once.", required=True, most=1000)


class SightingAnswer(Answer):
    number = Text("The radio's number.", "80000042")
    said = Text("What the books say of it.", "phantom", choices=["paired", "phantom", "unknown"])


class SightingsAnswer(Answer):
    radios = Many(Part(SightingAnswer, "A radio that was heard."), "One line a radio.")


def _decimals(body: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(value) if name in ("resolution", "multiplier") and value is not None else value
        for name, value in body.items()
    }


@blp.operation("GET", "/models", query=MeterModelQuery, answer=page_of(MeterModelAnswer))
def list_meter_models(query: dict[str, Any], page: PageRequest) -> Page[MeterModel]:
    """The model catalogue, which change-outs are checked against."""
    with reading() as session:
        return queries.models(session, actor(), page, **query)


@blp.operation("POST", "/models", body=MeterModelNew, answer=MeterModelAnswer)
@creates("/inventory/models/{id}")
def create_meter_model(body: dict[str, Any]) -> MeterModel:
    """Enter a model; `conflict` when the catalogue has it already."""
    with writing() as work:
        return meter_models.create(work, _decimals(body))


@blp.operation("GET", "/models/<uuid:meter_model_id>", answer=MeterModelAnswer)
def get_meter_model(meter_model_id: UUID) -> MeterModel:
    """One model."""
    with reading() as session:
        return queries.model(session, actor(), meter_model_id)


@blp.operation("PATCH", "/models/<uuid:meter_model_id>", body=MeterModelFace, answer=MeterModelAnswer)
@edits
def edit_meter_model(meter_model_id: UUID, body: dict[str, Any], if_version: int | None) -> MeterModel:
    """Correct what the catalogue says; installed meters stay as they are."""
    with writing() as work:
        return meter_models.edit(work, meter_model_id, _decimals(body), if_version=if_version)


@blp.operation(
    "POST", "/meters/move", body=MoveMetersBody, answer=MovedMetersAnswer, problems=("not_found", "move_not_allowed")
)
def move_meters(body: dict[str, Any]) -> dict[str, int]:
    """Move meters on the shelf, all of them or none; repeated, it changes nothing."""
    with writing() as work:
        moved = commands.move_meters(
            work, body["meter_ids"], MeterStatus(body["to"]), reason=body["reason"], holder_id=body["holder_id"]
        )
        return {"moved": len(moved)}


@blp.operation("GET", "/moves/<uuid:item_id>", query=MoveQuery, answer=page_of(InventoryMoveAnswer))
def list_inventory_moves(item_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """What a meter or a radio went through, the oldest first."""
    with reading() as session:
        return queries.moves(session, actor(), page, item_id, **query)


@blp.operation("GET", "/radios", query=InventoryRadioQuery, answer=page_of(InventoryRadioAnswer))
def list_radios(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Radios with the meters that they are paired with."""
    with reading() as session:
        return queries.radios(session, actor(), page, **query)


@blp.operation("POST", "/radios", body=InventoryRadioNew, answer=InventoryRadioAnswer)
@creates("/inventory/radios/{id}")
def create_radio(body: dict[str, Any]) -> Row[Any]:
    """Enter a radio; `conflict` when its number is known."""
    with writing() as work:
        made = radio_commands.create(work, body["number"], kind=body["kind"], status=MeterStatus(body["status"]))
        return queries.radio(work.session, work.actor, made.id)


@blp.operation("GET", "/radios/<uuid:radio_id>", answer=InventoryRadioAnswer)
def get_radio(radio_id: UUID) -> Row[Any]:
    """One radio."""
    with reading() as session:
        return queries.radio(session, actor(), radio_id)


@blp.operation(
    "POST",
    "/radios/<uuid:radio_id>/move",
    body=InventoryRadioMove,
    answer=InventoryRadioAnswer,
    problems=("move_not_allowed",),
)
@edits
def move_radio(radio_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Move a radio on the shelf; pairing and retiring are the orders'."""
    with writing() as work:
        radio_commands.move(work, radio_id, MeterStatus(body["to"]), reason=body["reason"], if_version=if_version)
        return queries.radio(work.session, work.actor, radio_id)


@blp.operation("POST", "/radios/heard", body=SightingsBody, answer=SightingsAnswer)
def hear_radios(body: dict[str, Any]) -> dict[str, Any]:
    """Say which radios the network heard; retired and unknown ones become discrepancies.

    A radio that was retired and goes on transmitting is a `phantom`. Said again, it is counted and not opened again.
    """
    latest: dict[str, datetime] = {}
    for one in body["radios"]:
        latest[one["number"]] = max(one["at"], latest.get(one["number"], one["at"]))
    with writing() as work:
        told = radio_commands.heard(work, latest)
    return {"radios": [{"number": number, "said": said} for number, said in told.items()]}
