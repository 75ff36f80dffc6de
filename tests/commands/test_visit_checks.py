"""What is asked of a visit's captures before they are taken, and what is remarked on for the office."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import review
from curbstop.domain.problems import Problem
from curbstop.models import Reading
from curbstop.models.base import utc_now
from tests.cut_offs import any_day
from tests.town import Town
from tests.visits import done, photos, post


@pytest.fixture(autouse=True)
def _any_day(town: Town) -> None:
    any_day(town)


def codes(refused: pytest.ExceptionInfo[Problem]) -> set[str]:
    return {finding["code"] for finding in refused.value.extra["findings"]}


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [("HIGH_CHK", "read", "out_read"), ("LOW_CHK", "in_read", "out_read"), ("STOP_CHK", "in_read", "out_read")],
)
def test_the_second_reading_is_not_below_the_first(town: Town, code: str, first: str, second: str) -> None:
    captures: dict[str, Any] = {first: "001010", second: "001009"}
    with pytest.raises(Problem) as refused:
        done(town, code, town.place(), **captures)
    assert codes(refused) == {"SECOND_READ_LOWER"}


def test_a_register_may_roll_over_between_two_readings(town: Town) -> None:
    order = done(town, "HIGH_CHK", town.place(last=999_000), read="999998", out_read="000002")
    assert town.read_order(order).state == "completed"


def test_a_place_is_not_corrected_to_another_town(town: Town) -> None:
    with pytest.raises(Problem) as refused:
        done(town, "RTE_FIX", town.place(), gps={"longitude": -78.9, "latitude": 35.1})
    assert codes(refused) == {"TOO_FAR"}


@pytest.mark.parametrize(
    ("code", "kind"), [("READ_FINAL", "final"), ("READ_INIT", "initial"), ("READ_SPEC", "special")]
)
@pytest.mark.parametrize(("days", "flags"), [(3, []), (4, ["PRORATE"])])
def test_a_reading_far_from_the_day_of_the_move_is_prorated(
    town: Town, code: str, kind: str, days: int, flags: list[str]
) -> None:
    at = utc_now()
    order = done(
        town, code, town.place(), read_at=at.isoformat(), order={"requested_on": town.today + timedelta(days=days)}
    )
    assert town.read_order(order).flags == flags
    post(town, order)
    [reading] = town.all(select(Reading).where(Reading.order_id == order))
    assert (reading.kind, abs(reading.noted_at - at) < timedelta(seconds=1)) == (kind, True)


def test_a_pressure_above_what_a_main_can_hold_is_a_slip_of_the_hand(town: Town) -> None:
    with pytest.raises(Problem) as refused:
        done(town, "PRESS_CHK", town.place(), static_psi=201)
    assert codes(refused) == {"capture_invalid"}


def test_digits_that_the_register_does_not_have_are_asked_for_again(town: Town) -> None:
    with pytest.raises(Problem) as refused:
        done(town, "READ_SPEC", town.place(), read="1234567")
    assert codes(refused) == {"DIGITS"}


def test_another_serial_and_the_wrong_hands_are_remarked_on(town: Town) -> None:
    order = done(town, "CUT_OFF_REQ", town.place(), serial_seen="OTHER1")
    assert town.read_order(order).flags == ["SERIAL_MISMATCH"]


def test_photos_are_asked_for_before_posting(town: Town) -> None:
    order = done(town, "TAMPER_INV", town.place())
    with pytest.raises(Problem, match="photos_missing"), town.work("bill") as work:
        review.post(work, order)
    photos(town, order)
