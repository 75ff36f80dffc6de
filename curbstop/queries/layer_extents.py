"""Where a layer's rows lie altogether: looked up at most once a minute, for it reads a whole index."""

import math
import time
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, column, func, select, table
from sqlalchemy.orm import Session

from geo.layer_crs import Box
from geo.layers import Layer

KEPT_S: Final = 60.0
_kept: WeakKeyDictionary[Engine, dict[str, tuple[float, Box | None]]] = WeakKeyDictionary()


def extent(session: Session, layer: Layer) -> Box | None:
    """West, south, east, north in degrees of all places that the layer's rows can be at; None when there are none."""
    source, column_name = layer.place.class_.__tablename__, layer.place.key
    kept = _kept.setdefault(session.get_bind().engine, {})
    until, box = kept.get(source, (0.0, None))
    if until < time.monotonic():
        box = _looked_up(session, layer, f"idx_{source}_{column_name}")
        kept[source] = (time.monotonic() + KEPT_S, box)
    return box


def _looked_up(session: Session, layer: Layer, index_name: str) -> Box | None:
    if session.get_bind().dialect.name == "sqlite":
        index = table(index_name, *(column(name) for name in ("min_x", "max_x", "min_y", "max_y")))
        bounds = select(
            func.min(index.c.min_x), func.min(index.c.min_y), func.max(index.c.max_x), func.max(index.c.max_y)
        )
    else:
        around = select(func.ST_Extent(layer.place).label("box")).subquery()
        sides = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)
        bounds = select(*(side(around.c.box) for side in sides))
    found = session.connection().execute(bounds).one()
    if found[0] is None:
        return None
    # Rounded outward, to a tenth of a meter.
    west, south = (math.floor(float(one) * 1e6) / 1e6 for one in found[:2])
    east, north = (math.ceil(float(one) * 1e6) / 1e6 for one in found[2:])
    return west, south, east, north
