"""Readings typed in at the office: the register's digits, oddities kept, and a doubted reading superseded."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import readings
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind
from curbstop.models import BucketRow, ChangeLog, Reading
from curbstop.models.base import utc_now
from tests.town import Place, Town


def enter(town: Town, place: Place, digits: str, *, by: str = "carla", **how: Any) -> Reading:
    given = {"kind": ReadingKind.SPECIAL, "noted_at": utc_now(), **how}
    with town.work(by) as work:
        return readings.enter(work, place.meter_id, digits, **given)


def test_a_reading_belongs_to_the_place_of_the_meter_and_reaches_its_tablets(town: Town) -> None:
    place = town.place()
    town.route([place], to="tom")
    newest = max(town.all(select(ChangeLog.id)))
    reading = enter(town, place, "001042")
    assert (reading.value, reading.service_point_id, reading.flags) == (Decimal(1042), place.id, [])
    assert town.all(select(BucketRow.bucket).where(BucketRow.entity_id == place.id))
    assert town.all(select(ChangeLog.entity_id).where(ChangeLog.id > newest)) == [place.id]


@pytest.mark.parametrize("digits", ["1234567", "12.5", "-3", "12a", "", "1e3", "nan"])
def test_digits_that_the_register_cannot_show_are_refused(town: Town, digits: str) -> None:
    with pytest.raises(Problem, match="reading_invalid"):
        enter(town, town.place(), digits)


def test_an_odd_reading_is_kept_and_flagged(town: Town) -> None:
    place = town.place()
    assert enter(town, place, "900").flags == ["NEGATIVE"]
    assert enter(town, town.place(), "1000").flags == ["ZERO"]


def test_a_reading_is_not_from_the_future(town: Town) -> None:
    with pytest.raises(Problem, match="invalid"):
        enter(town, town.place(), "1042", noted_at=utc_now() + timedelta(hours=1))


@pytest.mark.parametrize("name", ["tom", "lee", "dana", "gus", "ivy"])
def test_readings_for_others_are_entered_by_those_who_bill(town: Town, name: str) -> None:
    with pytest.raises(Problem, match="forbidden"):
        enter(town, town.place(), "1042", by=name)


def test_a_better_reading_supersedes_and_both_are_kept(town: Town) -> None:
    place, other = town.place(), town.place()
    doubted = enter(town, place, "9042")
    better = enter(town, place, "1042", kind=ReadingKind.REREAD, supersedes_id=doubted.id)
    assert better.flags == []
    assert {(r.value, r.superseded_by_id) for r in town.all(select(Reading).where(Reading.source == "office"))} == {
        (Decimal(9042), better.id),
        (Decimal(1042), None),
    }
    with pytest.raises(Problem, match="conflict"):
        enter(town, place, "1050", supersedes_id=doubted.id)
    with pytest.raises(Problem, match="invalid"):
        enter(town, other, "1050", supersedes_id=better.id)
