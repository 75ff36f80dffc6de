"""Photos through HTTP: what was declared, what has arrived, and the bytes with safe headers."""

import hashlib
from uuid import UUID

from curbstop.blobs import blobs_of
from curbstop.commands import attachments
from curbstop.models.ids import new_id
from tests.api.office import Office
from tests.town import Town

PDF = b"%PDF-1.7 and so on"
JPEG = b"\xff\xd8\xff\xe0 not really a photo <script>"


def declared(
    town: Town, order_id: UUID, data: bytes = JPEG, media_type: str = "image/jpeg", tablet: UUID | None = None
) -> UUID:
    photo_id, sha256 = new_id(), hashlib.sha256(data).hexdigest()
    with town.work("tom", tablet) as work:
        attachments.declare(
            work, photo_id, order_id=order_id, access_issue_id=None, label="photo", media_type=media_type,
            sha256=sha256, size=len(data), noted_at=work.at,
        )  # fmt: skip
    return photo_id


def arrived(town: Town, photo_id: UUID, data: bytes = JPEG) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    file = town.settings.data_dir / f"{photo_id}.tmp"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    blobs_of(town.settings).take(file, sha256)
    with town.work("tom") as work:
        attachments.mark_stored(work, photo_id)


def test_an_order_says_how_many_of_its_photos_are_here(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place(), to="tom")
    first, second = declared(town, order_id), declared(town, order_id, b"other")
    arrived(town, first)
    photos = office.as_("carla").get(f"/service-orders/{order_id}").json["photos"]
    assert (photos["declared"], photos["stored"]) == (2, 1)
    assert [(photo["id"], photo["stored"]) for photo in photos["items"]] == [(str(first), True), (str(second), False)]
    assert office.as_("gus").get(f"/service-orders/{order_id}").json["photos"]["declared"] == 0


def test_a_photo_is_shown_and_never_taken_for_a_page(office: Office, town: Town) -> None:
    photo_id = declared(town, town.order("GEN", town.place(), to="tom"))
    arrived(town, photo_id)
    for name in ("carla", "tom", "otto"):
        response = office.as_(name).get(f"/attachments/{photo_id}/content", buffered=True)
        assert (response.status_code, response.data, response.mimetype) == (200, JPEG, "image/jpeg")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.headers["Content-Disposition"] == f"inline; filename=photo-{photo_id}.jpg"
        assert "private" in response.headers["Cache-Control"]


def test_what_a_browser_cannot_show_is_saved(office: Office, town: Town) -> None:
    photo_id = declared(town, town.order("GEN", town.place(), to="tom"), PDF, media_type="application/pdf")
    arrived(town, photo_id, PDF)
    response = office.as_("carla").get(f"/attachments/{photo_id}/content", buffered=True)
    assert response.headers["Content-Disposition"] == f"attachment; filename=photo-{photo_id}.pdf"


def test_what_is_not_what_it_was_declared_as_is_kept_and_never_shown(office: Office, town: Town) -> None:
    """Clause 6.12."""
    page = b"<html><script>alert(1)</script>"
    photo_id = declared(town, town.order("GEN", town.place(), to="tom"), page)
    arrived(town, photo_id, page)
    response = office.as_("carla").get(f"/attachments/{photo_id}/content", buffered=True)
    assert (response.data, response.mimetype) == (page, "application/octet-stream")
    assert response.headers["Content-Disposition"] == f"attachment; filename=photo-{photo_id}.bin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_range_of_a_photo_is_sent_alone(office: Office, town: Town) -> None:
    photo_id = declared(town, town.order("GEN", town.place(), to="tom"))
    arrived(town, photo_id)
    carla, url, size = office.as_("carla"), f"/attachments/{photo_id}/content", len(JPEG)
    for asked, start, end in (("0-3", 0, 4), ("4-", 4, size), ("-5", size - 5, size), ("2-9999", 2, size)):
        part = carla.get(url, headers={"Range": f"bytes={asked}"}, buffered=True)
        assert (part.status_code, part.data) == (206, JPEG[start:end])
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    beyond = carla.get(url, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.json["code"]) == (416, "range_not_satisfiable")
    stale = carla.get(url, headers={"Range": "bytes=4-", "If-Range": '"another"'}, buffered=True)
    assert (stale.status_code, stale.data) == (200, JPEG)


def test_a_photo_that_the_caller_has_is_not_sent_again(office: Office, town: Town) -> None:
    photo_id = declared(town, town.order("GEN", town.place(), to="tom"))
    arrived(town, photo_id)
    carla, url = office.as_("carla"), f"/attachments/{photo_id}/content"
    tag = carla.get(url, buffered=True).headers["ETag"]
    again = carla.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_photo_that_has_not_arrived_is_known_but_has_no_bytes(office: Office, town: Town) -> None:
    photo_id = declared(town, town.order("GEN", town.place(), to="tom"))
    facts = office.as_("carla").get(f"/attachments/{photo_id}").json
    assert (facts["stored"], facts["stored_at"], facts["size"]) == (False, None, len(JPEG))
    assert office.as_("carla").get(f"/attachments/{photo_id}/content").json["code"] == "not_found"


def test_a_photo_is_seen_with_its_order_only(office: Office, town: Town) -> None:
    photo_id = declared(town, town.order("GEN", town.place(), to="tom"))
    arrived(town, photo_id)
    for name, wanted in (("tess", "not_found"), ("lee", "not_found"), ("gus", "forbidden"), ("ada", "forbidden")):
        for url in (f"/attachments/{photo_id}", f"/attachments/{photo_id}/content"):
            assert office.as_(name).get(url).json["code"] == wanted, name


def test_the_office_sees_which_photos_are_still_on_which_tablet(office: Office, town: Town) -> None:
    """Clause 6.13, I21: the order is told complete by its completion, never by the bytes."""
    truck, van = office.enrolled("Truck 12").tablet_id, office.enrolled("Van 3").tablet_id
    order_id, other = town.order("GEN", town.place(), to="tom"), town.order("GEN", town.place(), to="tom")
    photos = [declared(town, order_id, b"photo %d" % n, tablet=truck) for n in range(5)]
    arrived(town, photos[0], b"photo 0")
    arrived(town, photos[1], b"photo 1")
    declared(town, order_id, b"another's", tablet=van)
    declared(town, other, b"of another order", tablet=truck)
    carla = office.as_("carla")
    waiting = carla.get(f"/service-orders/{order_id}").json["photos"]["waiting"]
    assert {(one["tablet_name"], one["waiting"], one["declared"]) for one in waiting} == {
        ("Truck 12", 3, 5), ("Van 3", 1, 1)
    }  # fmt: skip
    listed = carla.get("/attachments/waiting").json["items"]
    assert [(one["order_id"], one["tablet_name"], one["waiting"], one["declared"]) for one in listed] == [
        (str(order_id), "Truck 12", 3, 5), (str(order_id), "Van 3", 1, 1), (str(other), "Truck 12", 1, 1)
    ]  # fmt: skip
    assert listed[0]["bytes"] == 3 * len(b"photo 0")
    on_van = carla.get(f"/attachments/waiting?tablet_id={van}").json["items"]
    assert [one["tablet_id"] for one in on_van] == [str(van)]
    first = carla.get("/attachments/waiting?limit=2").json
    rest = carla.get(f"/attachments/waiting?limit=2&cursor={first['next_cursor']}").json
    assert first["items"] + rest["items"] == listed

    office.as_("sue").post(f"/attachments/{photos[4]}/waive", {"reason": "Fell into the river."})
    assert carla.get(f"/attachments/waiting?order_id={order_id}").json["items"][0]["waiting"] == 2
    assert office.as_("gus").get("/attachments/waiting").json["code"] == "forbidden"
