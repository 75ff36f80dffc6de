"""When nothing is cut off: moratoria, and the weather that is told for a day."""

from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Day, Free, Id, Moment, Number, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import moratoria as commands
from curbstop.commands.moratoria import NewMoratorium
from curbstop.models.moratorium import Moratorium, WeatherDay
from curbstop.queries import moratoria as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("moratoria", "moratoria", url_prefix="", description="When nothing is cut off.")

AREA = {"type": "Polygon", "coordinates": [[[-79, 35], [-78, 35], [-78, 36], [-79, 36], [-79, 35]]]}


class MoratoriumAnswer(Answer):
    id = Id("The moratorium's id.")
    version = Whole("The version, also in the ETag.", 1)
    name = Text("What it is called.", "Hurricane Ida")
    reason = Text("Why.", "Executive order 124.")
    starts_on = Day("Its first day.")
    through = Day("Its last day; null until somebody ends it.", **NULL)
    area = Free("Where it holds, as GeoJSON in degrees; null is everywhere.", AREA, **NULL)
    made_by_id = Id("Who declared it.", **NULL)


class MoratoriumQuery(PageQuery):
    sort = Sort("starts_on")
    on = Day("Only those in force on that day.", load_default=None)


class MoratoriumBody(Body):
    name = Text("What it is called.", "Hurricane Ida", required=True, shortest=1, longest=120)
    reason = Text("Why.", "Executive order 124.", required=True, shortest=1, longest=2000)
    starts_on = Day("Its first day.", required=True)
    through = Day("Its last day, where it is known.", load_default=None, allow_none=True)
    area = Free("A GeoJSON Polygon or MultiPolygon in degrees; without one everywhere.", AREA, load_default=None,
                allow_none=True)  # fmt: skip


class MoratoriumEndBody(Body):
    through = Day("Its last day.", required=True)


class WeatherAnswer(Answer):
    day = Day("The day.")
    alert = Text("An alert, as the weather service calls it.", "Heat Advisory", **NULL)
    low_f = Number("The lowest temperature, in degrees Fahrenheit.", 41.0, **NULL)
    high_f = Number("The highest.", 63.0, **NULL)
    told_at = Moment("When it was told.")


class WeatherQuery(PageQuery):
    sort = Sort("day")


class WeatherBody(Body):
    day = Day("The day.", required=True)
    alert = Text("An alert, as the weather service calls it.", "Heat Advisory", longest=120, load_default=None,
                 allow_none=True)  # fmt: skip
    low_f = Number("The lowest temperature, in degrees Fahrenheit.", 41.0, load_default=None, allow_none=True)
    high_f = Number("The highest.", 63.0, load_default=None, allow_none=True)


@blp.operation("GET", "/moratoria", query=MoratoriumQuery, answer=page_of(MoratoriumAnswer))
def list_moratoria(query: dict[str, Any], page: PageRequest) -> Page[Moratorium]:
    """Moratoria, in force and over."""
    with reading() as session:
        return queries.moratoria(session, actor(), page, **query)


@blp.operation("POST", "/moratoria", body=MoratoriumBody, answer=MoratoriumAnswer, problems=("invalid",))
@creates("/moratoria/{id}")
def declare_moratorium(body: dict[str, Any]) -> Moratorium:
    """Nothing is cut off there from that day on; cut-offs that are out get no further lease."""
    with writing() as work:
        return commands.declare(work, NewMoratorium(**body))


@blp.operation("GET", "/moratoria/<uuid:moratorium_id>", answer=MoratoriumAnswer)
def get_moratorium(moratorium_id: UUID) -> Moratorium:
    """One moratorium."""
    with reading() as session:
        return queries.moratorium(session, actor(), moratorium_id)


@blp.operation("POST", "/moratoria/<uuid:moratorium_id>/end", body=MoratoriumEndBody, answer=MoratoriumAnswer)
@edits
def end_moratorium(moratorium_id: UUID, body: dict[str, Any], if_version: int | None) -> Moratorium:
    """Say which day is its last."""
    with writing() as work:
        return commands.end(work, moratorium_id, **body, if_version=if_version)


@blp.operation("GET", "/weather", query=WeatherQuery, answer=page_of(WeatherAnswer))
def list_weather(query: dict[str, Any], page: PageRequest) -> Page[WeatherDay]:
    """What was told of the weather, by day."""
    del query
    with reading() as session:
        return queries.weather(session, actor(), page)


@blp.operation("PUT", "/weather", body=WeatherBody, answer=WeatherAnswer, problems=("invalid",))
def tell_weather(body: dict[str, Any]) -> WeatherDay:
    """Say what is forecast for a day; what was told before is replaced."""
    with writing() as work:
        return commands.tell_weather(work, **body)
