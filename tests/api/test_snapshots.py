"""Snapshots over HTTP: whole, by ranges, with digests, and only for tablets that hold the bucket."""

import hashlib
from base64 import b64encode
from typing import Any

import pytest
from sqlalchemy import select

from curbstop.models import BucketRow
from sync import snapshots
from tests.api.office import Client, Office
from tests.town import Town


def _digest(data: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(data).digest()).decode()}:"


@pytest.fixture
def tom(office: Office) -> Client:
    return office.as_("tom", tablet=office.enrolled().tablet_id)


@pytest.fixture
def offer(town: Town, tom: Client) -> Any:
    """What Tom's tablet is offered."""
    town.route([town.place() for _ in range(6)], to="tom")
    [bucket] = town.all(select(BucketRow.bucket).where(BucketRow.entity_type == "stop").distinct())
    assert snapshots.build(town.sessions, town.settings, bucket)
    [offer] = tom.get("/sync/v1/snapshots").json["snapshots"]
    return offer


def test_a_snapshot_is_served_whole_with_the_digests_of_its_bytes(tom: Client, offer: Any) -> None:
    """Clause 8.11."""
    answer = tom.get(f"/sync/v1/snapshots/{offer['sha256']}")
    assert (answer.status_code, answer.mimetype) == (200, "application/zstd")
    assert hashlib.sha256(answer.data).hexdigest() == offer["sha256"]
    assert len(answer.data) == offer["size"]
    assert answer.headers["Repr-Digest"] == answer.headers["Content-Digest"] == _digest(answer.data)
    assert answer.headers["ETag"] == f'"{offer["sha256"]}"'
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(("asked", "part"), [("0-9", slice(0, 10)), ("50-", slice(50, None)), ("-7", slice(-7, None))])
def test_a_broken_download_goes_on_by_ranges(tom: Client, offer: Any, asked: str, part: slice) -> None:
    """Clause 8.11."""
    url = f"/sync/v1/snapshots/{offer['sha256']}"
    whole = tom.get(url).data
    headers = {"Range": f"bytes={asked}", "If-Range": f'"{offer["sha256"]}"'}
    answer = tom.get(url, headers=headers)
    assert (answer.status_code, answer.data) == (206, whole[part])
    assert answer.headers["Content-Digest"] == _digest(whole[part])
    assert answer.headers["Repr-Digest"] == _digest(whole)
    assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")


def test_a_range_of_something_else_gets_the_whole_and_one_past_the_end_is_refused(tom: Client, offer: Any) -> None:
    """Clause 8.11."""
    url = f"/sync/v1/snapshots/{offer['sha256']}"
    other = tom.get(url, headers={"Range": "bytes=5-9", "If-Range": '"another"'})
    assert (other.status_code, len(other.data)) == (200, offer["size"])
    beyond = tom.get(url, headers={"Range": f"bytes={offer['size']}-"})
    assert (beyond.status_code, beyond.json["code"]) == (416, "range_not_satisfiable")
    assert beyond.headers["Content-Range"] == f"bytes */{offer['size']}"
    same = tom.get(url, headers={"If-None-Match": f'"{offer["sha256"]}"'})
    assert (same.status_code, same.data) == (304, b"")


def test_others_get_neither_the_list_nor_the_file(office: Office, offer: Any) -> None:
    """Clause 8.11, I12."""
    tess = office.as_("tess", tablet=office.enrolled().tablet_id)
    assert tess.get("/sync/v1/snapshots").json == {"snapshots": []}
    assert tess.get(f"/sync/v1/snapshots/{offer['sha256']}").status_code == 404
    assert office.as_("dana").get("/sync/v1/snapshots").status_code == 403


@pytest.mark.parametrize("name", ["x", "..%2f..%2fsecret.key", "a" * 64, "A" * 64, "%00"])
def test_a_name_that_is_none_is_not_found(tom: Client, offer: Any, name: str) -> None:
    """Clause 8.11."""
    assert tom.get(f"/sync/v1/snapshots/{name}").status_code == 404
