"""Order types: what a client needs to offer a kind of order and to draw its form."""

from typing import Any

from api.core import Answer, Blueprint, PageQuery, Query, Sort, actor, page_of, reading
from api.core.schemas import Anything, Flag, Many, Number, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.domain.order_types import CaptureKind
from curbstop.domain.outcomes import OutcomeCategory
from curbstop.domain.permissions import Role
from curbstop.queries import order_types as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("order types", "order_types", url_prefix="/order-types", description="What a kind of order asks for.")

ROLE = Text("A role.", "CSR", choices=[role.value for role in Role])


class ChoiceAnswer(Answer):
    code = Text("What is recorded.", "padlock")
    label = Text("What the form shows.", "Padlock")


class CaptureAnswer(Answer):
    name = Text("The capture's name: its key in `captures`, and the label of its photos.", "read")
    kind = Text("What its value looks like.", "reading", choices=[kind.value for kind in CaptureKind])
    label = Text("What the form shows.", "Reading")
    unit = Text("The unit of its value.", "GAL", **NULL)
    choices = Many(Part(ChoiceAnswer, "A choice."), "What may be chosen, when it is a choice.")
    required = Flag("Whether it must be there.", True)
    when = Many(Text("An outcome.", "DONE"), "The outcomes that require it; empty: all that complete.", ["DONE"])
    min = Number("The least value of a number.", 0, **NULL)
    max = Number("The greatest value of a number.", 200, **NULL)
    count = Whole("How many photos at least.", 1)
    hint = Text("What helps to get it right.", "All digits, from the left.", **NULL)


class OutcomeAnswer(Answer):
    code = Text("The outcome.", "DONE")
    label = Text("What the form shows.", "Done")
    category = Text("What kind of ending it is.", "done", choices=[kind.value for kind in OutcomeCategory])
    completes = Flag("True: it completes an order. False: the order is returned with it.", True)
    access_category = Text("The access issue that it reports.", "DOG", **NULL)


class OrderTypeAnswer(Answer):
    code = Text("The order type.", "CUT_OFF_REQ")
    version = Whole("Which version of the type this is; an order keeps the one that it was made with.", 1)
    current = Flag("Whether new orders are made with this version.", True)
    in_use = Flag("Whether orders of it may be made.", True)
    name = Text("Its name.", "Cut off, customer request")
    priority = Whole("The priority of its orders, 1 the most urgent, unless they say otherwise.", 3)
    captures = Many(Part(CaptureAnswer, "A capture."), "What the technician records, in the form's order.")
    outcomes = Many(Part(OutcomeAnswer, "An outcome."), "How a visit may end.")
    create_roles = Many(ROLE, "Who makes such orders.", ["CSR"])
    approve_roles = Many(ROLE, "Who releases them; empty: they need no approval.", ["SUP"])
    post_roles = Many(ROLE, "Who posts them.", ["CSR"])
    effects = Many(Anything("An effect.", {"effect": "set_physical_state", "to": "off"}), "What posting does.")
    system_creates = Flag("Whether the system makes them too.", False)
    auto_post = Flag("Whether one without oddities is posted without review.", False)
    requires_dig = Flag("Whether it needs digging.", False)
    is_cut_off = Flag("Whether it cuts off the water.", True)
    needs_account = Flag("Whether it needs an account.", True)
    skills = Many(Text("A skill.", "valves"), "What the technician must be able to do.", ["valves"])
    service_minutes = Whole("How long it takes, in minutes.", 15)


class OrderTypeQuery(PageQuery):
    sort = Sort("code")
    in_use = Flag("Only those of which orders may be made, or only the others.", True, load_default=None)


class VersionQuery(Query):
    version = Whole("Which version; the one in force by default.", 1, least=1, strict=False, load_default=None)


@blp.operation("GET", "", query=OrderTypeQuery, answer=page_of(OrderTypeAnswer))
def list_order_types(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """The order types in force."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("GET", "/<code>", query=VersionQuery, answer=OrderTypeAnswer)
def get_order_type(code: str, query: dict[str, Any]) -> dict[str, Any]:
    """One order type, with the captures that its form asks for; also in a version that is no longer in force."""
    with reading() as session:
        return queries.get(session, actor(), code, **query)
