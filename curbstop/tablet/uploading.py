"""Sends photos by tus: from where the last connection broke, in chunks with a checksum, until the server has all."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from curbstop.tablet.errors import Offline, Refused
from curbstop.tablet.store import Store

CHUNK = 1024 * 1024
_UPLOADS = "/sync/v1/uploads"
_ATTACHMENTS = "/sync/v1/attachments"
_TYPE = "application/offset+octet-stream"
_TUS = {"Tus-Resumable": "1.0.0"}
# So many answers in a row that bring the upload no further end it for this round.
_DETOURS = 5
# Any final verdict: what was parked or quarantined the office may have settled meanwhile, so the server is asked.
_SENDABLE = ("applied", "merged", "superseded_noop", "duplicate", "parked", "quarantined")

# `Client._call`: sends as whoever is signed in, and raises Refused or Offline.
Call = Callable[..., requests.Response]


@dataclass(frozen=True, slots=True)
class Photo:
    """What is to be sent."""

    id: str
    media_type: str
    sha256: str
    content: bytes


def send_all(store: Store, call: Call) -> int:
    """All thumbnails first, then photo by photo; how many were stored. One that is refused holds up no other."""
    refusals = _send_thumbnails(store, call)
    sent = 0
    for photo in _waiting(store):
        try:
            sent += _send(store, call, photo)
        except Refused as refused:
            if refused.status >= 500:
                raise
            refusals.append(refused)
    if refusals:
        raise refusals[0]
    return sent


def _send(store: Store, call: Call, photo: Photo) -> int:
    """Whether the server has exactly this photo now; only then the tablet's own copy goes."""
    if not _is_declared(call, photo):
        return 0
    _Upload(call, photo).run()
    there = call("GET", f"{_ATTACHMENTS}/{photo.id}").json()
    if not there["stored"] or there["sha256"] != photo.sha256:
        return 0
    with store.transaction() as db:
        db.execute(
            "UPDATE attachment SET stored = 1, bytes = NULL, thumbnail = NULL WHERE attachment_id = ?", (photo.id,)
        )
    return 1


class _Upload:
    """One photo on its way."""

    def __init__(self, call: Call, photo: Photo) -> None:
        self.call, self.photo, self.url = call, photo, f"{_UPLOADS}/{photo.id}"

    def run(self) -> None:
        """Goes on until everything is there, or raises Offline or Refused."""
        size, detours = len(self.photo.content), 0
        offset = self._where()
        while offset < size:
            before = offset
            try:
                offset = self._append(offset)
            except Refused as refused:
                # 404, 410: gone. 409, 423: somewhere else than we thought. 460: damaged on the way.
                if refused.status not in {404, 409, 410, 423, 460} or detours >= _DETOURS:
                    raise
                offset = self._where()
            detours = 0 if offset > before else detours + 1

    def _where(self) -> int:
        try:
            answer = self.call("HEAD", self.url, headers=_TUS)
        except Refused as refused:
            if refused.status not in {404, 410}:
                raise
            answer = self._create()
        return _offset(answer)

    def _create(self) -> requests.Response:
        said = {"attachment_id": self.photo.id, "filetype": self.photo.media_type}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
        headers = {**_TUS, "Upload-Length": str(len(self.photo.content)), "Upload-Metadata": metadata}
        # An empty body, so that a length is said, which some networks insist on.
        return self.call("POST", _UPLOADS, body=b"", media_type="application/octet-stream", headers=headers)

    def _append(self, offset: int) -> int:
        chunk = self.photo.content[offset : offset + CHUNK]
        checksum = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
        headers = {**_TUS, "Upload-Offset": str(offset), "Upload-Checksum": f"sha256 {checksum}"}
        answer = self.call("PATCH", self.url, body=chunk, media_type=_TYPE, headers=headers)
        return _offset(answer)


def _offset(answer: requests.Response) -> int:
    """Where the server says that the upload is; Offline when the line broke before it said so."""
    said = answer.headers.get("Upload-Offset", "")
    if not said.isdigit():
        raise Offline("the line broke in the middle of the answer's head")
    return int(said)


def _send_thumbnails(store: Store, call: Call) -> list[Refused]:
    refusals = []
    for row in _query(store, "attachment_id, thumbnail", "thumbnail IS NOT NULL"):
        path = f"{_ATTACHMENTS}/{row['attachment_id']}/thumbnail"
        try:
            call("PUT", path, body=row["thumbnail"], media_type="application/octet-stream")
        except Refused as refused:
            if refused.status == 404:
                continue  # its declaration is parked
            if refused.status >= 500:
                raise
            # It is only a convenience: the server makes another from the photo.
            refusals.append(refused)
        with store.transaction() as db:
            db.execute("UPDATE attachment SET thumbnail = NULL WHERE attachment_id = ?", (row["attachment_id"],))
    return refusals


def _is_declared(call: Call, photo: Photo) -> bool:
    try:
        call("GET", f"{_ATTACHMENTS}/{photo.id}")
    except Refused as refused:
        if refused.status != 404:
            raise
        return False
    return True


def _waiting(store: Store) -> Iterator[Photo]:
    """One photo's bytes at a time: hundreds of them would not fit into a tablet's memory."""
    for row in _query(store, "attachment_id, media_type, sha256", "bytes IS NOT NULL"):
        kept = store.query("SELECT bytes FROM attachment WHERE attachment_id = ?", row["attachment_id"])
        yield Photo(row["attachment_id"], row["media_type"], row["sha256"], kept[0]["bytes"])


def _query(store: Store, columns: str, condition: str) -> list[Any]:
    marks = ", ".join("?" for _ in _SENDABLE)
    return store.query(
        f"SELECT {columns} FROM attachment JOIN verdict USING (op_id)"  # noqa: S608 - our own words
        f" WHERE stored = 0 AND {condition} AND verdict.verdict IN ({marks}) ORDER BY n",
        *_SENDABLE,
    )
