"""Snapshots that a first sync begins with: the list for this tablet, and the files, whole or by ranges of bytes."""

from typing import Any

from flask import Response

from api.core import Answer, Blueprint, actor, files, reading
from api.core.context import context
from api.core.schemas import Many, Moment, Part, Text, Whole
from curbstop.queries import tablets as queries
from sync import snapshots

blp = Blueprint("snapshots", "snapshots", url_prefix="/sync/v1/snapshots", description="Where a first sync begins.")

MEDIA_TYPE = "application/zstd"


class SnapshotAnswer(Answer):
    bucket = Text("Whose rows.", "route:0192f4a0-7c1e-7d2a-8f00-000000000061")
    seq = Whole("As of which change.", 4711, most=2**63 - 1)
    sha256 = Text("Of the file, and its name.")
    size = Whole("Of the file, in bytes.", 250_000, most=2**63 - 1)
    rows = Whole("Rows in it.", 5_000)
    built_at = Moment("When.")
    resume = Text("To be sent with the pull that goes on from it.")


class SnapshotsAnswer(Answer):
    snapshots = Many(Part(SnapshotAnswer, "A snapshot."), "The newest of each bucket that has one.")


@blp.operation("GET", "", answer=SnapshotsAnswer, problems=("tablet_required",))
def list_snapshots() -> dict[str, Any]:
    """What a first sync of this tablet may begin with."""
    queries.syncing(actor())
    with reading() as session:
        return {"snapshots": snapshots.offered(session, actor(), context().settings)}


@blp.operation(
    "GET",
    "/<string:sha256>",
    status=200,
    problems=("tablet_required", "range_not_satisfiable"),
    doc={"responses": files.answers(MEDIA_TYPE)},
)
def get_snapshot(sha256: str) -> Response:
    """A snapshot's bytes: NDJSON in zstd. A broken download goes on with Range and If-Range."""
    queries.syncing(actor())
    with reading() as session:
        path = snapshots.find(session, actor(), context().settings, sha256)
    return files.send(path, sha256, MEDIA_TYPE)
