"""The maps that a tablet carries: fetched once, gone on with after a break, held against their names, let go of late.

The old pack of a square is drawn from until the new one is whole. One whose square left the tablet's scope stays for a
week: the crew that is done for today is often back tomorrow.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import requests

from curbstop.tablet.errors import Refused
from curbstop.tablet.store import Store

Call = Callable[..., requests.Response]
Pieces = Callable[[requests.Response], Iterator[bytes]]

KEPT: Final = timedelta(days=7)
# Without new work the list is asked for this often: a pack may have been made anew.
ASKED_EVERY: Final = timedelta(hours=1)


def is_due(store: Store, *, rows: int) -> bool:
    """Whether the list is worth asking for: rows came, a pack is not whole, or nobody has asked for an hour."""
    asked_at = store.fact("maps_asked_at")
    if rows or asked_at is None or store.query("SELECT 1 FROM map_pack WHERE NOT complete LIMIT 1"):
        return True
    return store.now_by_server() - datetime.fromisoformat(asked_at) >= ASKED_EVERY


def fetch_all(store: Store, call: Call, pieces: Pieces) -> int:
    """Fetches the packs that this tablet lacks; how many. Raises Offline, and goes on from there when called again."""
    try:
        offers = call("GET", "/sync/v1/map-packs").json()["packs"]
    except Refused as refused:
        if refused.status == 404:  # a server of before
            return 0
        raise
    _note(store, offers)
    lacking = {row["sha256"] for row in store.query("SELECT sha256 FROM map_pack WHERE NOT complete")}
    # Smallest first: every one that is whole is a piece of map.
    wanted = sorted((one for one in offers if one["sha256"] in lacking), key=lambda one: (one["size"], one["square"]))
    fetched = sum(_fetch(store, call, pieces, one) and _finish(store, one) for one in wanted)
    store.remember(maps_asked_at=store.now_by_server().isoformat())
    return fetched


def held(store: Store) -> list[dict[str, Any]]:
    """The packs to draw from: square, sha256, size, zooms."""
    columns = "square, sha256, size, least_zoom, deepest_zoom"
    return [dict(row) for row in store.query(f"SELECT {columns} FROM map_pack WHERE complete ORDER BY square")]  # noqa: S608 - our own words


def read(store: Store, sha256: str, offset: int, length: int) -> bytes:
    """Bytes of a pack, as a PMTiles reader asks for them."""
    rows = store.query(
        "SELECT at, bytes FROM map_piece WHERE sha256 = ? AND at < ? AND at + length(bytes) > ? ORDER BY at",
        sha256, offset + length, offset,
    )  # fmt: skip
    begin = rows[0]["at"] if rows else offset
    return b"".join(row["bytes"] for row in rows)[offset - begin : offset - begin + length]


def _note(store: Store, offers: list[dict[str, Any]]) -> None:
    """Puts down what the tablet is to carry, and lets go of what it has not been asked to for a week."""
    now = store.now_by_server()
    listed = json.dumps([offer["sha256"] for offer in offers])
    squares = json.dumps([offer["square"] for offer in offers])
    with store.transaction() as db:
        db.executemany(
            "INSERT INTO map_pack (sha256, square, size, least_zoom, deepest_zoom)"
            " VALUES (:sha256, :square, :size, :least_zoom, :deepest_zoom) ON CONFLICT DO NOTHING",
            offers,
        )
        db.execute("UPDATE map_pack SET left_at = NULL WHERE square IN (SELECT value FROM json_each(?))", (squares,))
        db.execute(
            "UPDATE map_pack SET left_at = ? WHERE left_at IS NULL AND square NOT IN (SELECT value FROM json_each(?))",
            (now.isoformat(), squares),
        )
        # What is not whole and not wanted any more is worth nothing.
        db.execute(
            "DELETE FROM map_pack WHERE left_at <= ?"
            " OR (NOT complete AND sha256 NOT IN (SELECT value FROM json_each(?)))",
            ((now - KEPT).isoformat(), listed),
        )
        db.execute("DELETE FROM map_piece WHERE sha256 NOT IN (SELECT sha256 FROM map_pack)")


def _fetch(store: Store, call: Call, pieces: Pieces, offer: Mapping[str, Any]) -> bool:
    """The file's bytes, from where a broken download got to; False when they are not to be had."""
    sha256 = offer["sha256"]
    [row] = store.query("SELECT coalesce(sum(length(bytes)), 0) AS n FROM map_piece WHERE sha256 = ?", sha256)
    here = int(row["n"])
    if here >= offer["size"]:
        return True
    headers = {"Range": f"bytes={here}-", "If-Range": f'"{sha256}"', "Accept-Encoding": "identity"}
    try:
        how = {"stream": True, "accept": "application/vnd.pmtiles", "headers": headers}
        response = call("GET", f"/sync/v1/map-packs/{sha256}", **how)
    except Refused as refused:
        if refused.status != 404:
            raise
        # The square has another pack by now, which the next list names.
        _forget(store, sha256)
        return False
    if response.status_code != 206:
        _forget_pieces(store, sha256)
        here = 0
    for piece in filter(None, pieces(response)):
        with store.transaction() as db:
            db.execute("INSERT INTO map_piece VALUES (?, ?, ?)", (sha256, here, piece))
        here += len(piece)
    return True


def _finish(store: Store, offer: Mapping[str, Any]) -> bool:
    """Takes the pack into use in the place of its square's old one, if it is what its name says; else forgets it."""
    sha256 = offer["sha256"]
    if hashlib.sha256(read(store, sha256, 0, offer["size"] + 1)).hexdigest() != sha256:
        _forget_pieces(store, sha256)
        return False
    with store.transaction() as db:
        db.execute("UPDATE map_pack SET complete = 1 WHERE sha256 = ?", (sha256,))
        db.execute("DELETE FROM map_pack WHERE square = ? AND sha256 <> ?", (offer["square"], sha256))
        db.execute("DELETE FROM map_piece WHERE sha256 NOT IN (SELECT sha256 FROM map_pack)")
    return True


def _forget(store: Store, sha256: str) -> None:
    with store.transaction() as db:
        db.execute("DELETE FROM map_pack WHERE sha256 = ?", (sha256,))
        db.execute("DELETE FROM map_piece WHERE sha256 = ?", (sha256,))


def _forget_pieces(store: Store, sha256: str) -> None:
    with store.transaction() as db:
        db.execute("DELETE FROM map_piece WHERE sha256 = ?", (sha256,))
