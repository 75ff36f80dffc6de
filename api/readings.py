"""Readings: those of a meter, and the ones that the office types in."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, page_of, reading, writing
from api.core.schemas import Flag, Id, Many, Moment, Text, Whole
from api.meter_schemas import Digits
from curbstop.commands import readings as commands
from curbstop.domain.readings import ReadingKind
from curbstop.queries import readings as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("readings", "readings", url_prefix="", description="What registers showed.")

NULL: dict[str, Any] = {"allow_none": True}
KINDS = [kind.value for kind in ReadingKind]


class ReadingAnswer(Answer):
    id = Id("The reading's id.")
    meter_id = Id("The meter.")
    register_id = Id("The register.")
    position = Whole("Which register of the meter.", 1)
    value = Digits("What the register showed, in its own units.", "1042")
    unit = Text("The unit.", "GAL")
    kind = Text("Why it was taken.", "regular", choices=KINDS)
    source = Text("Where it came from.", "office")
    noted_at = Moment("When it was taken, by the clock of whoever took it.")
    recorded_at = Moment("When the server heard of it.")
    service_point_id = Id("Where the meter was.", **NULL)
    order_id = Id("The service order that it belongs to.", **NULL)
    superseded_by_id = Id("The better reading that took its place.", **NULL)
    flags = Many(Text("A flag.", "NEGATIVE"), "What is out of the ordinary about it.", ["NEGATIVE"])


class ReadingNew(Body):
    value = Text("The digits that the register showed.", "001042", required=True, shortest=1, longest=20)
    position = Whole("Which register of the meter.", 1, least=1, most=9, load_default=1)
    kind = Text("Why it was taken.", "special", choices=KINDS, load_default=ReadingKind.SPECIAL.value)
    noted_at = Moment("When it was taken; not in the future.", required=True)
    supersedes_id = Id("The doubted reading of the register that it takes the place of.", load_default=None, **NULL)


class ReadingQuery(PageQuery):
    sort = Sort("noted_at", "recorded_at")
    register_id = Id("Only of this register.", load_default=None)
    kind = Text("Only of this kind.", "regular", choices=KINDS, load_default=None)
    superseded = Flag("Only those that a better one replaced, or only those that count.", False, load_default=None)


@blp.operation("GET", "/meters/<uuid:meter_id>/readings", query=ReadingQuery, answer=page_of(ReadingAnswer))
def list_meter_readings(meter_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """A meter's readings, the oldest first; `sort=-noted_at` turns them around."""
    with reading() as session:
        return queries.of_meter(session, actor(), page, meter_id, **query)


@blp.operation(
    "POST", "/meters/<uuid:meter_id>/readings", body=ReadingNew, answer=ReadingAnswer, problems=("reading_invalid",)
)
@creates("/readings/{id}")
def enter_reading(meter_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Enter a reading for a register of the meter.

    An odd one is kept and flagged. Nothing is overwritten: a correction names in `supersedes_id` what it replaces.
    """
    with writing() as work:
        made = commands.enter(
            work,
            meter_id,
            body["value"],
            kind=ReadingKind(body["kind"]),
            noted_at=body["noted_at"],
            position=body["position"],
            supersedes_id=body["supersedes_id"],
        )
        return queries.get(work.session, work.actor, made.id)


@blp.operation("GET", "/readings/<uuid:reading_id>", answer=ReadingAnswer)
def get_reading(reading_id: UUID) -> Row[Any]:
    """One reading."""
    with reading() as session:
        return queries.get(session, actor(), reading_id)
