"""Holds on accounts: why a customer's water is not to be cut off."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Day, Flag, Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import holds as commands
from curbstop.commands.holds import NewHold
from curbstop.domain.holds import HoldKind
from curbstop.queries import standings as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("holds", "holds", url_prefix="/holds", description="Why an account is not to be cut off.")

KINDS = [kind.value for kind in HoldKind]


class HoldAnswer(Answer):
    id = Id("The hold's id.")
    version = Whole("The version, also in the ETag.", 1)
    account_id = Id("The account.")
    account_number = Text("Its number.", "AC-000123")
    kind = Text("Why; `do_not_cut` for whoever may not place a hold.", "medical", choices=[*KINDS, queries.DO_NOT_CUT])
    reason = Text("Why, in the office's words, for whoever may place a hold.", "Certificate received.")
    category = Text("What kind of critical customer.", "nursing_home", **NULL)
    starts_on = Day("Its first day.")
    through = Day("Its last day; null until somebody ends it.", **NULL)
    renewals = Whole("How often it was renewed.", 0)
    created_at = Moment("When it was placed.")
    placed_by_id = Id("Who placed it.", **NULL)
    placed_by_name = Text("Who placed it, by name.", "Carla Reyes", **NULL)
    ended_at = Moment("When it was ended.", **NULL)
    ended_by_id = Id("Who ended it.", **NULL)
    ended_by_name = Text("Who ended it, by name.", "Carla Reyes", **NULL)
    end_reason = Text("Why it was ended.", "Dispute settled.", **NULL)


class HoldQuery(PageQuery):
    sort = Sort("created_at", "starts_on")
    account_id = Id("Only on this account.", load_default=None)
    kind = Text("Only of this kind.", "medical", choices=KINDS, load_default=None)
    applies_on = Day("Only those that hold on this day.", load_default=None)
    ended = Flag("Only those that were ended, or only those that were not.", False, load_default=None)


class AccountHoldBody(Body):
    account_id = Id("The account.", required=True)
    kind = Text("Why.", "dispute", choices=KINDS, required=True)
    reason = Text("Why, in the office's words.", "Says the meter was misread.", required=True, shortest=1, longest=2000)
    category = Text("For a critical customer, which kind.", "nursing_home", longest=40, load_default=None)
    starts_on = Day("Its first day; today where none is given.", load_default=None)
    through = Day("Its last day; a promise needs one, a medical hold has one by the policy.", load_default=None)


class HoldEndBody(Body):
    reason = Text("Why it ends.", "Dispute settled.", required=True, shortest=1, longest=2000)


@blp.operation("GET", "", query=HoldQuery, answer=page_of(HoldAnswer))
def list_holds(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Holds, of one account or of all."""
    with reading() as session:
        return queries.holds(session, actor(), page, **query)


@blp.operation("POST", "", body=AccountHoldBody, answer=HoldAnswer, problems=("not_found", "invalid"))
@creates("/holds/{id}")
def place_hold(body: dict[str, Any]) -> Row[Any]:
    """Place a hold; cut-offs for money that are under way are recalled in the same moment."""
    with writing() as work:
        made = commands.place(work, NewHold(**{**body, "kind": HoldKind(body["kind"])}))
        return queries.hold(work.session, work.actor, made.id)


@blp.operation("GET", "/<uuid:hold_id>", answer=HoldAnswer)
def get_hold(hold_id: UUID) -> Row[Any]:
    """One hold."""
    with reading() as session:
        return queries.hold(session, actor(), hold_id)


@blp.operation("POST", "/<uuid:hold_id>/renew", answer=HoldAnswer, problems=("hold_ended", "hold_not_renewable"))
@edits
def renew_hold(hold_id: UUID, if_version: int | None) -> Row[Any]:
    """Lengthen a medical hold, as often as the policy allows."""
    with writing() as work:
        commands.renew(work, hold_id, if_version=if_version)
        return queries.hold(work.session, work.actor, hold_id)


@blp.operation("POST", "/<uuid:hold_id>/end", body=HoldEndBody, answer=HoldAnswer, problems=("hold_ended",))
@edits
def end_hold(hold_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """End a hold; what it recalled stays recalled."""
    with writing() as work:
        commands.end(work, hold_id, **body, if_version=if_version)
        return queries.hold(work.session, work.actor, hold_id)
