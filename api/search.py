"""Search: one box for customers, accounts, service points, meters and service orders."""

from typing import Any

from api.core import Answer, Blueprint, Query, actor, reading
from api.core.schemas import Id, Many, Part, Text, Whole
from curbstop.queries import search as queries

blp = Blueprint("search", "search", url_prefix="/search", description="One box for everything the office looks up.")


class SearchQuery(Query):
    q = Text("What was typed: a number, a name, an address, a serial.", "14 aberd", required=True, longest=200)
    type = Many(
        Text("A kind of hit.", "service_point", choices=queries.TYPES), "Only these kinds; all when not given.",
        load_default=None,
    )  # fmt: skip
    limit = Whole("At most so many hits.", 20, least=1, most=queries.MOST, strict=False, load_default=20)


class HitAnswer(Answer):
    entity_type = Text("The kind of hit.", "service_point", choices=queries.TYPES)
    id = Id("The id of what was found.")
    number = Text("Its number for people; a meter's serial.", "SP-00042")
    name = Text("The customer's name, for those who may see it.", "Ann Lee", allow_none=True)
    address = Text("The address.", "14 Aberdeen Ave", allow_none=True)
    city = Text("The city.", "Durham", allow_none=True)
    status = Text("An order's or account's state, a meter's place, whether the water is on.", "on", allow_none=True)
    detail = Text("An order's type, a meter's size, an account's class.", "READ_RE", allow_none=True)
    service_point_id = Id("The service point it belongs to.", allow_none=True)


class SearchAnswer(Answer):
    items = Many(Part(HitAnswer, "A hit."), "The best first.")


@blp.operation("GET", "", query=SearchQuery, answer=SearchAnswer)
def search(query: dict[str, Any]) -> dict[str, Any]:
    """Find by number, name, address or meter serial.

    Words may be unfinished or have one slip of the finger; every word must fit. The exact number comes first, then
    a serial, an address in its order, a name. Who may not see customers finds places and meters, without names.
    """
    with reading() as session:
        hits = queries.find(session, actor(), query["q"], types=query["type"], limit=query["limit"])
        return {"items": hits}
