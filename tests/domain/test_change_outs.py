"""Every cross-check of a meter change-out, one wrong thing at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.change_outs import Books, ChangeOut, Model, blocks_posting, check, estimate
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
        ({}, {"new_status": MeterStatus.SCRAPPED}, ("NEW_NOT_IN_STOCK", "warn")),
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
        ({"typed_by_hand": True}, {}, ("SERIAL_UNCONFIRMED", "warn")),
        ({"typed_by_hand": True, "serial_again": "NEW2"}, {}, ("SERIAL_UNCONFIRMED", "warn")),
        ({}, {"new_status": MeterStatus.TESTING}, ("NEW_NOT_IN_STOCK", "warn")),
        ({"old_serial": "X", "new_serial": "OLD1"}, {}, ("NEW_ACTIVE_HERE", "reject")),
        (
            {"old_serial": "OTHER", "found_different_meter": True},
            {"old_active_at": "SP-000009"},
            ("OLD_ACTIVE_ELSEWHERE", "warn"),
        ),
        ({"out_reads": {"1": "01234", "2": "5"}}, {}, ("NO_SUCH_REGISTER", "reject")),
        ({"in_reads": {"x": "0"}}, {}, ("NO_SUCH_REGISTER", "reject")),
        ({"out_reads": {}, "estimated_out_read": True}, {"last_reads": {}}, ("CANNOT_ESTIMATE", "reject")),
        ({"old_unreadable": True}, {}, ("NOT_ESTIMATED", "warn")),
        ({"new_model": "T-9"}, {"model": None, "model_unknown": True}, ("MODEL_UNKNOWN", "warn")),
        ({"in_reads": {"1": "5"}}, {"model": Model(resolution=Decimal(10))}, ("MODEL_DIFFERS", "warn")),
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
        {"typed_by_hand": True, "serial_again": "NEW1"},
        {"out_reads": {}, "estimated_out_read": True, "estimate_reason": "glass broken"},
    ],
)
def test_what_is_just_within_bounds_is_not_found(change: dict[str, Any]) -> None:
    assert found(change, {}) == []


def test_a_last_reading_of_the_same_day_is_before_the_exchange_whatever_its_hour() -> None:
    assert found({}, {"last_read_at": NOW - timedelta(minutes=1)}) == []
    early = NOW.replace(hour=2)  # still the evening before, five hours west of Greenwich
    west = timezone(timedelta(hours=-5))
    change = {"installed_at": early}
    assert ("BEFORE_LAST_READ", "reject") in found(change, {"last_read_at": NOW, "zone": west})
    assert ("BEFORE_LAST_READ", "reject") not in found(change, {"last_read_at": NOW})


def test_a_reading_below_the_last_is_explained_by_a_photo_or_a_reason() -> None:
    low = {"out_reads": {"1": "01100"}}
    assert found({**low, "estimate_reason": "the register was stuck"}, {}) == [("OUT_LT_LAST", "warn")]


def test_an_estimate_goes_on_from_the_last_reading_past_the_register_s_end_too() -> None:
    assert estimate(BOOKS, "1") == 1230
    assert estimate(replace(BOOKS, last_reads={"1": Decimal(99_990)}), "1") == 20


@given(
    out=st.builds(
        replace,
        st.just(GOOD),
        old_serial=st.sampled_from(["OLD1", "NEW1", "X"]),
        new_serial=st.sampled_from(["OLD1", "NEW1"]),
        out_reads=st.dictionaries(st.sampled_from(["1", "2", "a"]), st.text("0123456789.x", max_size=8), max_size=2),
        in_reads=st.dictionaries(st.sampled_from(["1", "2", "é"]), st.text("0123456789.x", max_size=8), max_size=2),
        installed_at=st.integers(-60, 60).map(lambda days: NOW + timedelta(days=days)),
        estimated_out_read=st.booleans(),
        found_different_meter=st.booleans(),
        distance_m=st.none() | st.floats(0, 1e6),
        test_read=st.none() | st.text("0123456789.x", max_size=8),
    ),
    last=st.none() | st.integers(0, 99_999).map(Decimal),
)
def test_whatever_was_captured_is_judged_and_never_breaks_the_check(out: ChangeOut, last: Decimal | None) -> None:
    books = replace(BOOKS, last_reads={} if last is None else {"1": last})
    findings = check(out, books)
    assert all(finding.detail for finding in findings)
    if not blocks_posting(findings):
        # What may be posted can be written: every register has its reading, in digits that it has.
        for position in books.registers:
            given_digits = out.out_reads.get(position)
            value = estimate(books, position) if given_digits is None else Decimal(given_digits)
            assert 0 <= value < books.registers[position].capacity
        assert out.new_serial != books.installed_serial


def test_the_same_exchange_again_is_no_error() -> None:
    assert found({"new_serial": "OLD1"}, {"same_already_recorded": True}) == []
