"""The store of photos means the same in a folder and in a bucket."""

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from curbstop.blobs import Blobs, blobs_of
from curbstop.domain.problems import Problem
from curbstop.settings import Settings, load
from tests.blobs.buckets import CREDENTIALS, s3_endpoint

DATA = bytes(range(256)) * 3000


def taken(blobs: Blobs, folder: Path, data: bytes = DATA) -> str:
    file, sha256 = folder / "arrived", hashlib.sha256(data).hexdigest()
    file.write_bytes(data)
    blobs.take(file, sha256)
    assert not file.exists()
    return sha256


def test_what_was_taken_is_read_again_to_the_byte(blobs: Blobs, tmp_path: Path) -> None:
    """I21."""
    sha256 = taken(blobs, tmp_path)
    assert blobs.size(sha256) == len(DATA)
    assert b"".join(blobs.read(sha256)) == DATA
    assert b"".join(blobs.read(sha256, 7, 5)) == DATA[7:12]
    assert b"".join(blobs.read(sha256, len(DATA) - 3)) == DATA[-3:]
    assert b"".join(blobs.read(sha256, 4, 0)) == b""


def test_taking_the_same_content_twice_changes_nothing(blobs: Blobs, tmp_path: Path) -> None:
    assert taken(blobs, tmp_path) == taken(blobs, tmp_path)
    assert b"".join(blobs.read(hashlib.sha256(DATA).hexdigest())) == DATA


def test_what_is_not_there_is_not_found(blobs: Blobs) -> None:
    nothing = hashlib.sha256(b"never stored").hexdigest()
    assert blobs.size(nothing) is None
    with pytest.raises(Problem, match="not_found"):
        blobs.read(nothing)


def test_a_store_that_does_not_answer_is_named_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG, "curbstop")
    gone = blobs_of(_bucket_of(monkeypatch, "s3://photos", "http://127.0.0.1:9"))
    file = tmp_path / "arrived"
    file.write_bytes(DATA)
    with pytest.raises(Problem) as refused:
        gone.take(file, hashlib.sha256(DATA).hexdigest())
    assert refused.value.code == "files_unreachable"
    assert file.exists()
    for secret in (CREDENTIALS["AWS_SECRET_ACCESS_KEY"], CREDENTIALS["AWS_ACCESS_KEY_ID"]):
        assert secret not in str(refused.value) + caplog.text


def test_a_bucket_that_is_not_there_is_a_problem_and_not_an_empty_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = blobs_of(_bucket_of(monkeypatch, "s3://nobody-made-this", s3_endpoint()))
    file = tmp_path / "arrived"
    file.write_bytes(DATA)
    with pytest.raises(Problem, match="files_unreachable"):
        wrong.take(file, hashlib.sha256(DATA).hexdigest())
    assert file.exists()


def test_a_store_that_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    given = {"CURBSTOP_DATA_DIR": str(tmp_path)}
    for url in ("http://bucket", "s3://", "s3://key:secret@bucket", "s3://bucket?x=1", "/srv/photos"):
        with pytest.raises(Problem, match="CURBSTOP_FILES_URL"):
            load({**given, "CURBSTOP_FILES_URL": url})
    with pytest.raises(Problem, match="CURBSTOP_FILES_ENDPOINT"):
        load({**given, "CURBSTOP_FILES_URL": "s3://bucket", "CURBSTOP_FILES_ENDPOINT": "minio:9000"})


def _bucket_of(monkeypatch: pytest.MonkeyPatch, url: str, endpoint: str) -> Settings:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    settings = load({"CURBSTOP_SECRET_KEY": "k" * 32})
    return replace(settings, files_url=url, files_endpoint=endpoint)
