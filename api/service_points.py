"""Service points: where water is delivered, what is there, and what happened there."""

from typing import Any
from uuid import UUID

from api.core import Blueprint, Body, PageQuery, Query, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Many, Number, Text, Whole
from api.service_point_schemas import (
    NULL,
    PHYSICAL_STATES,
    NearAnswer,
    ServicePointAnswer,
    ServicePointLineAnswer,
    TimelineLineAnswer,
)
from api.sync import GateCodeAnswer
from curbstop.commands import secrets
from curbstop.commands import service_points as commands
from curbstop.queries import service_points as queries
from curbstop.queries import spatial, timeline
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("service points", "service_points", url_prefix="/service-points", description="Where water goes.")

_NUMBER = r"-?[0-9]{1,3}(?:\.[0-9]{1,15})?"
HAZARD = Text("A hazard.", "dog", choices=list(commands.HAZARDS))


class ServicePointEdit(Body):
    house_number = Text("The house number.", "12", longest=16, **NULL)
    predir = Text("The direction before the street's name.", "N", longest=10, **NULL)
    street_name = Text("The street's name.", "Main", shortest=1, longest=80)
    street_type = Text("What kind of street.", "St", longest=20, **NULL)
    postdir = Text("The direction after the street's name.", "NW", longest=10, **NULL)
    unit = Text("The unit.", "Apt 3", longest=40, **NULL)
    city = Text("The city.", "Millbrook", longest=60, **NULL)
    state = Text("The state.", "NC", longest=2, **NULL)
    zip = Text("The ZIP code.", "27330", longest=10, **NULL)
    longitude = Number("Degrees east, EPSG:4326; with latitude.", -79.1234, least=-180, most=180, **NULL)
    latitude = Number("Degrees north, EPSG:4326; with longitude.", 35.4321, least=-90, most=90, **NULL)
    access_notes = Text("How to get there.", "Behind the mailbox.", longest=4000, **NULL)
    read_instructions = Text("How to read the meter.", "Wipe the dial first.", longest=4000, **NULL)
    hazards = Many(HAZARD, "What to beware of.", ["dog"], most=10)


class ServicePointNew(ServicePointEdit):
    street_name = Text("The street's name.", "Main", required=True, shortest=1, longest=80)
    physical_state = Text("What is in the ground; tapped when not given.", "on", choices=PHYSICAL_STATES)


class ServicePointQuery(PageQuery):
    sort = Sort("number", "address", "updated_at")
    bbox = Text(
        "Only in this box: west,south,east,north in degrees (EPSG:4326).",
        "-79.13,35.42,-79.11,35.44",
        pattern=rf"{_NUMBER}(?:,{_NUMBER}){{3}}",
        load_default=None,
    )
    number = Text("The beginning of the number.", "SP-0000", longest=20, load_default=None)
    address = Text("The beginning of the address, in any case.", "12 main", longest=160, load_default=None)
    city = Text("Only in this city.", "Millbrook", longest=60, load_default=None)
    physical_state = Text("Only in this state.", "off", choices=PHYSICAL_STATES, load_default=None)


class NearQuery(Query):
    longitude = Number("Degrees east, EPSG:4326.", -79.1234, least=-180, most=180, required=True)
    latitude = Number("Degrees north, EPSG:4326.", 35.4321, least=-90, most=90, required=True)
    radius_m = Number("How far to look, in meters.", 100, least=0.1, most=spatial.MOST_RADIUS_M, load_default=100.0)
    limit = Whole("At most so many.", 20, least=1, most=200, strict=False, load_default=20)


class TimelineQuery(PageQuery):
    kind = Many(
        Text("A kind of line.", "order", choices=list(timeline.KINDS)), "Only these.", ["order"], load_default=list
    )


class GateCodeBody(Body):
    gate_code = Text("The code; null forgets it.", "4711#", required=True, shortest=1, longest=40, **NULL)


@blp.operation("GET", "", query=ServicePointQuery, answer=page_of(ServicePointLineAnswer))
def list_service_points(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """Service points, without their customers.

    With `bbox` those in a box, its edges included; it must not cross the date line.
    """
    box = query.pop("bbox")
    bounds = spatial.read_bounds(box) if box is not None else None
    with reading() as session:
        return queries.find(session, actor(), page, bounds=bounds, **query)


@blp.operation("GET", "/near", query=NearQuery, answer=NearAnswer)
def list_near_service_points(query: dict[str, Any]) -> dict[str, Any]:
    """The service points nearest to a position, with their distances."""
    with reading() as session:
        return {"items": queries.near(session, actor(), **query)}


@blp.operation("POST", "", body=ServicePointNew, answer=ServicePointAnswer)
@creates("/service-points/{id}")
def create_service_point(body: dict[str, Any]) -> dict[str, Any]:
    """Enter a connection; a GIS editor leaves notes and hazards to the office."""
    with writing() as work:
        point = commands.create(work, body)
        return queries.get(work.session, work.actor, point.id)


@blp.operation("GET", "/<uuid:service_point_id>", answer=ServicePointAnswer)
def get_service_point(service_point_id: UUID) -> dict[str, Any]:
    """One service point with its account, meters, open orders and access issues, as far as you may see them."""
    with reading() as session:
        return queries.get(session, actor(), service_point_id)


@blp.operation("PATCH", "/<uuid:service_point_id>", body=ServicePointEdit, answer=ServicePointAnswer)
@edits
def edit_service_point(service_point_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Change address and notes (the office) or the position (a GIS editor).

    What is in the ground follows from service orders. Tablets that hold the place hear of it.
    """
    with writing() as work:
        commands.edit(work, service_point_id, body, if_version=if_version)
        return queries.get(work.session, work.actor, service_point_id)


@blp.operation("GET", "/<uuid:service_point_id>/timeline", query=TimelineQuery, answer=page_of(TimelineLineAnswer))
def list_service_point_timeline(
    service_point_id: UUID, query: dict[str, Any], page: PageRequest
) -> Page[dict[str, Any]]:
    """What happened at a service point, the newest first.

    Order events, readings, meters set and taken, skipped stops, access issues, photos and edits, merged; as far as you
    may see them.
    """
    with reading() as session:
        return timeline.find(session, actor(), page, service_point_id, kinds=tuple(query["kind"]))


@blp.operation("PUT", "/<uuid:service_point_id>/gate-code", body=GateCodeBody, answer=ServicePointAnswer)
@edits
def set_gate_code(service_point_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Keep a gate code, encrypted, or forget it."""
    with writing() as work:
        secrets.set_gate_code(work, service_point_id, body["gate_code"], if_version=if_version)
        return queries.get(work.session, work.actor, service_point_id)


@blp.operation("GET", "/<uuid:service_point_id>/gate-code", answer=GateCodeAnswer)
def get_gate_code(service_point_id: UUID) -> dict[str, str]:
    """The gate code. Who looked is kept in the audit.

    For customer service and supervisors; a technician within the work window, with an order there today.
    """
    with writing() as work:
        return {"gate_code": secrets.reveal_gate_code(work, service_point_id)}
