"""Developments: a builder's land, its lots, and their way to the owners."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Day, Flag, Id, Many, Moment, Number, Part, Text, Whole
from api.service_point_schemas import PHYSICAL_STATES
from curbstop.commands import developments as commands
from curbstop.commands import import_lots
from curbstop.queries import developments as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("developments", "developments", url_prefix="", description="A builder's land and its lots.")
NULL: dict[str, Any] = {"allow_none": True}
DEVELOPMENT_STATES = [commands.ACTIVE, commands.CLOSED]


class DevelopmentAnswer(Answer):
    id = Id("The development's id.")
    version = Whole("The version, also in the ETag.", 1)
    number = Text("The number for people.", "DV-000007")
    name = Text("Its name.", "Mill Creek, phase 2")
    builder_id = Id("The builder, a customer.")
    builder_name = Text("The builder's name.", "Bright Homes")
    state = Text("Active, or closed.", "active", choices=DEVELOPMENT_STATES)
    lots = Whole("How many lots it has.", 84)
    accounts = Whole("How many of them have an account.", 84)
    meters_set = Whole("How many of them have a meter.", 31)
    transferred = Whole("How many of them are their owners'.", 12)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class DevelopmentNew(Body):
    name = Text("Its name.", "Mill Creek, phase 2", required=True, shortest=1, longest=120)
    builder_id = Id("The builder, a customer.", required=True)


class DevelopmentEdit(Body):
    name = Text("Its name.", "Mill Creek, phase 2", shortest=1, longest=120)
    state = Text("Closed, when nothing more is built there.", "closed", choices=DEVELOPMENT_STATES)


class DevelopmentQuery(PageQuery):
    sort = Sort("number", "name")
    state = Text("Only in this state.", "active", choices=DEVELOPMENT_STATES, load_default=None)
    name = Text("The beginning of the name.", "Mill", longest=120, load_default=None)


class LotAnswer(Answer):
    id = Id("The lot's id.")
    version = Whole("The version, also in the ETag.", 2)
    development_id = Id("The development.")
    code = Text("What the plat calls it.", "14B")
    service_point_id = Id("Its place.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Creek Ln")
    physical_state = Text("What is in the ground.", "tapped", choices=PHYSICAL_STATES)
    account_id = Id("The account: the builder's, then the owner's.", **NULL)
    account_number = Text("Its number.", "AC-000042", **NULL)
    account_status = Text("Its status.", "pending", **NULL)
    meter_set_at = Moment("When the meter was set.", **NULL)
    owner_id = Id("The owner, once it is transferred.", **NULL)
    owner_name = Text("The owner's name.", "Ann Lee", **NULL)
    transferred_on = Day("When it was transferred.", **NULL)


class LotQuery(PageQuery):
    sort = Sort("code")
    transferred = Flag("Only the owners', or only the builder's.", False, load_default=None)
    meter_set = Flag("Only those with a meter, or only those without.", False, load_default=None)


class ListedLot(Body):
    lot = Text("What the plat calls it.", "14B", required=True, shortest=1, longest=40)
    address = Text("Its address in one line.", "12 Creek Ln", required=True, shortest=1, longest=160)
    city = Text("The city.", "Millbrook", longest=60, load_default=None)
    state = Text("The state.", "NC", longest=2, load_default=None)
    zip = Text("The ZIP code.", "27330", longest=10, load_default=None)
    longitude = Number("Degrees east, EPSG:4326; with latitude.", -79.1, least=-180, most=180, load_default=None)
    latitude = Number("Degrees north, EPSG:4326; with longitude.", 35.4, least=-90, most=90, load_default=None)


class LotList(Body):
    lots = Many(Part(ListedLot, "A lot."), "The lots.", required=True, shortest=1, most=commands.MOST_LOTS)
    preview = Flag("Only say what would be done.", False, load_default=False)


class RefusedLotAnswer(Answer):
    line = Whole("Which lot of the list, from 1.", 3)
    reason = Text("Why, in a word.", "place_taken")
    detail = Text("Why.", "SP-000042 is lot 9 already.")


class LotListAnswer(Answer):
    added = Whole("New lots.", 80)
    same = Whole("Lots that are there already.", 3)
    refused = Many(Part(RefusedLotAnswer, "A lot."), "What does not fit.")


class LotTransferBody(Body):
    customer_id = Id("The owner, a customer.", required=True)
    on = Day("From which day the water is the owner's.", required=True)


@blp.operation("GET", "/developments", query=DevelopmentQuery, answer=page_of(DevelopmentAnswer))
def list_developments(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Developments with how far they have come."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "/developments", body=DevelopmentNew, answer=DevelopmentAnswer, problems=("not_found",))
@creates("/developments/{id}")
def create_development(body: dict[str, Any]) -> Row[Any]:
    """Enter a development."""
    with writing() as work:
        made = commands.create(work, **body)
        return queries.get(work.session, work.actor, made.id)


@blp.operation("GET", "/developments/<uuid:development_id>", answer=DevelopmentAnswer)
def get_development(development_id: UUID) -> Row[Any]:
    """One development."""
    with reading() as session:
        return queries.get(session, actor(), development_id)


@blp.operation("PATCH", "/developments/<uuid:development_id>", body=DevelopmentEdit, answer=DevelopmentAnswer)
@edits
def edit_development(development_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Give it another name, or close it."""
    with writing() as work:
        commands.edit(work, development_id, **body, if_version=if_version)
        return queries.get(work.session, work.actor, development_id)


@blp.operation("GET", "/developments/<uuid:development_id>/lots", query=LotQuery, answer=page_of(LotAnswer))
def list_lots(development_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """The lots of a development."""
    with reading() as session:
        return queries.find_lots(session, actor(), page, development_id, **query)


@blp.operation(
    "PUT", "/developments/<uuid:development_id>/lots", body=LotList, answer=LotListAnswer,
    problems=("development_closed", "too_large"),
)  # fmt: skip
def put_lots(development_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Bring a list of lots, or preview it; the same list again changes nothing."""
    rows = [(line, import_lots.typed(**lot)) for line, lot in enumerate(body["lots"], start=1)]
    with writing() as work:
        found = commands.preview_lots if body["preview"] else commands.add_lots
        outcome = found(work, development_id, rows)
    return {"added": outcome.added, "same": outcome.same, "refused": outcome.refused}


@blp.operation("GET", "/lots/<uuid:lot_id>", answer=LotAnswer)
def get_lot(lot_id: UUID) -> Row[Any]:
    """One lot."""
    with reading() as session:
        return queries.get_lot(session, actor(), lot_id)


@blp.operation("POST", "/lots/<uuid:lot_id>/transfer", body=LotTransferBody, answer=LotAnswer, problems=("conflict",))
@edits
def transfer_lot(lot_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Give the lot from the builder to its owner: one account ends, another begins, each with a reading."""
    with writing() as work:
        commands.transfer(work, lot_id, **body, if_version=if_version)
        return queries.get_lot(work.session, work.actor, lot_id)
