"""Maps over HTTP: tiles with their tags, what MapLibre reads first, and what each person sees."""

import gzip
import json
from typing import Any

import mapbox_vector_tile
from sqlalchemy import select, update

from curbstop.commands import bulk, change_log, route_versions, service_points
from curbstop.models import Hydrant, RouteVersion, Street
from curbstop.models.change_log import ChangeLog
from geo.tiles import tile_at
from tests.api.office import Client, Office
from tests.town import Town

# Where the town's builders put their places.
AT = tile_at(-78.999, 35.0, 14)
GZIP = {"Accept-Encoding": "gzip"}


def _get(client: Client, layer: str, **headers: str) -> Any:
    return client.get(f"/tiles/{layer}/{AT}.mvt", headers=headers)


def _numbers(answer: Any, layer: str) -> set[str]:
    data = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data
    return {one["properties"]["number"] for one in mapbox_vector_tile.decode(data)[layer]["features"]}


def test_a_tile_is_packed_for_whoever_takes_it_and_sent_once(office: Office, town: Town) -> None:
    place = town.place()
    dana = office.as_("dana")
    plain, packed = _get(dana, "service_points"), _get(dana, "service_points", **GZIP)
    assert plain.mimetype == packed.mimetype == "application/vnd.mapbox-vector-tile"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == "Accept-Encoding, Authorization"
    assert packed.headers["Cache-Control"] == "private, no-cache"
    assert len(_numbers(plain, "service_points")) == 1
    assert str(place.id).encode() in plain.data
    again = _get(dana, "service_points", **{"If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", packed.headers["ETag"])
    nothing = dana.get(f"/tiles/service_points/{tile_at(10, 10, 14)}.mvt")
    assert (nothing.status_code, nothing.data, nothing.headers["ETag"]) == (204, b"", packed.headers["ETag"])


def test_a_layers_tag_moves_with_its_own_rows_and_with_no_others(office: Office, town: Town) -> None:
    place, dana = town.place(), office.as_("dana")
    layers = ("service_points", "stops", "streets", "hydrants", "order_locations")

    def tags() -> dict[str, str]:
        return {layer: _get(dana, layer).headers["ETag"] for layer in layers}

    def moved(since: dict[str, str]) -> set[str]:
        now = tags()
        return {layer for layer in layers if now[layer] != since[layer]}

    before = tags()
    assert moved(before) == set()
    with town.work("carla") as work:
        service_points.edit(work, place.id, {"access_notes": "By the shed"}, if_version=None)
    assert moved(before) == {"service_points", "stops", "order_locations"}
    before = tags()
    town.order("GEN", place, to="tom")
    assert moved(before) == {"order_locations"}
    before = tags()
    with town.work() as work:
        bulk.load(work, Street, [{"name": "Main St", "line": "SRID=4326;LINESTRING(-79 35, -79.001 35)"}])
    assert moved(before) == {"streets"}
    before = tags()
    with town.work() as work:
        bulk.load(work, Hydrant, [{"number": "H-1", "location": "SRID=4326;POINT(-79 35)", "attributes": {}}])
    assert moved(before) == {"hydrants"}
    before = tags()
    town.route([place], to="tom")
    [version] = town.all(select(RouteVersion.route_id))
    with town.work("gus") as work:
        route_versions.publish(work, route_versions.draft(work, version, [place.id]).id, force=True)
    assert moved(before) == {"stops"}
    # What the change log forgets, its horizon remembers.
    before = tags()
    with town.work() as work:
        work.session.execute(update(ChangeLog).values(recorded_at=work.at.replace(year=2001)))
        assert change_log.forget_old(work)
    assert moved(before) == set()


def test_what_is_no_tile_gets_a_problem_that_says_so(office: Office) -> None:
    dana = office.as_("dana")
    for path, code, word in (
        ("nothing/14/1/1.mvt", "not_found", "hydrants"),
        ("hydrants/14/99999/1.mvt", "invalid", "16383"),
        ("hydrants/99/1/1.mvt", "invalid", "zooms"),
        ("hydrants/3/1/1.mvt", "invalid", "11 to 16"),
        ("hydrants/17/1/1.mvt", "invalid", "11 to 16"),
        ("nothing.json", "not_found", "hydrants"),
    ):
        answer = dana.get(f"/tiles/{path}")
        assert answer.json["code"] == code, path
        assert word in answer.json["detail"], path
    assert dana.get("/tiles/hydrants/14/-1/1.mvt").status_code == 404


def test_everybody_sees_the_network_and_of_work_what_is_theirs(office: Office, town: Town) -> None:
    places = [town.place() for _ in range(3)]
    for place, name in zip(places, ("tom", "tess", "lee"), strict=True):
        town.order("GEN", place, to=name)
    seen = {name: len(_numbers(_get(office.as_(name), "order_locations"), "order_locations"))
            for name in ("dana", "tom", "tess", "lee", "gus")}  # fmt: skip
    assert seen == {"dana": 3, "tom": 1, "tess": 1, "lee": 2, "gus": 3}
    tags = {name: _get(office.as_(name), "order_locations").headers["ETag"] for name in seen}
    assert len(set(tags.values())) == len(tags)
    ada = office.as_("ada")
    assert _get(ada, "order_locations").json["code"] == "forbidden"
    assert _get(ada, "service_points").status_code == 200
    for text in (
        _get(office.as_(name), layer).data for name in seen for layer in ("order_locations", "service_points")
    ):
        assert b"Customer" not in text
        assert b"Pat" not in text


def test_maplibre_is_told_where_everything_is_and_fetches_no_glyphs(office: Office) -> None:
    dana, ada = office.as_("dana"), office.as_("ada")
    style = dana.get("/tiles/style.json").json
    assert "glyphs" not in style
    assert "sprite" not in style
    listed = {one["name"]: one["tile_json"] for one in dana.get("/tiles").json["layers"]}
    assert {name: source["url"] for name, source in style["sources"].items()} == listed
    assert "order_locations" not in ada.get("/tiles/style.json").json["sources"]
    assert len({layer["id"] for layer in style["layers"]}) == len(style["layers"])
    for layer in style["layers"][1:]:
        told = dana.get(f"/tiles/{layer['source']}.json").json
        assert told["tilejson"] == "3.0.0"
        assert told["tiles"] == [f"http://localhost/tiles/{layer['source']}/{{z}}/{{x}}/{{y}}.mvt"]
        [known] = told["vector_layers"]
        assert known["id"] == layer["source-layer"]
        named = set(_got(json.loads(json.dumps(layer)))) - {"count"}
        assert named <= set(known["fields"]), layer["id"]


def _got(value: Any) -> list[str]:
    """The attributes that a style's expressions ask for."""
    if isinstance(value, list) and len(value) == 2 and value[0] in {"get", "has"}:
        return [value[1]]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [name for one in inner for name in _got(one)]
