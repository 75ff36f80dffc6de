"""What OGC's own test suite asserts of Features Parts 1 and 2, by the requirements' numbers and names.

Numbers of Part 1 are those of OGC 17-069r4, names of Part 2 those of OGC 18-058r1. The suite itself runs on Java.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from curbstop.commands import bulk
from curbstop.models import Hydrant, Street, UtilityAsset
from tests.api.office import Client, Office
from tests.town import Town

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
BOX = (-78.9985, 34.99, -78.9955, 35.005)
FILLED = ("service_points", "stops", "streets", "hydrants")


@pytest.fixture
def client(office: Office, town: Town) -> Client:
    places = [town.place() for _ in range(5)]
    town.route(places, to="tom")
    with town.work() as work:
        ways = ["-79 35, -78.99 35.01", "-78.998 35.001, -78.997 35.001", "-70 30, -71 31"]
        bulk.load(work, Street, [{"name": way, "line": f"SRID=4326;LINESTRING({way})"} for way in ways])
        at = [
            {"number": f"H-{n}", "location": f"SRID=4326;POINT({-79 + n / 1000} 35)", "attributes": {}} for n in (1, 2)
        ]
        bulk.load(work, Hydrant, at)
        tank = "SRID=4326;POLYGON((-79 35, -78.999 35, -78.999 35.001, -79 35))"
        bulk.load(work, UtilityAsset, [{"kind": "tank", "shape": tank, "attributes": {}}])
    return office.as_("gus")


def _links(body: Any, rel: str) -> list[Any]:
    return [one for one in body["links"] if one["rel"] == rel]


def _get(client: Client, url: str, **query: Any) -> Any:
    answer = client.get(url, query_string={key.replace("_", "-"): str(value) for key, value in query.items()})
    assert answer.status_code == 200, (url, query, answer.json)
    return answer


def _described(client: Client) -> Iterator[Any]:
    """The collections, as somebody finds them who knows the landing page only."""
    [data] = _links(_get(client, "/ogc/").json, "data")
    yield from _get(client, data["href"]).json["collections"]


def _items(collection: Any) -> str:
    [link] = [one for one in collection["links"] if one["rel"] == "items"]
    found: str = link["href"]
    return found


def test_part_1_core(client: Client) -> None:
    # 1 root-op, 2 root-success.
    landing = _get(client, "/ogc/").json
    for rel in ("service-desc", "conformance", "data"):
        assert _links(landing, rel), rel
    # 3 api-definition-op, 4 api-definition-success: valid OpenAPI 3.0 (oas30-definition-1 and -2).
    [desc] = _links(landing, "service-desc")
    answer = _get(client, desc["href"])
    assert answer.content_type == desc["type"] == "application/vnd.oai.openapi+json;version=3.0"
    api = answer.json
    assert api["openapi"].startswith("3.0")
    # 5 conformance-op, 6 conformance-success.
    classes = _get(client, _links(landing, "conformance")[0]["href"]).json["conformsTo"]
    for one in ("core", "oas30", "geojson"):
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{one}" in classes
    # 11 fc-md-op, 12 fc-md-success, 13 fc-md-links, 14 fc-md-items.
    listed = _get(client, _links(landing, "data")[0]["href"]).json
    assert _links(listed, "self")[0]["type"]
    assert {one["id"] for one in listed["collections"]} >= set(FILLED)
    for one in listed["collections"]:
        # 15 fc-md-items-links, 16 and 17 fc-md-extent.
        assert all(link["type"] == "application/geo+json" for link in _links(one, "items"))
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        assert (one["extent"]["spatial"]["crs"], west <= east, south <= north) == (CRS84, True, True)
        # 18 sfc-md-op, 19 sfc-md-success: the same as in the list.
        assert _get(client, _links(one, "self")[0]["href"]).json == one
    _parameters_are_defined(api)


def _parameters_are_defined(api: Any) -> None:
    """21 fc-limit-definition, 23 fc-bbox-definition, 25 fc-time-definition; and those of Part 2."""
    named = api["components"]["parameters"]
    given = [
        one["$ref"].rpartition("/")[2] for one in api["paths"]["/collections/{collectionId}/items"]["get"]["parameters"]
    ]
    for name in ("limit", "bbox", "datetime", "crs", "bbox-crs"):
        assert name in given
        one = named[name]
        assert (one["name"], one["in"], one.get("required", False)) == (name, "query", False)
        assert (one["style"], one["explode"]) == ("form", False)
    limit, bbox = named["limit"]["schema"], named["bbox"]["schema"]
    assert (limit["type"], limit["minimum"]) == ("integer", 1)
    assert 1 <= limit["default"] <= limit["maximum"]
    assert (bbox["type"], bbox["items"]["type"]) == ("array", "number")
    assert [(one["minItems"], one["maxItems"]) for one in bbox["oneOf"]] == [(4, 4), (6, 6)]
    assert named["datetime"]["schema"]["type"] == "string"


def test_part_1_features(client: Client) -> None:
    for collection in _described(client):
        if collection["id"] not in FILLED:
            continue
        url = _items(collection)
        # 20 fc-op, 27 fc-response, 30 fc-timeStamp, 31 fc-numberMatched (left out), 32 fc-numberReturned.
        answer = _get(client, url)
        body = answer.json
        assert (answer.mimetype, body["type"]) == ("application/geo+json", "FeatureCollection")
        assert datetime.fromisoformat(body["timeStamp"]).tzinfo is not None
        assert "numberMatched" not in body
        assert body["numberReturned"] == len(body["features"]) > 0
        # 10 crs84, 28 fc-links, 29 fc-rel-type.
        assert answer.headers["Content-Crs"] == f"<{CRS84}>"
        assert all(one["rel"] and one["type"] for one in body["links"])
        assert _get(client, _links(body, "self")[0]["href"]).json["features"] == body["features"]
        # 22 fc-limit-response-1: fewer, the most, and beyond the most.
        for limit in (1, 2, 10_000, 10_001):
            page = _get(client, url, limit=limit).json
            assert page["numberReturned"] == min(limit, len(body["features"]))
            assert bool(_links(page, "next")) == (limit < len(body["features"]))
        # 24 fc-bbox-response: what meets the box and nothing else; heights do not matter.
        flat, high = ",".join(map(str, BOX)), f"{BOX[0]},{BOX[1]},0,{BOX[2]},{BOX[3]},9"
        inside = [one["id"] for one in body["features"] if shape(one["geometry"]).intersects(shapely.box(*BOX))]
        for bbox in (flat, high):
            assert [one["id"] for one in _get(client, url, bbox=bbox).json["features"]] == inside
        assert 0 < len(inside) < len(body["features"])
        # 26 fc-time-response: instants, and intervals of each kind.
        changed = [one["properties"]["updated_at"] for one in body["features"]]
        moments = sorted(one for one in changed if one)
        for window in (f"{moments[0]}/{moments[-1]}", f"../{moments[-1]}", f"{moments[0]}/..") if moments else ():
            assert _get(client, url, datetime=window).json["numberReturned"] == len(moments)
        assert _get(client, url, datetime="/2001-01-01T00:00:00Z").json["numberReturned"] == 0
        # 33 f-op, 34 f-success, 35 f-links.
        first = body["features"][0]
        one = _get(client, f"{url}/{first['id']}")
        assert (one.mimetype, one.json["geometry"], one.json["id"]) == (answer.mimetype, first["geometry"], first["id"])
        assert _links(one.json, "self")
        assert _links(one.json, "collection")[0]["href"] == _links(collection, "self")[0]["href"]
        # 8 query-param-unknown, 9 query-param-invalid.
        for wrong in (
            "unknown=1",
            "limit=0",
            "limit=-1",
            "limit=x",
            "bbox=1,2",
            "bbox=a,b,c,d",
            "datetime=2026",
            "datetime=x/y",
        ):
            assert client.get(f"{url}?{wrong}").status_code == 400, wrong
        for path in (f"{url}/{first['id']}", _links(collection, "self")[0]["href"], "/ogc/", "/ogc/api"):
            assert client.get(f"{path}?unknown=1").status_code == 400, path


def test_part_2_coordinate_systems(client: Client) -> None:
    assert (
        "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
        in _get(client, "/ogc/conformance").json["conformsTo"]
    )
    everybody = _get(client, "/ogc/collections").json
    for collection in everybody["collections"]:
        # /req/crs/crs-uri, fc-md-crs-list: addresses, the default first, and the same as the global list.
        assert collection["crs"] == everybody["crs"]
        assert collection["crs"][0] == CRS84
        assert all(
            re.fullmatch(r"http://www\.opengis\.net/def/crs/(OGC/1\.3/CRS84|EPSG/0/\d+)", one)
            for one in collection["crs"]
        )
        # fc-md-storageCrs, fc-md-storageCrs-valid-value.
        assert collection["storageCrs"] in collection["crs"]
        if collection["id"] in FILLED:
            _in_every_system(client, _items(collection), collection["crs"])


def _in_every_system(client: Client, url: str, offered: list[str]) -> None:
    plain = _get(client, url).json["features"]
    x, y = shape(plain[0]["geometry"]).coords[0][:2]
    wanted = None
    for uri in offered:
        # fc-crs-valid-value, crs-action, ogc-crs-header, geojson: as an independent transformation has it.
        answer = _get(client, url, crs=uri)
        assert answer.headers["Content-Crs"] == f"<{uri}>"
        code = "OGC:CRS84" if uri == CRS84 else uri.replace("http://www.opengis.net/def/crs/EPSG/0/", "EPSG:")
        there = Transformer.from_crs("OGC:CRS84", code)
        got = shape(answer.json["features"][0]["geometry"]).coords[0]
        assert got == pytest.approx(there.transform(x, y), abs=1e-3)
        one = _get(client, f"{url}/{plain[0]['id']}", crs=uri)
        assert one.headers["Content-Crs"] == f"<{uri}>"
        assert one.json["geometry"] == answer.json["features"][0]["geometry"]
        # fc-bbox-crs-valid-value, fc-bbox-crs-action: the box finds the same, whatever system it is given in.
        corners = [there.transform(u, v) for u in (BOX[0], BOX[2]) for v in (BOX[1], BOX[3])]
        low, high = map(min, zip(*corners, strict=True)), map(max, zip(*corners, strict=True))
        box = ",".join(map(repr, (*low, *high)))
        found = [one["id"] for one in _get(client, url, bbox=box, bbox_crs=uri).json["features"]]
        wanted = wanted or found
        assert found == wanted != []
    # bbox-crs-default-value, crs-default-value: CRS84.
    assert [one["id"] for one in _get(client, url, bbox=",".join(map(str, BOX))).json["features"]] == wanted
    # fc-crs-valid-value, fc-bbox-crs-valid-value: 400 for what is not offered.
    for name in ("crs", "bbox-crs"):
        assert client.get(f"{url}?bbox=0,0,1,1&{name}={CRS84}x").status_code == 400
    assert client.get(f"{url}/{plain[0]['id']}?crs=EPSG:1").status_code == 400
