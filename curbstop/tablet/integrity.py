"""Proves that this tablet holds what the server thinks it holds, and fetches just the rows that differ.

A checkpoint tells each bucket's digest. The tablet sums up its own rows; where that differs, it asks for the sums of
ranges of ids, narrows down to the few rows concerned, and has them sent. Nothing is wiped: what is right stays
usable meanwhile, and the outbox is not touched.
"""

import hashlib
import re
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from curbstop.tablet import pulling
from curbstop.tablet.errors import Refused
from curbstop.tablet.store import Store, body_crc

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
Key = tuple[str, str]
Held = dict[Key, int]

# A range of so few rows is not narrowed further; the rows themselves are compared.
FEW = 32
_RANGES_AT_ONCE = 256
# A bucket that is not right after so many rounds is tried again at the next sync.
_ROUNDS = 4
_PULL_FIRST = ("pull_first", "history_changed", "invalid_cursor")
# Between two looks at every single row, in seconds; the sums are compared at every checkpoint.
_LOOK_EVERY_S = 6 * 3600
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def prove(store: Store, ask: Ask, *, every_row: bool = False) -> int:
    """Compares every bucket with the last checkpoint and repairs what differs; returns how many rows came.

    `complete` says from then on whether everything is there: until it does, a screen may show rows but must not say
    that they are all. May raise Offline at any point; the next call goes on.
    """
    looked_at, cursor = store.fact("looked_at") or 0, store.fact("cursor")
    every_row = every_row or not 0 <= time.time() - looked_at < _LOOK_EVERY_S
    if cursor is None or (store.fact("proved") == cursor and not every_row):
        return 0
    if every_row:
        store.remember(proved=None, looked_at=time.time())
        _drop_spoiled_rows(store)
    told: dict[str, list[Any]] = store.fact("digests") or {}
    came, sound = 0, True
    for bucket, (count, digest) in told.items():
        if _total(held(store, bucket)) != (count, digest):
            rows, whole = _repair_if_possible(store, ask, bucket)
            came += rows
            sound = sound and whole
    store.remember(complete=sound or None, proved=cursor if sound else None, no_snapshots=None)
    return came


def held(store: Store, bucket: str) -> Held:
    """The rows of a bucket with their versions."""
    found = store.query(
        "SELECT entity_type, id, version FROM bucket_row JOIN server_row USING (entity_type, id) WHERE bucket = ?",
        bucket,
    )
    return {(row["entity_type"], row["id"]): row["version"] for row in found}


def _repair_if_possible(store: Store, ask: Ask, bucket: str) -> tuple[int, bool]:
    try:
        return _repair(store, ask, bucket)
    except Refused as refused:
        if refused.code not in _PULL_FIRST:
            raise
    # The next pull sees to it: the bucket is another's by now, or the server's history another one.
    return 0, False


def _repair(store: Store, ask: Ask, bucket: str) -> tuple[int, bool]:
    """(rows that came, whether the bucket is right now)."""
    came = 0
    for _ in range(_ROUNDS):
        wrong = _differing(store, ask, bucket)
        if not wrong:
            return came, True
        for start in range(0, len(wrong), _RANGES_AT_ONCE):
            came += _fetch(store, ask, bucket, wrong[start : start + _RANGES_AT_ONCE])
    return came, not _differing(store, ask, bucket)


def _differing(store: Store, ask: Ask, bucket: str) -> list[str]:
    """The narrow ranges in which this tablet and the server differ, at the moment of this tablet's cursor."""
    mine = held(store, bucket)
    wide = [""]
    narrow: list[str] = []
    while wide:
        asked, wide = wide[:_RANGES_AT_ONCE], wide[_RANGES_AT_ONCE:]
        answer = ask("/sync/v1/digest", {"cursor": store.fact("cursor"), "bucket": bucket, "ranges": asked})
        still = _without(mine, answer["moved"])
        sums = _sums(still, [part["range"] for part in answer["ranges"]])
        for part in answer["ranges"]:
            count, digest = sums[part["range"]]
            if (count, digest) != (part["count"], part["digest"]):
                (narrow if max(count, part["count"]) <= FEW else wide).append(part["range"])
    return narrow


def _fetch(store: Store, ask: Ask, bucket: str, ranges: Sequence[str]) -> int:
    """Has the rows of these ranges sent that are missing here or differ; how many. Others may be left (`more`)."""
    endings = tuple(ranges)
    have = [
        {"entity_type": kind, "id": row_id, "version": version}
        for (kind, row_id), version in held(store, bucket).items()
        if row_id.replace("-", "").endswith(endings)
    ]
    body = {"cursor": store.fact("cursor"), "bucket": bucket, "ranges": list(ranges), "have": have}
    answer = ask("/sync/v1/repair", body)
    with store.transaction() as db:
        for row in answer["rows"]:
            pulling.take_row(db, bucket, row)
        pulling.drop_orphans(db)
    return len(answer["rows"])


def _drop_spoiled_rows(store: Store) -> None:
    """Lets go of rows that are not as they were written; the sums then tell that they are missing."""
    with store.transaction() as db:
        spoiled = [
            (row["entity_type"], row["id"])
            for row in db.execute("SELECT entity_type, id, version, body, body_crc FROM server_row")
            if not _as_written(row)
        ]
        for table in ("server_row", "bucket_row"):
            db.executemany(f"DELETE FROM {table} WHERE entity_type IS ? AND id IS ?", spoiled)  # noqa: S608
        stray = [
            (row["entity_type"], row["id"])
            for row in db.execute("SELECT DISTINCT entity_type, id FROM bucket_row")
            if not _is_key(row["entity_type"], row["id"])
        ]
        db.executemany("DELETE FROM bucket_row WHERE entity_type IS ? AND id IS ?", stray)


def _as_written(row: sqlite3.Row) -> bool:
    body, crc = row["body"], row["body_crc"]
    version = row["version"]
    good = isinstance(version, int) and 0 <= version < 2**31 and _is_key(row["entity_type"], row["id"])
    return good and isinstance(body, str) and crc in (None, body_crc(body))


def _is_key(entity_type: object, row_id: object) -> bool:
    good = isinstance(entity_type, str) and 0 < len(entity_type) <= 30 and isinstance(row_id, str)
    return good and _ID.fullmatch(str(row_id)) is not None


def _without(rows: Held, moved: Iterable[Mapping[str, Any]]) -> Held:
    left_out = {(one["entity_type"], one["id"]) for one in moved}
    return {key: version for key, version in rows.items() if key not in left_out}


def _total(rows: Held) -> tuple[int, str]:
    return _sums(rows, [""])[""]


def _sums(rows: Held, ranges: Collection[str]) -> dict[str, tuple[int, str]]:
    """(count, digest) of each range: four sums of 32 bits over the rows' checks."""
    lanes = {name: [0, 0, 0, 0, 0] for name in ranges}
    lengths = {len(name) for name in ranges}
    for (kind, row_id), version in rows.items():
        digits = row_id.replace("-", "")
        for length in lengths:
            mine = lanes.get(digits[len(digits) - length :])
            if mine is None:
                continue
            check = hashlib.sha256(f"{kind}/{row_id}/{version}".encode()).digest()
            mine[0] += 1
            for lane in range(4):
                mine[lane + 1] += int.from_bytes(check[4 * lane : 4 * lane + 4], "big")
    return {name: (count, "".join(f"{lane % 2**32:08x}" for lane in four)) for name, (count, *four) in lanes.items()}
