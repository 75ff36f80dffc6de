"""Photos that are still arriving: one file each, which only grows, held by one request at a time.

The file's length is the upload's offset; there is no second record of it that could say something else. The lock is
the operating system's, on a file beside it, so that it goes with a process that is killed. All API processes have to
see the same folder.
"""

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from curbstop.blobs.folder import sync
from curbstop.domain.problems import Problem

PATIENCE_S = 3.0
_LOOK_AGAIN_S = 0.05
_PIECE = 256 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class CutOffError(Exception):
    """The sender went away in the middle; what came before is kept."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the sender says that its chunk hashes to."""

    algorithm: str
    digest: bytes


class Part:
    """One upload's bytes so far, held by this request until `Parts.hold` ends."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path, self._lock = path, lock

    @property
    def offset(self) -> int:
        """How many bytes are here."""
        return _size(self.path)

    @property
    def is_wanted(self) -> bool:
        """Whether another request waits for this part: it is the same tablet, whose first connection has died."""
        return os.fstat(self._lock).st_size > 0

    def append(self, pieces: Iterator[bytes], most: int, checksum: Checksum | None = None) -> None:
        """Adds the pieces, durable when it returns or raises.

        A chunk that does not hash to its checksum, or is longer than `most`, leaves nothing behind. One that is cut
        off (`pieces` raises CutOffError) leaves what came: the hash of the whole decides in the end. Problems:
        checksum_mismatch, too_large, storage_full.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab", buffering=0) as file:
            start = file.tell()
            try:
                self._copy(pieces, file.fileno(), most, checksum)
            except Problem as problem:
                if problem.code != "storage_full":
                    file.truncate(start)
                raise
            finally:
                os.fsync(file.fileno())

    def _copy(self, pieces: Iterator[bytes], handle: int, most: int, checksum: Checksum | None) -> None:
        running = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        count = 0
        for piece in pieces:
            count += len(piece)
            if count > most:
                raise Problem("too_large", "More bytes than the upload's length leaves room for.")
            if running is not None:
                running.update(piece)
            _write(handle, piece)
        if running is not None and checksum is not None and running.digest() != checksum.digest:
            raise Problem("checksum_mismatch")

    def sha256(self) -> str:
        """The hash of what is here, read from the disk: it is what will be kept, not what once passed through."""
        running = hashlib.sha256()
        if self.path.exists():
            with self.path.open("rb") as file:
                while piece := file.read(_PIECE):
                    running.update(piece)
        return running.hexdigest()

    def secure(self) -> int:
        """The offset, all of it durable, even if the request that wrote it was killed before it saw to that."""
        if self.path.exists():
            sync(self.path)
        return self.offset

    def drop(self) -> None:
        """Forgets the bytes: the upload is at 0 again."""
        self.path.unlink(missing_ok=True)


class Parts:
    """The folder of what is arriving."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def hold(self, upload_id: UUID, patience_s: float = PATIENCE_S) -> Iterator[Part]:
        """The upload's part, for this request alone; Problem(`upload_locked`) when another keeps it longer."""
        self.root.mkdir(parents=True, exist_ok=True)
        path = self.root / f"{upload_id}.lock"
        lock = _locked(path, time.monotonic() + patience_s)
        try:
            yield Part(self.root / f"{upload_id}.part", lock)
        finally:
            # Removed while it is held: whoever waits for it notices that it has no name any more, and makes another.
            path.unlink(missing_ok=True)
            os.close(lock)

    def size(self, upload_id: UUID) -> int:
        """How many bytes are here, whoever is writing them."""
        return _size(self.root / f"{upload_id}.part")


def _locked(path: Path, until: float) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # One byte tells the holder that it is wanted; it looks when its own sender is silent.
            os.write(handle, b"w")
            os.close(handle)
            if time.monotonic() > until:
                raise Problem("upload_locked") from None
            time.sleep(_LOOK_AGAIN_S)
            continue
        if os.fstat(handle).st_nlink:
            os.ftruncate(handle, 0)
            return handle
        os.close(handle)


def _write(handle: int, piece: bytes) -> None:
    view = memoryview(piece)
    try:
        while view:
            view = view[os.write(handle, view) :]
    except OSError as error:
        if error.errno in _FULL:
            raise Problem("storage_full") from error
        raise


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
