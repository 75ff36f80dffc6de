"""Blobs as objects of an S3-compatible bucket. Credentials come from the standard AWS variables, and are never told."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from curbstop.domain.problems import Problem

T = TypeVar("T")
PIECE = 256 * 1024
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class Bucket:
    """`s3://bucket/prefix`; `endpoint` is the URL of a store that is not Amazon's."""

    def __init__(self, url: str, endpoint: str = "") -> None:
        parts = urlsplit(url)
        self.bucket = parts.netloc
        self.prefix = parts.path.strip("/")
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "max_attempts": 3},
                # A store of one's own rarely has a name in the DNS for each bucket.
                s3={"addressing_style": "path"} if endpoint else {},
                # Our own SHA-256 goes along with every put; older stores stumble over the checksums that boto3 adds.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def key_of(self, sha256: str) -> str:
        """The object's name in the bucket."""
        return "/".join(part for part in (self.prefix, sha256[:2], sha256) if part)

    def size(self, sha256: str) -> int | None:
        def ask() -> int | None:
            return int(self._client.head_object(Bucket=self.bucket, Key=self.key_of(sha256))["ContentLength"])

        return _answered(ask, missing=lambda: None)

    def take(self, file: Path, sha256: str) -> None:
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()

        def put() -> None:
            with file.open("rb") as body:
                # The store compares the hash itself, so a byte that changes on the way is refused, not stored.
                self._client.put_object(Bucket=self.bucket, Key=self.key_of(sha256), Body=body, ChecksumSHA256=checksum)

        _answered(put)
        file.unlink()

    def read(self, sha256: str, start: int = 0, count: int | None = None) -> Iterator[bytes]:
        if count == 0:
            return iter(())
        end = "" if count is None else str(start + count - 1)
        how = {"Range": f"bytes={start}-{end}"} if start or count is not None else {}

        def get() -> Any:
            return self._client.get_object(Bucket=self.bucket, Key=self.key_of(sha256), **how)["Body"]

        body = _answered(get, missing=_not_here)

        def pieces() -> Iterator[bytes]:
            try:
                yield from body.iter_chunks(PIECE)
            finally:
                body.close()

        return pieces()


def _answered(ask: Callable[[], T], missing: Callable[[], T] | None = None) -> T:
    """What the store says; `missing()` when it has no such object; Problem(`files_unreachable`) otherwise."""
    try:
        return ask()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if missing is not None and code in _MISSING:
            return missing()
        # Only the code: the whole message of some stores repeats the request, with the key id.
        raise Problem("files_unreachable", f"The photo store refused ({code}).") from None
    except BotoCoreError as error:
        raise Problem("files_unreachable", f"The photo store does not answer ({type(error).__name__}).") from None


def _not_here() -> Any:
    raise Problem("not_found", "The bytes are not here.")
