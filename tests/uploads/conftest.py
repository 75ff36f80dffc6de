"""A running server on both databases, whose photos go to a folder with the one and to a bucket with the other."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.blobs.buckets import CREDENTIALS, fresh_bucket, s3_endpoint
from tests.uploads.serving import Utility, utility


@pytest.fixture
def settings(settings: Settings, backend: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    if backend == "embedded":
        return settings
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return replace(settings, files_url=fresh_bucket(), files_endpoint=s3_endpoint())


@pytest.fixture
def place(sessions: Sessions, settings: Settings) -> Iterator[Utility]:
    with utility(sessions, settings) as made:
        yield made
