"""Takes over what a pull brought: everything in one transaction, or nothing."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from curbstop.tablet import outbox
from curbstop.tablet.errors import Offline
from curbstop.tablet.store import Store, body_crc


@dataclass(frozen=True, slots=True)
class Stream:
    """A pull that arrived whole."""

    checkpoint: dict[str, Any]
    data: list[dict[str, Any]] = field(default_factory=list)
    cursor: str = ""

    @property
    def row_count(self) -> int:
        return sum(len(part["rows"]) for part in self.data)


def read(lines: Iterable[bytes]) -> Stream:
    """Reads the lines up to checkpoint_complete; raises Offline when they end before it."""
    checkpoint: dict[str, Any] | None = None
    data: list[dict[str, Any]] = []
    try:
        for line in lines:
            if not line.strip():
                continue
            part = json.loads(line)
            if "checkpoint" in part:
                checkpoint = part["checkpoint"]
            elif "data" in part:
                data.append(part["data"])
            elif "checkpoint_complete" in part and checkpoint is not None:
                return Stream(checkpoint, data, part["checkpoint_complete"]["cursor"])
    except ValueError as error:
        raise Offline("the answer was cut off in the middle of a line") from error
    raise Offline("the answer ended before checkpoint_complete; nothing of it was taken")


def apply(store: Store, stream: Stream, *, whole: bool) -> None:
    """Takes the stream over. `whole`: it was asked for without a cursor, so what it does not name is not ours."""
    checkpoint = stream.checkpoint
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
        drop_orphans(db)
        outbox.settle(db, checkpoint["acked_through_n"])
        # What `integrity` holds this tablet's rows against.
        digests = {one["id"]: [one["count"], one["digest"]] for one in checkpoint.get("buckets", ()) if "digest" in one}
        store.remember(
            cursor=stream.cursor, history_id=checkpoint["history_id"], seq=checkpoint["seq"], digests=digests
        )


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
