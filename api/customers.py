"""Customers: who takes water, and how to reach them."""

from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Flag, Id, Moment, Text, Whole
from curbstop.commands import customers as commands
from curbstop.models.account import Customer
from curbstop.queries import customers as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("customers", "customers", url_prefix="/customers", description="Who takes water.")

PHONE: dict[str, Any] = {"longest": 40, "allow_none": True}
EMAIL: dict[str, Any] = {"longest": 200, "allow_none": True}
LANGUAGE: dict[str, Any] = {"pattern": r"[a-z]{2}(?:-[A-Z]{2})?"}
WITHHELD = "Whether the name stays in the office: tablets then show none."


class CustomerAnswer(Answer):
    id = Id("The customer's id.")
    version = Whole("The version, also in the ETag.", 3)
    number = Text("The number for people.", "CU-000042")
    name = Text("The name.", "Ann Lee")
    phone = Text("The telephone number.", "555-0100", allow_none=True)
    email = Text("The email address.", "ann@example.com", allow_none=True)
    language = Text("The language to write in.", "en")
    name_withheld = Flag(WITHHELD, False)
    source_key = Text("What the system that it came from calls it.", "CIS:4711", allow_none=True)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class CustomerNew(Body):
    name = Text("The name.", "Ann Lee", required=True, shortest=1, longest=120)
    phone = Text("The telephone number.", "555-0100", load_default=None, **PHONE)
    email = Text("The email address.", "ann@example.com", load_default=None, **EMAIL)
    language = Text("The language to write in.", "en", load_default="en", **LANGUAGE)
    name_withheld = Flag(WITHHELD, False, load_default=False)
    source_key = Text(
        "What the system that it came from calls it; unique.", "CIS:4711", shortest=1, longest=120, load_default=None,
        allow_none=True,
    )  # fmt: skip


class CustomerEdit(Body):
    name = Text("The name.", "Ann Lee", shortest=1, longest=120)
    phone = Text("The telephone number.", "555-0100", **PHONE)
    email = Text("The email address.", "ann@example.com", **EMAIL)
    language = Text("The language to write in.", "en", **LANGUAGE)
    name_withheld = Flag(WITHHELD, False)


class CustomerQuery(PageQuery):
    sort = Sort("number", "name", "updated_at")
    name = Text("The beginning of the name, in any case.", "an", longest=120, load_default=None)
    number = Text("The beginning of the number.", "CU-0000", longest=20, load_default=None)
    service_point_id = Id("Only who has or had an account there.", load_default=None)


@blp.operation("GET", "", query=CustomerQuery, answer=page_of(CustomerAnswer))
def list_customers(query: dict[str, Any], page: PageRequest) -> Page[Customer]:
    """Customers; an integration sees those that came from another system."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "", body=CustomerNew, answer=CustomerAnswer, problems=("argument_required",))
@creates("/customers/{id}")
def create_customer(body: dict[str, Any]) -> Customer:
    """Enter a customer; an integration says in `source_key` what it calls them."""
    with writing() as work:
        return commands.create(work, **body)


@blp.operation("GET", "/<uuid:customer_id>", answer=CustomerAnswer)
def get_customer(customer_id: UUID) -> Customer:
    """One customer."""
    with reading() as session:
        return queries.get(session, actor(), customer_id)


@blp.operation("PATCH", "/<uuid:customer_id>", body=CustomerEdit, answer=CustomerAnswer)
@edits
def edit_customer(customer_id: UUID, body: dict[str, Any], if_version: int | None) -> Customer:
    """Correct what is given.

    Another name, or a name that is withheld from now on, reaches the tablets that hold an order of the customer.
    """
    with writing() as work:
        return commands.edit(work, customer_id, body, if_version=if_version)
