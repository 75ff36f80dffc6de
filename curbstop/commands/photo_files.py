"""The bytes of photos: one file for each content, named by its SHA-256, there whole or not at all."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from curbstop.domain.problems import Problem

_PIECE = 64 * 1024


def path_of(folder: Path, sha256: str) -> Path:
    """Where the content lies, or would."""
    return folder / sha256[:2] / sha256


def store(folder: Path, stream: BinaryIO, *, sha256: str, size: int) -> Path:
    """Writes the stream's bytes, a piece at a time; Problem(`hash_mismatch`) when they are not what was declared."""
    target = path_of(folder, sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _copy(stream, file, sha256=sha256, size=size)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return target


def _copy(stream: BinaryIO, file: BinaryIO, *, sha256: str, size: int) -> None:
    digest, count = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        count += len(piece)
        if count > size:
            break
        digest.update(piece)
        file.write(piece)
    if count != size or digest.hexdigest() != sha256:
        raise Problem("hash_mismatch", f"Declared were {size} bytes with SHA-256 {sha256}.")
