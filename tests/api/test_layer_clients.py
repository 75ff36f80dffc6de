"""Clients that are not ours, over real connections with a key: OWSLib, and GDAL's OGC API driver by pyogrio."""

import json
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from owslib.ogcapi.features import Features
from owslib.util import Authentication

from curbstop.commands import bulk, layer_keys
from curbstop.models import Street
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from geo.layer_crs import storage_crs
from tests.api.served import served
from tests.town import Town

FEET = "http://www.opengis.net/def/crs/EPSG/0/2264"


def test_owslib_and_gdal_read_filter_and_follow_pages(sessions: Sessions, settings: Settings) -> None:
    town = Town(sessions, settings).settle()
    places = [town.place() for _ in range(7)]
    town.route(places[:3], to="tom")
    with town.work() as work:
        bulk.load(work, Street, [{"name": "Main St", "line": "SRID=4326;LINESTRING(-79 35, -78.99 35.01)"}])
    with town.work("gus") as work:
        key = layer_keys.make(work).key
    ids = sorted(str(place.id) for place in places)
    with served(settings, CURBSTOP_LAYERS_CRS="EPSG:2264") as server:
        _owslib(f"{server.url}/ogc", key, ids)
        _gdal(f"{server.url}/ogc", key, ids)


def _owslib(url: str, key: str, ids: list[str]) -> None:
    client = Features(url, auth=Authentication(username="gus", password=key))
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in client.conformance()["conformsTo"]
    assert client.api()["components"]["parameters"]["limit"]["schema"]["default"] == 1000
    assert {"service_points", "stops", "streets", "hydrants"} <= set(client.feature_collections())
    assert client.collection("streets")["storageCrs"] == FEET
    assert set(client.collection_queryables("stops")["properties"]) >= {"route", "sequence", "geometry"}
    found = client.collection_items("service_points", limit=3, bbox=[-80, 34, -78, 36])
    assert [one["id"] for one in found["features"]] == ids[:3]
    condition = "sequence BETWEEN 15 AND 30 AND S_INTERSECTS(geometry, BBOX(-80,34,-78,36))"
    found = client.collection_items("stops", filter=condition)
    assert [one["properties"]["sequence"] for one in found["features"]] == [20, 30]
    assert client.collection_item("service_points", ids[0])["geometry"]["coordinates"] == [-78.999, 35.0]
    with pytest.raises(RuntimeError, match="bad_parameter"):
        client.collection_items("service_points", colour="red")


def _gdal(url: str, key: str, ids: list[str]) -> None:
    options: dict[str, Any] = {"USERPWD": f"gus:{key}", "PAGE_SIZE": "2"}
    source = f"OAPIF:{url}"
    told, _, places, columns = pyogrio.raw.read(source, layer="service_points", **options)
    values = dict(zip(told["fields"], columns, strict=True))
    assert sorted(values["id"]) == ids
    assert set(values["number"]) == {f"SP-{n:06d}" for n in range(1, 8)}
    at = shapely.get_coordinates(shapely.from_wkb(places))
    # GDAL takes the storage's own system by itself, so coordinates come in US survey feet.
    expected = storage_crs("EPSG:2264").from_degrees([(-79 + n / 1000, 35.0) for n in range(1, 8)])
    assert np.abs(np.sort(at, axis=0) - np.sort(expected, axis=0)).max() < 0.001
    told, _, places, columns = pyogrio.raw.read(source, layer="stops", where="sequence > 15", **options)
    assert sorted(dict(zip(told["fields"], columns, strict=True))["sequence"]) == [20, 30]
    told, _, places, _ = pyogrio.raw.read(source, layer="streets", **options)
    assert json.loads(shapely.to_geojson(shapely.from_wkb(places[0])))["type"] == "LineString"
