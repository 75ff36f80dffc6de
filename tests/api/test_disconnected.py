"""What is off is listed with what was used since the cut, and with what does not fit."""

from datetime import timedelta
from uuid import UUID

import pytest

from curbstop.commands import readings
from curbstop.domain.readings import ReadingKind
from tests.api.office import Office
from tests.cut_offs import any_day
from tests.town import Place, Town
from tests.visits import done, post


@pytest.fixture
def off(town: Town) -> Place:
    any_day(town)
    place = town.place()
    order: UUID = done(town, "CUT_OFF_NP", place, read="001010")
    post(town, order)
    return place


def test_water_that_is_used_though_it_is_off_is_an_alarm(office: Office, town: Town, off: Place) -> None:
    town.place()
    [row] = office.as_("carla").get("/disconnected").json["items"]
    assert (row["service_point_id"], row["physical_state"], row["at_cut"]) == (str(off.id), "off_locked", 1_010)
    assert (row["used"], "off_use" in row["alarms"]) == (0, False)
    with town.work("bill") as work:
        readings.enter(work, off.meter_id, "001034", kind=ReadingKind.SPECIAL, noted_at=work.at + timedelta(seconds=1))
    [row] = office.as_("carla").get("/disconnected?state=off_locked").json["items"]
    assert (row["latest"], row["used"], "off_use" in row["alarms"]) == (1_034, 24, True)
    assert row["off_since"] is not None
    assert office.as_("carla").get("/disconnected?state=plugged").json["items"] == []
