"""Maps for the office: vector tiles of the layers, what MapLibre needs to know of them, and a style."""

import gzip
import json
from typing import Any, Final

from flask import Response, request

from api.core import Answer, Blueprint, actor, reading
from api.core.document import JSON
from api.core.schemas import Many, Part, Text, Whole
from curbstop.queries import tile_layers, tiles
from curbstop.queries.tile_layers import TileLayer
from geo.style import style

blp = Blueprint("tiles", "tiles", url_prefix="/tiles", description="Maps as vector tiles.")

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
_TAGGED = {
    "ETag": {"description": "Moves when a row of the layer does.", "schema": {"type": "string"}},
    "Vary": {"schema": {"type": "string"}},
}
_TILE = {
    "responses": {
        "200": {
            "description": "The tile, gzip for whoever accepts it.",
            "headers": _TAGGED,
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
        "204": {"description": "Nothing lies there.", "headers": _TAGGED},
        "304": {"description": "It is as If-None-Match has it."},
    }
}
_OBJECT = {"content": {JSON: {"schema": {"type": "object"}}}}
_TILE_JSON = {"responses": {"200": {"description": "TileJSON 3.0.0.", **_OBJECT}}}
_STYLE = {"responses": {"200": {"description": "A MapLibre style.", **_OBJECT}}}


class MapLayerAnswer(Answer):
    name = Text("Its name, also in the tiles.", "hydrants")
    about = Text("What it shows.", "Hydrants.")
    least_zoom = Whole("From which zoom on it is drawn.", 8)
    tile_json = Text("Where its TileJSON is.", "https://utility.example/tiles/hydrants.json")


class MapLayersAnswer(Answer):
    layers = Many(Part(MapLayerAnswer, "A layer."), "Those that you may see.")


@blp.operation("GET", "", answer=MapLayersAnswer)
def list_map_layers() -> dict[str, Any]:
    """The layers of the map that you may see."""
    return {
        "layers": [
            {"name": one.name, "about": one.about, "least_zoom": one.least_zoom, "tile_json": _url(one, ".json")}
            for one in tile_layers.visible_to(actor())
        ]
    }


@blp.operation("GET", "/style.json", status=200, doc=_STYLE)
def get_map_style() -> Response:
    """A MapLibre style over the layers that you may see; it names no glyphs, so labels use the device's fonts."""
    return _json(style({one.name: _url(one, ".json") for one in tile_layers.visible_to(actor())}))


@blp.operation("GET", "/<string:layer>.json", status=200, doc=_TILE_JSON)
def get_tile_json(layer: str) -> Response:
    """TileJSON of a layer: the URL of its tiles, its zooms and attributes."""
    found = tile_layers.layer_of(layer)
    fields = tile_layers.fields(found, actor())
    return _json(
        {
            "tilejson": "3.0.0",
            "name": found.name,
            "description": found.about,
            "tiles": [_url(found, "/{z}/{x}/{y}.mvt")],
            "minzoom": found.least_zoom,
            "maxzoom": tile_layers.DEEPEST,
            "vector_layers": [{"id": found.name, "description": found.about, "fields": fields}],
        }
    )


@blp.operation("GET", "/<string:layer>/<int:z>/<int:x>/<int:y>.mvt", status=200, problems=("invalid",), doc=_TILE)
def get_tile(layer: str, z: int, x: int, y: int) -> Response:
    """A vector tile. Below zoom 13 points are clusters, each with its `count`."""
    wanted, tile = tiles.checked(layer, z, x, y)
    with reading() as session:
        tag = tiles.tag(session, actor(), wanted)
        same = request.if_none_match.contains_weak(tag)
        drawn = b"" if same else tiles.content(session, actor(), wanted, tile)
    if same:
        response = Response(status=304)
    elif drawn:
        response = _packed(drawn)
    else:
        response = Response(status=204)
    response.set_etag(tag, weak=True)
    # It is whoever asks who sees it, and it is asked again each time: a 304 costs no tile.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept-Encoding, Authorization"
    return response


def _packed(drawn: bytes) -> Response:
    if not request.accept_encodings["gzip"]:
        return Response(drawn, mimetype=MEDIA_TYPE)
    packed = gzip.compress(drawn, tiles.PACKING, mtime=0)
    return Response(packed, mimetype=MEDIA_TYPE, headers={"Content-Encoding": "gzip"})


def _url(layer: TileLayer, rest: str) -> str:
    return f"{request.root_url}tiles/{layer.name}{rest}"


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content), mimetype=JSON, headers={"Cache-Control": "private, max-age=300"})
