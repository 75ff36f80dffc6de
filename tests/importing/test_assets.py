"""Utility assets: any shape, from the system of its file, seen as a layer at once; a bad shape is refused."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pyogrio.raw
import shapely
from pyproj import Transformer

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.importing import OPERATOR, import_file
from curbstop.models.engine import Sessions
from curbstop.queries.layers import Wanted, page
from curbstop.settings import Settings
from geo.features import features
from geo.layer_crs import LONGITUDE_LATITUDE
from geo.layers import ASSETS

EDITOR = Actor(UUID(int=2), "Gus", frozenset({Role.GIS}))
# North Carolina in US survey feet.
TO_FEET = Transformer.from_crs(4326, 2264, always_xy=True)
SHAPES = {
    "M-1": "LINESTRING(-79 35, -78.99 35.01)",
    "M-2": "MULTILINESTRING((-79 35, -78.99 35), (-78.98 35, -78.97 35))",
    "V-1": "POINT(-78.98 35.02)",
    "T-1": "POLYGON((-79 35, -78.999 35, -78.999 35.001, -79 35))",
    "BAD": "POLYGON((-79 35, -78.99 35.01, -78.99 35, -79 35.01, -79 35))",
}


def _write(path: Path) -> None:
    at = shapely.transform(
        shapely.from_wkt(list(SHAPES.values())), lambda xy: np.column_stack(TO_FEET.transform(*xy.T))
    )
    numbers = np.array(list(SHAPES), dtype=object)
    kinds, sizes = (
        np.array(["main", "main", "valve", "tank", "tank"], dtype=object),
        np.array([8.0, 6.0, 6.0, np.nan, 1.0]),
    )
    pyogrio.raw.write(
        path, shapely.to_wkb(at), [numbers, kinds, sizes], ["asset_id", "type", "diameter"],
        driver="GPKG", geometry_type="Unknown", crs="EPSG:2264", layer="assets",
    )  # fmt: skip


def test_assets_of_any_shape_come_from_feet_into_their_layer(
    sessions: Sessions, settings: Settings, tmp_path: Path
) -> None:
    _write(tmp_path / "assets.gpkg")
    said = import_file(sessions, settings, OPERATOR, "assets", tmp_path / "assets.gpkg", commit=True)
    assert (said.outcome.added, said.preview.rejected) == (4, 1)
    again = import_file(sessions, settings, OPERATOR, "assets", tmp_path / "assets.gpkg", commit=True)
    assert (again.outcome.added, again.outcome.changed, again.outcome.same) == (0, 0, 4)
    with sessions.read() as session:
        found = page(session, EDITOR, ASSETS, Wanted())
        around = page(session, EDITOR, ASSETS, Wanted(boxes=((-78.985, 35.015, -78.975, 35.025),)))
    told = {
        one["properties"]["number"]: one for one in features(found.names, found.rows, LONGITUDE_LATITUDE, points=False)
    }
    assert told.keys() == SHAPES.keys() - {"BAD"}
    for number, one in told.items():
        shape = shapely.from_geojson(bytes(one["geometry"]))
        # Ten centimeters are 9e-7 degrees; the feet were transformed by pyproj itself.
        assert shapely.hausdorff_distance(shape, shapely.from_wkt(SHAPES[number])) < 1e-7
    assert (told["M-1"]["properties"]["kind"], told["M-1"]["properties"]["diameter_in"]) == ("main", 8.0)
    assert told["T-1"]["properties"]["diameter_in"] is None
    assert [row[3] for row in around.rows] == ["V-1"]
