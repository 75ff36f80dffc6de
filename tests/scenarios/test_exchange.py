"""Must-pass 5: a new meter that is active elsewhere is no new meter, and a change-out file may be read in twice.

Tom scans the wrong box: the serial on it is of a meter two doors on. A contractor's file says the same of another
house, and is sent twice besides.
"""

from pathlib import Path

from sqlalchemy import func, select

from curbstop.models import ChangeOutRecord, Installation
from tests.commands.test_change_outs import captured
from tests.importing.test_change_outs import line, read_in, write
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet
from tests.town import Place, Town


def hangs_at(town: Town, place: Place) -> list[object]:
    """The meters that the books have there now."""
    there = Installation.service_point_id == place.id, Installation.removed_at.is_(None)
    return list(town.all(select(Installation.meter_id).where(*there)))


def test_a_serial_that_is_active_elsewhere_is_installed_by_nobody(
    town: Town, desk: Desk, new_tablet: NewTablet
) -> None:
    here, there = town.place(), town.place()
    order_id = str(town.order("MTR_XCHG", here, to="tom"))
    tom, carla = new_tablet("tom"), desk("carla")
    tom.client.sync()
    tom.network.online = False
    tom.work.arrive(order_id)
    tom.work.complete(order_id, "DONE", captured(here, new_serial=there.serial))
    tom.network.online = True
    tom.client.sync()

    # His work is kept whole, with both who claim the serial, for somebody to decide.
    [kept] = carla.get("/conflicts").json["items"]
    assert (kept["code"], kept["mine"]["captures"]["new_serial"]) == ("serial_claimed_twice", there.serial)
    assert {one["service_point_id"] for one in kept["claimants"]} == {str(here.id), str(there.id)}
    assert hangs_at(town, here) == [here.meter_id]
    assert hangs_at(town, there) == [there.meter_id]


def test_a_change_out_file_that_comes_twice_changes_nothing(town: Town, desk: Desk, tmp_path: Path) -> None:
    changed, wrong, elsewhere = town.place(), town.place(), town.place()
    rows = [line(town, 1, changed), line(town, 2, wrong, **{"Serial Number": elsewhere.serial})]
    path = write(tmp_path, rows)
    first, again = read_in(town, path), read_in(town, path)
    assert (first.outcome.added, [one.reason for one in first.outcome.refused]) == (1, ["NEW_ACTIVE_ELSEWHERE"])
    assert (again.outcome.added, again.outcome.same, len(again.outcome.refused)) == (0, 1, 1)
    assert town.all(select(func.count()).select_from(ChangeOutRecord)) == [1]
    assert hangs_at(town, wrong) == [wrong.meter_id]
    bill = desk("bill")
    [told] = bill.get(f"/change-outs?service_point_id={changed.id}").json["items"]
    assert (told["old_serial"], told["new_serial"]) == (changed.serial, "NEW1")
    assert len(bill.get("/imports?kind=change_outs").json["items"]) == 2
