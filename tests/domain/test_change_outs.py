"""Every cross-check of a meter change-out, one wrong thing at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.change_outs import Books, ChangeOut, Model, Span, blocks_posting, check, consumption_gal
from curbstop.domain.meters import MeterStatus
from curbstop.domain.readings import RegisterFacts

NOW = datetime(2026, 5, 4, 15, tzinfo=UTC)
GOOD = ChangeOut(
    old_serial="OLD1", new_serial="NEW1", out_reads={"1": "01234"}, in_reads={"1": "0000000"}, new_dials=7,
    installed_at=NOW - timedelta(hours=1), new_size="5/8", new_endpoint="R2",
)  # fmt: skip
BOOKS = Books(
    now=NOW, installed_serial="OLD1", installed_size="5/8", registers={"1": RegisterFacts(5)},
    last_reads={"1": Decimal(1200)}, expected={"1": Decimal(30)}, last_read_at=NOW - timedelta(days=20),
    new_status=MeterStatus.STOCK, model=Model(size="5/8", dials=7, decimals=0, multiplier=Decimal(1), unit="GAL"),
)  # fmt: skip


def found(change: dict[str, Any], books: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f.code, f.severity.value) for f in check(replace(GOOD, **change), replace(BOOKS, **books))]


def test_a_sound_exchange_has_no_findings() -> None:
    assert check(GOOD, BOOKS) == []


@pytest.mark.parametrize(
    ("change", "books", "expected"),
    [
        ({}, {"new_active_at": "SP-000007"}, ("NEW_ACTIVE_ELSEWHERE", "reject")),
        ({}, {"new_status": MeterStatus.RETIRED}, ("NEW_NOT_IN_STOCK", "warn")),
        ({}, {"new_status": None}, ("NEW_NOT_IN_STOCK", "warn")),
        ({"new_serial": "OLD1"}, {}, ("SAME_SERIAL", "reject")),
        ({}, {"endpoint_active_at": "SP-000007"}, ("ENDPOINT_ACTIVE_ELSEWHERE", "reject")),
        ({"old_serial": "OTHER"}, {}, ("OLD_NOT_INSTALLED", "reject")),
        ({"old_serial": "OTHER", "found_different_meter": True}, {}, ("DIFFERENT_METER", "warn")),
        ({"out_reads": {}}, {}, ("OUT_MISSING", "reject")),
        ({"out_reads": {"1": "123456"}}, {}, ("DIGITS", "reject")),
        ({"out_reads": {"1": "01100"}}, {}, ("OUT_LT_LAST", "reject")),
        ({"out_reads": {"1": "01100"}}, {"out_photo": True}, ("OUT_LT_LAST", "warn")),
        ({"out_reads": {"1": "00012"}}, {"last_reads": {"1": Decimal(99_998)}}, ("OUT_UNUSUAL", "warn")),
        ({"out_reads": {"1": "01900"}}, {}, ("OUT_UNUSUAL", "warn")),
        ({"estimated_out_read": True}, {}, ("ESTIMATE_WITHOUT_REASON", "warn")),
        ({"in_reads": {"1": "0001001"}}, {}, ("IN_READ_HIGH", "warn")),
        ({"in_reads": {"1": "12345678"}}, {}, ("DIGITS", "reject")),
        ({"new_multiplier": Decimal(10)}, {}, ("MODEL_DIFFERS", "warn")),
        ({"new_size": "1"}, {"model": None}, ("SIZE_CHANGED", "warn")),
        ({"installed_at": NOW - timedelta(days=21)}, {}, ("BEFORE_LAST_READ", "reject")),
        ({"installed_at": NOW + timedelta(minutes=11)}, {}, ("IN_FUTURE", "reject")),
        ({"accuracy_m": 16.0}, {}, ("GPS_INACCURATE", "warn")),
        ({"distance_m": 31.0}, {}, ("FAR", "warn")),
        ({"distance_m": 151.0}, {}, ("TOO_FAR", "reject")),
        ({"serial_unconfirmed": True}, {}, ("SERIAL_UNCONFIRMED", "warn")),
        ({"test_read": "5"}, {}, ("CROSS_WIRED", "warn")),
        ({"test_read": "x"}, {}, ("DIGITS", "reject")),
    ],
)
def test_each_thing_that_does_not_fit_is_found(
    change: dict[str, Any], books: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in found(change, books)
    assert blocks_posting(check(replace(GOOD, **change), replace(BOOKS, **books))) is (expected[1] == "reject")


@pytest.mark.parametrize(
    "change",
    [
        {"installed_at": NOW + timedelta(minutes=9)},
        {"accuracy_m": 15.0},
        {"distance_m": 30.0},
        {"test_read": "1"},
        {"estimated_out_read": True, "estimate_reason": "glass broken"},
    ],
)
def test_what_is_just_within_bounds_is_not_found(change: dict[str, Any]) -> None:
    assert found(change, {}) == []


def test_the_same_exchange_again_is_no_error() -> None:
    assert found({"new_serial": "OLD1"}, {"same_already_recorded": True}) == []


def test_consumption_across_an_exchange_adds_both_meters_in_gallons() -> None:
    total = consumption_gal(
        [Span(Decimal(10), unit="CCF")], [Span(Decimal(5), Decimal(10)), Span(Decimal(1), unit="KGAL")]
    )
    assert total.quantize(Decimal("0.001")) == Decimal("8530.519")


@given(usage=st.integers(0, 10**6), cut=st.integers(0, 10**6))
def test_an_exchange_between_equal_meters_loses_nothing(usage: int, cut: int) -> None:
    before = min(usage, cut)
    parts = consumption_gal([Span(Decimal(before))], [Span(Decimal(usage - before))])
    assert parts == consumption_gal([Span(Decimal(usage))], [])
