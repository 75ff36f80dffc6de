"""WatermelonDB's synchronize(): one address, GET to pull and POST to push."""

import json
import time
from collections.abc import Iterator
from typing import IO, Any

from flask import Response
from marshmallow import EXCLUDE, ValidationError

from api.core import Blueprint, Body, Query, actor, writing
from api.core.bodies import invalid
from api.core.context import context
from api.core.document import RETRY_AFTER
from api.core.handovers import hand_over
from api.core.schemas import INT64, Free, Many, Text, Whole
from api.core.streams import PIECE, kept, never_stall
from curbstop.commands import tablets as commands
from curbstop.queries import tablets as queries
from sync import push, scope
from sync.adapters import watermelondb

blp = Blueprint("watermelondb", "watermelondb", url_prefix="/compat/watermelondb", description="For WatermelonDB.")

PUSH_BYTES = 1024 * 1024
# How long an answer may be read.
LONGEST_S = 600.0


class WatermelonQuery(Query):
    last_pulled_at = Text("The last timestamp; none or `null` for everything.", "null", longest=20, load_default="null")
    schema_version = Whole("The app's own schema version; not read.", 1, strict=False, load_default=1)
    migration = Text(
        "What synchronize() says of added tables and columns, as JSON.", longest=8_000, load_default="null"
    )


class ChangedTable(Body):
    """The local changes of a table."""

    class Meta:
        unknown = EXCLUDE

    created = Many(Free("A raw record."), "Created here.", load_default=[])
    updated = Many(Free("A raw record."), "Changed here.", load_default=[])


class WatermelonBody(Body):
    class Meta:
        unknown = EXCLUDE

    changes = Free("By table: what was created, updated and deleted.", required=True)
    last_pulled_at = Whole("The last timestamp; not read.", least=0, most=INT64, load_default=None, allow_none=True)


_ANSWER = {
    "200": {"description": "`changes` by table, and `timestamp`.", "content": {"application/json": {}}},
    "503": {"headers": {"Retry-After": RETRY_AFTER}},
}


@blp.operation(
    "GET",
    "/sync",
    query=WatermelonQuery,
    status=200,
    problems=("tablet_required", "unavailable"),
    doc={"responses": _ANSWER},
)
def pull_watermelondb(query: dict[str, Any]) -> Response:
    """What changed since the last pull; after a migration also all rows of the tables that it added to."""
    me, found = actor(), context()
    queries.syncing(me)
    last, backfill = _number(query["last_pulled_at"]), _backfill(query["migration"])
    hand_over(found, me)
    give_back = found.turns.take()
    try:
        with found.sessions.read() as session:
            pull = watermelondb.pull(session, me, found.settings, last, backfill)
            text = kept(_text(pull, replaces=pull.replaces and last is not None), found.turns.paced)
    finally:
        give_back()
    response = Response(_pieces(text), mimetype="application/json")
    response.call_on_close(text.close)
    never_stall()
    return response


def _pieces(text: IO[bytes]) -> Iterator[bytes]:
    """The answer as it is read; one that takes too long is broken off, for its reader holds a thread."""
    ends = time.monotonic() + LONGEST_S
    with text:
        while piece := text.read(PIECE):
            if time.monotonic() > ends:
                raise TimeoutError("a pull was read too slowly")
            yield piece


def _text(pull: watermelondb.Pull, *, replaces: bool) -> Iterator[str]:
    """The answer, piece by piece: a first sync does not have to fit into memory."""
    yield '{"changes":{'
    for number, table in enumerate(watermelondb.TABLES):
        yield f'{"," if number else ""}"{table}":{{"created":[],"updated":['
        for count, record in enumerate(pull.updated(table)):
            yield ("," if count else "") + json.dumps(record, ensure_ascii=False)
        yield f'],"deleted":{json.dumps(pull.deleted(table))}}}'
    strategy = ',"experimentalStrategy":"replacement"' if replaces else ""
    yield f'}},"timestamp":{pull.timestamp}{strategy}}}'


@blp.operation("POST", "/sync", body=WatermelonBody, most_bytes=PUSH_BYTES, problems=("tablet_required", "too_large"))
def push_watermelondb(body: dict[str, Any]) -> Response:
    """Turn local changes into ops. All are kept, so all were pushed; the next pull shows what became of them.

    Records of the table `op` are ops that the app noted itself. What was deleted locally says nothing here.
    """
    me, found = actor(), context()
    queries.syncing(me)
    changes = {}
    for table, changed in body["changes"].items():
        try:
            changes[table] = ChangedTable().load(changed)
        except ValidationError:
            raise invalid("body", f"changes.{table}", "Not the changes of a table.") from None
    if sum(len(one["created"]) + len(one["updated"]) for one in changes.values()) > push.MOST_OPS:
        raise invalid("body", "changes", f"At most {push.MOST_OPS} records.")
    refused = watermelondb.push(found.sessions, me, found.settings, changes)
    if refused:
        with writing() as work:
            commands.send_again(work, refused, scope.buckets_of(work.session, me))
    return Response(status=204)


def _number(text: str) -> int | None:
    if text == "null":
        return None
    if not text.isdecimal() or not text.isascii():
        raise invalid("query", "last_pulled_at", "Not a timestamp of this server.")
    return int(text)


def _backfill(text: str) -> frozenset[str]:
    """The tables that a migration added, or added columns to."""
    try:
        said = json.loads(text) or {}
        return frozenset([*said["tables"], *(one["table"] for one in said["columns"])]) if said else frozenset()
    except (ValueError, TypeError, KeyError, RecursionError):
        raise invalid("query", "migration", "Not what synchronize() says of a migration.") from None
