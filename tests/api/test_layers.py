"""OGC API Features over HTTP: what each role sees, pages to the end, and that no layer ever tells of a customer."""

import json
import math
from typing import Any

from curbstop.commands import bulk
from curbstop.domain.permissions import Action, may
from curbstop.models import Hydrant, ServicePoint, Street, UtilityAsset
from geo.layers import LAYERS
from tests.api.office import PEOPLE, Client, Office
from tests.town import Town

ITEMS = "/ogc/collections/{}/items"
# The radius of the web's map, in meters.
R = 6378137
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def _page(client: Client, layer: str, **query: str) -> Any:
    sent = {key.replace("_", "-") if key == "bbox_crs" else key: one for key, one in query.items()}
    answer = client.get(ITEMS.format(layer), query_string=sent)
    assert answer.status_code == 200, answer.json
    return answer.json


def _ids(client: Client, layer: str, **query: str) -> list[str]:
    return [one["id"] for one in _page(client, layer, **query)["features"]]


def test_pages_go_to_the_end_by_their_links_and_nothing_is_counted(office: Office, town: Town) -> None:
    places = [str(town.place().id) for _ in range(5)]
    gus, found = office.as_("gus"), []
    url = "/ogc/collections/service_points/items?limit=2&bbox=-180,-90,180,90"
    sizes = []
    while url:
        page = gus.get(url).json
        assert "numberMatched" not in page
        sizes.append(page["numberReturned"])
        found += [one["id"] for one in page["features"]]
        url = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert (found, sizes) == (sorted(places), [2, 2, 1])
    one = gus.get(f"/ogc/collections/service_points/items/{places[0]}")
    assert one.headers["ETag"] == '"v1"'
    assert one.json["properties"]["row_version"] == 1
    assert one.json["geometry"]["coordinates"] == [-78.999, 35.0]
    packed = gus.get(ITEMS.format("service_points"), headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in packed.headers


def test_each_layer_is_found_by_box_and_moment_in_every_system(office: Office, town: Town) -> None:
    places = [town.place() for _ in range(3)]
    town.add(ServicePoint(number="SP-NOWHERE", address="?", city="?", hazards=[], field_versions={}))
    town.route(places[:2], to="tom")
    order = town.order("GEN", places[0], to="tom")
    proposal = town.proposal(places[1], by="tom", captures={"notes": "Gate 4711", "new_sequence": 5})
    with town.work() as work:
        bulk.load(work, Street, [{"name": "Main St", "line": "SRID=4326;LINESTRING(-79 35, -78.99 35.01)"}])
        tank = "SRID=4326;POLYGON((-79 35, -78.999 35, -78.999 35.001, -79 35))"
        bulk.load(work, UtilityAsset, [{"kind": "tank", "shape": tank, "attributes": {}}])
        bulk.load(work, Hydrant, [{"number": "H-1", "location": "SRID=4326;POINT(-79 35)", "attributes": {}}])
    gus = office.as_("gus")
    for layer in LAYERS:
        every = _ids(gus, layer)
        assert every, layer
        assert _ids(gus, layer, bbox="-79.1,34.9,-78.9,35.1") == [
            one["id"] for one in _page(gus, layer)["features"] if one["geometry"]
        ]
        assert _ids(gus, layer, bbox="35,-79,35.02,-78.98", bbox_crs=f"{EPSG}4326"), layer
        assert _ids(gus, layer, datetime="2001-01-01T00:00:00Z") == []
        assert _ids(gus, layer, datetime="../2001-01-01T00:00:00Z") == []
        if layer != "stops":
            assert _ids(gus, layer, datetime="2001-01-01T00:00:00Z/..") == every
        for feature in _page(gus, layer)["features"]:
            assert gus.get(f"{ITEMS.format(layer)}/{feature['id']}").json["properties"] == feature["properties"]
    assert str(order) in _ids(gus, "order_locations")
    assert _ids(gus, "change_requests") == [str(proposal)]
    assert _ids(gus, "stops", filter="sequence > 10", route=_page(gus, "stops")["features"][0]["properties"]["route"])
    assert _ids(gus, "stops", filter="sequence > 10", service_point_id=str(places[0].id)) == []
    # A line that only its box meets is not in it, and one across the 180th meridian asks on both of its sides.
    assert _ids(gus, "streets", bbox="-79,35.006,-78.996,35.02") == []
    assert _ids(gus, "streets", bbox="170,34,-78.995,36") == _ids(gus, "streets")
    assert _ids(gus, "streets", bbox="170,34,-80,36") == []


def test_a_qgis_that_takes_degrees_for_feet_is_told_no_extent(office: Office, town: Town) -> None:
    town.place()
    gus, url = office.as_("gus"), "/ogc/collections/service_points"
    for client, told in (("34006", False), ("34014", True), ("34405", False), ("34406", True), ("40001", True)):
        answer = gus.get(url, headers={"User-Agent": f"Mozilla/5.0 QGIS/{client}/Debian GNU/Linux 13"}).json
        assert ("extent" in answer) == told, client
    assert "extent" in gus.get(url).json


def test_axes_and_headers_follow_the_system_that_was_asked_for(office: Office, town: Town) -> None:
    town.place()
    gus = office.as_("gus")
    northing = math.log(math.tan(math.pi / 4 + math.radians(35) / 2))
    wanted = {
        None: ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", [-78.999, 35.0]),
        f"{EPSG}4326": (f"{EPSG}4326", [35.0, -78.999]),
        f"{EPSG}3857": (f"{EPSG}3857", [round(R * math.radians(-78.999), 4), round(R * northing, 4)]),
    }
    for uri, (said, at) in wanted.items():
        answer = gus.get(ITEMS.format("service_points"), query_string={"crs": uri} if uri else {})
        assert answer.headers["Content-Crs"] == f"<{said}>"
        [feature] = answer.json["features"]
        assert feature["geometry"]["coordinates"] == at
        x, y = at
        around = f"{x - 0.001},{y - 0.001},{x + 0.001},{y + 0.001}"
        assert len(_ids(gus, "service_points", bbox=around, **({"bbox_crs": uri} if uri else {}))) == 1
        one = gus.get(f"{ITEMS.format('service_points')}/{feature['id']}", query_string={"crs": uri} if uri else {})
        assert (one.headers["Content-Crs"], one.json["geometry"]) == (f"<{said}>", feature["geometry"])


SECRETS = ("Pat Customer", "555-0100", "Gate 4711")


def test_no_layer_tells_anybody_of_a_customer(office: Office, town: Town) -> None:
    place = town.place(access_notes="Gate 4711", read_instructions="Gate 4711, Pat Customer", hazards=["Gate 4711"])
    town.route([place], to="tom")
    town.order("GEN", place, to="tom", instructions="Gate 4711, ask for Pat Customer")
    town.proposal(place, by="tom", captures={"notes": "Gate 4711", "new_sequence": 5})
    for name in PEOPLE:
        client, actor = office.as_(name), office.actor(name)
        listed = [one["id"] for one in client.get("/ogc/collections").json["collections"]]
        assert listed == [one.name for one in LAYERS.values() if any(may(actor, action) for action in one.needs)]
        for layer in LAYERS if name in {"gus", "dana", "tom"} else ():
            answers = [
                client.get(f"/ogc/collections/{layer}{rest}") for rest in ("", "/schema", "/queryables", "/items")
            ]
            assert {one.status_code for one in answers} == {200 if layer in listed else 403}, (name, layer)
            said = " ".join(one.text for one in answers)
            assert not [word for word in SECRETS if word in said], (name, layer)
            if layer in listed:
                described = set(answers[1].json["properties"]) - {"id", "geometry"}
                assert described == set(answers[2].json["properties"]) - {"id", "geometry"}
                assert all(set(one["properties"]) == described for one in answers[3].json["features"])
    # A GIS editor sees where work is and not who has it; a technician sees the own work only.
    assert "technician_id" not in json.dumps(_page(office.as_("gus"), "order_locations"))
    assert "technician_id" in json.dumps(_page(office.as_("dana"), "order_locations"))
    assert _ids(office.as_("dana"), "order_locations", filter="technician_id IS NOT NULL")
    asked = office.as_("gus").get(f"{ITEMS.format('order_locations')}?filter=technician_id%20IS%20NOT%20NULL")
    assert (asked.status_code, "has no 'technician_id'" in asked.json["detail"]) == (400, True)
    assert _ids(office.as_("tess"), "order_locations") == []
    assert len(_ids(office.as_("tom"), "order_locations")) >= 1
    assert not may(office.actor("ada"), Action.VIEW_ALL_ORDERS)


def test_whatever_is_wrong_is_a_400_that_says_what_would_be_right(office: Office) -> None:
    gus = office.as_("gus")
    for query, word in (
        ("limit=0", "1 to 10000"), ("limit=ten", "1 to 10000"), ("bbox=1,2,3", "four numbers"),
        ("bbox=1,2,3,nan", "four numbers"), ("bbox=35,-100,36,-95", "west,south"), ("bbox=0,50,1,40", "west,south"),
        (f"bbox=-79,35,-78,36&bbox-crs={EPSG}4326", ""), (f"bbox=9,0,1,0&bbox-crs={EPSG}3857", "least"),
        ("crs=EPSG:9", "CRS84"), ("datetime=yesterday", "2026-01-31"), ("datetime=2026-02-30", "2026-01-31"),
        ("datetime=2026-02-02/2026-01-01", "ends before"), ("datetime=..", "2026"), ("colour=red", "limit"),
        ("limit=1&limit=2", "once"), ("after=x", "next"), ("f=html", "json"), ("limit=%00", "NUL"),
        ("filter=number", "condition"), ("filter-lang=sql", "cql2-text"), ("flow_gpm=many", "a number"),
        ("filter-crs=EPSG:1", "CRS84"),
    ):  # fmt: skip
        answer = gus.get(f"{ITEMS.format('hydrants')}?{query}")
        if word:
            assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter"), query
            assert word in answer.json["detail"], query
            assert query.partition("=")[0] in answer.json["detail"], query
    assert gus.get(f"{ITEMS.format('hydrants')}?limit=99999999").status_code == 200
    for path in ("/ogc/collections/nothing", "/ogc/collections/hydrants/items/7", "/ogc/collections/nothing/items"):
        assert gus.get(path).json["code"] == "not_found"
    for path in ("/ogc/collections", "/ogc/collections/hydrants/items"):
        assert office.anyone().get(path).status_code == 401
