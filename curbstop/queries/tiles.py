"""Vector tiles of the layers: by ST_AsMVT on PostGIS, by our own encoder elsewhere, with the same content.

Both take the rows of a tile through the spatial index, so a tile costs what lies on it. Points are placed by the same
arithmetic on both, and clusters are made of whole numbers, so that they are equal to the unit.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    LargeBinary,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    type_coerce,
)
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.queries.json_values import hyphened
from curbstop.queries.layer_versions import version_of
from curbstop.queries.tile_layers import CLUSTERED_BELOW, DEEPEST, ORDERS, TileLayer, layer_of, seen, told
from curbstop.queries.visible_orders import own_people
from geo import mvt
from geo.tiles import BUFFER, EXTENT, Tile

# Of how tiles are made: another number makes everybody fetch them anew.
FORMAT: Final = 1
# The gzip level that tiles are sent at: twice as fast as the usual 6, and a tenth larger.
PACKING: Final = 3
# A cluster is of what lies in one of 16 x 16 squares of the tile.
CELL: Final = EXTENT // 16
# EWKB of a point: 9 bytes of head, then two doubles.
_POINT: Final = np.dtype([("head", "V9"), ("at", "<f8", 2)])
_Places = NDArray[np.float64]


def tag(session: Session, actor: Actor, layer: TileLayer) -> str:
    """What stays the same as long as the layer's tiles do for this actor. Problem(`forbidden`)."""
    columns = told(layer, actor)
    people = own_people(session, actor) if layer.name == ORDERS else None
    mine = sorted(map(str, people)) if people is not None else None
    said = json.dumps([FORMAT, layer.name, sorted(columns), mine, version_of(session, layer.tables)])
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def content(session: Session, actor: Actor, layer: TileLayer, tile: Tile) -> bytes:
    """The tile of the layer as the actor sees it, not packed; nothing where nothing lies. Problem(`forbidden`)."""
    return drawn(session, layer, tile, tuple(told(layer, actor)), tuple(seen(layer, actor)))


def drawn(
    session: Session, layer: TileLayer, tile: Tile, columns: tuple[str, ...], where: tuple[ColumnElement[bool], ...]
) -> bytes:
    """The tile of the layer with these columns of the rows for which `where` holds. Clusters have none of them."""
    clustered = layer.is_points and tile.z < CLUSTERED_BELOW
    columns = () if clustered else columns
    sqlite = session.get_bind().dialect.name == "sqlite"
    make = _near if sqlite else _drawn
    # To put a statement together takes longer than to carry it out. Only whose orders are seen is of the person.
    statement = (
        _kept(make, layer.name, columns, clustered) if where == layer.where else make(layer, columns, clustered, where)
    )
    west, south, east, north = tile.bounds if layer.is_points else tile.bounds_with(BUFFER)
    values = {"west": west, "south": south, "east": east, "north": north}
    if sqlite:
        rows = session.connection().execute(statement, values).all()
        return _encoded(layer, tile, columns, rows) if rows else b""
    values |= {"z": tile.z, "x": tile.x, "y": tile.y, "units": float((1 << tile.z) * EXTENT)}
    return bytes(session.connection().scalar(statement, values) or b"")


def checked(name: str, z: int, x: int, y: int) -> tuple[TileLayer, Tile]:
    """The layer and the tile, or Problem(`not_found`, `invalid`)."""
    layer, tile = layer_of(name), Tile(z, x, y)
    if not layer.least_zoom <= z <= DEEPEST:
        detail = f"{name} is drawn at zooms {layer.least_zoom} to {DEEPEST}; enlarge a tile of zoom {DEEPEST} beyond."
        raise Problem("invalid", detail, field="z")
    return layer, tile


Make = Callable[[TileLayer, tuple[str, ...], bool, tuple[ColumnElement[bool], ...]], Select[Any]]


@cache
def _kept(make: Make, name: str, columns: tuple[str, ...], clustered: bool) -> Select[Any]:
    layer = layer_of(name)
    return make(layer, columns, clustered, layer.where)


def _given(name: str) -> ColumnElement[float]:
    return bindparam(name, type_=Double)


def _from(layer: TileLayer, *what: ColumnElement[Any]) -> Select[Any]:
    statement = select(*what).select_from(layer.place.class_)
    for model, on in layer.joins:
        statement = statement.join(model, on)
    return statement


# -- PostGIS


def _drawn(
    layer: TileLayer,
    columns: tuple[str, ...],
    clustered: bool,
    where: tuple[ColumnElement[bool], ...],
) -> Select[Any]:
    """The whole tile as one value."""
    box = func.ST_MakeEnvelope(_given("west"), _given("south"), _given("east"), _given("north"), 4326)
    shown = [_shown(layer.columns[name]).label(name) for name in columns]
    near = (layer.place.op("&&")(box), *where)
    if not layer.is_points:
        rows = _from(layer, _cut(layer).label("geom"), *shown).where(*near)
    else:
        at = _from(layer, *_pixel(layer), *shown).where(*near, *_on_tile(layer)).subquery("at")
        single = select(func.ST_MakePoint(at.c.px, at.c.py).label("geom"), *(at.c[name] for name in columns))
        rows = _clusters_of(at.c.px, at.c.py) if clustered else single
    one = rows.subquery("one")
    drawn = func.ST_AsMVT(literal_column("one"), layer.name, EXTENT, "geom", type_=LargeBinary)
    return select(drawn).select_from(one)


def _shown(one: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column as ST_AsMVT takes it: ids as text."""
    return cast(one, Text) if isinstance(one.type, Uuid) else one


def _degrees(layer: TileLayer) -> tuple[ColumnElement[float], ColumnElement[float]]:
    return func.ST_X(layer.place, type_=Double), func.ST_Y(layer.place, type_=Double)


def _on_tile(layer: TileLayer) -> tuple[ColumnElement[bool], ...]:
    """Exactly: each point is on one tile of a zoom."""
    longitude, latitude = _degrees(layer)
    return (
        longitude >= _given("west"),
        longitude < _given("east"),
        latitude > _given("south"),
        latitude <= _given("north"),
    )


def _pixel(layer: TileLayer) -> tuple[ColumnElement[float], ColumnElement[float]]:
    """Where on the tile, in whole units; as `Tile.place` has it."""
    longitude, latitude = _degrees(layer)
    across = (longitude + _plain("180.0")) / _plain("360.0") * _given("units") - _given("x") * _plain(f"{EXTENT}.0")
    bent = func.ln(func.tan(_plain("pi() / 4") + func.radians(latitude) / _plain("2.0")), type_=Double)
    share = _plain("0.5") - bent / _plain("(2 * pi())")
    down = share * _given("units") - _given("y") * _plain(f"{EXTENT}.0")
    last = _plain(f"{EXTENT - 1}.0")
    px, py = (func.greatest(_plain("0.0"), func.least(last, func.floor(one))) for one in (across, down))
    return px.label("px"), py.label("py")


def _plain(number: str) -> ColumnElement[float]:
    return literal_column(f"CAST({number} AS float8)", Double)


def _clusters_of(px: ColumnElement[float], py: ColumnElement[float]) -> Select[Any]:
    across, down = cast(px, Integer), cast(py, Integer)
    count, cell = func.count(), literal_column(str(CELL), Integer)

    def middle(one: ColumnElement[int]) -> ColumnElement[float]:
        # The rounded mean, in whole numbers.
        return func.div(2 * func.sum(one) + count, 2 * count)

    place = func.ST_MakePoint(middle(across), middle(down)).label("geom")
    return select(place, cast(count, Integer).label("count")).group_by(across // cell, down // cell)


def _cut(layer: TileLayer) -> ColumnElement[Any]:
    frame = func.ST_TileEnvelope(
        bindparam("z", type_=Integer), bindparam("x", type_=Integer), bindparam("y", type_=Integer)
    )
    drawn = func.ST_AsMVTGeom(func.ST_Transform(layer.place, 3857), frame, EXTENT, BUFFER, literal_column("true"))
    return type_coerce(drawn, LargeBinary)


# -- the embedded default


def _encoded(layer: TileLayer, tile: Tile, columns: tuple[str, ...], rows: Sequence[Row[Any]]) -> bytes:
    """The tile of what the index found around it. Without columns, points are clusters."""
    blobs, *values = zip(*rows, strict=True)
    named = dict(zip(columns, values, strict=True))
    if not layer.is_points:
        kept, shapes = mvt.lines(shapely.transform(shapely.from_wkb(blobs), tile.place))
        return mvt.layer(layer.name, mvt.LINE, shapes, {key: [many[at] for at in kept] for key, many in named.items()})
    at, on = _on(tile, np.frombuffer(b"".join(blobs), _POINT)["at"])
    if not columns:
        return _clusters(layer, at)
    return mvt.layer(layer.name, mvt.POINT, mvt.points(at), {key: _those(many, on) for key, many in named.items()})


def _near(
    layer: TileLayer,
    columns: tuple[str, ...],
    _clustered: bool,
    where: tuple[ColumnElement[bool], ...],
) -> Select[Any]:
    """The geometry's bytes and the columns of what the index finds around the tile: some more than lies on it."""
    source = layer.place.class_.__tablename__
    index = table(
        f"idx_{source}_{layer.place.key}", *(column(name) for name in ("id", "min_x", "max_x", "min_y", "max_y"))
    )
    inside = and_(
        index.c.min_x <= _given("east"),
        index.c.max_x >= _given("west"),
        index.c.min_y <= _given("north"),
        index.c.max_y >= _given("south"),
    )
    rowid: ColumnElement[int] = literal_column(f"{source}.rowid")
    told_columns = [layer.columns[name] for name in columns]
    shown = [hyphened(one) if isinstance(one.type, Uuid) else one for one in told_columns]
    return _from(layer, type_coerce(layer.place, LargeBinary), *shown).where(
        rowid.in_(select(index.c.id).where(inside)), *where
    )


def _on(tile: Tile, degrees: _Places) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where the points that lie on the tile are, and which those are."""
    west, south, east, north = tile.bounds
    x, y = degrees[:, 0], degrees[:, 1]
    on = (x >= west) & (x < east) & (y > south) & (y <= north)
    return np.clip(np.floor(tile.place(degrees[on])), 0, EXTENT - 1).astype(np.int64), on


def _those(values: tuple[Any, ...], on: NDArray[np.bool_]) -> list[Any]:
    return list(values) if on.all() else [value for value, here in zip(values, on.tolist(), strict=True) if here]


def _clusters(layer: TileLayer, at: NDArray[np.int64]) -> bytes:
    if not len(at):
        return b""
    cells, of, counts = np.unique(at // CELL @ np.array([1, 1 << 16]), return_inverse=True, return_counts=True)
    sums = np.zeros((len(cells), 2), np.int64)
    np.add.at(sums, of, at)
    middle = (2 * sums + counts[:, None]) // (2 * counts[:, None])
    return mvt.layer(layer.name, mvt.POINT, mvt.points(middle), {"count": counts.tolist()})
