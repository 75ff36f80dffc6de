"""Meters: the inventory, one meter with its registers and places, and the radio it is paired with."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Id, Many, Moment, Number, Part, Text, Whole
from curbstop.commands import meters as commands
from curbstop.commands.meters import NewMeter
from curbstop.domain.meters import MeterStatus
from curbstop.queries import meters as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("meters", "meters", url_prefix="/meters", description="Meters, registers and radios.")

NULL: dict[str, Any] = {"allow_none": True}
STATUSES = [status.value for status in MeterStatus]
# What a serial or a radio id looks like: no blanks at its ends, nothing that a label cannot show.
LABEL: dict[str, Any] = {"longest": 40, "pattern": r"[A-Za-z0-9](?:[A-Za-z0-9 ._/-]*[A-Za-z0-9])?"}


class Digits(Text):
    """An exact decimal number as text, without idle zeros behind the point."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else super()._serialize(value, attr, obj)


class RegisterAnswer(Answer):
    id = Id("The register's id.")
    position = Whole("Which register of the meter; a compound meter has two.", 1)
    dials = Whole("Its billing digits.", 6)
    decimals = Whole("Digits behind the point.", 0)
    multiplier = Digits("Units of usage for one unit of the register.", "1")
    unit = Text("The unit.", "GAL")
    last_value = Digits("The latest reading that counts.", "1042", **NULL)
    last_kind = Text("Why that was taken.", "regular", **NULL)
    last_noted_at = Moment("When that was taken.", **NULL)


class MeterLineAnswer(Answer):
    """A line of the inventory."""

    id = Id("The meter's id.")
    version = Whole("The version, for If-Match.", 3)
    serial = Text("The serial number.", "MTR00042")
    size = Text("The size in inches.", "5/8", **NULL)
    manufacturer = Text("Who made it.", "Neptune", **NULL)
    model = Text("Which one.", "T-10", **NULL)
    status = Text("Its place in the inventory.", "installed", choices=STATUSES)
    radio_id = Text("The radio that it is paired with.", "R0000042", **NULL)
    radio_kind = Text("The radio's kind.", "AMI", **NULL)
    service_point_id = Id("Where it is installed.", **NULL)
    service_point_number = Text("The number of that service point.", "SP-000042", **NULL)
    address = Text("The address.", "12 Main St", **NULL)
    installed_at = Moment("Since when.", **NULL)
    source_key = Text("What the system that it came from calls it.", "AMI:77", **NULL)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class InstallationAnswer(Answer):
    id = Id("The installation's id.")
    service_point_id = Id("Where.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Main St")
    installed_at = Moment("From when.")
    removed_at = Moment("Until when; null while it is there.", **NULL)
    order_id = Id("The service order that installed it.", **NULL)


class MeterAnswer(MeterLineAnswer):
    """A meter whole."""

    version = Whole("The version, also in the ETag.", 3)
    registers = Many(Part(RegisterAnswer, "A register."), "Its registers with their last readings.")
    installations = Many(Part(InstallationAnswer, "A place."), "Where it was, the latest first.")


class MeterNew(Body):
    serial = Text("The serial number.", "MTR00042", required=True, **LABEL)
    dials = Whole("Billing digits of each register.", 6, required=True, least=1, most=10)
    registers = Whole("How many registers of the same face; a compound meter has two.", 1, least=1, most=2)
    decimals = Whole("Digits behind the point.", 0, least=0, most=4)
    multiplier = Number("Units of usage for one unit of the register.", 1, least=0.0001, most=1_000_000)
    unit = Text("The unit.", "GAL", pattern="[A-Z0-9]{1,5}")
    size = Text("The size in inches.", "5/8", longest=15, **NULL)
    manufacturer = Text("Who made it.", "Neptune", longest=40, **NULL)
    model = Text("Which one.", "T-10", longest=40, **NULL)
    radio_id = Text("The radio that it is paired with.", "R0000042", **LABEL, **NULL)


class MeterEdit(Body):
    size = Text("The size in inches.", "5/8", longest=15, **NULL)
    manufacturer = Text("Who made it.", "Neptune", longest=40, **NULL)
    model = Text("Which one.", "T-10", longest=40, **NULL)
    status = Text("Its place in the inventory; service orders install and remove.", "retired", choices=STATUSES)


class RadioBody(Body):
    radio_id = Text("The radio; null for none.", "R0000042", required=True, **LABEL, **NULL)
    kind = Text("The radio's kind.", "AMI", pattern="[A-Za-z0-9_-]{1,20}")


class MeterQuery(PageQuery):
    sort = Sort("serial", "created_at", "updated_at")
    serial = Text("The beginning of the serial number.", "MTR", longest=40, load_default=None)
    status = Many(Text("A status.", "stock", choices=STATUSES), "Only in these statuses.", ["stock"], load_default=list)
    size = Text("Only of this size.", "5/8", longest=15, load_default=None)
    service_point_id = Id("Only what is installed there now.", load_default=None)


@blp.operation("GET", "", query=MeterQuery, answer=page_of(MeterLineAnswer))
def list_meters(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Meters with where they are now; no customer."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "", body=MeterNew, answer=MeterAnswer)
@creates("/meters/{id}")
def create_meter(body: dict[str, Any]) -> dict[str, Any]:
    """Enter a meter into the stock; 409 `conflict` when its serial or its radio is known already."""
    registers = body.pop("registers", 1)
    # By its digits: a binary fraction is not what the label says.
    exact = {"multiplier": Decimal(str(body["multiplier"]))} if "multiplier" in body else {}
    with writing() as work:
        made = commands.create(work, NewMeter(**{**body, **exact, "positions": tuple(range(1, registers + 1))}))
        return queries.get(work.session, work.actor, made.id)


@blp.operation("GET", "/<uuid:meter_id>", answer=MeterAnswer)
def get_meter(meter_id: UUID) -> dict[str, Any]:
    """One meter with its registers, last readings, radio and places."""
    with reading() as session:
        return queries.get(session, actor(), meter_id)


@blp.operation("PATCH", "/<uuid:meter_id>", body=MeterEdit, answer=MeterAnswer)
@edits
def edit_meter(meter_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Correct what is given; the tablets that show the meter hear of it."""
    with writing() as work:
        commands.edit(work, meter_id, body, if_version=if_version)
        return queries.get(work.session, work.actor, meter_id)


@blp.operation("PUT", "/<uuid:meter_id>/radio", body=RadioBody, answer=MeterAnswer)
@edits
def set_meter_radio(meter_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Pair the meter with a radio, or with none; the earlier radio is retired."""
    with writing() as work:
        commands.set_radio(work, meter_id, **body, if_version=if_version)
        return queries.get(work.session, work.actor, meter_id)
