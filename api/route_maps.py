"""Route maps to print and to look at: the walk among its streets, and the list of its stops."""

from typing import Any
from uuid import UUID

from flask import Response

from api.core import Blueprint, Query, actor, reading
from api.core.schemas import Id
from curbstop.queries import route_maps as queries
from curbstop.typesetting import route_maps as sheets

blp = Blueprint("route maps", "route_maps", url_prefix="/maps", description="Routes on paper; no customer on them.")

PDF: dict[str, Any] = {
    "responses": {"200": {"description": "The map, and the list of stops.", "content": {"application/pdf": {}}}},
}
PNG: dict[str, Any] = {
    "responses": {"200": {"description": "The map.", "content": {"image/png": {}}}},
}


class RouteMapQuery(Query):
    version_id = Id("Another version than what is walked now, such as a draft.", load_default=None)


@blp.operation(
    "GET", "/route/<uuid:route_id>.pdf", query=RouteMapQuery, status=200, doc=PDF, problems=("not_found", "conflict")
)
def get_route_map_pdf(route_id: UUID, query: dict[str, Any]) -> Response:
    """The route on paper: the walk among its streets, and behind it every stop in the order of walking."""
    return Response(sheets.pdf(_data(route_id, query)), mimetype="application/pdf")


@blp.operation(
    "GET", "/route/<uuid:route_id>.png", query=RouteMapQuery, status=200, doc=PNG, problems=("not_found", "conflict")
)
def get_route_map_png(route_id: UUID, query: dict[str, Any]) -> Response:
    """The same map as a picture."""
    return Response(sheets.png(_data(route_id, query)), mimetype="image/png")


def _data(route_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    # Read first and set afterwards: no connection is held while Typst works.
    with reading() as session:
        return queries.of_route(session, actor(), route_id, query["version_id"])
