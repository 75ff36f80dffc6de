"""Accounts: what a customer has at a service point, from opening to closing."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Flag, Id, Many, Moment, Text, Whole
from curbstop.commands import accounts as commands
from curbstop.domain.meters import AccountStatus
from curbstop.queries import accounts as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("accounts", "accounts", url_prefix="/accounts", description="What customers have at service points.")

STATUSES = [status.value for status in AccountStatus]
OPEN_STATUSES = [status for status in STATUSES if status != AccountStatus.FINALED]
CLASSES = list(commands.SERVICE_CLASSES)


class AccountAnswer(Answer):
    id = Id("The account's id.")
    version = Whole("The version, also in the ETag.", 3)
    number = Text("The number for people.", "AC-000042")
    status = Text("Where it stands in billing's eyes.", "active", choices=STATUSES)
    service_class = Text("What the water is used for.", "residential", choices=CLASSES)
    customer_id = Id("Whose it is.")
    customer_number = Text("The customer's number.", "CU-000042")
    customer_name = Text("The customer's name.", "Ann Lee")
    service_point_id = Id("Where it is.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Main St")
    city = Text("The city.", "Millbrook", allow_none=True)
    source_key = Text("What the system that it came from calls it.", "CIS:4711", allow_none=True)
    created_at = Moment("When it was opened.")
    updated_at = Moment("When it was last changed.")


class AccountNew(Body):
    customer_id = Id("Whose it is.", required=True)
    service_point_id = Id("Where it is.", required=True)
    status = Text(
        "Pending until the customer moves in.",
        "active",
        choices=[status.value for status in commands.OPENING],
        load_default=AccountStatus.ACTIVE.value,
    )
    service_class = Text("What the water is used for.", "residential", choices=CLASSES, load_default="residential")
    source_key = Text(
        "What the system that it came from calls it; unique.", "CIS:4711", shortest=1, longest=120, load_default=None,
        allow_none=True,
    )  # fmt: skip


class AccountEdit(Body):
    status = Text("Where it stands in billing's eyes.", "delinquent", choices=OPEN_STATUSES)
    service_class = Text("What the water is used for.", "residential", choices=CLASSES)


class AccountQuery(PageQuery):
    sort = Sort("number", "created_at", "updated_at")
    number = Text("The beginning of the number.", "AC-0000", longest=20, load_default=None)
    status = Many(
        Text("A status.", "active", choices=STATUSES), "Only in these statuses.", ["active"], load_default=list
    )
    customer_id = Id("Only this customer's.", load_default=None)
    service_point_id = Id("Only at this service point.", load_default=None)
    open = Flag("Only those that are not closed, or only closed ones.", True, load_default=None)


@blp.operation("GET", "", query=AccountQuery, answer=page_of(AccountAnswer))
def list_accounts(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Accounts with whose they are and where."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "", body=AccountNew, answer=AccountAnswer, problems=("not_found",))
@creates("/accounts/{id}")
def open_account(body: dict[str, Any]) -> Row[Any]:
    """Open an account; 409 `conflict` while somebody's account is open at the place."""
    with writing() as work:
        account = commands.open_(work, **body)
        return queries.get(work.session, work.actor, account.id)


@blp.operation("GET", "/<uuid:account_id>", answer=AccountAnswer)
def get_account(account_id: UUID) -> Row[Any]:
    """One account."""
    with reading() as session:
        return queries.get(session, actor(), account_id)


@blp.operation("PATCH", "/<uuid:account_id>", body=AccountEdit, answer=AccountAnswer)
@edits
def edit_account(account_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Correct the status or the class of an open account."""
    with writing() as work:
        commands.edit(work, account_id, body, if_version=if_version)
        return queries.get(work.session, work.actor, account_id)


@blp.operation("POST", "/<uuid:account_id>/close", answer=AccountAnswer)
@edits
def close_account(account_id: UUID, if_version: int | None) -> Row[Any]:
    """Close an account for good: it is `finaled`, and another may be opened at the place."""
    with writing() as work:
        commands.close(work, account_id, if_version=if_version)
        return queries.get(work.session, work.actor, account_id)
