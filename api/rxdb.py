"""RxDB's HTTP replication: pull and push by collection. Its `pull.stream$` is fed from `/sync/v1/stream`."""

from typing import Any

from marshmallow import EXCLUDE

from api.core import Answer, Blueprint, Body, Query, actor, reading
from api.core.context import context
from api.core.handovers import hand_over
from api.core.schemas import Free, Many, Part, Text, Whole
from curbstop.domain.problems import Problem
from curbstop.queries import tablets as queries
from sync import push
from sync.adapters import rxdb

blp = Blueprint("rxdb", "rxdb", url_prefix="/compat/rxdb", description="For RxDB's HTTP replication.")

PUSH_BYTES = 1024 * 1024


class RxdbPullQuery(Query):
    checkpoint = Text("What the last pull answered; none for everything.", longest=8_000, load_default=None)
    limit = Whole("At most so many documents.", 100, least=1, most=1000, strict=False, load_default=100)


class RxdbPullAnswer(Answer):
    documents = Many(Free("A row with `id`, `row_version` and `_deleted`."), "What was touched.")
    checkpoint = Text("Send it with the next pull.")


class WrittenRow(Body):
    """A document as it was known, and as it is to be."""

    class Meta:
        unknown = EXCLUDE

    assumedMasterState = Free("What the client took for the server's.", load_default=None, allow_none=True)  # noqa: N815
    newDocumentState = Free("What the client made of it.", required=True)  # noqa: N815


class RxdbPushBody(Body):
    rows = Many(Part(WrittenRow, "A change."), "At most 200.", most=push.MOST_OPS, required=True)


class RxdbPushAnswer(Answer):
    conflicts = Many(Free("A document as it is here."), "What did not become what was asked for.")


def _known(collection: str) -> str:
    if collection not in rxdb.COLLECTIONS:
        raise Problem("not_found", f"There is no collection {collection}.")
    return collection


@blp.operation(
    "GET", "/<string:collection>/pull", query=RxdbPullQuery, answer=RxdbPullAnswer,
    problems=("tablet_required", "invalid_cursor", "history_changed"),
)  # fmt: skip
def pull_rxdb(collection: str, query: dict[str, Any]) -> dict[str, Any]:
    """The documents of a collection that were touched since the checkpoint."""
    me, found = actor(), context()
    queries.syncing(me)
    _known(collection)
    if rxdb.begins(found.settings, query["checkpoint"]):
        hand_over(found, me)
    with reading() as session:
        documents, checkpoint = rxdb.pull(
            session, me, found.settings, collection, checkpoint=query["checkpoint"], limit=query["limit"]
        )
    return {"documents": documents, "checkpoint": checkpoint}


@blp.operation(
    "POST", "/<string:collection>/push", body=RxdbPushBody, answer=RxdbPushAnswer, most_bytes=PUSH_BYTES,
    problems=("tablet_required",),
)  # fmt: skip
def push_rxdb(collection: str, body: dict[str, Any]) -> dict[str, Any]:
    """Turn changed documents into ops; answer those that stayed as they are here.

    The collection `op` takes ops that the app noted itself.
    """
    me, found = actor(), context()
    queries.syncing(me)
    if collection != rxdb.OP:
        _known(collection)
    return {"conflicts": rxdb.push(found.sessions, me, found.settings, collection, body["rows"])}
