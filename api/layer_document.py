"""The OpenAPI 3.0 document of /ogc: what OGC's clients read before they ask.

QGIS takes its page size from `components/parameters/limit`, and from nowhere else.
"""

from typing import Any, Final

from api.layer_pages import GEOJSON, JSON, OPENAPI, SCHEMA
from curbstop.domain.problems import PROBLEMS
from curbstop.queries.layers import MOST, USUAL
from geo.cql import LANGUAGES, TEXT

Json = dict[str, Any]

_PARAMETERS: Final[dict[str, Json]] = {
    "collectionId": {
        "name": "collectionId", "in": "path", "required": True, "description": "The layer's name.",
        "schema": {"type": "string"},
    },
    "featureId": {
        "name": "featureId", "in": "path", "required": True, "description": "The feature's id.",
        "schema": {"type": "string"},
    },
    "limit": {
        "name": "limit", "in": "query", "description": "How many features a page has at most.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        "style": "form", "explode": False,
    },
    "bbox": {
        "name": "bbox", "in": "query", "description": "Features that meet this box: least, then greatest coordinates.",
        "schema": {
            "type": "array", "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
            "items": {"type": "number"},
        },
        "style": "form", "explode": False,
    },
    "datetime": {
        "name": "datetime", "in": "query", "description": "When it was last changed: a moment, or an interval.",
        "schema": {"type": "string"}, "style": "form", "explode": False,
    },
    "crs": {
        "name": "crs", "in": "query", "description": "The coordinate system of the answer; CRS84 without it.",
        "schema": {"type": "string", "format": "uri"}, "style": "form", "explode": False,
    },
    "bbox-crs": {
        "name": "bbox-crs", "in": "query", "description": "The coordinate system of bbox; CRS84 without it.",
        "schema": {"type": "string", "format": "uri"}, "style": "form", "explode": False,
    },
    "filter": {
        "name": "filter", "in": "query", "description": "A condition in CQL2, such as number = 'SP-000001'.",
        "schema": {"type": "string"}, "style": "form", "explode": False,
    },
    "filter-lang": {
        "name": "filter-lang", "in": "query", "description": "The language of `filter`.",
        "schema": {"type": "string", "enum": list(LANGUAGES), "default": TEXT}, "style": "form", "explode": False,
    },
    "filter-crs": {
        "name": "filter-crs", "in": "query", "description": "The coordinate system of the shapes in `filter`.",
        "schema": {"type": "string", "format": "uri"}, "style": "form", "explode": False,
    },
    "after": {
        "name": "after", "in": "query", "description": "Where the page begins; the `next` link carries it.",
        "schema": {"type": "string"}, "style": "form", "explode": False,
    },
}  # fmt: skip
ITEMS: Final = ("limit", "bbox", "datetime", "crs", "bbox-crs", "filter", "filter-lang", "filter-crs", "after")


def document(root: str, offered: list[str]) -> Json:
    """The document for a server whose layers are under `root`."""
    parameters = dict(_PARAMETERS)
    for name in ("crs", "bbox-crs", "filter-crs"):
        parameters[name] = {**parameters[name], "schema": {"type": "string", "format": "uri", "enum": offered}}
    one = "/collections/{collectionId}"
    paths = {
        "/": _get("landing", "The landing page.", JSON),
        "/conformance": _get("conformance", "What of the standards is there.", JSON),
        "/api": _get("api", "This document.", OPENAPI),
        "/collections": _get("collections", "The layers that you may see.", JSON),
        one: _get("collection", "One layer.", JSON, "collectionId"),
        f"{one}/queryables": _get("queryables", "What it can be filtered by.", SCHEMA, "collectionId"),
        f"{one}/schema": _get("schema", "What its features have.", SCHEMA, "collectionId"),
        f"{one}/items": _get("items", "A page of features.", GEOJSON, "collectionId", *ITEMS),
        f"{one}/items/{{featureId}}": _get("item", "One feature.", GEOJSON, "collectionId", "featureId", "crs"),
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Curbstop layers", "version": "1", "description": "OGC API Features."},
        "servers": [{"url": root}],
        "security": [{"layer_key": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "parameters": parameters,
            "schemas": {"Problem": {"type": "object", "properties": {"code": {"enum": sorted(PROBLEMS)}}}},
            "securitySchemes": {
                "layer_key": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _get(name: str, about: str, media_type: str, *parameters: str) -> Json:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers: Json = {"200": {"description": about, "content": {media_type: {"schema": {"type": "object"}}}}}
    answers |= {status: {"description": words, "content": problem} for status, words in _REFUSALS.items()}
    return {
        "get": {
            "operationId": name,
            "summary": about,
            "parameters": [{"$ref": f"#/components/parameters/{one}"} for one in parameters],
            "responses": answers,
        }
    }


_REFUSALS: Final = {
    "400": "A parameter is not valid.", "401": "Sign in.", "403": "Not for you.", "404": "There is nothing here.",
    "500": "Something went wrong.",
}  # fmt: skip
