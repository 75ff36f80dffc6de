"""Reads the inventory: the model catalogue, radios, and the moves of one thing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.inventory import InventoryMove, MeterModel, Radio
from curbstop.models.meter import Endpoint, Meter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

MODEL_SORTS = {"model": MeterModel.model, "created_at": MeterModel.created_at}
RADIO_SORTS = {"number": Radio.number, "updated_at": Radio.updated_at}
MOVE_SORTS = {"at": InventoryMove.at}


def models(session: Session, actor: Actor, page: PageRequest, *, active: bool | None = None) -> Page[MeterModel]:
    """The model catalogue."""
    require(actor, Action.VIEW_NETWORK)
    statement = select(MeterModel)
    if active is not None:
        statement = statement.where(MeterModel.active if active else ~MeterModel.active)
    return fetch(session, statement, page, MODEL_SORTS, MeterModel.id)


def model(session: Session, actor: Actor, model_id: UUID) -> MeterModel:
    """One model, or Problem(`not_found`)."""
    require(actor, Action.VIEW_NETWORK)
    row = session.get(MeterModel, model_id)
    if row is None:
        raise Problem("not_found", f"There is no meter model with id {model_id}.")
    return row


def radios(
    session: Session, actor: Actor, page: PageRequest, *, number: str | None = None, status: Sequence[str] = ()
) -> Page[Row[Any]]:
    """Radios with the meter that each is paired with; `number` is a beginning."""
    require(actor, Action.VIEW_NETWORK)
    statement = _radios()
    if number:
        statement = statement.where(Radio.number.startswith(number.strip(), autoescape=True))
    if status:
        statement = statement.where(Radio.status.in_(status))
    return fetch(session, statement, page, RADIO_SORTS, Radio.id)


def radio(session: Session, actor: Actor, radio_id: UUID) -> Row[Any]:
    """One radio, or Problem(`not_found`)."""
    require(actor, Action.VIEW_NETWORK)
    row = session.execute(_radios().where(Radio.id == radio_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no radio with id {radio_id}.")
    return row


def moves(session: Session, actor: Actor, page: PageRequest, item_id: UUID) -> Page[Row[Any]]:
    """What a meter or a radio went through."""
    require(actor, Action.VIEW_NETWORK)
    holder, mover = aliased(Staff), aliased(Staff)
    columns = (getattr(InventoryMove, column.key) for column in InventoryMove.__table__.columns)
    statement = (
        select(
            *columns,
            holder.name.label("holder_name"),
            mover.name.label("staff_name"),
            ServiceOrder.number.label("order_number"),
        )
        .outerjoin(holder, holder.id == InventoryMove.holder_id)
        .outerjoin(mover, mover.id == InventoryMove.staff_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == InventoryMove.order_id)
        .where(InventoryMove.item_id == item_id)
    )
    return fetch(session, statement, page, MOVE_SORTS, InventoryMove.id)


def _radios() -> Select[Any]:
    columns = (getattr(Radio, column.key) for column in Radio.__table__.columns)
    return (
        select(*columns, Meter.id.label("meter_id"), Meter.serial)
        .outerjoin(Endpoint, (Endpoint.radio_id == Radio.number) & Endpoint.retired_at.is_(None))
        .outerjoin(Meter, Meter.id == Endpoint.meter_id)
    )
