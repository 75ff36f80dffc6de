"""Developments: lists of lots, the builder's accounts, and the way of a lot to its owner."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event, func, select, update

from curbstop.commands import developments, service_orders
from curbstop.commands.import_lots import typed
from curbstop.commands.service_orders import NewOrder
from curbstop.domain.problems import Problem
from curbstop.importing import OPERATOR, import_file
from curbstop.models import Account, Customer, Development, Lot, OrderTypeRow, ServiceOrder, ServicePoint
from curbstop.models.ids import new_id
from tests import tap_requests as build
from tests.town import Town


def _development(town: Town) -> Development:
    builder = Customer(id=new_id(), number="CU-990001", name="Bright Homes")
    town.add(builder)
    with town.work("bill") as work:
        return developments.create(work, name="Mill Creek", builder_id=builder.id)


def _add(town: Town, development: Development, *lots: tuple[str, str]) -> tuple[int, int, list[str]]:
    with town.work("bill") as work:
        rows = [(line, typed(lot=code, address=address)) for line, (code, address) in enumerate(lots, start=1)]
        outcome = developments.add_lots(work, development.id, rows)
        return outcome.added, outcome.same, [refusal.reason for refusal in outcome.refused]


def _lots(town: Town) -> list[Lot]:
    return town.all(select(Lot).order_by(Lot.code))


def test_a_list_brings_its_places_and_the_same_list_again_changes_nothing(town: Town) -> None:
    development = _development(town)
    lots = [("1", "2 Creek Ln"), ("2", "4 Creek Ln"), ("3", "1 Main St")]
    known = town.place(address="1 Main St", address_key=typed(lot="x", address="1 Main St").address_key)
    assert _add(town, development, *lots) == (3, 0, [])
    assert _add(town, development, *lots) == (0, 3, [])
    made = _lots(town)
    assert made[2].service_point_id == known.id
    [first] = town.all(select(ServicePoint).where(ServicePoint.id == made[0].service_point_id))
    assert (first.address, first.house_number, first.physical_state) == ("2 Creek Ln", "2", "tapped")
    assert development.number.startswith("DV-")


def test_what_does_not_fit_is_refused_and_the_rest_is_taken(town: Town) -> None:
    development = _development(town)
    _add(town, development, ("1", "2 Creek Ln"))
    again = _add(
        town, development, ("1", "9 Creek Ln"), ("2", "2 Creek Lane"), ("3", "5 Creek Ln"), ("3", "7 Creek Ln")
    )  # fmt: skip
    assert again == (1, 0, ["lot_differs", "place_taken", "twice"])


def test_a_preview_writes_nothing(town: Town) -> None:
    development = _development(town)
    with town.work("bill") as work:
        outcome = developments.preview_lots(work, development.id, [(1, typed(lot="1", address="2 Creek Ln"))])
        assert (outcome.added, outcome.refused) == (1, [])
    assert _lots(town) == []


def test_a_file_of_lots_is_previewed_imported_and_imported_again(town: Town, tmp_path: Path) -> None:
    number = _development(town).number
    path = tmp_path / "lots.csv"
    path.write_text(
        f"Development,Lot,Address,City,Lat,Lon\n{number},1,2 Creek Ln,Millbrook,35.1,-79.2\n"
        f"{number},2,4 Creek Ln,Millbrook,,\nDV-000404,1,6 Creek Ln,,,\n{number},3,,,,\n"
    )  # fmt: skip
    seen = import_file(town.sessions, town.settings, OPERATOR, "lots", path)
    assert (seen.outcome.added, [one.reason for one in seen.outcome.refused]) == (2, ["no_development"])
    assert _lots(town) == []
    for added, same in ((2, 0), (0, 2)):
        done = import_file(town.sessions, town.settings, OPERATOR, "lots", path, commit=True)
        assert (done.outcome.added, done.outcome.same) == (added, same)
    assert [lot.code for lot in _lots(town)] == ["1", "2"]


def test_a_long_list_takes_no_more_statements_than_a_short_one(town: Town) -> None:
    development = _development(town)

    def statements(first: int, last: int) -> int:
        count = 0

        def one(*_: object) -> None:
            nonlocal count
            count += 1

        with town.work("bill") as work:
            rows = [(n, typed(lot=str(n), address=f"{n} Creek Ln")) for n in range(first, last)]
            engine = work.session.get_bind()
            event.listen(engine, "before_cursor_execute", one)
            developments.add_lots(work, development.id, rows)
            event.remove(engine, "before_cursor_execute", one)
        return count

    short = statements(1, 20)
    assert statements(100, 300) <= short + 12


def test_the_first_meter_opens_the_builders_accounts_for_all_lots(town: Town) -> None:
    development = _development(town)
    _add(town, development, ("1", "2 Creek Ln"), ("2", "4 Creek Ln"))
    first = _lots(town)[0]
    _set(town, first)
    accounts = town.all(select(Account).where(Account.customer_id == development.builder_id))
    assert sorted((one.status, one.service_class) for one in accounts) == [("pending", "temporary")] * 2
    assert all(lot.account_id is not None for lot in _lots(town))
    assert [lot.meter_set_at is not None for lot in _lots(town)] == [True, False]
    [place] = town.all(select(ServicePoint).where(ServicePoint.id == first.service_point_id))
    assert place.physical_state == "set_off_locked"
    _add(town, development, ("9", "90 Creek Ln"))
    _set(town, _lots(town)[1], serial="DEV00002")
    assert len(town.all(select(Account).where(Account.customer_id == development.builder_id))) == 3


def _set(town: Town, lot: Lot, serial: str = "DEV00001", *, said: str | None = None) -> UUID:
    with town.work("bill") as work:
        new = NewOrder(type_code="DEV_SET", service_point_id=lot.service_point_id)
        order_id = service_orders.create(work, new).id
    captures = {
        "lot": said or lot.code, "new_serial": serial, "new_serial_by": "scanned", "in_read": {"1": "000000"},
        "new_size": "5/8", "new_make": "Badger", "new_model": "M25", "new_dials": 6, "new_decimals": 0,
        "new_multiplier": 1, "new_uom": "GAL", "locked_on_set": True, "lock_type": "barrel", "lock_no": f"L-{serial}",
    }  # fmt: skip
    build.done(town, order_id, captures, {"photo_new_register": 1, "photo_new_serial": 1})
    return order_id


def test_a_crew_at_another_lot_or_a_closed_development_is_not_posted(town: Town) -> None:
    development = _development(town)
    _add(town, development, ("1", "2 Creek Ln"), ("2", "4 Creek Ln"))
    first, second = _lots(town)
    with pytest.raises(Problem, match="This is lot 1"):
        _set(town, first, said="2")
    with town.work("bill") as work:
        developments.edit(work, development.id, if_version=None, state="closed")
    with pytest.raises(Problem, match="development_closed"):
        _set(town, second, serial="DEV00002")
    with town.work("bill") as work, pytest.raises(Problem, match="development_closed"):
        developments.add_lots(work, development.id, [])


def test_a_lot_goes_to_its_owner_with_a_reading_for_each(town: Town) -> None:
    development = _development(town)
    _add(town, development, ("1", "2 Creek Ln"))
    _set(town, _lots(town)[0])
    _in_use(town, "READ_FINAL", "READ_INIT")
    owner = Customer(id=new_id(), number="CU-990002", name="Ann Owner")
    town.add(owner)
    [lot] = _lots(town)
    with town.work("carla") as work:
        moved = developments.transfer(work, lot.id, customer_id=owner.id, on=town.today)
        assert (moved.owner_id, moved.transferred_on) == (owner.id, town.today)
        with pytest.raises(Problem, match="was transferred"):
            developments.transfer(work, lot.id, customer_id=owner.id, on=town.today)
    accounts = {one.customer_id: one for one in town.all(select(Account))}
    assert accounts[development.builder_id].status == "finaled"
    assert accounts[owner.id].status == "pending"
    orders = {one.type_code: one for one in town.all(select(ServiceOrder).where(ServiceOrder.state == "ready"))}
    assert orders["READ_FINAL"].account_id == accounts[development.builder_id].id
    assert orders["READ_INIT"].account_id == accounts[owner.id].id


def test_a_lot_without_a_meter_has_nothing_to_read(town: Town) -> None:
    development = _development(town)
    _add(town, development, ("1", "2 Creek Ln"))
    owner = Customer(id=new_id(), number="CU-990002", name="Ann Owner")
    town.add(owner)
    with town.work("bill") as work:
        developments.transfer(work, _lots(town)[0].id, customer_id=owner.id, on=town.today)
    assert town.all(select(func.count()).select_from(ServiceOrder)) == [0]


def _in_use(town: Town, *codes: str) -> None:
    with town.work() as work:
        for row in work.session.scalars(select(OrderTypeRow).where(OrderTypeRow.code.in_(codes), OrderTypeRow.current)):
            definition = {**row.definition, "built": True}
            work.session.execute(update(OrderTypeRow).where(OrderTypeRow.id == row.id).values(definition=definition))


@pytest.mark.parametrize("name", ["carla", "dana", "sue", "tom"])
def test_developments_are_billings(town: Town, name: str) -> None:
    development = _development(town)
    with town.work(name) as work, pytest.raises(Problem, match="forbidden"):
        developments.add_lots(work, development.id, [])
