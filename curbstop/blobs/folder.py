"""Blobs as files in a folder, spread over 256 subfolders by the first byte of their hash."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from curbstop.domain.problems import Problem

PIECE = 256 * 1024


class Folder:
    """The store of an office that has one machine, or one shared file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, sha256: str) -> Path:
        """Where the blob lies, or would."""
        return self.root / sha256[:2] / sha256

    def size(self, sha256: str) -> int | None:
        try:
            return self.path_of(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def take(self, file: Path, sha256: str) -> None:
        target = self.path_of(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        sync(file)
        try:
            file.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # The folder is another file system: copied beside the target first, so that the name is whole or absent.
            beside = target.with_name(f".{sha256}.{os.getpid()}")
            shutil.copyfile(file, beside)
            sync(beside)
            beside.replace(target)
            file.unlink()
        # A name is durable only when its folder is.
        sync(target.parent)

    def read(self, sha256: str, start: int = 0, count: int | None = None) -> Iterator[bytes]:
        try:
            file = self.path_of(sha256).open("rb")
        except FileNotFoundError:
            raise Problem("not_found", "The bytes are not here.") from None

        def pieces() -> Iterator[bytes]:
            left = count
            with file:
                file.seek(start)
                while piece := file.read(PIECE if left is None else min(PIECE, left)):
                    left = None if left is None else left - len(piece)
                    yield piece

        return pieces()


def sync(path: Path) -> None:
    """What the path holds, a file's bytes or a folder's names, survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
