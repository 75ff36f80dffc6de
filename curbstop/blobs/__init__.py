"""The store of photos' bytes: one blob for each content, named by its SHA-256, there whole or not at all.

`folder` keeps blobs on this machine, `bucket` in an S3-compatible store; CURBSTOP_FILES_URL says which. What arrives
piece by piece is gathered on disk by `parts`, whichever store takes it in the end.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from curbstop.blobs.folder import Folder
from curbstop.settings import Settings


class Blobs(Protocol):
    """What both stores do. Problem(`files_unreachable`) when the store does not answer."""

    def size(self, sha256: str) -> int | None:
        """How many bytes the blob has; None when it is not here."""

    def take(self, file: Path, sha256: str) -> None:
        """Takes over a complete file whose hash was verified; durable when it returns. The file is then gone."""

    def read(self, sha256: str, start: int = 0, count: int | None = None) -> Iterator[bytes]:
        """The bytes from `start`, at most `count` of them, in pieces; Problem(`not_found`) at once when not here."""


def blobs_of(settings: Settings) -> Blobs:
    """The store that the settings name."""
    if settings.files_url:
        return _bucket(settings.files_url, settings.files_endpoint)
    return Folder(settings.files_dir)


@lru_cache(maxsize=8)
def _bucket(url: str, endpoint: str) -> Blobs:
    # Loaded late: it costs as much as the rest of the API's start, and most offices keep their photos in a folder.
    from curbstop.blobs.bucket import Bucket  # noqa: PLC0415 - see above

    return Bucket(url, endpoint)
