"""The layers that maps are drawn of: where each one's rows come from, and what of them is told to whom.

Nothing of a customer is on any map (G.S. 132-1.1(c)): no name, no account, no balance, no gate code, no note.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES
from curbstop.models.asset import Hydrant, Street
from curbstop.models.base import Base
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.queries.visible_orders import Sight, sight, visible

ORDERS: Final = "order_locations"
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
    # Columns that are left out for whoever sees only places.
    words: frozenset[str] = field(default=frozenset())


def _columns(*attributes: Any) -> dict[str, ColumnElement[Any]]:
    return {attribute.key: attribute for attribute in attributes}


LAYERS: Final = {
    layer.name: layer
    for layer in (
        TileLayer(
            "service_points", "Where water is delivered.", ServicePoint.location,
            _columns(ServicePoint.id, ServicePoint.number, ServicePoint.address, ServicePoint.physical_state),
            ("service_point",), 8,
        ),
        TileLayer(
            "stops", "Stops of the published routes, in the order of their walk.", ServicePoint.location,
            {**_columns(Stop.id, Stop.sequence, Stop.service_point_id), "route": Route.code.expression},
            ("service_point", "stop", "route_version", "route"), 8,
            (
                (Stop, Stop.service_point_id == ServicePoint.id),
                (RouteVersion, RouteVersion.id == Stop.route_version_id),
                (Route, Route.id == RouteVersion.route_id),
            ),
            (RouteVersion.state == "published",),
        ),
        TileLayer(
            "streets", "Centerlines.", Street.line, _columns(Street.id, Street.name), ("street",), 11, is_points=False,
        ),
        TileLayer(
            "hydrants", "Hydrants.", Hydrant.location,
            _columns(Hydrant.id, Hydrant.number, Hydrant.status, Hydrant.flow_gpm), ("hydrant",), 11,
        ),
        TileLayer(
            ORDERS, "Where work is open.", ServicePoint.location,
            _columns(
                ServiceOrder.id, ServiceOrder.number, ServiceOrder.type_code, ServiceOrder.state, ServiceOrder.priority,
                ServiceOrder.technician_id,
            ),
            ("service_point", "service_order"), 8, ((ServiceOrder, ServiceOrder.service_point_id == ServicePoint.id),),
            (ServiceOrder.state.in_(sorted(state.value for state in OPEN_STATES)),),
            words=frozenset({"technician_id"}),
        ),
    )
}  # fmt: skip


def layer_of(name: str) -> TileLayer:
    """The layer, or Problem(`not_found`)."""
    if name not in LAYERS:
        raise Problem("not_found", f"There is no layer {name}; there are {', '.join(LAYERS)}.")
    return LAYERS[name]


def visible_to(actor: Actor) -> list[TileLayer]:
    """The layers of which the actor sees anything."""
    return [layer for layer in LAYERS.values() if layer.name != ORDERS or may_see_orders(actor)]


def may_see_orders(actor: Actor) -> bool:
    """Whether the actor sees any order at all."""
    return any(may(actor, one) for one in (Action.VIEW_OWN_ORDERS, Action.VIEW_ALL_ORDERS))


def fields(layer: TileLayer, actor: Actor) -> dict[str, str]:
    """The attributes of the layer's shapes that the actor sees, with what TileJSON calls their kinds."""
    kinds = {int: "Number", float: "Number", bool: "Boolean"}
    return {name: kinds.get(one.type.python_type, "String") for name, one in told(layer, actor).items()}


def told(layer: TileLayer, actor: Actor) -> dict[str, ColumnElement[Any]]:
    """The columns that the actor sees of the layer's rows; Problem(`forbidden`) for who sees none of them."""
    if layer.name != ORDERS:
        require(actor, Action.VIEW_NETWORK)
        return dict(layer.columns)
    hidden = layer.words if sight(actor) is Sight.PLACE else frozenset()
    return {name: column for name, column in layer.columns.items() if name not in hidden}


def seen(layer: TileLayer, actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions that hold for the layer's rows that the actor sees."""
    return [*layer.where, *(visible(actor) if layer.name == ORDERS else ())]
