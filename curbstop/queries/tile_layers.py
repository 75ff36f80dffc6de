"""The layers of vector tiles, made of the one list in `geo/layers.py`, and what of them is told to whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import may, require
from curbstop.domain.problems import Problem
from curbstop.models.base import Base
from curbstop.queries.visible_orders import Sight, sight, visible
from geo.layers import LAYERS as ALL
from geo.layers import ORDER_LOCATIONS, Layer

ORDERS: Final = ORDER_LOCATIONS.name
DEEPEST: Final = 16
# Below this zoom points are told as clusters.
CLUSTERED_BELOW: Final = 13


@dataclass(frozen=True, slots=True)
class TileLayer:
    """`place` is the geometry, of the table that `joins` begin at. `tables` are those whose changes show on the map."""

    name: str
    about: str
    place: InstrumentedAttribute[Any]
    columns: Mapping[str, ColumnElement[Any]]
    tables: tuple[str, ...]
    least_zoom: int
    joins: tuple[tuple[type[Base], ColumnElement[bool]], ...] = ()
    where: tuple[ColumnElement[bool], ...] = ()
    is_points: bool = True
    is_basemap: bool = False
    # Columns that are left out for whoever sees only places.
    words: frozenset[str] = field(default=frozenset())


def _drawn(layer: Layer, least_zoom: int) -> TileLayer:
    shown = [one for one in layer.attributes if one.on_tiles]
    return TileLayer(
        layer.name,
        layer.about,
        layer.place,
        {"id": layer.row_id.expression, **{one.name: one.column for one in shown}},
        layer.tables,
        least_zoom,
        layer.joins,
        layer.where,
        is_points=layer.is_points,
        is_basemap=layer.is_basemap,
        words=frozenset(one.name for one in shown if one.of_people),
    )


LAYERS: Final = {one.name: _drawn(one, one.least_zoom) for one in ALL.values() if one.least_zoom is not None}


def layer_of(name: str) -> TileLayer:
    """The layer, or Problem(`not_found`)."""
    if name not in LAYERS:
        raise Problem("not_found", f"There is no layer {name}; there are {', '.join(LAYERS)}.")
    return LAYERS[name]


def visible_to(actor: Actor) -> list[TileLayer]:
    """The layers of which the actor sees anything."""
    return [layer for layer in LAYERS.values() if may_see(ALL[layer.name], actor)]


def may_see(layer: Layer, actor: Actor) -> bool:
    """Whether the actor sees anything of the layer."""
    return any(may(actor, one) for one in layer.needs)


def fields(layer: TileLayer, actor: Actor) -> dict[str, str]:
    """The attributes of the layer's shapes that the actor sees, with what TileJSON calls their kinds."""
    return kinds(told(layer, actor))


def kinds(columns: Mapping[str, ColumnElement[Any]]) -> dict[str, str]:
    """What TileJSON calls the kind of each column."""
    named = {int: "Number", float: "Number", bool: "Boolean"}
    return {name: named.get(one.type.python_type, "String") for name, one in columns.items()}


def told(layer: TileLayer, actor: Actor) -> dict[str, ColumnElement[Any]]:
    """The columns that the actor sees of the layer's rows; Problem(`forbidden`) for who sees none of them."""
    hidden = layer.words if sees_places_only(ALL[layer.name], actor) else frozenset()
    return {name: column for name, column in layer.columns.items() if name not in hidden}


def sees_places_only(layer: Layer, actor: Actor) -> bool:
    """Whether the attributes `of_people` are kept from the actor; Problem(`forbidden`) for who sees nothing of it."""
    if layer.of_orders:
        return sight(actor) is Sight.PLACE
    if not may_see(layer, actor):
        require(actor, layer.needs[0])
    return False


def seen(layer: TileLayer | Layer, actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions that hold for the layer's rows that the actor sees."""
    return [*layer.where, *(visible(actor) if ALL[layer.name].of_orders else ())]
