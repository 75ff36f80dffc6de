"""Customers and accounts: who enters them, one open account at a place, and what tablets hear of a new name."""

import threading
from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import accounts, customers, search_index
from curbstop.domain.problems import Problem
from curbstop.models import Account, AuditEntry, ChangeLog, Customer, ServiceOrder
from curbstop.queries import search
from tests.sync.model_tablet import ModelTablet
from tests.town import PEOPLE, Town


def entered(town: Town, **fields: Any) -> Customer:
    with town.work("carla") as work:
        return customers.create(work, **{"name": "Ann Lee", **fields})


def test_a_customer_gets_a_number_and_is_found_by_name(town: Town) -> None:
    first, second = entered(town, name="  Ann   Lee "), entered(town)
    assert (first.number, first.name, second.number) == ("CU-000101", "Ann Lee", "CU-000102")
    with town.sessions.read() as session:
        hits = search.find(session, town.actor("carla"), "ann lee")
    assert {hit.number for hit in hits} == {"CU-000101", "CU-000102"}


def test_customers_are_edited_by_customer_service_billing_and_the_billing_system(town: Town) -> None:
    assert {name for name in PEOPLE if may_enter(town, name)} == {"carla", "bill", "ivy"}


def may_enter(town: Town, name: str) -> bool:
    try:
        with town.work(name) as work:
            customers.create(work, name="X")
    except Problem as problem:
        return problem.code != "forbidden"
    return True


def test_an_edit_of_another_version_changes_nothing(town: Town) -> None:
    customer = entered(town)
    with town.work("carla") as work:
        assert customers.edit(work, customer.id, {"name": "Ann Bell"}, if_version=1).version == 2
    with pytest.raises(Problem, match="version_mismatch"), town.work("carla") as work:
        customers.edit(work, customer.id, {"name": "Ann Cole"}, if_version=1)
    assert town.all(select(Customer.name)) == ["Ann Bell"]


def test_the_audit_says_what_was_before_and_after(town: Town) -> None:
    customer = entered(town)
    with town.work("carla") as work:
        customers.edit(work, customer.id, {"name": "Ann Bell", "email": None}, if_version=1)
    entry = town.all(select(AuditEntry).where(AuditEntry.entity_id == customer.id, AuditEntry.action == "edit"))[0]
    assert (entry.before, entry.after, entry.staff_id) == (
        {"name": "Ann Lee"},
        {"name": "Ann Bell"},
        town.staff["carla"],
    )


def test_a_blank_name_and_an_unknown_field_are_refused(town: Town) -> None:
    customer = entered(town)
    for change in ({"name": "  "}, {"number": "CU-7"}):
        with pytest.raises(Problem, match="invalid"), town.work("carla") as work:
            customers.edit(work, customer.id, change, if_version=None)


def test_a_renamed_customer_s_orders_are_put_on_tablets_again(town: Town) -> None:
    place, elsewhere = town.place(), town.place()
    order, other = town.order("GEN", place, to="tom"), town.order("GEN", elsewhere, to="tom")
    waiting = town.order("READ_RE", place)
    ModelTablet(town, "tom").pull()
    before = {row.id: row.version for row in town.all(select(ServiceOrder))}
    newest = max(town.all(select(ChangeLog.id)))
    customer_id = town.all(select(Account.customer_id).where(Account.id == place.account_id))[0]
    with town.work("carla") as work:
        customers.edit(work, customer_id, {"name": "Renamed"}, if_version=None)
    after = {row.id: row.version for row in town.all(select(ServiceOrder))}
    assert (after[order], after[other], after[waiting]) == (before[order] + 1, before[other], before[waiting])
    # The office hears of every order that changed; here it is about tablets.
    told = town.all(select(ChangeLog).where(ChangeLog.id > newest, ChangeLog.bucket != "office"))
    assert [(row.entity_id, row.row_version, row.kind) for row in told] == [(order, after[order], "P")]


def test_a_place_has_one_open_account_at_a_time(town: Town) -> None:
    place, customer = town.place(), entered(town)
    opening: dict[str, Any] = {"customer_id": customer.id, "service_point_id": place.id}
    with pytest.raises(Problem, match="conflict"), town.work("carla") as work:
        accounts.open_(work, **opening)
    with town.work("carla") as work:
        assert accounts.close(work, place.account_id, if_version=1).status == "finaled"
        assert accounts.open_(work, **opening).number == "AC-000101"
    with pytest.raises(Problem, match="conflict"), town.work("carla") as work:
        accounts.close(work, place.account_id)


def test_two_who_open_an_account_at_once_do_not_both_succeed(town: Town) -> None:
    place, customer = town.place(status="finaled"), entered(town)
    start, told = threading.Barrier(2), []

    def open_one() -> None:
        start.wait()
        try:
            with town.work("carla") as work:
                accounts.open_(work, customer_id=customer.id, service_point_id=place.id)
        except Problem as problem:
            told.append(problem.code)
        else:
            told.append("opened")

    threads = [threading.Thread(target=open_one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["conflict", "opened"]


@pytest.mark.parametrize("change", [{"status": "finaled"}, {"status": "gone"}, {"service_class": "castle"}, {"x": 1}])
def test_an_account_is_edited_within_its_words(town: Town, change: dict[str, Any]) -> None:
    place = town.place()
    with pytest.raises(Problem, match="invalid"), town.work("bill") as work:
        accounts.edit(work, place.account_id, change, if_version=None)
    with town.work("bill") as work:
        edited = accounts.edit(work, place.account_id, {"status": "delinquent"}, if_version=None)
        assert (edited.status, edited.version) == ("delinquent", 2)


def test_an_account_is_found_by_its_customer_and_address(town: Town) -> None:
    place, customer = town.place(status="finaled"), entered(town, name="Ottoline Greer")
    with town.work("carla") as work:
        search_index.refresh(work, "service_point", [place.id])
        account = accounts.open_(work, customer_id=customer.id, service_point_id=place.id)
    with town.sessions.read() as session:
        hits = search.find(session, town.actor("carla"), "ottoline main")
    assert [hit.id for hit in hits] == [account.id]


def test_the_billing_system_writes_to_the_customers_that_it_brought(town: Town) -> None:
    place, stranger = town.place(status="finaled"), entered(town)
    with pytest.raises(Problem, match="argument_required"), town.work("ivy") as work:
        customers.create(work, name="Nobody's key")
    with town.work("ivy") as work:
        brought = customers.create(work, name="Bo Key", source_key="billing/1")
        opened = accounts.open_(work, customer_id=brought.id, service_point_id=place.id, source_key="billing/a")
        assert opened.source_key == "billing/a"
    with pytest.raises(Problem, match="conflict"), town.work("ivy") as work:
        customers.create(work, name="Bo Key", source_key="billing/1")
    with pytest.raises(Problem, match="not_found"), town.work("ivy") as work:
        customers.edit(work, stranger.id, {"name": "Mine now"}, if_version=None)
