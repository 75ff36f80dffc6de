"""Takes over what a pull brought: everything in one transaction, or nothing.

Lines are staged in the tablet's database as they come, so that a pull that breaks off goes on where it was; what the
tablet shows stays as it is until the last line is there.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from curbstop.tablet import outbox
from curbstop.tablet.errors import Offline
from curbstop.tablet.store import Store, body_crc


@dataclass(frozen=True, slots=True)
class Stream:
    """A pull that arrived whole; `data` may be read once."""

    checkpoint: dict[str, Any]
    data: Iterable[dict[str, Any]] = field(default_factory=list)
    cursor: str = ""


def stage(store: Store, lines: Iterable[bytes]) -> Stream | None:
    """Stages the data lines, each durably; the whole stream once checkpoint_complete is there.

    None when the server ended the answer early, with at least one line staged: go on at once. Raises Offline when it
    was cut; what was staged stays, and the next pull goes on from there.
    """
    checkpoint: dict[str, Any] | None = None
    staged = 0
    try:
        for line in lines:
            if not line.strip():
                continue
            part = json.loads(line)
            if "checkpoint" in part:
                checkpoint = part["checkpoint"]
                _drop_foreign(store, checkpoint)
            elif "data" in part:
                _stage_line(store, part["data"])
                staged += 1
            elif "checkpoint_complete" in part and checkpoint is not None:
                return Stream(checkpoint, _staged(store), part["checkpoint_complete"]["cursor"])
    except ValueError as error:
        raise Offline("the answer was cut off in the middle of a line") from error
    if staged:
        return None
    raise Offline("the answer ended before checkpoint_complete; nothing of it was taken")


def marks(store: Store) -> list[str]:
    """What a pull that broke off goes on from: the last mark of each bucket that is staged."""
    last = store.query("SELECT next FROM staged WHERE line IN (SELECT max(line) FROM staged GROUP BY bucket)")
    return [row["next"] for row in last]


def forget_staged(store: Store) -> bool:
    """Gives up a pull that is not complete; whether there was one."""
    with store.transaction() as db:
        return db.execute("DELETE FROM staged").rowcount > 0


def apply(store: Store, stream: Stream, *, whole: bool) -> int:
    """Takes the stream over, and forgets what was staged; returns how many rows it brought.

    `whole`: it was asked for without a cursor, so what it does not name is not ours.
    """
    checkpoint = stream.checkpoint
    count = 0
    with store.transaction() as db:
        if whole:
            db.execute("DELETE FROM bucket_row")
        for bucket in checkpoint.get("removed_buckets", ()):
            db.execute("DELETE FROM bucket_row WHERE bucket = ?", (bucket,))
        for part in stream.data:
            if part.get("reset"):
                db.execute("DELETE FROM bucket_row WHERE bucket = ?", (part["bucket"],))
            for row in part["rows"]:
                take_row(db, part["bucket"], row)
            count += len(part["rows"])
        db.execute("DELETE FROM staged")
        drop_orphans(db)
        outbox.settle(db, checkpoint["acked_through_n"])
        # What `integrity` holds this tablet's rows against.
        digests = {one["id"]: [one["count"], one["digest"]] for one in checkpoint.get("buckets", ()) if "digest" in one}
        store.remember(
            cursor=stream.cursor, history_id=checkpoint["history_id"], seq=checkpoint["seq"], digests=digests
        )
    return count


def _drop_foreign(store: Store, checkpoint: dict[str, Any]) -> None:
    """What is staged of buckets that are not ours any more goes: should they come back, they come from the start."""
    mine = json.dumps([bucket["id"] for bucket in checkpoint["buckets"]])
    with store.transaction() as db:
        db.execute("DELETE FROM staged WHERE bucket NOT IN (SELECT value FROM json_each(?))", (mine,))


def _stage_line(store: Store, data: dict[str, Any]) -> None:
    with store.transaction() as db:
        if data["reset"]:
            db.execute("DELETE FROM staged WHERE bucket = ?", (data["bucket"],))
        db.execute(
            "INSERT INTO staged (bucket, next, content) VALUES (?, ?, ?)",
            (data["bucket"], data["next"], json.dumps(data)),
        )


def _staged(store: Store) -> Iterator[dict[str, Any]]:
    """The lines that are staged, one at a time: a first sync may be larger than the tablet's memory."""
    line = 0
    while found := store.query("SELECT line, content FROM staged WHERE line > ? ORDER BY line LIMIT 1", line):
        line = found[0]["line"]
        yield json.loads(found[0]["content"])


def take_row(db: sqlite3.Connection, bucket: str, row: dict[str, Any]) -> None:
    """Takes one row of a bucket over, or lets go of it; afterwards `drop_orphans`."""
    key = (row["entity_type"], row["id"])
    if row.get("gone"):
        db.execute("DELETE FROM bucket_row WHERE bucket = ? AND entity_type = ? AND id = ?", (bucket, *key))
        return
    db.execute("INSERT OR IGNORE INTO bucket_row VALUES (?, ?, ?)", (bucket, *key))
    body = json.dumps(row["body"])
    db.execute(
        "INSERT INTO server_row (entity_type, id, version, body, body_crc) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (entity_type, id) DO UPDATE SET version = excluded.version, body = excluded.body,"
        " body_crc = excluded.body_crc, leaving = 0",
        (*key, row["version"], body, body_crc(body)),
    )


def drop_orphans(db: sqlite3.Connection) -> None:
    """Rows that no bucket holds go; those with unanswered ops stay readable until their verdicts are there."""
    orphan = (
        "NOT EXISTS (SELECT 1 FROM bucket_row AS held"
        " WHERE held.entity_type = server_row.entity_type AND held.id = server_row.id)"
    )
    working = "EXISTS (SELECT 1 FROM outbox WHERE aggregate = server_row.entity_type || '/' || server_row.id)"
    db.execute(f"UPDATE server_row SET leaving = 1 WHERE {orphan} AND {working}")  # noqa: S608 - constants above
    db.execute(f"DELETE FROM server_row WHERE {orphan} AND NOT {working}")  # noqa: S608 - constants above
    db.execute(f"UPDATE server_row SET leaving = 0 WHERE leaving = 1 AND NOT ({orphan})")  # noqa: S608
