"""A first sync begins with files that the server has ready: fetched in pieces, held against their names, then staged.

What is staged looks like a pull that broke off just before its end, so the pull that follows brings what changed since
and makes all of it visible at once. Whatever is wrong with a file, the pull does without it.
"""

import hashlib
import io
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
import zstandard

from curbstop.tablet.errors import Refused
from curbstop.tablet.store import Store

Call = Callable[..., requests.Response]
Pieces = Callable[[requests.Response], Iterator[bytes]]


def stage_snapshots(store: Store, call: Call, pieces: Pieces) -> None:
    """Stages the snapshots of this tablet's large buckets; raises Offline, and goes on from there when called again."""
    if store.fact("no_snapshots"):
        return
    try:
        offers = call("GET", "/sync/v1/snapshots").json()["snapshots"]
    except Refused as refused:
        if refused.status == 404:  # a server of before
            return
        raise
    wanted = json.dumps([offer["sha256"] for offer in offers])
    with store.transaction() as db:
        db.execute("DELETE FROM download WHERE sha256 NOT IN (SELECT value FROM json_each(?))", (wanted,))
    for offer in offers:
        begun = store.query("SELECT 1 FROM staged WHERE bucket = ? LIMIT 1", offer["bucket"])
        if not begun and _fetch(store, call, pieces, offer):
            _stage(store, offer)


def do_without(store: Store) -> None:
    """The server did not take what a snapshot led to: until the tablet is complete it pulls everything live."""
    store.remember(no_snapshots=True)


def _fetch(store: Store, call: Call, pieces: Pieces, offer: Mapping[str, Any]) -> bool:
    """The file's bytes, from where a broken download got to; False when they are not to be had."""
    sha256 = offer["sha256"]
    here = store.query("SELECT coalesce(sum(length(bytes)), 0) AS n FROM download WHERE sha256 = ?", sha256)[0]["n"]
    if here >= offer["size"]:
        return True
    # An If-Range that does not fit would get the whole file; the status says which it is.
    headers = {"Range": f"bytes={here}-", "If-Range": f'"{sha256}"', "Accept-Encoding": "identity"}
    try:
        response = call("GET", f"/sync/v1/snapshots/{sha256}", stream=True, accept="application/zstd", headers=headers)
    except Refused:
        # It was taken back meanwhile, or the bucket is another's.
        _forget(store, sha256)
        return False
    if response.status_code != 206:
        _forget(store, sha256)
        here = 0
    for piece in pieces(response):
        with store.transaction() as db:
            db.execute("INSERT INTO download VALUES (?, ?, ?)", (sha256, here, piece))
        here += len(piece)
    return True


def _stage(store: Store, offer: Mapping[str, Any]) -> None:
    parts = store.query("SELECT bytes FROM download WHERE sha256 = ? ORDER BY at", offer["sha256"])
    data = b"".join(part["bytes"] for part in parts)
    if hashlib.sha256(data).hexdigest() == offer["sha256"]:
        with store.transaction() as db:
            _stage_lines(db, data, offer)
    _forget(store, offer["sha256"])


def _stage_lines(db: sqlite3.Connection, data: bytes, offer: Mapping[str, Any]) -> None:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as reader:
        for line in io.TextIOWrapper(reader, encoding="utf-8"):
            part = json.loads(line)
            if "data" in part and part["data"]["bucket"] == offer["bucket"]:
                content = json.dumps({**part["data"], "next": offer["resume"]})
                db.execute(
                    "INSERT INTO staged (bucket, next, content) VALUES (?, ?, ?)",
                    (offer["bucket"], offer["resume"], content),
                )


def _forget(store: Store, sha256: str) -> None:
    with store.transaction() as db:
        db.execute("DELETE FROM download WHERE sha256 = ?", (sha256,))
