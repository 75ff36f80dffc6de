"""Who sees customers and accounts, and how they are listed."""

import pytest

from curbstop.domain.problems import Problem
from curbstop.models import Account, Customer
from curbstop.models.ids import new_id
from curbstop.queries import accounts, customers
from curbstop.queries.page import PageRequest
from tests.town import Town

PAGE = PageRequest()


def test_the_office_finds_customers_by_the_beginning_of_name_and_number(town: Town) -> None:
    town.place()
    town.add(Customer(id=new_id(), number="CU-000099", name="Zoe Quist"))
    with town.sessions.read() as session:
        carla = town.actor("carla")
        assert [c.name for c in customers.find(session, carla, PAGE, name="zoe").items] == ["Zoe Quist"]
        assert [c.number for c in customers.find(session, carla, PAGE, number="cu-0000").items] == [
            "CU-000001",
            "CU-000099",
        ]
        assert customers.find(session, carla, PAGE, name="%").items == []


def test_the_customers_of_a_place_are_those_who_have_or_had_an_account_there(town: Town) -> None:
    place, _other = town.place(status="finaled"), town.place()
    with town.sessions.read() as session:
        found = customers.find(session, town.actor("dana"), PAGE, service_point_id=place.id).items
        assert [c.name for c in found] == ["Pat Customer 1"]


def test_technicians_and_gis_editors_see_no_customer(town: Town) -> None:
    place = town.place()
    with town.sessions.read() as session:
        for name in ("tom", "lee", "gus", "ada"):
            with pytest.raises(Problem, match="forbidden"):
                customers.find(session, town.actor(name), PAGE)
            with pytest.raises(Problem, match="forbidden"):
                accounts.get(session, town.actor(name), place.account_id)


def test_an_integration_sees_what_came_from_another_system(town: Town) -> None:
    place = town.place()
    town.add(Customer(id=new_id(), number="CU-000099", name="From Billing", source_key="b-1"))
    with town.sessions.read() as session:
        ivy = town.actor("ivy")
        assert [c.name for c in customers.find(session, ivy, PAGE).items] == ["From Billing"]
        with pytest.raises(Problem, match="not_found"):
            accounts.get(session, ivy, place.account_id)


def test_an_account_says_whose_it_is_and_where(town: Town) -> None:
    place = town.place()
    with town.sessions.read() as session:
        row = accounts.get(session, town.actor("bill"), place.account_id)
        assert (row.customer_name, row.address, row.status) == ("Pat Customer 1", "1 Main St", "active")


def test_accounts_are_narrowed_and_paged(town: Town) -> None:
    places = [town.place(status=status) for status in ("active", "finaled", "delinquent")]
    with town.sessions.read() as session:
        bill = town.actor("bill")
        assert [a.status for a in accounts.find(session, bill, PAGE, open=True).items] == ["active", "delinquent"]
        assert [a.status for a in accounts.find(session, bill, PAGE, open=False).items] == ["finaled"]
        assert [a.status for a in accounts.find(session, bill, PAGE, status=["delinquent"]).items] == ["delinquent"]
        there = accounts.find(session, bill, PAGE, service_point_id=places[0].id)
        assert [a.id for a in there.items] == [places[0].account_id]
        first = accounts.find(session, bill, PageRequest(limit=2, sort="-number"))
        rest = accounts.find(session, bill, PageRequest(limit=2, sort="-number", after=first.after))
        assert [a.number for a in [*first.items, *rest.items]] == ["AC-000003", "AC-000002", "AC-000001"]
        assert rest.after is None
        customer = session.get_one(Account, places[2].account_id).customer_id
        assert len(accounts.find(session, bill, PAGE, customer_id=customer).items) == 1
