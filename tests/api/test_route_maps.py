"""A route on paper and as a picture: its stops in their order, among named streets, without a customer."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import update

from curbstop.models import ServicePoint
from curbstop.typesetting import pdfs
from tests.api.office import Office
from tests.api.test_route_walks import Walks
from tests.api.test_routes import code
from tests.town import Town


@pytest.fixture
def walks(office: Office, town: Town) -> Walks:
    found = Walks(office, town)
    found.streets()
    return found


def words(pdf: bytes) -> str:
    return pdfs.words(pdf)[1]


def test_the_paper_has_the_map_and_every_stop_in_its_order(walks: Walks) -> None:
    answer = walks.gus.get(f"/maps/route/{walks.route['id']}.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.data[:300]
    said = words(answer.data)
    assert "C101" in said
    assert "8 stops" in said
    order = [stop["address"] for stop in walks.gus.get(f"/route-versions/{walks.version}/stops").json["items"]]
    assert [said.index(address) for address in order] == sorted(said.index(address) for address in order)
    # Nobody who lives there is on it.
    assert "Customer" not in said
    assert "AC-0" not in said


def test_a_draft_can_be_looked_at_before_it_is_published(walks: Walks) -> None:
    draft = walks.walk(start_service_point_id=walks.in_order[0])["id"]
    picture = walks.gus.get(f"/maps/route/{walks.route['id']}.png?version_id={draft}")
    assert picture.mimetype == "image/png"
    with Image.open(BytesIO(picture.data)) as image:
        assert image.width > 1_000
        # The walk's blue is on it, and both of its ends.
        colors = {color for _, color in image.convert("RGB").getcolors(maxcolors=1_000_000) or []}
        assert {(0x17, 0x69, 0xAA), (0x1B, 0x7F, 0x3B), (0xB3, 0x26, 0x1E)} <= colors
    assert "draft" in words(walks.gus.get(f"/maps/route/{walks.route['id']}.pdf?version_id={draft}").data)


def test_what_cannot_be_drawn_is_said(walks: Walks) -> None:
    empty = walks.make_route("C102")["id"]
    assert code(walks.gus.get(f"/maps/route/{empty}.pdf")) == "not_found"
    assert code(walks.gus.get(f"/maps/route/{empty}.pdf?version_id={walks.version}")) == "not_found"
    with walks.town.sessions.write() as session:
        session.execute(update(ServicePoint).values(location=None))
    assert code(walks.gus.get(f"/maps/route/{walks.route['id']}.png")) == "conflict"
