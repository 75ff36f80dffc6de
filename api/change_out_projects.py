"""Planned change-outs: projects, how far they are, and their layer of the map."""

import json
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Day, Free, Id, Many, Moment, Part, Text, Whole
from api.meter_schemas import NULL
from curbstop.commands import change_out_projects as commands
from curbstop.commands.change_out_projects import Choice
from curbstop.domain.change_out_projects import ProjectState
from curbstop.queries import change_out_projects as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint(
    "change-out projects", "change_out_projects", url_prefix="/change-out-projects", description="Many, as planned."
)

STATES = [state.value for state in ProjectState]
STEP = ("impossible_transition",)


class ChangeOutProjectLine(Answer):
    id = Id("The project's id.")
    version = Whole("The version, also in the ETag.", 1)
    name = Text("Its name.", "North side, before 2008")
    state = Text("Its state; orders are made while it is open.", "open", choices=STATES)
    chosen_by = Free("What its meters were chosen by.", {"routes": ["N01"], "sizes": [], "models": []})
    instructions = Text("What stands on its orders.", "Take the new radio.", **NULL)
    places = Whole("How many meters are to go.", 1200)
    created_at = Moment("When it was proposed.")
    created_by_id = Id("Who proposed it.", **NULL)
    created_by_name = Text("Who proposed it, by name.", "Bill Okafor", **NULL)
    approved_at = Moment("When it was approved.", **NULL)
    approved_by_id = Id("Who approved it.", **NULL)
    approved_by_name = Text("Who approved it, by name.", "Sue Petrov", **NULL)
    closed_at = Moment("When it was closed.", **NULL)
    reason = Text("Why it is paused or closed.", "No more meters in stock.", **NULL)


class ProjectRouteAnswer(Answer):
    route_code = Text("The route; null for places on none.", "N01", **NULL)
    done = Whole("Whose meter is gone.", 40)
    left = Whole("Whose meter is there.", 60)
    blocked = Whole("Whose order is held, or came back undone.", 3)


class ProjectWeekAnswer(Answer):
    week = Text("The week, as ISO 8601 counts.", "2026-W21")
    done = Whole("How many meters went in it.", 40)


class ChangeOutProjectAnswer(ChangeOutProjectLine):
    """A project with its progress."""

    version = Whole("The version, also in the ETag.", 1)
    done = Whole("Places whose meter is gone.", 400)
    left = Whole("Places whose meter is there.", 790)
    blocked = Whole("Places whose order is held, or came back undone.", 10)
    by_route = Many(Part(ProjectRouteAnswer, "A route."), "The same by route.")
    by_week = Many(Part(ProjectWeekAnswer, "A week."), "What was done, week by week.")


class ChangeOutProjectNew(Body):
    name = Text("Its name.", "North side, before 2008", required=True, shortest=1, longest=120)
    routes = Many(Text("A route's code.", "N01", longest=20), "On these routes.", most=500, load_default=list)
    sizes = Many(Text("A size.", "5/8", longest=15), "Of these sizes.", most=50, load_default=list)
    models = Many(Text("A model.", "K20", longest=40), "Of these models.", most=50, load_default=list)
    installed_before = Day("Installed before this day.", load_default=None, **NULL)
    service_points = Many(
        Text("A service point's number.", "SP-000042", longest=20), "Of these places, as a file lists them.", most=5000,
        load_default=list,
    )  # fmt: skip
    instructions = Text("What stands on its orders.", "Take the new radio.", longest=4000, load_default=None, **NULL)


class ProjectReasonBody(Body):
    reason = Text("Why.", "No more meters in stock.", required=True, shortest=1, longest=1000)


class ChangeOutProjectQuery(PageQuery):
    sort = Sort("created_at", "name")
    state = Text("Only in this state.", "open", choices=STATES, load_default=None)


@blp.operation("GET", "", query=ChangeOutProjectQuery, answer=page_of(ChangeOutProjectLine))
def list_change_out_projects(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Projects of planned change-outs."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "", body=ChangeOutProjectNew, answer=ChangeOutProjectAnswer, problems=("not_found", "too_large"))
@creates("/change-out-projects/{id}")
def propose_change_out_project(body: dict[str, Any]) -> dict[str, Any]:
    """Propose a project: the installed meters that fit all that is given, and are in no other that goes on."""
    name, instructions, numbers = body.pop("name"), body.pop("instructions"), body.pop("service_points")
    with writing() as work:
        made = commands.create(work, name, Choice(**body, numbers=numbers), instructions=instructions)
        return queries.get(work.session, work.actor, made.id)


@blp.operation("GET", "/<uuid:project_id>", answer=ChangeOutProjectAnswer)
def get_change_out_project(project_id: UUID) -> dict[str, Any]:
    """One project with its progress: in all, by route and by week."""
    with reading() as session:
        return queries.get(session, actor(), project_id)


@blp.operation("POST", "/<uuid:project_id>/approve", answer=ChangeOutProjectAnswer, problems=(*STEP, "four_eyes"))
@edits
def approve_change_out_project(project_id: UUID, if_version: int | None) -> dict[str, Any]:
    """A supervisor approves what somebody else proposed; from now on its orders are made."""
    with writing() as work:
        commands.approve(work, project_id, if_version=if_version)
        return queries.get(work.session, work.actor, project_id)


@blp.operation("POST", "/<uuid:project_id>/pause", body=ProjectReasonBody, answer=ChangeOutProjectAnswer, problems=STEP)
@edits
def pause_change_out_project(project_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """No more orders for the moment; those that are made go on."""
    with writing() as work:
        commands.pause(work, project_id, **body, if_version=if_version)
        return queries.get(work.session, work.actor, project_id)


@blp.operation("POST", "/<uuid:project_id>/resume", answer=ChangeOutProjectAnswer, problems=STEP)
@edits
def resume_change_out_project(project_id: UUID, if_version: int | None) -> dict[str, Any]:
    """Its orders are made again."""
    with writing() as work:
        commands.resume(work, project_id, if_version=if_version)
        return queries.get(work.session, work.actor, project_id)


@blp.operation("POST", "/<uuid:project_id>/close", body=ProjectReasonBody, answer=ChangeOutProjectAnswer, problems=STEP)
@edits
def close_change_out_project(project_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """It is over: orders that no tablet has are cancelled, a slice at a time; the others are finished."""
    with writing() as work:
        commands.close(work, project_id, **body, if_version=if_version)
        return queries.get(work.session, work.actor, project_id)


@blp.operation(
    "GET",
    "/<uuid:project_id>/layer",
    status=200,
    doc={"responses": {"200": {"description": "The places.", "content": {"application/geo+json": {}}}}},
)
def get_change_out_project_layer(project_id: UUID) -> Response:
    """The places as GeoJSON with what is done, left and blocked: no customer, no address."""
    with reading() as session:
        found = queries.layer(session, actor(), project_id)
    return Response(json.dumps(found), mimetype="application/geo+json")
