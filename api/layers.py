"""OGC API Features: the layers for QGIS, GDAL and whatever else speaks the standard."""

import gzip
import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy.orm import Session

from api import layer_pages as pages
from api import layer_parameters as parameters
from api.core import Blueprint, actor, reading
from api.core.context import context
from api.core.document import ETAG, JSON
from api.core.versions import etag
from api.layer_document import document
from api.layer_pages import GEOJSON, OPENAPI, SCHEMA, Json, link
from curbstop.queries import layers
from curbstop.queries.layer_extents import extent
from curbstop.queries.layer_places import split_box
from curbstop.queries.layers import Wanted
from geo.features import encoded, features
from geo.layer_crs import LayerCrs, offered, storage_crs
from geo.layers import ROW_VERSION, Layer

blp = Blueprint("layers", "layers", url_prefix="/ogc", description="Layers for GIS tools, by OGC API Features.")

# Below this a page is sent faster than it is packed.
PACKED_FROM: Final = 10_000
_OBJECT = {"schema": {"type": "object"}}


def _answers(media_type: str, about: str, **headers: Any) -> Json:
    return {"responses": {"200": {"description": about, "headers": headers, "content": {media_type: _OBJECT}}}}


def _query(name: str, about: str) -> Json:
    return {"in": "query", "name": name, "description": about, "schema": {"type": "string"}}


_CRS = {"Content-Crs": {"description": "The coordinate system of the answer.", "schema": {"type": "string"}}}
_PAGE = {
    **_answers(GEOJSON, "A page of GeoJSON features.", **_CRS),
    "parameters": [
        _query("limit", "How many features a page has at most."),
        _query("after", "Where the page begins; the `next` link carries it."),
        _query("bbox", "Features that meet this box: least, then greatest coordinates."),
        _query("bbox-crs", "The coordinate system of bbox."),
        _query("crs", "The coordinate system of the answer."),
        _query("datetime", "When it was last changed: a moment, or an interval."),
        _query("filter", "A condition in CQL2, such as number = 'SP-000001'; attributes also stand for themselves."),
        _query("filter-lang", "cql2-text, which is the default, or cql2-json."),
        _query("filter-crs", "The coordinate system of the filter's shapes."),
    ],
}
_ONE = {
    **_answers(GEOJSON, "A GeoJSON feature.", ETag=ETAG, **_CRS),
    "parameters": [_query("crs", "The coordinate system of the answer.")],
}
_BAD = ("bad_parameter",)


@blp.operation("GET", "/", status=200, public=True, problems=_BAD, doc=_answers(JSON, "The landing page."))
def get_layers_landing() -> Response:
    """Where OGC API Features begins: give this address to QGIS."""
    parameters.given()
    return _json(pages.landing(_root()))


@blp.operation("GET", "/conformance", status=200, public=True, problems=_BAD, doc=_answers(JSON, "Classes."))
def get_layers_conformance() -> Response:
    """What of OGC's standards is there."""
    parameters.given()
    return _json({"conformsTo": list(pages.CONFORMANCE)})


@blp.operation("GET", "/api", status=200, public=True, problems=_BAD, doc=_answers(OPENAPI, "An OpenAPI document."))
def get_layers_api() -> Response:
    """The OpenAPI 3.0 document of the layers alone, as OGC's clients read it."""
    parameters.given()
    return _json(document(_root(), [one.uri for one in _offered()]), OPENAPI)


@blp.operation("GET", "/collections", status=200, by_key=True, problems=_BAD, doc=_answers(JSON, "The layers."))
def list_layers() -> Response:
    """The layers that you may see."""
    parameters.given()
    with reading() as session:
        found = [_collection(session, layer) for layer in layers.visible_to(actor())]
    return _json(pages.collections(_root(), found, _offered()))


@blp.operation(
    "GET", "/collections/<string:layer>", status=200, by_key=True, problems=_BAD, doc=_answers(JSON, "A layer.")
)
def get_layer(layer: str) -> Response:
    """One layer: where it lies, and in which coordinate systems it is given."""
    parameters.given()
    wanted = layers.layer_for(actor(), layer)
    with reading() as session:
        return _json(_collection(session, wanted))


@blp.operation(
    "GET",
    "/collections/<string:layer>/queryables",
    status=200,
    by_key=True,
    problems=_BAD,
    doc=_answers(SCHEMA, "They."),
)
def get_layer_queryables(layer: str) -> Response:
    """What the layer can be filtered by."""
    parameters.given()
    wanted = layers.layer_for(actor(), layer)
    return _json(pages.queryables(request.base_url, wanted, layers.attributes(wanted, actor())), SCHEMA)


@blp.operation(
    "GET", "/collections/<string:layer>/schema", status=200, by_key=True, problems=_BAD, doc=_answers(SCHEMA, "It.")
)
def get_layer_schema(layer: str) -> Response:
    """What the layer's features have."""
    parameters.given()
    wanted = layers.layer_for(actor(), layer)
    return _json(pages.schema(request.base_url, wanted, layers.attributes(wanted, actor())), SCHEMA)


@blp.operation("GET", "/collections/<string:layer>/items", status=200, by_key=True, problems=_BAD, doc=_PAGE)
def list_layer_features(layer: str) -> Response:
    """A page of the layer's features; the `next` link leads to the one after it."""
    wanted = layers.layer_for(actor(), layer)
    sent = parameters.given((*parameters.ROWS, *(one.name for one in layers.attributes(wanted, actor()))))
    crs = parameters.crs(sent, "crs", _storage())
    box = parameters.box(sent.get("bbox"), parameters.crs(sent, "bbox-crs", _storage()))
    begins, ends = parameters.moments(sent.get("datetime"))
    with reading() as session:
        asked = Wanted(
            limit=parameters.limit(sent.get("limit")),
            after=parameters.after(sent.get("after")),
            boxes=split_box(box) if box else (),
            begins=begins,
            ends=ends,
            where=parameters.filters(session, wanted, sent, _storage()),
        )
        found = layers.page(session, actor(), wanted, asked)
    links = [link(request.url, "self", GEOJSON, "This page")]
    if found.after is not None:
        links.append(link(_with(after=found.after), "next", GEOJSON, "The next page"))
    links.append(link(f"{_root()}/collections/{wanted.name}", "collection", JSON, wanted.title))
    content = {
        "type": "FeatureCollection",
        "timeStamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "numberReturned": len(found.rows),
        "links": links,
        "features": features(found.names, found.rows, crs, points=wanted.is_points),
    }
    return _geojson(encoded(content), crs)


@blp.operation(
    "GET", "/collections/<string:layer>/items/<string:feature_id>", status=200, by_key=True, problems=_BAD, doc=_ONE
)
def get_layer_feature(layer: str, feature_id: str) -> Response:
    """One feature; its ETag is the version of its row."""
    wanted = layers.layer_for(actor(), layer)
    crs = parameters.crs(parameters.given(("crs",)), "crs", _storage())
    with reading() as session:
        found = layers.one_row(session, actor(), wanted, feature_id)
    [feature] = features(found.names, found.rows, crs, points=wanted.is_points)
    here = f"{_root()}/collections/{wanted.name}"
    feature["links"] = [
        link(request.url, "self", GEOJSON, "This feature"),
        link(here, "collection", JSON, wanted.title),
    ]
    response = _geojson(encoded(feature), crs)
    response.headers["ETag"] = etag(feature["properties"][ROW_VERSION])
    return response


def _collection(session: Session, layer: Layer) -> Json:
    box = None if _misplaces_extents(request.user_agent.string) else extent(session, layer)
    return pages.collection(_root(), layer, box, _offered(), storage_crs(_storage()))


def _misplaces_extents(client: str) -> bool:
    """Whether it is a QGIS that takes an extent's degrees for feet or meters (QGIS 63984), and zooms to nowhere.

    Without one it looks at the first features instead.
    """
    found = re.search(r"QGIS/(\d{5})(?:\D|$)", client)
    return found is not None and not (int(found[1]) >= 34406 or 34014 <= int(found[1]) < 34100)


def _storage() -> str:
    return context().settings.layers_crs


def _offered() -> tuple[LayerCrs, ...]:
    return offered(_storage())


def _root() -> str:
    return f"{request.root_url}ogc"


def _with(**more: str) -> str:
    """This address with other parameters."""
    return f"{request.base_url}?{urlencode(request.args.to_dict() | more)}"


def _json(content: Json, media_type: str = JSON) -> Response:
    return Response(encoded(content), content_type=media_type, headers={"Cache-Control": "private, no-cache"})


def _geojson(body: bytes, crs: LayerCrs) -> Response:
    headers = {"Content-Crs": f"<{crs.uri}>", "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if len(body) > PACKED_FROM and request.accept_encodings["gzip"]:
        body, headers["Content-Encoding"] = gzip.compress(body, 1, mtime=0), "gzip"
    return Response(body, mimetype=GEOJSON, headers=headers)
