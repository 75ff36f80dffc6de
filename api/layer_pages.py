"""The JSON of OGC API Features that is about layers: landing page, conformance, collections, queryables, schemas."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Float, Integer, Uuid

from curbstop.models.base import UtcDateTime
from geo.layer_crs import CRS84, Box, LayerCrs
from geo.layers import Attribute, Layer

Json = dict[str, Any]

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
SCHEMA: Final = "application/schema+json"
OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"
_OGC, _CQL2 = "http://www.opengis.net/spec/ogcapi-features-", "http://www.opengis.net/spec/cql2/1.0/conf/"
_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/"
CONFORMANCE: Final = (
    f"{_OGC}1/1.0/conf/core",
    f"{_OGC}1/1.0/conf/oas30",
    f"{_OGC}1/1.0/conf/geojson",
    f"{_OGC}2/1.0/conf/crs",
    f"{_OGC}3/1.0/conf/filter",
    f"{_OGC}3/1.0/conf/features-filter",
    f"{_OGC}3/1.0/conf/queryables",
    f"{_OGC}5/1.0/conf/schemas",
    f"{_OGC}5/1.0/conf/core-roles-features",
    f"{_CQL2}cql2-text",
    f"{_CQL2}cql2-json",
    f"{_CQL2}basic-cql2",
    f"{_CQL2}advanced-comparison-operators",
    f"{_CQL2}case-insensitive-comparison",
    f"{_CQL2}property-property",
    f"{_CQL2}basic-spatial-functions",
    f"{_CQL2}basic-spatial-functions-plus",
    f"{_CQL2}spatial-functions",
    # What the draft called basic-spatial-functions, and QGIS asks for before it sends a box within a filter.
    f"{_CQL2}basic-spatial-operators",
)


def link(href: str, rel: str, media_type: str, title: str) -> Json:
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def landing(root: str) -> Json:
    """Where everything begins; `root` ends in no slash."""
    return {
        "title": "Curbstop",
        "description": "The utility's layers, for GIS tools. Nothing of a customer is in them.",
        "links": [
            link(f"{root}/", "self", JSON, "This page"),
            link(f"{root}/api", "service-desc", OPENAPI, "The API, as OpenAPI 3.0"),
            link(f"{root}/conformance", "conformance", JSON, "What of the standards is there"),
            link(f"{root}/collections", "data", JSON, "The layers"),
        ],
    }


def collections(root: str, found: Sequence[Json], offered: Sequence[LayerCrs]) -> Json:
    """All layers that somebody sees."""
    return {
        "links": [link(f"{root}/collections", "self", JSON, "This list")],
        "crs": [one.uri for one in offered],
        "collections": list(found),
    }


def collection(root: str, layer: Layer, extent: Box | None, offered: Sequence[LayerCrs], storage: LayerCrs) -> Json:
    """One layer: what it is, where it lies, in which systems it is given."""
    here = f"{root}/collections/{layer.name}"
    about: Json = {
        "id": layer.name,
        "title": layer.title,
        "description": layer.about,
        "itemType": "feature",
        "crs": [one.uri for one in offered],
        "storageCrs": storage.uri,
        "links": [
            link(here, "self", JSON, "This layer"),
            link(f"{here}/items", "items", GEOJSON, "Its features"),
            link(f"{here}/queryables", f"{_REL}queryables", SCHEMA, "What it can be filtered by"),
            link(f"{here}/schema", f"{_REL}schema", SCHEMA, "What its features have"),
        ],
    }
    if extent is not None:
        about["extent"] = {"spatial": {"bbox": [list(extent)], "crs": CRS84}}
    return about


def schema(here: str, layer: Layer, attributes: Sequence[Attribute]) -> Json:
    """What a feature has, as JSON Schema with the roles that OGC API Features Part 5 gives."""
    order: Json = {
        "id": {
            **_kind(layer.row_id.expression), "title": "id", "description": "The feature's id.",
            "x-ogc-role": "id", "readOnly": True, "x-ogc-propertySeq": 1,
        },
        "geometry": {
            "title": "geometry", "description": "Where it is.", "x-ogc-role": "primary-geometry",
            "format": _geometry(layer), "x-ogc-propertySeq": 2,
        },
    }  # fmt: skip
    for number, one in enumerate(attributes, start=3):
        order[one.name] = {**_described(one), "x-ogc-propertySeq": number}
    return _object(here, layer, order)


def queryables(here: str, layer: Layer, attributes: Sequence[Attribute]) -> Json:
    """What filters may name."""
    named: Json = {
        "id": {**_kind(layer.row_id.expression), "title": "id", "x-ogc-role": "id"},
        "geometry": {"title": "geometry", "x-ogc-role": "primary-geometry", "format": _geometry(layer)},
    }
    return _object(here, layer, named | {one.name: _described(one) for one in attributes})


def _object(here: str, layer: Layer, properties: Json) -> Json:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": here,
        "type": "object",
        "title": layer.title,
        "description": layer.about,
        "properties": properties,
        "additionalProperties": False,
    }


def _described(one: Attribute) -> Json:
    return {"title": one.name, "description": one.about, **_kind(one.column)}


def _geometry(layer: Layer) -> str:
    return "geometry-any" if layer.shape == "Geometry" else f"geometry-{layer.shape.lower()}"


def _kind(column: ColumnElement[Any]) -> Json:
    kind = column.type
    if isinstance(kind, Uuid):
        return {"type": "string", "format": "uuid"}
    if isinstance(kind, UtcDateTime):
        return {"type": "string", "format": "date-time"}
    if isinstance(kind, Date):
        return {"type": "string", "format": "date"}
    if isinstance(kind, Integer):
        return {"type": "integer"}
    return {"type": "number"} if isinstance(kind, Float) else {"type": "string"}
