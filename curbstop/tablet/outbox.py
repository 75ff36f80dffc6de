"""The outbox: what the technician did and the server has not finally answered, in the order it was done."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import uuid_utils

from curbstop.tablet import people, seal
from curbstop.tablet.store import Store

MOST_OPS = 200
MOST_BYTES = 1_000_000 - 2_000  # a megabyte, less the brackets and the beacon around the ops
WAITING = "waiting"
# No pull brings back what was read at a stop, so the tablet goes on showing it from its own memory.
_REMEMBERED = "stop.%"


def append(
    store: Store, kind: str, aggregate: str, args: Mapping[str, Any], base_version: int | None, *, kind_version: int = 1
) -> str:
    """Notes and seals an op durably and returns its id. Its content is fixed from here on; retries send these bytes."""
    with store.transaction() as db:
        n = (store.fact("last_n") or 0) + 1
        last = db.execute("SELECT op_id FROM chain WHERE aggregate = ?", (aggregate,)).fetchone()
        op_id = str(uuid_utils.uuid7())
        staff = store.fact("staff")
        content = json.dumps(
            {
                "op_id": op_id,
                "n": n,
                "kind": kind,
                "kind_version": kind_version,
                "aggregate": aggregate,
                "follows": last["op_id"] if last else None,
                "base_version": base_version,
                "base_seq": store.fact("seq"),
                "noted_at": _text(store.clock.now()),
                "boot_id": store.clock.boot_id(),
                "mono_ms": store.clock.mono_ms(),
                **({"by": staff["id"]} if staff else {}),
                "args": args,
            }
        )
        db.execute(
            "INSERT INTO outbox (n, op_id, kind, aggregate, content, signature) VALUES (?, ?, ?, ?, ?, ?)",
            (n, op_id, kind, aggregate, content, seal.sign(store, content)),
        )
        db.execute("INSERT OR REPLACE INTO chain VALUES (?, ?)", (aggregate, op_id))
        store.remember(last_n=n)
    return op_id


def next_batch(store: Store) -> list[str]:
    """The oldest ops without any answer, as the JSON texts that are sent: at most 200 and a megabyte, at least one."""
    batch: list[str] = []
    size = 0
    pending = store.query("SELECT content, signature FROM outbox WHERE state = 'pending' ORDER BY n LIMIT ?", MOST_OPS)
    for row in pending:
        sent = _sent(row["content"], row["signature"])
        size += len(sent.encode()) + 1
        if batch and size > MOST_BYTES:
            break
        batch.append(sent)
    return batch


def _sent(content: str, signature: str | None) -> str:
    return content if signature is None else json.dumps({"content": content, "signature": signature})


def take_verdicts(store: Store, verdicts: Iterable[Mapping[str, Any]]) -> int:
    """Keeps the answers and drops the ops that are finally answered, in one transaction; returns how many moved."""
    with store.transaction() as db:
        moved = sum(_take(db, verdict) for verdict in verdicts)
        _drop_what_left(db)
    return moved


def _take(db: sqlite3.Connection, verdict: Mapping[str, Any]) -> int:
    if verdict["verdict"] == WAITING:
        changed = db.execute(
            "UPDATE outbox SET state = 'waiting' WHERE op_id = ? AND state = 'pending'", (verdict["op_id"],)
        )
        return changed.rowcount
    result = verdict.get("result")
    db.execute(
        "INSERT OR IGNORE INTO verdict (op_id, n, kind, aggregate, content, verdict, code, detail, result, shown)"
        " SELECT op_id, n, kind, aggregate, content, ?, ?, ?, ?, 1 FROM outbox WHERE op_id = ?",
        (
            verdict["verdict"],
            verdict.get("code"),
            verdict.get("detail"),
            None if result is None else json.dumps(result),
            verdict["op_id"],
        ),
    )
    return db.execute("DELETE FROM outbox WHERE op_id = ?", (verdict["op_id"],)).rowcount


def settle(db: sqlite3.Connection, through_n: int) -> None:
    """A pull has brought the effects of every op up to a number; of a parked one, its conflict."""
    db.execute(
        "UPDATE verdict SET shown = 0 WHERE shown = 1 AND n <= ?"
        " AND (kind NOT LIKE ? OR verdict IN ('parked', 'quarantined'))",
        (through_n, _REMEMBERED),
    )
    _drop_what_left(db)


def _drop_what_left(db: sqlite3.Connection) -> None:
    """Rows that stayed only for their unanswered ops go once those are answered."""
    db.execute(
        "DELETE FROM server_row WHERE leaving = 1"
        " AND NOT EXISTS (SELECT 1 FROM outbox WHERE aggregate = server_row.entity_type || '/' || server_row.id)"
    )


def unanswered(store: Store) -> int:
    """How many ops have no final verdict yet."""
    count: int = store.query("SELECT count(*) AS many FROM outbox")[0]["many"]
    return count


def first_waiting(store: Store) -> int | None:
    """The number of the oldest op that the server has and has not answered, or None."""
    number: int | None = store.query("SELECT min(n) AS n FROM outbox WHERE state = 'waiting'")[0]["n"]
    return number


def verdicts(store: Store) -> list[dict[str, Any]]:
    """Every final answer so far, in the order of the ops: op_id, n, kind, aggregate, verdict, code, detail, result."""
    rows = store.query("SELECT op_id, n, kind, aggregate, verdict, code, detail, result FROM verdict ORDER BY n")
    return [{**row, "result": json.loads(row["result"]) if row["result"] else None} for row in map(dict, rows)]


def beacon(store: Store) -> dict[str, Any]:
    """What the tablet tells of its outbox, so that lost work is noticed in the office: everybody's, counted only."""
    rows = people.everybodys_outbox(
        store, "n, length(content) AS size, json_extract(content, '$.noted_at') AS noted_at"
    )
    return {
        "install_id": store.fact("install_id"),
        "outbox_count": len(rows),
        "oldest_op_at": rows[0]["noted_at"] if rows else None,
        "last_n": store.fact("last_n") or 0,
        "bytes_pending": sum(row["size"] for row in rows),
        "persisted": True,
    }


def clock(store: Store) -> dict[str, Any]:
    """The tablet's clocks as it sends, for the server to set its own beside them."""
    return {
        "sent_at": _text(store.clock.now()),
        "boot_id": store.clock.boot_id(),
        "mono_ms": store.clock.mono_ms(),
        "round_trip_ms": store.fact("round_trip_ms"),
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
