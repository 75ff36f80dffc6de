"""What map packs are made of: the utility's own layers on a square of the map, with nothing of any customer.

Every tile is the very one that the office's map draws, but for the rows' ids, of which a crew in a truck has no use.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, column, func, literal_column, select, table
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.models.map_pack import MapSquare
from curbstop.queries import tiles
from curbstop.queries.tile_layers import DEEPEST, LAYERS, TileLayer, kinds
from geo import packs
from geo.tiles import Tile

LAYERS_IN: Final = tuple(layer for layer in LAYERS.values() if layer.is_basemap)
LEFT_OUT: Final = frozenset({"id"})
_ROWS_AT_ONCE: Final = 10_000


def columns_in(layer: TileLayer) -> tuple[str, ...]:
    """The attributes of the layer that packs have."""
    return tuple(name for name in layer.columns if name not in LEFT_OUT)


def content(session: Session, square: Tile) -> Iterator[tuple[Tile, bytes]]:
    """The tiles of the square's pack in the order of the file, each with all layers; those without are empty."""
    for tile in packs.tiles_of(square):
        drawn = (
            tiles.drawn(session, layer, tile, columns_in(layer), layer.where)
            for layer in LAYERS_IN
            if tile.z >= layer.least_zoom
        )
        yield tile, b"".join(drawn)


def metadata() -> dict[str, Any]:
    """What a reader of a pack is told of its layers, as TileJSON has it."""
    return {
        "vector_layers": [
            {
                "id": layer.name,
                "description": layer.about,
                "minzoom": layer.least_zoom,
                "maxzoom": DEEPEST,
                "fields": kinds({name: layer.columns[name] for name in columns_in(layer)}),
            }
            for layer in LAYERS_IN
        ]
    }


def progress(session: Session, actor: Actor) -> dict[str, Any]:
    """How many squares there are, how many wait for their pack, and what the packs are. Problem(`forbidden`)."""
    require(actor, Action.VIEW_NETWORK)
    waiting = case((func.coalesce(MapSquare.built, "") != MapSquare.wanted, 1), else_=0)
    squares, due, made, size, built_at = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(waiting), 0),
            func.count(MapSquare.sha256),
            func.coalesce(func.sum(MapSquare.size), 0),
            func.max(MapSquare.built_at),
        )
    ).one()
    return {"squares": squares, "waiting": due, "packs": made, "bytes": int(size), "built_at": built_at}


def survey(session: Session) -> dict[Tile, str]:
    """The squares that anything lies on, each with its print: it moves when a row there comes, changes or goes.

    It reads the index of every layer once, however many squares there are.
    """
    sums: dict[Tile, int] = defaultdict(int)
    sqlite = session.get_bind().dialect.name == "sqlite"
    for layer in LAYERS_IN:
        name = layer.place.class_.__tablename__
        rows = session.connection().execute(_bounds(layer, sqlite=sqlite)).yield_per(_ROWS_AT_ONCE)
        for row_id, version, *bounds in rows:
            check = int.from_bytes(sha256(f"{name}/{row_id}/{version}".encode()).digest()[:16], "big")
            west, south, east, north = map(float, bounds)
            for z in packs.ZOOMS:
                for square in packs.squares_around((west, south, east, north), z):
                    sums[square] = (sums[square] + check) % (1 << 128)
    said = json.dumps([packs.FORMAT, tiles.FORMAT, metadata()], sort_keys=True)
    made = sha256(said.encode()).hexdigest()[:8]
    return {square: f"{made}-{total:032x}" for square, total in sorted(sums.items())}


def _bounds(layer: TileLayer, *, sqlite: bool) -> Select[Any]:
    """id, version, west, south, east, north of each row."""
    model: Any = layer.place.class_
    source, sides = model.__tablename__, ("min_x", "min_y", "max_x", "max_y")
    if sqlite:
        index = table(f"idx_{source}_{layer.place.key}", column("id"), *(column(side) for side in sides))
        rowid: ColumnElement[int] = literal_column(f"{source}.rowid")
        shown = select(model.id, model.version, *(index.c[side] for side in sides))
        return shown.join(index, index.c.id == rowid).where(*layer.where)
    ends = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
    return select(model.id, model.version, *(end(layer.place) for end in ends)).where(*layer.where)
