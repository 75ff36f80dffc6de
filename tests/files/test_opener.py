"""A wrong file gives one line that says what to do, whatever it is."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from curbstop.domain.problems import Problem
from curbstop.files.opener import open_source
from curbstop.files.rows import Options, Row
from tests.files.conftest import Write, say_nothing

POINTS = [shapely.Point(-71.1, 42.3), shapely.Point(-71.2, 42.4), None]


def layer(path: Path, driver: str, crs: str | None = "EPSG:4326", name: str = "hydrants") -> Path:
    """Three features, the last without a shape."""
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(POINTS, dtype=object)),
        [np.array(["H-1", "H-2", "H-3"], dtype=object), np.array([1500.0, np.nan, 900.0])],
        ["number", "gpm"],
        layer=name,
        driver=driver,
        geometry_type="Point",
        crs=crs,
        append=path.exists(),
    )
    return path


def rows(path: Path, options: Options | None = None) -> list[Row]:
    return list(open_source(path, options or Options()).rows(say_nothing))


@pytest.mark.parametrize(("name", "driver"), [("h.gpkg", "GPKG"), ("h.shp", "ESRI Shapefile")])
def test_geopackages_and_shapefiles_are_read(tmp_path: Path, name: str, driver: str) -> None:
    found = rows(layer(tmp_path / name, driver))
    assert [row.line for row in found] == [1, 2, 3]
    assert found[0].values == {"number": "H-1", "gpm": "1500"}
    assert found[1].values["gpm"] == ""
    assert found[0].geometry == POINTS[0]
    assert found[2].geometry is None


def test_a_geopackage_of_several_layers_asks_which(tmp_path: Path) -> None:
    path = layer(layer(tmp_path / "h.gpkg", "GPKG"), "GPKG", name="others")
    with pytest.raises(Problem, match="--layer NAME"):
        open_source(path, Options())
    assert len(rows(path, Options(layer="others"))) == 3


def test_a_shapefile_without_its_prj_has_no_system(tmp_path: Path) -> None:
    path = layer(tmp_path / "h.shp", "ESRI Shapefile")
    (tmp_path / "h.prj").unlink()
    assert open_source(path, Options()).crs is None


def feature(number: int) -> dict[str, object]:
    return {"type": "Feature", "properties": {"n": number}, "geometry": {"type": "Point", "coordinates": [-71.1, 42.3]}}


def test_geojson_has_the_columns_of_all_its_features(write: Write) -> None:
    features = [feature(1), {**feature(2), "properties": {"other": None, "n": 2.0}}]
    path = write("a.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    assert open_source(path, Options()).columns == ["n", "other"]
    assert [row.values for row in rows(path)] == [{"n": "1"}, {"other": "", "n": "2"}]
    assert [row.line for row in rows(path)] == [1, 2]


def test_geojson_with_a_line_for_each_feature_counts_lines(write: Write) -> None:
    lines = ",\n".join(json.dumps(feature(number)) for number in range(5))
    path = write("a.geojson", f'{{"type": "FeatureCollection",\n"features": [\n{lines}\n]}}\n')
    assert [row.line for row in rows(path)] == [3, 4, 5, 6, 7]


def test_a_large_geojson_is_read_over_many_chunks(write: Write) -> None:
    features = [{**feature(number), "filler": "x" * 500} for number in range(2_000)]
    path = write("a.geojson", json.dumps({"features": features, "type": "FeatureCollection"}))
    assert [row.values["n"] for row in rows(path)] == [str(number) for number in range(2_000)]


def test_a_shape_that_is_none_is_refused_alone(write: Write) -> None:
    bad = {**feature(1), "geometry": {"type": "Point", "coordinates": ["x"]}}
    path = write("a.geojson", json.dumps({"type": "FeatureCollection", "features": [bad, feature(2), 7]}))
    assert [row.fault.reason if row.fault else "" for row in rows(path)] == ["bad_geometry", "", "malformed_row"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"%PDF-1.7 ...", "is a PDF"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", "is a picture"),
        ("a.csv", bytes(range(256)), "is a binary file"),
        ("a.xlsx", b"PK\x03\x04rest", "save it as CSV"),
        ("a.zip", b"PK\x03\x04rest", "cannot be read"),
        ("a.gpkg", b"SQLite format 3\0" + b"x" * 100, "cannot be read"),
        ("a.gpkg", b"id,name\n1,x\n", "seems to be damaged"),
        ("a.shp", b"\x00\x00\x27\x0a", "cannot be read"),
        ("a.dbf", b"\x03abc", "give the one that ends in .shp"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea', "line 1: "),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', "cut off"),
        ("a.geojson", b'{"type": "Topology"}', "no GeoJSON FeatureCollection"),
        ("a.geojson", b"[1, 2]", "no whole GeoJSON"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [' + b"[" * 100_000, "GeoJSON"),
        ("a.geojson", b'{"a": "\xff"}', "UTF-8"),
    ],
)
def test_a_wrong_file_is_a_problem_in_one_line(write: Write, name: str, content: bytes, says: str) -> None:
    path = write(name, content)
    with pytest.raises(Problem, match=says) as caught:
        rows(path)
    assert caught.value.code == "file_unreadable"
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_problems(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="is not there"):
        open_source(tmp_path / "nothing.csv", Options())
    with pytest.raises(Problem, match="is a folder"):
        open_source(tmp_path, Options())


def test_a_database_that_is_no_geopackage_is_a_problem(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.gpkg")
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    connection.close()
    with pytest.raises(Problem):
        rows(tmp_path / "a.gpkg")
