"""Reads layers for GIS tools: which there are for whom, pages of their rows, and one row.

Pages go by the row's id and say where the next one begins: nothing is counted and nothing skipped over, so the last
page of a large layer costs what the first one does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Select, func, select, type_coerce
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.queries.json_values import json_value
from curbstop.queries.layer_places import in_boxes
from curbstop.queries.tile_layers import may_see, seen, sees_places_only
from geo.layer_crs import Box
from geo.layers import LAYERS, Attribute, Layer, layer_named

MOST: Final = 10_000
USUAL: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: from behind `after`, in one of `boxes` (degrees), last changed within the moments, and `where`."""

    limit: int = USUAL
    after: UUID | None = None
    boxes: Sequence[Box] = ()
    begins: datetime | None = None
    ends: datetime | None = None
    where: tuple[ColumnElement[bool], ...] = ()


@dataclass(frozen=True, slots=True)
class LayerRows:
    """Rows of id, EWKB in degrees, and the values of `names`; `after` is where the next page begins, or None."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    after: str | None = None


def visible_to(actor: Actor) -> list[Layer]:
    """The layers of which the actor sees anything."""
    return [layer for layer in LAYERS.values() if may_see(layer, actor)]


def layer_for(actor: Actor, name: str) -> Layer:
    """The layer, or Problem(`not_found`, `forbidden`)."""
    layer = layer_named(name)
    sees_places_only(layer, actor)
    return layer


def attributes(layer: Layer, actor: Actor) -> tuple[Attribute, ...]:
    """The attributes that the actor sees of the layer's rows. Problem(`forbidden`) for who sees none."""
    narrow = sees_places_only(layer, actor)
    return tuple(one for one in layer.attributes if not (narrow and one.of_people))


def page(session: Session, actor: Actor, layer: Layer, wanted: Wanted) -> LayerRows:
    """At most `wanted.limit` rows by their id, as the actor sees them. Problem(`forbidden`)."""
    told = attributes(layer, actor)
    statement = _rows(session, layer, told).where(*seen(layer, actor), *wanted.where)
    if wanted.boxes:
        statement = statement.where(in_boxes(session, layer, wanted.boxes))
    if wanted.begins is not None:
        statement = statement.where(layer.when >= wanted.begins)
    if wanted.ends is not None:
        statement = statement.where(layer.when <= wanted.ends)
    if wanted.after is not None:
        statement = statement.where(layer.row_id > wanted.after)
    rows = session.connection().execute(statement.order_by(layer.row_id).limit(wanted.limit + 1)).all()
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    return LayerRows(tuple(one.name for one in told), rows, str(rows[-1][0]) if more else None)


def one_row(session: Session, actor: Actor, layer: Layer, row_id: str) -> LayerRows:
    """The row as the actor sees it. Problem(`forbidden`, `not_found`), the latter also for one not to be seen."""
    told = attributes(layer, actor)
    try:
        wanted = UUID(row_id)
    except ValueError:
        raise _nothing(layer, row_id) from None
    statement = _rows(session, layer, told).where(*seen(layer, actor), layer.row_id == wanted)
    row = session.connection().execute(statement).one_or_none()
    if row is None:
        raise _nothing(layer, row_id)
    return LayerRows(tuple(one.name for one in told), [row])


def _nothing(layer: Layer, row_id: str) -> Problem:
    return Problem("not_found", f"There is no feature {row_id} in {layer.name}.")


def _rows(session: Session, layer: Layer, told: Sequence[Attribute]) -> Select[Any]:
    sqlite = session.get_bind().dialect.name == "sqlite"
    place = type_coerce(layer.place, LargeBinary) if sqlite else func.ST_AsEWKB(layer.place, type_=LargeBinary)
    columns = [json_value(one, sqlite=sqlite) for one in (layer.row_id.expression, *(one.column for one in told))]
    statement = select(columns[0], place, *columns[1:]).select_from(layer.place.class_)
    for model, on in layer.joins:
        statement = statement.join(model, on)
    return statement
