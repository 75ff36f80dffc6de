"""Small pictures: brought ahead by the tablet, or made by a job; what is not a picture is never taken for one."""

import hashlib
import io
import struct
import zlib
from uuid import UUID

import pytest
from PIL import Image
from redis import Redis

from curbstop.blobs import blobs_of, pictures
from curbstop.commands import attachments
from curbstop.models import Thumbnail
from curbstop.models.ids import new_id
from tests.api.office import Client, Office
from tests.town import Town
from workers.worker import drain


def picture(side: int = 64, kind: str = "JPEG", color: str = "navy") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), color).save(out, kind)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 60,000 pixels a side."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


class Lens:
    """Tom's tablet with a photo declared."""

    def __init__(self, office: Office, town: Town, data: bytes, media_type: str = "image/jpeg") -> None:
        self.office, self.town, self.data = office, town, data
        self.client: Client = office.as_("tom", tablet=office.enrolled().tablet_id)
        self.id: UUID = new_id()
        with town.work("tom") as work:
            attachments.declare(
                work, self.id, order_id=town.order("GEN", town.place(), to="tom"), access_issue_id=None, label="photo",
                media_type=media_type, sha256=hashlib.sha256(data).hexdigest(), size=len(data), noted_at=work.at,
            )  # fmt: skip

    def bring(self, thumbnail: bytes) -> tuple[int, str | None]:
        url = f"/sync/v1/attachments/{self.id}/thumbnail"
        response = self.client.put(url, data=thumbnail, content_type="image/jpeg")
        return response.status_code, (response.json or {}).get("code")

    def send(self) -> None:
        assert self.client.put(f"/sync/v1/attachments/{self.id}", data=self.data).status_code == 204
        with Redis.from_url(self.office.settings.redis_url) as redis:
            drain(self.office.sessions, self.office.settings, redis)

    def shown(self) -> tuple[int, bytes, str]:
        response = self.office.as_("carla").get(f"/attachments/{self.id}/thumbnail")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        return response.status_code, response.data, response.mimetype


def test_the_tablets_thumbnail_is_seen_before_the_photo_has_come(office: Office, town: Town) -> None:
    """Clause 6.11."""
    lens = Lens(office, town, picture(2000))
    assert lens.shown()[0] == 404
    small = picture(kind="WEBP")
    assert lens.bring(small) == (204, None)
    assert lens.bring(small) == (204, None)
    assert lens.shown() == (200, small, "image/webp")
    facts = office.as_("carla").get(f"/attachments/{lens.id}").json
    assert (facts["stored"], facts["has_thumbnail"]) == (False, True)
    lens.send()
    assert lens.shown()[1] == small


def test_one_is_made_when_the_photo_came_without(office: Office, town: Town) -> None:
    """Clause 6.11."""
    lens = Lens(office, town, picture(2000))
    lens.send()
    status, content, kind = lens.shown()
    assert (status, kind) == (200, "image/jpeg")
    with Image.open(io.BytesIO(content)) as made:
        assert made.size == (320, 320)
    assert lens.bring(picture()) == (204, None)
    assert lens.shown()[1] == picture()


def test_a_thumbnail_is_upright_and_says_nothing_of_where_it_was_taken() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (200, 100), "navy").save(out, "JPEG", exif=exif)
    made = pictures.make_thumbnail(iter([out.getvalue()]), "image/jpeg")
    assert made is not None
    with Image.open(io.BytesIO(made)) as image:
        assert image.size == (100, 200)
        assert not image.getexif()


@pytest.mark.parametrize(
    "data", [bomb(), b"\xff\xd8\xff\xe0 not really", picture()[:200], picture(kind="PNG"), b"<html>"]
)
def test_what_is_no_picture_makes_no_thumbnail_and_no_failed_job(office: Office, town: Town, data: bytes) -> None:
    """Clause 6.12."""
    kind = "image/png" if data == bomb() else "image/jpeg"
    lens = Lens(office, town, data, kind)
    lens.send()
    assert lens.shown()[0] == 404
    assert blobs_of(office.settings).size(hashlib.sha256(data).hexdigest()) == len(data)


@pytest.mark.parametrize(
    ("thumbnail", "status"),
    [
        (bomb(), 422),
        (b"<svg onload='x'/>", 422),
        (picture(1025), 422),
        (b"\xff\xd8\xff" + bytes(21_000), 413),
        (b"", 422),
    ],
)
def test_a_tablets_thumbnail_is_not_believed(office: Office, town: Town, thumbnail: bytes, status: int) -> None:
    """Clause 6.12."""
    lens = Lens(office, town, picture())
    assert lens.bring(thumbnail)[0] == status
    with office.sessions.read() as session:
        assert session.get(Thumbnail, lens.id) is None


def test_a_thumbnail_belongs_to_the_tablet_that_took_the_photo(office: Office, town: Town) -> None:
    lens = Lens(office, town, picture())
    lens.client = office.as_("tess", tablet=office.enrolled("Truck 8").tablet_id)
    assert lens.bring(picture()) == (404, "not_found")
    assert office.as_("gus").get(f"/attachments/{lens.id}/thumbnail").json["code"] == "forbidden"
