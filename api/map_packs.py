"""Map packs: which of them a tablet carries, their bytes whole or by ranges, and for the office how far they are."""

from typing import Any

from flask import Response

from api.core import Answer, Blueprint, actor, files, reading
from api.core.context import context
from api.core.schemas import Many, Moment, Number, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.queries import map_packs as queries
from curbstop.queries import tablets
from geo.packs import MEDIA_TYPE
from sync import map_packs

blp = Blueprint("map_packs", "map_packs", description="Maps for where no network is.")


class MapPackAnswer(Answer):
    square = Text("Which square of the map: zoom, column and row.", "13/2298/3215")
    sha256 = Text("Of the file, and its name.")
    size = Whole("Of the file, in bytes.", 158_000, most=2**63 - 1)
    bounds = Many(Number("Degrees.", -78.9), "West, south, east, north.")
    least_zoom = Whole("The first zoom that is in it.", 13)
    deepest_zoom = Whole("The last zoom that is in it; enlarge its tiles beyond.", 16)
    built_at = Moment("When.")


class MapPacksAnswer(Answer):
    packs = Many(Part(MapPackAnswer, "A pack."), "Those of the squares on which this tablet has places.")


class MapPackProgressAnswer(Answer):
    squares = Whole("Squares of the map on which anything lies.", 40)
    waiting = Whole("Those whose pack is still to be made, or to be made anew.", 3)
    packs = Whole("Packs that tablets can have.", 37)
    bytes = Whole("All of them together.", 4_200_000, most=2**63 - 1)
    built_at = Moment("When the last one was made.", **NULL)


@blp.operation("GET", "/map-packs", answer=MapPackProgressAnswer)
def get_map_pack_progress() -> dict[str, Any]:
    """How far the map packs are. They are made by themselves, some minutes after streets or hydrants changed."""
    with reading() as session:
        return queries.progress(session, actor())


@blp.operation("GET", "/sync/v1/map-packs", answer=MapPacksAnswer, problems=("tablet_required",))
def list_map_packs() -> dict[str, Any]:
    """The map packs that this tablet is to carry."""
    tablets.syncing(actor())
    with reading() as session:
        return {"packs": map_packs.offered(session, actor(), context().settings)}


@blp.operation(
    "GET",
    "/sync/v1/map-packs/<string:sha256>",
    status=200,
    problems=("tablet_required", "range_not_satisfiable"),
    doc={"responses": files.answers(MEDIA_TYPE)},
)
def get_map_pack(sha256: str) -> Response:
    """A map pack's bytes: PMTiles. A broken download goes on with Range and If-Range."""
    tablets.syncing(actor())
    with reading() as session:
        path = map_packs.find(session, actor(), context().settings, sha256)
    return files.send(path, sha256, MEDIA_TYPE)
