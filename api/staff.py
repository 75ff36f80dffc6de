"""Staff: who works here, with which roles and skills."""

from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Flag, Id, Many, Moment, Text, Whole
from curbstop.commands import staff as commands
from curbstop.domain.permissions import Role
from curbstop.models.staff import Staff
from curbstop.queries import staff as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("staff", "staff", url_prefix="/staff", description="Who works here.")

ROLE = Text("A role.", "TECH", choices=[role.value for role in Role])
SKILL = Text("A skill that order types ask for.", "backflow", shortest=1, longest=40)
PASSWORD: dict[str, Any] = {"shortest": 8, "longest": 200, "load_only": True}


class StaffAnswer(Answer):
    id = Id("The person's id.")
    version = Whole("The version, also in the ETag.", 3)
    login = Text("What they sign in with.", "tess")
    name = Text("Their name.", "Tess Okafor")
    roles = Many(ROLE, "What they are to the utility.", ["TECH"])
    skills = Many(SKILL, "What they can do.", ["backflow"])
    crew_lead_id = Id("Who leads their crew.", allow_none=True)
    daily_capacity = Whole("Orders that they can do in a day.", 40)
    active = Flag("Whether they may sign in and be given work.", True)
    created_at = Moment("When they were entered.")
    updated_at = Moment("When they were last changed.")


class StaffNew(Body):
    login = Text("What they sign in with.", "tess", required=True, longest=60, pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*")
    name = Text("Their name.", "Tess Okafor", required=True, shortest=1, longest=120)
    roles = Many(ROLE, "What they are to the utility.", ["TECH"], required=True, shortest=1, most=10)
    password = Text("The first password; without one they cannot sign in.", load_default=None, **PASSWORD)
    skills = Many(SKILL, "What they can do.", ["backflow"], most=50, load_default=list)
    crew_lead_id = Id("Who leads their crew.", allow_none=True, load_default=None)
    daily_capacity = Whole("Orders that they can do in a day.", 40, least=0, most=1000, load_default=40)


class StaffEdit(Body):
    name = Text("Their name.", "Tess Okafor", shortest=1, longest=120)
    roles = Many(ROLE, "What they are to the utility.", ["TECH"], shortest=1, most=10)
    skills = Many(SKILL, "What they can do.", ["backflow"], most=50)
    crew_lead_id = Id("Who leads their crew.", allow_none=True)
    daily_capacity = Whole("Orders that they can do in a day.", 40, least=0, most=1000)
    active = Flag("Whether they may sign in and be given work.", True)


class PasswordBody(Body):
    password = Text("The new password.", required=True, **PASSWORD)


class StaffQuery(PageQuery):
    sort = Sort("name", "login")
    active = Flag("Only those who work here, or only those who left.", load_default=None)
    name = Text("The beginning of the name, in any case.", "te", longest=120, load_default=None)


@blp.operation("GET", "", query=StaffQuery, answer=page_of(StaffAnswer))
def list_staff(query: dict[str, Any], page: PageRequest) -> Page[Staff]:
    """Staff, as far as you may see them: technicians themselves, crew leads their crew, the office everybody."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "", body=StaffNew, answer=StaffAnswer, problems=("login_taken", "crew_lead_invalid"))
@creates("/staff/{id}")
def create_staff(body: dict[str, Any]) -> Staff:
    """Enter somebody new."""
    with writing() as work:
        return commands.create(work, **body)


@blp.operation("GET", "/<uuid:staff_id>", answer=StaffAnswer)
def get_staff(staff_id: UUID) -> Staff:
    """One person."""
    with reading() as session:
        return queries.get(session, actor(), staff_id)


@blp.operation(
    "PATCH",
    "/<uuid:staff_id>",
    body=StaffEdit,
    answer=StaffAnswer,
    problems=("crew_lead_invalid", "last_administrator"),
)
@edits
def edit_staff(staff_id: UUID, body: dict[str, Any], if_version: int | None) -> Staff:
    """Change what is given; somebody made inactive is signed out everywhere."""
    with writing() as work:
        return commands.edit(work, staff_id, body, if_version=if_version)


@blp.operation("PUT", "/<uuid:staff_id>/password", body=PasswordBody, answer=StaffAnswer)
@edits
def reset_staff_password(staff_id: UUID, body: dict[str, Any], if_version: int | None) -> Staff:
    """Give somebody a new password; they are signed out everywhere."""
    with writing() as work:
        return commands.reset_password(work, staff_id, body["password"], if_version=if_version)
