"""Parts that arrive: what is kept of a chunk, and who may write."""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from curbstop.blobs.parts import Checksum, CutOffError, Parts
from curbstop.domain.problems import Problem


def cut_after(*pieces: bytes) -> Iterator[bytes]:
    yield from pieces
    raise CutOffError


def test_what_came_before_a_cut_is_kept(tmp_path: Path) -> None:
    """Clause 6.6."""
    with Parts(tmp_path).hold(uuid4()) as part:
        with pytest.raises(CutOffError):
            part.append(cut_after(b"one ", b"two "), 100, Checksum("sha1", b"never reached"))
        assert part.offset == 8
        part.append(iter([b"three"]), 100)
        assert part.path.read_bytes() == b"one two three"
        assert part.sha256() == hashlib.sha256(b"one two three").hexdigest()


def test_a_chunk_with_a_wrong_checksum_leaves_nothing(tmp_path: Path) -> None:
    """Clause 6.6."""
    with Parts(tmp_path).hold(uuid4()) as part:
        part.append(iter([b"good"]), 100, Checksum("md5", hashlib.md5(b"good").digest()))  # noqa: S324 - tus has it
        with pytest.raises(Problem, match="checksum_mismatch"):
            part.append(iter([b"bad"]), 100, Checksum("sha256", hashlib.sha256(b"other").digest()))
        assert part.path.read_bytes() == b"good"


def test_more_than_there_is_room_for_leaves_nothing(tmp_path: Path) -> None:
    with Parts(tmp_path).hold(uuid4()) as part:
        with pytest.raises(Problem, match="too_large"):
            part.append(iter([b"12345", b"6"]), 5)
        assert part.offset == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 6.6; /dev/full is a real device that has no room."""
    full = os.open("/dev/full", os.O_WRONLY)
    real, calls = os.write, []

    def write(handle: int, data: bytes) -> int:
        calls.append(handle)
        return real(handle if len(calls) == 1 else full, data)

    monkeypatch.setattr("curbstop.blobs.parts.os.write", write)
    with Parts(tmp_path).hold(uuid4()) as part:
        with pytest.raises(Problem, match="storage_full"):
            part.append(iter([b"first", b"second"]), 100)
        assert part.path.read_bytes() == b"first"
    os.close(full)


def test_one_request_at_a_time_holds_a_part(tmp_path: Path) -> None:
    """Clause 6.7."""
    parts, upload = Parts(tmp_path), uuid4()
    with parts.hold(upload) as part:
        assert not part.is_wanted
        with pytest.raises(Problem, match="upload_locked"), parts.hold(upload, patience_s=0):
            pass
        assert part.is_wanted
        with parts.hold(uuid4(), patience_s=0):
            pass
    with parts.hold(upload, patience_s=0) as part:
        assert not part.is_wanted
    assert not list(tmp_path.glob("*.lock"))


def test_writers_that_wait_for_each_other_never_mix_their_bytes(tmp_path: Path) -> None:
    """Clause 6.7: many threads, one part; each appends a whole chunk or nothing."""
    parts, upload = Parts(tmp_path), uuid4()

    def write(letter: bytes) -> None:
        for _ in range(20):
            with parts.hold(upload, patience_s=30) as part:
                part.append(iter([letter * 5, letter * 5]), 10)

    threads = [threading.Thread(target=write, args=(bytes([65 + n]),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    data = (tmp_path / f"{upload}.part").read_bytes()
    chunks = [data[start : start + 10] for start in range(0, len(data), 10)]
    assert len(chunks) == 80
    assert all(len(set(chunk)) == 1 for chunk in chunks)
