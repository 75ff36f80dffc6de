"""Photos in pieces, as tus 1.0.0 has them. With the embedded database they go to a folder, with the other to a bucket.

Long because each clause of chapter 6 has its test here.
"""

import base64
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest
from sqlalchemy import select, update

from curbstop.blobs import blobs_of
from curbstop.blobs.parts import Parts
from curbstop.commands import attachments, uploads
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.models import Attachment, Outbox, Upload
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from curbstop.settings import Settings
from tests.api.camera import CHUNK, PHOTO, PREFIX, Camera, checksum
from tests.api.office import Office
from tests.blobs.buckets import CREDENTIALS, fresh_bucket, s3_endpoint
from tests.town import Town


@pytest.fixture
def settings(settings: Settings, backend: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    if backend == "embedded":
        return settings
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return replace(settings, files_url=fresh_bucket(), files_endpoint=s3_endpoint())


@pytest.fixture
def camera(office: Office, town: Town) -> Camera:
    return Camera(office, town)


def test_the_server_says_what_it_offers(office: Office) -> None:
    """Clause 6.4: OPTIONS, of anybody and without a version."""
    for url in (PREFIX, f"{PREFIX}/{new_id()}"):
        response = office.anyone().send("OPTIONS", url)
        assert response.status_code == 204
        assert response.headers["Tus-Version"] == "1.0.0"
        assert response.headers["Tus-Max-Size"] == str(attachments.LARGEST)
        assert set(response.headers["Tus-Checksum-Algorithm"].split(",")) == {"sha256", "sha1", "md5"}
        offered = {"creation", "creation-with-upload", "checksum", "expiration", "termination"}
        assert set(response.headers["Tus-Extension"].split(",")) == offered


def test_another_version_of_tus_is_told_which_there_is(camera: Camera) -> None:
    """Clause 6.4."""
    photo = camera.declare()
    for method, url in (("POST", ""), ("HEAD", f"/{photo}"), ("PATCH", f"/{photo}"), ("DELETE", f"/{photo}")):
        for version in ("0.2.2", ""):
            response = camera.ask(method, url, headers={"Tus-Resumable": version})
            assert (response.status_code, response.headers["Tus-Version"]) == (412, "1.0.0")
    with camera.office.sessions.read() as session:
        assert session.get(Upload, photo) is None


def test_a_photo_arrives_in_pieces(camera: Camera, settings: Settings) -> None:
    """Clauses 6.5 and 6.9, I21."""
    photo = camera.declare()
    created = camera.create(photo)
    assert created.status_code == 201
    assert created.headers["Location"] == f"{PREFIX}/{photo}"
    for start in range(0, len(PHOTO), 100_000):
        assert not camera.stored(photo)
        assert camera.offset(photo) == start
        piece = PHOTO[start : start + 100_000]
        answer = camera.patch(photo, piece, start)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(start + len(piece)))
        assert parsedate_to_datetime(answer.headers["Upload-Expires"]) > utc_now() + timedelta(days=29)
    assert camera.stored(photo)
    assert camera.offset(photo) == len(PHOTO)
    assert b"".join(blobs_of(settings).read(hashlib.sha256(PHOTO).hexdigest())) == PHOTO
    assert not list(settings.parts_dir.iterdir())
    with camera.office.sessions.read() as session:
        assert "service_order.completed" in set(session.scalars(select(Outbox.topic)))


def test_an_upload_says_where_it_is(camera: Camera) -> None:
    """Clause 6.4: HEAD."""
    photo = camera.declare()
    missing = camera.ask("HEAD", f"/{photo}")
    assert (missing.status_code, "Upload-Offset" in missing.headers) == (404, False)
    metadata = f"attachment_id {base64.b64encode(str(photo).encode()).decode()},filename eC5qcGc=,empty"
    camera.create(photo, headers={"Upload-Metadata": metadata})
    camera.patch(photo, PHOTO[:10], 0)
    head = camera.ask("HEAD", f"/{photo}")
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "10")
    assert head.headers["Upload-Length"] == str(len(PHOTO))
    assert head.headers["Upload-Metadata"] == metadata
    assert head.headers["Cache-Control"] == "no-store"


def test_only_what_was_declared_is_created(camera: Camera) -> None:
    """Clause 6.5."""
    photo = camera.declare()
    kind = base64.b64encode(b"image/png").decode()
    name = base64.b64encode(str(photo).encode()).decode()
    wrong = [
        (camera.create(new_id()), 404),
        (camera.create(photo, len(PHOTO) - 1), 422),
        (camera.create(photo, headers={"Upload-Metadata": f"attachment_id {name},filetype {kind}"}), 422),
        (camera.create(photo, attachments.LARGEST + 1), 413),
        (camera.create(photo, headers={"Upload-Length": "-1"}), 400),
        (camera.create(photo, headers={"Upload-Length": ""}), 400),
        (camera.create(photo, headers={"Upload-Metadata": ""}), 400),
        (camera.create(photo, headers={"Upload-Metadata": "attachment_id !"}), 400),
        (camera.create(photo, headers={"Upload-Metadata": f"attachment_id {name},attachment_id {name}"}), 400),
    ]
    assert [
        (response.status_code, response.json["code"]) for response, status in wrong if response.status_code != status
    ] == []
    assert camera.ask("HEAD", f"/{photo}").status_code == 404


def test_an_upload_belongs_to_the_tablet_or_the_person_that_declared_it(camera: Camera) -> None:
    """Clause 6.5: the same person on a tablet that was set up anew goes on where the old one stopped."""
    photo, office = camera.declare(), camera.office
    camera.create(photo)
    camera.patch(photo, PHOTO[:50], 0)
    stranger = office.as_("tess", tablet=office.enrolled("Truck 8").tablet_id)
    for method in ("HEAD", "PATCH", "DELETE"):
        headers = {"Upload-Offset": "50"}
        refused = camera.ask(method, f"/{photo}", by=stranger, headers=headers, data=b"x", content_type=CHUNK)
        assert refused.status_code == 404
    assert camera.create(photo, by=stranger).status_code == 404
    assert camera.create(photo, by=office.as_("tom")).json["code"] == "tablet_required"
    camera.client = office.as_("tom", tablet=office.enrolled("Truck 9").tablet_id)
    assert camera.offset(photo) == 50
    assert camera.patch(photo, PHOTO[50:], 50).status_code == 204
    assert camera.stored(photo)


def test_creating_again_keeps_what_came(camera: Camera) -> None:
    """Clauses 1.5 and 6.5."""
    photo = camera.declare()
    first = camera.create(photo, data=PHOTO[:70], content_type=CHUNK)
    assert (first.status_code, first.headers["Upload-Offset"]) == (201, "70")
    again = camera.create(photo, data=PHOTO[:70], content_type=CHUNK)
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, "70")
    assert again.headers["Upload-Expires"] == first.headers["Upload-Expires"]
    assert camera.patch(photo, PHOTO[70:], 70).status_code == 204
    assert camera.stored(photo)


def test_a_small_photo_comes_with_its_creation(camera: Camera) -> None:
    """Clause 6.5."""
    photo = camera.declare()
    created = camera.create(photo, data=PHOTO, content_type=CHUNK, headers={"Upload-Checksum": checksum(PHOTO, "sha1")})
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, str(len(PHOTO)))
    assert camera.stored(photo)


def test_content_that_is_here_already_is_not_sent_again(camera: Camera) -> None:
    """Clause 6.5."""
    first, second = camera.declare(), camera.declare()
    camera.create(first, data=PHOTO, content_type=CHUNK)
    assert not camera.stored(second)
    created = camera.create(second)
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, str(len(PHOTO)))
    assert camera.stored(second)
    assert camera.offset(second) == len(PHOTO)


def test_a_chunk_goes_only_where_the_upload_ends(camera: Camera) -> None:
    """Clause 6.6."""
    photo = camera.declare()
    assert camera.patch(photo, PHOTO, 0).status_code == 404
    camera.create(photo)
    camera.patch(photo, PHOTO[:10], 0)
    for offset in (0, 9, 11):
        refused = camera.patch(photo, PHOTO[offset:20], offset)
        assert (refused.status_code, refused.json["code"]) == (409, "offset_mismatch")
    for bad in ("", "x", "-1", "1.5"):
        assert camera.patch(photo, b"x", 10, **{"Upload-Offset": bad}).status_code == 400
    wrong_type = camera.ask("PATCH", f"/{photo}", data=b"x", headers={"Upload-Offset": "10"}, content_type="image/jpeg")
    assert wrong_type.status_code == 415
    assert camera.patch(photo, PHOTO[10:] + b"x", 10).status_code == 413
    assert camera.offset(photo) == 10
    assert camera.patch(photo, PHOTO[10:], 10).status_code == 204
    assert camera.patch(photo, b"", len(PHOTO)).status_code == 204
    assert camera.patch(photo, b"x", 3).json["code"] == "offset_mismatch"


def test_a_damaged_chunk_is_discarded(camera: Camera) -> None:
    """Clause 6.6: 460, and the offset stays."""
    photo = camera.declare()
    camera.create(photo)
    for number, algorithm in enumerate(("sha256", "sha1", "md5")):
        piece = PHOTO[number * 10 : number * 10 + 10]
        damaged = camera.patch(photo, piece, number * 10, **{"Upload-Checksum": checksum(b"else", algorithm)})
        assert (damaged.status_code, damaged.json["code"]) == (460, "checksum_mismatch")
        assert camera.offset(photo) == number * 10
        good = camera.patch(photo, piece, number * 10, **{"Upload-Checksum": checksum(piece, algorithm)})
        assert good.status_code == 204
    for unknown in ("crc32 AAAA", "sha1 !", "sha1"):
        assert camera.patch(photo, b"x", 30, **{"Upload-Checksum": unknown}).status_code in {400, 460}
    assert camera.patch(photo, b"x", 30, **{"Upload-Checksum": "crc32 AAAA"}).json["code"] == "bad_request"
    assert camera.offset(photo) == 30


def test_other_bytes_than_those_declared_start_over(camera: Camera, settings: Settings) -> None:
    """Clause 6.9, I21."""
    photo = camera.declare()
    camera.create(photo)
    camera.patch(photo, b"x" + PHOTO[1:100], 0)
    wrong = camera.patch(photo, PHOTO[100:], 100)
    assert (wrong.status_code, wrong.json["code"]) == (422, "hash_mismatch")
    assert camera.offset(photo) == 0
    assert not camera.stored(photo)
    assert blobs_of(settings).size(hashlib.sha256(PHOTO).hexdigest()) is None
    assert camera.patch(photo, PHOTO, 0).status_code == 204
    assert camera.stored(photo)


def test_an_upload_that_another_request_holds_is_locked(camera: Camera, settings: Settings) -> None:
    """Clause 6.7."""
    photo = camera.declare()
    camera.create(photo)
    with Parts(settings.parts_dir).hold(photo):
        for response in (camera.patch(photo, PHOTO, 0), camera.ask("HEAD", f"/{photo}")):
            assert (response.status_code, response.headers["Retry-After"]) == (423, "2")
    assert camera.offset(photo) == 0


@pytest.mark.parametrize("moved", [False, True])
def test_an_end_that_was_lost_is_made_up_for(camera: Camera, settings: Settings, moved: bool) -> None:
    """Clause 6.9: the process died when all bytes were here, before or after they were put into the store."""
    photo = camera.declare()
    camera.create(photo)
    part = settings.parts_dir / f"{photo}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(PHOTO)
    if moved:
        blobs_of(settings).take(part, hashlib.sha256(PHOTO).hexdigest())
    assert not camera.stored(photo)
    assert camera.offset(photo) == len(PHOTO)
    assert camera.stored(photo)


def test_an_upload_runs_out(camera: Camera, settings: Settings) -> None:
    """Clause 6.8: 410, and the clock frees its bytes; created anew it starts at 0."""
    photo = camera.declare()
    camera.create(photo)
    camera.patch(photo, PHOTO[:10], 0)
    later(camera, photo)
    for response in (camera.ask("HEAD", f"/{photo}"), camera.patch(photo, PHOTO[10:], 10)):
        assert response.status_code == 410
        assert "Upload-Offset" not in response.headers
    assert clock(camera, utc_now()) == 1
    assert not list(settings.parts_dir.iterdir())
    assert camera.ask("HEAD", f"/{photo}").status_code == 410
    assert camera.create(photo).status_code == 201
    assert camera.offset(photo) == 0
    later(camera, photo)
    assert clock(camera, utc_now() + timedelta(days=31)) == 0
    assert camera.ask("HEAD", f"/{photo}").status_code == 404


def test_what_is_stored_never_runs_out(camera: Camera) -> None:
    """Clause 6.8."""
    photo = camera.declare()
    camera.create(photo, data=PHOTO, content_type=CHUNK)
    later(camera, photo)
    clock(camera, utc_now() + timedelta(days=31))
    assert camera.offset(photo) == len(PHOTO)


def test_a_given_up_upload_is_gone_and_may_begin_again(camera: Camera, settings: Settings) -> None:
    """Clause 6.10."""
    photo = camera.declare()
    camera.create(photo)
    camera.patch(photo, PHOTO[:10], 0)
    assert camera.ask("DELETE", f"/{photo}").status_code == 204
    assert not list(settings.parts_dir.iterdir())
    assert camera.ask("HEAD", f"/{photo}").status_code == 404
    assert camera.create(photo, data=PHOTO, content_type=CHUNK).status_code == 201
    assert camera.ask("DELETE", f"/{photo}").json["code"] == "conflict"
    assert camera.stored(photo)


def test_a_network_without_patch_and_delete_is_gone_round(camera: Camera) -> None:
    """Clause 6.4: X-HTTP-Method-Override."""
    photo = camera.declare()
    camera.create(photo)
    headers = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert camera.ask("POST", f"/{photo}", data=PHOTO[:5], headers=headers, content_type=CHUNK).status_code == 204
    assert camera.offset(photo) == 5
    assert camera.ask("POST", f"/{photo}", headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert camera.ask("POST", f"/{photo}").status_code == 405


def test_a_whole_photo_in_one_request_ends_its_upload(camera: Camera, settings: Settings) -> None:
    """Clauses 6.1 and 6.5: PUT stays, and shares the store."""
    photo = camera.declare()
    camera.create(photo)
    camera.patch(photo, PHOTO[:10], 0)
    assert camera.client.put(f"/sync/v1/attachments/{photo}", data=PHOTO).status_code == 204
    assert camera.offset(photo) == len(PHOTO)
    assert not list(settings.parts_dir.iterdir())


def test_a_store_that_is_away_keeps_the_bytes_for_later(
    camera: Camera, settings: Settings, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clause 6.9: 503 while the bucket does not answer; nothing has to be sent again."""
    if not settings.files_url:
        pytest.skip("a folder is never away")
    photo = camera.declare()
    camera.create(photo)
    bucket = blobs_of(settings)
    monkeypatch.setattr(bucket, "bucket", "nobody-made-this")
    assert camera.patch(photo, PHOTO, 0).json["code"] == "files_unreachable"
    monkeypatch.undo()
    assert camera.offset(photo) == len(PHOTO)
    assert camera.stored(photo)


def later(camera: Camera, photo: UUID) -> None:
    with camera.office.sessions.write() as session:
        session.execute(update(Upload).where(Upload.attachment_id == photo).values(expires_at=utc_now()))


def clock(camera: Camera, at: datetime) -> int:
    with camera.office.sessions.write() as session:
        return uploads.forget_expired(Work(session, SYSTEM, camera.office.settings, at))


def test_the_office_sees_who_declared_it(camera: Camera) -> None:
    with camera.office.sessions.read() as session:
        row = session.get_one(Attachment, camera.declare())
        assert (row.tablet_id, row.staff_id) == (camera.tablet, camera.office.ids["tom"])
