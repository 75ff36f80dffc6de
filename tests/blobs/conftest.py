"""Both stores: a folder, and a bucket of moto's server on loopback."""

from dataclasses import replace
from pathlib import Path

import pytest

from curbstop.blobs import Blobs, blobs_of
from curbstop.settings import load
from tests.blobs.buckets import CREDENTIALS, fresh_bucket, s3_endpoint


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    settings = load({"CURBSTOP_DATA_DIR": str(tmp_path / "data"), "CURBSTOP_SECRET_KEY": "k" * 32})
    if request.param == "bucket":
        for name, value in CREDENTIALS.items():
            monkeypatch.setenv(name, value)
        settings = replace(settings, files_url=fresh_bucket(), files_endpoint=s3_endpoint())
    return blobs_of(settings)
