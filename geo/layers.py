"""The layers that maps and GIS tools see: where each one's rows come from, and which of their columns are told.

This is the only list: vector tiles, OGC API Features, files and the editing of layers are all made of it. It is a
whitelist, for a layer may become a public record: nothing of a customer is in it (G.S. 132-1.1(c)), no name, no
account, no balance, no gate code, and no free words, in which people write all of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from curbstop.domain.permissions import Action
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES
from curbstop.models.asset import Hydrant, Street, UtilityAsset
from curbstop.models.base import Base
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.route_change_request import RouteChangeRequest
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

# The property that says which version of the row a feature shows; whoever sends it back edited that one.
ROW_VERSION: Final = "row_version"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column that is told. `on_tiles`: also on vector tiles. `of_people`: not to whoever sees only places."""

    name: str
    about: str
    column: ColumnElement[Any]
    on_tiles: bool = False
    of_people: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """`place` is the geometry, of the table that `joins` begin at; `row_id` and `version` are of the row that is shown.

    `tables` are those whose changes show. `needs`: any of these actions lets somebody see it. `when` is what the
    `datetime` parameter asks about. Without `least_zoom` it is not on vector tiles.
    """

    name: str
    title: str
    about: str
    place: InstrumentedAttribute[Any]
    shape: str
    row_id: InstrumentedAttribute[Any]
    version: InstrumentedAttribute[int]
    when: InstrumentedAttribute[Any]
    attributes: tuple[Attribute, ...]
    tables: tuple[str, ...]
    least_zoom: int | None = None
    joins: tuple[tuple[type[Base], ColumnElement[bool]], ...] = ()
    where: tuple[ColumnElement[bool], ...] = ()
    needs: tuple[Action, ...] = (Action.VIEW_NETWORK,)
    # Whose rows are service orders, of which not everybody sees all.
    of_orders: bool = False
    # Whether tablets carry it in their map packs. The day's work never is in one: it comes by sync.
    is_basemap: bool = False

    @property
    def is_points(self) -> bool:
        return self.shape == "Point"

    @property
    def by_name(self) -> Mapping[str, Attribute]:
        return {one.name: one for one in self.attributes}


def _told(attribute: Any, about: str, name: str | None = None, *, of_people: bool = False) -> Attribute:
    return Attribute(name or attribute.key, about, attribute.expression, of_people=of_people)


def _drawn(attribute: Any, about: str, name: str | None = None, *, of_people: bool = False) -> Attribute:
    return Attribute(name or attribute.key, about, attribute.expression, on_tiles=True, of_people=of_people)


def _versions(version: Any, when: Any) -> tuple[Attribute, ...]:
    return (
        _told(version, "Which version of the row this is; send it back with an edit.", ROW_VERSION),
        _told(when, "When the row was last changed.", "updated_at"),
    )


_PLACE: Final = (
    _told(ServicePoint.number, "The service point's number.", "service_point_number"),
    _told(ServicePoint.address, "The service point's address."),
)
_ROUTE_CODE: Final = (
    select(Route.code).where(Route.id == RouteChangeRequest.route_id).correlate(RouteChangeRequest).scalar_subquery()
)

SERVICE_POINTS: Final = Layer(
    "service_points", "Service points", "Where water is delivered.",
    ServicePoint.location, "Point", ServicePoint.id, ServicePoint.version, ServicePoint.updated_at,
    (
        _drawn(ServicePoint.number, "Its number."),
        _drawn(ServicePoint.address, "The address as people read it."),
        _told(ServicePoint.unit, "The apartment or suite."),
        _told(ServicePoint.city, "The city."),
        _told(ServicePoint.state, "The state."),
        _told(ServicePoint.zip, "The ZIP code."),
        _drawn(ServicePoint.physical_state, "Whether water is on or off at the curb stop, or only tapped."),
        _told(ServicePoint.location_source, "How the position came about: surveyed, imported, geocoded."),
        *_versions(ServicePoint.version, ServicePoint.updated_at),
    ),
    ("service_point",), 8,
)  # fmt: skip

STOPS: Final = Layer(
    "stops", "Stops by route", "Stops of the published routes, in the order of their walk.",
    ServicePoint.location, "Point", Stop.id, Stop.version, RouteVersion.published_at,
    (
        _drawn(Route.code, "The route's code.", "route"),
        _drawn(Stop.sequence, "The place in the walk; numbers leave gaps."),
        _drawn(Stop.service_point_id, "The service point's id."),
        *_PLACE,
        _told(RouteVersion.number, "Which version of the route this is.", "route_version"),
        *_versions(Stop.version, RouteVersion.published_at),
    ),
    ("service_point", "stop", "route_version", "route"), 8,
    (
        (Stop, Stop.service_point_id == ServicePoint.id),
        (RouteVersion, RouteVersion.id == Stop.route_version_id),
        (Route, Route.id == RouteVersion.route_id),
    ),
    (RouteVersion.state == "published",),
)  # fmt: skip

STREETS: Final = Layer(
    "streets", "Streets", "Centerlines.",
    Street.line, "LineString", Street.id, Street.version, Street.updated_at,
    (
        _drawn(Street.name, "The street's name."),
        _told(Street.left_from, "The first house number on the left."),
        _told(Street.left_to, "The last house number on the left."),
        _told(Street.right_from, "The first house number on the right."),
        _told(Street.right_to, "The last house number on the right."),
        _told(Street.left_zip, "The ZIP code on the left."),
        _told(Street.right_zip, "The ZIP code on the right."),
        _told(Street.from_node, "The crossing where it begins."),
        _told(Street.to_node, "The crossing where it ends."),
        *_versions(Street.version, Street.updated_at),
    ),
    ("street",), 11,
    is_basemap=True,
)  # fmt: skip

HYDRANTS: Final = Layer(
    "hydrants", "Hydrants", "Hydrants.",
    Hydrant.location, "Point", Hydrant.id, Hydrant.version, Hydrant.updated_at,
    (
        _drawn(Hydrant.number, "Its number."),
        _drawn(Hydrant.status, "Whether it is in service."),
        _drawn(Hydrant.flow_gpm, "Its measured flow, in gallons a minute."),
        _told(Hydrant.manufacturer, "Who made it."),
        _told(Hydrant.installed_on, "The day on which it was set."),
        *_versions(Hydrant.version, Hydrant.updated_at),
    ),
    ("hydrant",), 11,
    is_basemap=True,
)  # fmt: skip

ORDER_LOCATIONS: Final = Layer(
    "order_locations", "Order locations", "Where work is open.",
    ServicePoint.location, "Point", ServiceOrder.id, ServiceOrder.version, ServiceOrder.updated_at,
    (
        _drawn(ServiceOrder.number, "The order's number."),
        _drawn(ServiceOrder.type_code, "The order's type."),
        _drawn(ServiceOrder.state, "The order's state."),
        _drawn(ServiceOrder.priority, "1 is first."),
        _drawn(ServiceOrder.technician_id, "Who has it.", of_people=True),
        _told(ServiceOrder.scheduled_on, "The day that it is planned for."),
        _told(ServiceOrder.due_on, "The day by which it is to be done."),
        *_PLACE,
        *_versions(ServiceOrder.version, ServiceOrder.updated_at),
    ),
    ("service_point", "service_order"), 8,
    ((ServiceOrder, ServiceOrder.service_point_id == ServicePoint.id),),
    (ServiceOrder.state.in_(sorted(state.value for state in OPEN_STATES)),),
    (Action.VIEW_OWN_ORDERS, Action.VIEW_ALL_ORDERS),
    of_orders=True,
)  # fmt: skip

CHANGE_REQUESTS: Final = Layer(
    "change_requests", "Change requests", "What the field proposes to change about routes and positions.",
    ServicePoint.location, "Point", RouteChangeRequest.id, RouteChangeRequest.version, RouteChangeRequest.updated_at,
    (
        _told(RouteChangeRequest.state, "open, accepted or refused."),
        Attribute("route", "The route's code.", _ROUTE_CODE),
        _told(RouteChangeRequest.sequence, "The place in the walk as it was then."),
        _told(RouteChangeRequest.new_sequence, "The proposed place in the walk."),
        _told(RouteChangeRequest.longitude, "The proposed position, degrees east.", "new_longitude"),
        _told(RouteChangeRequest.latitude, "The proposed position, degrees north.", "new_latitude"),
        _told(RouteChangeRequest.service_point_id, "The service point's id."),
        *_PLACE,
        _told(RouteChangeRequest.created_at, "When it was proposed."),
        *_versions(RouteChangeRequest.version, RouteChangeRequest.updated_at),
    ),
    ("service_point", "route_change_request"), None,
    ((RouteChangeRequest, RouteChangeRequest.service_point_id == ServicePoint.id),),
    (),
    (Action.PROPOSE_ROUTE,),
)  # fmt: skip

ASSETS: Final = Layer(
    "assets", "Utility assets", "Mains, valves and whatever else the asset register has.",
    UtilityAsset.shape, "Geometry", UtilityAsset.id, UtilityAsset.version, UtilityAsset.updated_at,
    (
        _told(UtilityAsset.kind, "What it is: main, valve, manhole."),
        _told(UtilityAsset.number, "Its number."),
        _told(UtilityAsset.material, "What it is made of."),
        _told(UtilityAsset.diameter_in, "Its diameter, in inches."),
        _told(UtilityAsset.installed_on, "The day on which it was set."),
        _told(UtilityAsset.status, "Its place in its life."),
        *_versions(UtilityAsset.version, UtilityAsset.updated_at),
    ),
    ("utility_asset",),
)  # fmt: skip

LAYERS: Final[Mapping[str, Layer]] = {
    layer.name: layer for layer in (SERVICE_POINTS, STOPS, STREETS, HYDRANTS, ASSETS, ORDER_LOCATIONS, CHANGE_REQUESTS)
}


def layer_named(name: str) -> Layer:
    """The layer, or Problem(`not_found`)."""
    if name not in LAYERS:
        raise Problem("not_found", f"There is no layer {name}; there are {', '.join(LAYERS)}.")
    return LAYERS[name]
