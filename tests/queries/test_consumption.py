"""What a place used, period by period, across exchanges: as billing asks for it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from curbstop.commands import readings, review
from curbstop.domain.readings import ReadingKind
from curbstop.models import Installation, Reading, Register
from curbstop.models.engine import Sessions
from curbstop.queries import consumption
from curbstop.settings import Settings
from tests.commands.test_change_outs import change_out
from tests.town import Place, Town


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    return Town(sessions, settings).settle()


def told(town: Town, place: Place) -> list[dict[str, Any]]:
    with town.sessions.read() as session:
        return consumption.of_place(session, town.actor("bill"), place.id, zone=town.settings.zone)


def regular(town: Town, register_id: Any, value: int, *, days_ago: float) -> Reading:
    """Entered by the office, as it validates a reading."""
    [register] = town.all(select(Register).where(Register.id == register_id))
    with town.work("bill") as work:
        return readings.enter(
            work,
            register.meter_id,
            f"{value}",
            position=register.position,
            kind=ReadingKind.REGULAR,
            noted_at=work.at - timedelta(days=days_ago),
        )


def five_dials(town: Town, place: Place) -> None:
    with town.sessions.write() as session:
        session.execute(update(Register).where(Register.id == place.register_id).values(dials=5))


def test_a_register_past_its_end_used_fourteen_units(town: Town) -> None:
    """Must-pass 4, first half: 99,998 -> 00,012 on five dials."""
    place = town.place(last=99_998)
    five_dials(town, place)
    reading = regular(town, place.register_id, 12, days_ago=0)
    assert reading.flags == ["ROLLOVER"]
    [period] = told(town, place)
    assert (period["used_gal"], period["open"], period["legs"][0]["rolled_over"]) == (Decimal(14), False, True)


def test_a_register_in_its_middle_is_a_misread_and_not_billed(town: Town) -> None:
    """Must-pass 4, second half: 50,000 -> 00,012 is NEGATIVE, never a rollover."""
    place = town.place(last=50_000)
    five_dials(town, place)
    assert regular(town, place.register_id, 12, days_ago=0).flags == ["NEGATIVE"]
    [period] = told(town, place)
    assert (period["used_gal"], period["legs"][0]["used_gal"]) == (None, None)


def test_a_period_with_an_exchange_adds_both_meters_in_one_unit(town: Town) -> None:
    place = town.place(last=1000)
    order = change_out(town, place, out_read={"1": "1042"}, in_read={"1": "5"}, new_multiplier=10, new_uom="CF")
    with town.work("bill") as work:
        review.post(work, order)
    [new] = town.all(
        select(Register).join(Installation, Installation.meter_id == Register.meter_id).where(
            Installation.removed_at.is_(None)
        )
    )  # fmt: skip
    [open_one] = told(town, place)
    assert (open_one["used_gal"], open_one["open"], open_one["exchanged"]) == (Decimal(42), True, False)
    with town.sessions.write() as session:
        # Everything was a day ago, so that there is a day to read in.
        ago = datetime.now(UTC) - timedelta(days=1)
        session.execute(update(Reading).where(Reading.order_id == order).values(noted_at=ago))
        session.execute(update(Installation).where(Installation.order_id == order).values(installed_at=ago))
    regular(town, new.id, 8, days_ago=0)
    [period] = told(town, place)
    # 42 gallons, and three times ten cubic feet.
    assert period["used_gal"] == (Decimal(42) + Decimal(30) * 1728 / 231).quantize(Decimal("0.001"))
    assert (period["exchanged"], period["open"]) == (True, False)
    assert [(leg["serial"], leg["from_value"], leg["to_value"]) for leg in period["legs"]] == [
        (place.serial, 1000, 1042),
        ("NEW-0001", 5, 8),
    ]


def test_the_newest_periods_come_first_and_no_more_than_asked_for(town: Town) -> None:
    place = town.place(last=1000)
    for value, ago in ((1010, 20), (1030, 10), (1060, 0)):
        regular(town, place.register_id, value, days_ago=ago)
    assert [period["used_gal"] for period in told(town, place)] == [30, 20, 10]
    with town.sessions.read() as session:
        found = consumption.of_place(session, town.actor("bill"), place.id, zone=town.settings.zone, most=1)
    assert [period["used_gal"] for period in found] == [30]


def test_a_place_that_was_never_read_has_no_periods(town: Town) -> None:
    place = town.place()
    with town.sessions.write() as session:
        session.execute(update(Reading).values(service_point_id=None, superseded_by_id=place.id))
    assert told(town, place) == []
