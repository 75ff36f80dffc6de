"""Files that first syncs begin with: a whole bucket as of one moment, built once, sent to many, resumable by byte.

A snapshot is NDJSON in zstd, named by its SHA-256 and never altered:

    {"snapshot": {"version": 1, "bucket", "history_id", "seq", "rows", "digest"}}
    {"data": {"bucket", "reset", "rows": [...]}}        as in a pull
    {"snapshot_complete": {"rows"}}

The tablet stages it like the data lines of a pull that broke off, and pulls on from there: with the mark that the list
gives it for its snapshot.
"""

import hashlib
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

import zstandard
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.commands import snapshots as commands
from curbstop.commands.work import Work, system_work
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.models.change_log import ChangeLog, SyncHistory
from curbstop.models.engine import Sessions
from curbstop.models.snapshot import Snapshot
from curbstop.settings import Settings
from sync import cursor as cursors
from sync import digest, pull, scope

FORMAT = 1
LEVEL = 9
_NAME = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Built:
    """A file that was written and is offered to nobody yet."""

    bucket: str
    history_id: UUID
    seq: int
    sha256: str
    size: int
    rows: int


def write(sessions: Sessions, settings: Settings, bucket: str) -> Built | None:
    """Writes a snapshot of the bucket; None when a good one is there already.

    May be called any number of times. It reads in one snapshot of the database and holds nobody up.
    """
    folder = settings.snapshots_dir
    folder.mkdir(parents=True, exist_ok=True)
    with sessions.read() as session:
        if not commands.is_due(session, bucket):
            return None
        history_id = session.scalars(select(SyncHistory.history_id)).one()
        seq = session.scalar(select(func.max(ChangeLog.seq))) or 0
        total = digest.of_buckets(session, [bucket])[bucket]
        head = {
            "version": FORMAT, "bucket": bucket, "history_id": str(history_id), "seq": seq, "rows": total.count,
            "digest": total.digest,
        }  # fmt: skip
        sha256, size = _write(folder, _texts(session, bucket, head))
    return Built(bucket, history_id, seq, sha256, size, total.count)


def keep(work: Work, built: Built | None) -> None:
    """Offers what was written to the bucket's tablets."""
    if built is not None:
        commands.keep(work, **asdict(built))


def build(sessions: Sessions, settings: Settings, bucket: str) -> str | None:
    """Both at once; the SHA-256."""
    built = write(sessions, settings, bucket)
    with sessions.write() as session:
        keep(system_work(session, settings), built)
    return built.sha256 if built else None


def offered(session: Session, actor: Actor, settings: Settings) -> list[dict[str, Any]]:
    """The newest snapshot of each of the actor's buckets that has one, with the mark to pull on from it."""
    wanted = scope.buckets_of(session, actor)
    newest: dict[str, Snapshot] = {}
    for row in session.scalars(commands.usable().where(Snapshot.bucket.in_(wanted)).order_by(Snapshot.seq)):
        if commands.path_of(settings.snapshots_dir, row.sha256).is_file():
            newest[row.bucket] = row
    return [
        {
            "bucket": bucket, "seq": row.seq, "sha256": row.sha256, "size": row.size, "rows": row.rows,
            "built_at": row.built_at,
            "resume": cursors.after_snapshot(row.history_id, actor.tablet_id, bucket, row.seq).encode(
                settings.secret_key
            ),
        }
        for bucket, row in newest.items()
    ]  # fmt: skip


def find(session: Session, actor: Actor, settings: Settings, sha256: str) -> Path:
    """The file, or Problem(`not_found`), also for a bucket that is not the actor's."""
    row = session.get(Snapshot, sha256) if _NAME.fullmatch(sha256) else None
    path = commands.path_of(settings.snapshots_dir, sha256)
    if row is None or row.bucket not in scope.buckets_of(session, actor) or not path.is_file():
        raise Problem("not_found", "There is no such snapshot for this tablet; pull without it.")
    return path


def _texts(session: Session, bucket: str, head: dict[str, Any]) -> Iterator[str]:
    yield json.dumps({"snapshot": head}) + "\n"
    reset, name = "true", json.dumps(bucket)
    for page in pull.whole(session, bucket):
        yield f'{{"data":{{"bucket":{name},"reset":{reset},"rows":[{",".join(page)}]}}}}\n'
        reset = "false"
    yield json.dumps({"snapshot_complete": {"rows": head["rows"]}}) + "\n"


def _write(folder: Path, texts: Iterator[str]) -> tuple[str, int]:
    """(SHA-256, bytes). The file is there whole, under the name of its content, or not at all."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            hashing = _Hashing(file)
            with zstandard.ZstdCompressor(level=LEVEL).stream_writer(cast(IO[bytes], hashing), closefd=False) as packer:
                for text in texts:
                    packer.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        sha256 = hashing.digest.hexdigest()
        part.replace(commands.path_of(folder, sha256))
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return sha256, hashing.size


class _Hashing(io.RawIOBase):
    """Passes bytes on, and knows what and how many they were."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self.digest, self.size = file, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)
