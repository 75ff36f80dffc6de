"""Meters: the inventory, with registers and radios."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Id, Many, Text, Whole
from api.meter_schemas import NULL, STATUSES, UNITS, MeterAnswer, MeterLineAnswer
from curbstop.commands import meters as commands
from curbstop.domain.meters import MeterStatus
from curbstop.queries import meters as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("meters", "meters", url_prefix="/meters", description="What counts the water.")

# A truck has somebody's name on it: POST /inventory/meters/move.
ON_THE_SHELF = [status for status in STATUSES if status not in (MeterStatus.INSTALLED, MeterStatus.ON_TRUCK)]
RADIO_KIND = Text("What kind of radio; AMI when not given.", "AMI", choices=["AMI", "AMR"], load_default="AMI")


class MeterNew(Body):
    serial = Text("Its serial number.", "K10000042", required=True, shortest=1, longest=40)
    dials = Whole("How many digits its registers show.", 7, required=True, least=1, most=12)
    decimals = Whole("How many of them may stand behind the point.", 0, least=0, most=4, load_default=0)
    multiplier = Text(
        "What one unit counts for.", "1", pattern=r"(?:0\.[0-9]{0,3}[1-9]|[1-9][0-9]{0,6}(?:\.[0-9]{1,4})?)"
    )
    unit = Text("What it counts.", "GAL", choices=UNITS, load_default="GAL")
    positions = Many(
        Whole("A register.", 1, least=1, most=2), "Its registers; [1, 2] for a compound meter.", [1], shortest=1,
        most=2, load_default=lambda: [1],
    )  # fmt: skip
    size = Text("Its size in inches.", "5/8", longest=15, **NULL)
    manufacturer = Text("Who made it.", "Kestrel", longest=40, **NULL)
    model = Text("Which model.", "K20", longest=40, **NULL)
    radio_id = Text("Its radio.", "80000042", shortest=1, longest=40, **NULL)
    status = Text("Ordered, or in stock.", "stock", choices=["ordered", "stock"], load_default="stock")


class MeterEdit(Body):
    size = Text("Its size in inches.", "5/8", longest=15, **NULL)
    manufacturer = Text("Who made it.", "Kestrel", longest=40, **NULL)
    model = Text("Which model.", "K20", longest=40, **NULL)
    status = Text("Its place on the shelf; service orders install and remove.", "testing", choices=ON_THE_SHELF)


class RadioBody(Body):
    radio_id = Text(
        "The radio; null retires the one it has.", "80000042", required=True, shortest=1, longest=40, **NULL
    )
    kind = RADIO_KIND


class MeterQuery(PageQuery):
    sort = Sort("serial", "created_at", "updated_at")
    serial = Text("The beginning of the serial number.", "K1000", longest=40, load_default=None)
    status = Many(Text("A status.", "stock", choices=STATUSES), "Only these.", ["stock"], load_default=list)
    size = Text("Only of this size.", "5/8", longest=15, load_default=None)
    service_point_id = Id("Only what is installed there.", load_default=None)


@blp.operation("GET", "", query=MeterQuery, answer=page_of(MeterLineAnswer))
def list_meters(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Meters with where they are now."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "", body=MeterNew, answer=MeterAnswer)
@creates("/meters/{id}")
def create_meter(body: dict[str, Any]) -> dict[str, Any]:
    """Enter a meter into the stock.

    `conflict` when the serial number is known, or the radio serves another meter.
    """
    new = commands.NewMeter(
        **{
            **body,
            "multiplier": Decimal(body.get("multiplier", "1")),
            "positions": tuple(sorted(set(body["positions"]))),
            "status": MeterStatus(body["status"]),
        }
    )
    with writing() as work:
        meter = commands.create(work, new)
        return queries.get(work.session, work.actor, meter.id)


@blp.operation("GET", "/<uuid:meter_id>", answer=MeterAnswer)
def get_meter(meter_id: UUID) -> dict[str, Any]:
    """One meter with its registers, their last readings, and its places over time."""
    with reading() as session:
        return queries.get(session, actor(), meter_id)


@blp.operation("PATCH", "/<uuid:meter_id>", body=MeterEdit, answer=MeterAnswer, problems=("move_not_allowed",))
@edits
def edit_meter(meter_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Change what the inventory says; an installed meter's status follows from its orders."""
    with writing() as work:
        commands.edit(work, meter_id, body, if_version=if_version)
        return queries.get(work.session, work.actor, meter_id)


@blp.operation("PUT", "/<uuid:meter_id>/radio", body=RadioBody, answer=MeterAnswer)
@edits
def set_meter_radio(meter_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Pair the meter with a radio, or with none; the earlier one is retired, since it may go on transmitting."""
    with writing() as work:
        commands.set_radio(work, meter_id, body["radio_id"], kind=body["kind"], if_version=if_version)
        return queries.get(work.session, work.actor, meter_id)
