"""Tamper cases: the evidence, and which rung of the ladder a place is on."""

from typing import Any

from sqlalchemy import Row

from api.core import Answer, Blueprint, PageQuery, Sort, actor, page_of, reading
from api.core.schemas import Free, Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.domain.tamper_cases import LadderStep
from curbstop.queries import tamper_cases as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("tamper cases", "tamper_cases", url_prefix="/tamper-cases", description="Evidence of tampering.")


class TamperCaseAnswer(Answer):
    id = Id("The case's id.")
    service_point_id = Id("The place.")
    service_point_number = Text("Its number.", "SP-000123")
    address = Text("Its address.", "12 Main St")
    account_id = Id("The account.", **NULL)
    order_id = Id("The investigation.")
    order_number = Text("Its number.", "SO-2026-00123")
    level = Whole("The how manieth finding here it is.", 1)
    step = Text("What the utility does next.", "lock", choices=[word.value for word in LadderStep])
    evidence = Free("What was seen, read, photographed and locked, as it was then.", {"meter_serial": "4711"})
    unmetered_use = Text("An estimate of what was used while it was off, in `unit`.", "1250.0000", **NULL)
    unit = Text("The register's unit.", "GAL", **NULL)
    found_at = Moment("When it was found.")
    recorded_at = Moment("When the case was filed.")


class TamperCaseQuery(PageQuery):
    sort = Sort("found_at")
    service_point_id = Id("Only of this place.", load_default=None)


@blp.operation("GET", "", query=TamperCaseQuery, answer=page_of(TamperCaseAnswer))
def list_tamper_cases(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """The cases that were filed; a case is never altered."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)
