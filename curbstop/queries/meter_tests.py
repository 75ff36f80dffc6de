"""Reads accuracy tests of meters."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.models.meter import Meter
from curbstop.models.meter_test import MeterTest
from curbstop.models.service_order import ServiceOrder
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"tested_at": MeterTest.tested_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    meter_id: UUID | None = None,
    service_point_id: UUID | None = None,
    passed: bool | None = None,
    over_registers: bool | None = None,
) -> Page[Row[Any]]:
    """A page of tests."""
    require(actor, Action.VIEW_NETWORK)
    columns = (getattr(MeterTest, column.key) for column in MeterTest.__table__.columns)
    statement = (
        select(*columns, Meter.serial, ServiceOrder.number.label("order_number"))
        .join(Meter, Meter.id == MeterTest.meter_id)
        .join(ServiceOrder, ServiceOrder.id == MeterTest.order_id)
    )
    if meter_id is not None:
        statement = statement.where(MeterTest.meter_id == meter_id)
    if service_point_id is not None:
        statement = statement.where(MeterTest.service_point_id == service_point_id)
    for column, wanted in ((MeterTest.passed, passed), (MeterTest.over_registers, over_registers)):
        if wanted is not None:
            statement = statement.where(column if wanted else ~column)
    return fetch(session, statement, page, SORTS, MeterTest.id)
