"""Accuracy tests of meters, and what places used: what billing asks of meters."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, PageQuery, Query, Sort, actor, page_of, reading
from api.core.context import context
from api.core.schemas import Flag, Id, Many, Moment, Part, Text, Whole
from api.meter_schemas import NULL, Digits
from curbstop.domain.meter_tests import FLOWS
from curbstop.queries import consumption
from curbstop.queries import meter_tests as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("meter tests", "meter_tests", url_prefix="", description="How exact meters are, and what was used.")


class TestedFlowAnswer(Answer):
    flow = Text("At which flow.", "low", choices=list(FLOWS))
    reference = Text("What ran through the standard.", "10")
    registered = Text("What the meter made of it.", "9.7")
    accuracy = Text("In percent, computed.", "97.00")
    least = Text("What passes, from.", "95")
    most = Text("What passes, up to.", "101")


class MeterTestAnswer(Answer):
    id = Id("The test's id.")
    meter_id = Id("The meter.")
    serial = Text("Its serial number.", "K10000042")
    service_point_id = Id("Where.")
    order_id = Id("The order.")
    order_number = Text("Its number.", "SO-2026-00123")
    standard_id = Text("What it was measured with.", "Bench 2")
    tested_at = Moment("When.")
    flows = Many(Part(TestedFlowAnswer, "A flow."), "Flow by flow.")
    average = Digits("The weighed accuracy in percent.", "99.2")
    passed = Flag("Whether every flow is within the limits.", True)
    over_registers = Flag("Whether it counts too much somewhere: evidence for a credit.", False)
    follow_up_id = Id("The order to change it, where it failed.", **NULL)
    recorded_at = Moment("When it came into the books.")


class MeterTestQuery(PageQuery):
    sort = Sort("tested_at")
    meter_id = Id("Only of this meter.", load_default=None)
    service_point_id = Id("Only here.", load_default=None)
    passed = Flag("Only those that passed, or only those that failed.", True, load_default=None)
    over_registers = Flag("Only meters that count too much, or only others.", True, load_default=None)


class ConsumptionLegAnswer(Answer):
    serial = Text("The meter.", "K10000042")
    position = Whole("Which of its registers.", 1)
    unit = Text("What that counts.", "GAL")
    from_value = Digits("What it showed first.", "1000")
    from_at = Moment("When.")
    to_value = Digits("What it showed last.", "1042")
    to_at = Moment("When.")
    used_gal = Digits("Its share of the period, in gallons; null where the two contradict each other.", "42", **NULL)
    rolled_over = Flag("Whether it went past its end.", False)
    estimated = Flag("Whether one of the two was guessed.", False)


class ConsumptionPeriodAnswer(Answer):
    start = Moment("The regular reading that it begins with.")
    end = Moment("The one that it ends with.")
    open = Flag("Whether it is not billed yet: its last reading is no regular one.", False)
    used_gal = Digits("What all registers counted, in gallons; null where one of them cannot be told.", "42", **NULL)
    estimated = Flag("Whether something in it was guessed.", False)
    exchanged = Flag("Whether the meter was changed in it.", False)
    legs = Many(Part(ConsumptionLegAnswer, "A register's share."), "Register by register, the earlier meter first.")


class ConsumptionAnswer(Answer):
    periods = Many(Part(ConsumptionPeriodAnswer, "A billing period."), "The newest first.")


class ConsumptionQuery(Query):
    most = Whole("How many periods at most.", 13, least=1, most=60, load_default=13)


@blp.operation("GET", "/meter-tests", query=MeterTestQuery, answer=page_of(MeterTestAnswer))
def list_meter_tests(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Accuracy tests; those of meters that count too much are evidence for credits."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation(
    "GET", "/service-points/<uuid:service_point_id>/consumption", query=ConsumptionQuery, answer=ConsumptionAnswer
)
def get_consumption(service_point_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """What a place used in each billing period, across changes of its meters, in gallons."""
    zone = context().settings.zone
    with reading() as session:
        return {"periods": consumption.of_place(session, actor(), service_point_id, zone=zone, **query)}
