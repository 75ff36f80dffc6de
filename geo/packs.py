"""Map packs: the vector tiles of a square of the map as one PMTiles file, the same bytes for the same tiles.

https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md. A district is a tile of zoom 13, some 4 km a side; an
overview, with the zooms between, is one of zoom 10.
"""

import gzip
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from curbstop.domain.problems import Problem
from geo.tiles import Tile

# Of how packs are made: another number makes every pack anew.
FORMAT: Final = 1
OVERVIEW, DISTRICT = 10, 13
# Which zooms the pack of a square holds, by the square's own.
ZOOMS: Final[Mapping[int, range]] = {OVERVIEW: range(11, 13), DISTRICT: range(13, 17)}
# What is drawn on a square may begin so far beyond its edge, as a share of its side: as lines do on its largest tile.
BEYOND: Final = 1 / 64
MEDIA_TYPE: Final = "application/vnd.pmtiles"
_PER_DEGREE: Final = 10_000_000


def square_of(name: str) -> Tile:
    """The square by its name, such as 13/2298/3215. Problem(`invalid`) for what is none."""
    parts = name.split("/")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 9 for part in parts):
        raise Problem("invalid", f"A square is written as zoom/column/row, not {name!r}.", field="square")
    square = Tile(*map(int, parts))
    if square.z not in ZOOMS:
        raise Problem("invalid", f"There are packs of squares of zoom {OVERVIEW} and {DISTRICT}.", field="square")
    return square


def tiles_of(square: Tile) -> Iterator[Tile]:
    """The tiles that its pack may hold, in the order of the file."""
    every = (tile for z in ZOOMS[square.z] for tile in square.children(z))
    return iter(sorted(every, key=lambda tile: zxy_to_tileid(tile.z, tile.x, tile.y)))


def squares_around(bounds: tuple[float, float, float, float], z: int) -> list[Tile]:
    """The squares of this zoom that something within west, south, east, north in degrees is drawn on."""
    west, south, east, north = bounds
    low_x, high_y = Tile.spot(west, south, z)
    high_x, low_y = Tile.spot(east, north, z)
    last = (1 << z) - 1
    across, down = (
        range(max(0, int(low - BEYOND)), min(last, int(high + BEYOND)) + 1)
        for low, high in ((low_x, high_x), (low_y, high_y))
    )
    return [Tile(z, x, y) for x, y in itertools.product(across, down)]


def packed(square: Tile, tiles: Iterable[tuple[Tile, bytes]], metadata: Mapping[str, Any]) -> bytes | None:
    """The pack of these tiles, which come in the order of `tiles_of`; None when there is nothing on any of them."""
    file = io.BytesIO()
    writer = Writer(file)
    for tile, content in tiles:
        if content:
            writer.write_tile(zxy_to_tileid(tile.z, tile.x, tile.y), gzip.compress(content, 9, mtime=0))
    if not writer.tile_entries:
        writer.tile_f.close()
        return None
    west, south, east, north = (round(one * _PER_DEGREE) for one in square.bounds)
    header = {
        "tile_type": TileType.MVT, "tile_compression": Compression.GZIP, "min_lon_e7": west, "min_lat_e7": south,
        "max_lon_e7": east, "max_lat_e7": north,
    }  # fmt: skip
    writer.finalize(header, {"name": str(square), "format": "pbf", **metadata})
    return file.getvalue()
