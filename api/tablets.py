"""Tablets: the codes that enrol them, who has which, and blocking the lost ones."""

from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Flag, Free, Id, Moment, Number, Text, Whole
from curbstop.commands import tablets as commands
from curbstop.commands.tablets import NewCode
from curbstop.models.tablet import Tablet
from curbstop.queries import tablets as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("tablets", "tablets", url_prefix="/tablets", description="The tablets that may sync.")


class TabletAnswer(Answer):
    id = Id("The tablet's id.")
    version = Whole("The version, also in the ETag.", 3)
    name = Text("What the office calls it.", "Truck 7")
    staff_id = Id("Who signed in on it last.", allow_none=True)
    schema_version = Whole("Which contract of mobile-schema it speaks.", 1)
    enrolled_at = Moment("When it was enrolled.")
    last_seen_at = Moment("When it was last heard of.", allow_none=True)
    revoked_at = Moment("When it was blocked.", allow_none=True)
    clock_skew_s = Number("How far its clock is ahead, in seconds.", 1.5, allow_none=True)
    beacon = Free("What it last said of its own outbox.", {"pending": 3})


class EnrolmentCodeNew(Body):
    tablet_name = Text("What the office will call the tablet.", "Truck 7", required=True, shortest=1, longest=60)


class EnrolmentCodeAnswer(Answer):
    id = Id("The code's id.")
    code = Text("Type it on the tablet. It is shown this once.", "K7MR2QWX")
    tablet_name = Text("What the tablet will be called.", "Truck 7")
    expires_at = Moment("Until when it can be used.")


class TabletEdit(Body):
    name = Text("What the office calls it.", "Truck 7", required=True, shortest=1, longest=60)


class TabletQuery(PageQuery):
    sort = Sort("name", "enrolled_at")
    staff_id = Id("Only the tablets that this person has.", load_default=None)
    revoked = Flag("Only blocked ones, or only those that work.", load_default=None)


@blp.operation("GET", "", query=TabletQuery, answer=page_of(TabletAnswer))
def list_tablets(query: dict[str, Any], page: PageRequest) -> Page[Tablet]:
    """Tablets, as far as you may see them."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "/enrolment-codes", body=EnrolmentCodeNew, answer=EnrolmentCodeAnswer)
@creates("/tablets/enrolment-codes/{id}")
def create_enrolment_code(body: dict[str, Any]) -> NewCode:
    """Make a code that enrols one tablet within 24 hours."""
    with writing() as work:
        return commands.make_code(work, body["tablet_name"])


@blp.operation("GET", "/<uuid:tablet_id>", answer=TabletAnswer)
def get_tablet(tablet_id: UUID) -> Tablet:
    """One tablet."""
    with reading() as session:
        return queries.get(session, actor(), tablet_id)


@blp.operation("PATCH", "/<uuid:tablet_id>", body=TabletEdit, answer=TabletAnswer)
@edits
def rename_tablet(tablet_id: UUID, body: dict[str, Any], if_version: int | None) -> Tablet:
    """Give it another name."""
    with writing() as work:
        return commands.rename(work, tablet_id, body["name"], if_version=if_version)


@blp.operation("POST", "/<uuid:tablet_id>/revoke", answer=TabletAnswer)
@edits
def revoke_tablet(tablet_id: UUID, if_version: int | None) -> Tablet:
    """Block a lost tablet for good; its sessions end at once."""
    with writing() as work:
        return commands.revoke(work, tablet_id, if_version=if_version)
