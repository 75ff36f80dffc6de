"""Holds GET /search: what it answers, for whom, and what it refuses."""

import pytest
from sqlalchemy.orm import Session

from curbstop.commands import search_index
from curbstop.commands.work import system_work
from curbstop.models.account import Account, Customer
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint
from tests.api.office import Office


@pytest.fixture
def place(office: Office) -> ServicePoint:
    with office.sessions.write() as session:
        point = _household(session)
        work = system_work(session, office.settings)
        search_index.refresh(work, "service_point", [point.id])
    return point


def _household(session: Session) -> ServicePoint:
    point = ServicePoint(id=new_id(), number="SP-00042", address="14 Aberdeen Ave", city="Durham")
    customer = Customer(id=new_id(), number="C-00042", name="Ann Lee")
    session.add_all([point, customer])
    session.flush()
    session.add(Account(number="A-00042", customer_id=customer.id, service_point_id=point.id))
    session.flush()
    return point


def test_a_customer_service_representative_finds_an_address(office: Office, place: ServicePoint) -> None:
    answer = office.as_("carla").get("/search", query_string={"q": "aberdeen 14", "type": "service_point"})
    assert answer.status_code == 200
    assert answer.json == {
        "items": [
            {
                "entity_type": "service_point",
                "id": str(place.id),
                "number": "SP-00042",
                "name": "Ann Lee",
                "address": "14 Aberdeen Ave",
                "city": "Durham",
                "status": "on",
                "detail": None,
                "service_point_id": str(place.id),
            }
        ]
    }


def test_the_limit_and_the_types_hold(office: Office, place: ServicePoint) -> None:
    carla = office.as_("carla")
    both = carla.get("/search?q=lee+aberdeen&type=account&type=customer").json
    assert both is not None
    assert [hit["entity_type"] for hit in both["items"]] == ["account"]
    assert len((carla.get("/search?q=aberdeen&limit=1").json or {})["items"]) == 1


@pytest.mark.parametrize("query", ["", "q=a&type=rumor", "q=a&limit=0", "q=a&limit=101", "q=" + "a" * 201, "q=a&x=1"])
def test_what_it_cannot_read_is_refused(office: Office, query: str) -> None:
    answer = office.as_("carla").get(f"/search?{query}")
    assert (answer.status_code, (answer.json or {})["code"]) == (422, "invalid")


def test_nothing_typed_finds_nothing(office: Office, place: ServicePoint) -> None:
    assert office.as_("carla").get("/search?q=").json == {"items": []}
    assert office.as_("carla").get("/search?q=" + "a" * 200).json == {"items": []}


def test_a_technician_may_not_search_and_gis_sees_no_name(office: Office, place: ServicePoint) -> None:
    assert office.as_("tom").get("/search?q=aberdeen").status_code == 403
    hits = (office.as_("gus").get("/search?q=aberdeen").json or {})["items"]
    assert [(hit["entity_type"], hit["name"]) for hit in hits] == [("service_point", None)]
    assert office.anyone().get("/search?q=aberdeen").status_code == 401
