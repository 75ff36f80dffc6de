"""What a technician recorded against the order type."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.captures import check_captures
from curbstop.domain.order_types import Capture, CaptureKind, Choice, OrderType, load_catalogue
from curbstop.domain.permissions import Role

CUT_OFF = load_catalogue()["CUT_OFF_REQ"]
GOOD = {"serial_seen": "A-100/2", "read": "00123", "valve_state": "off"}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def found(order_type: OrderType, outcome: str, captures: dict[str, Any], photos: tuple[str, ...] = ()) -> set[Any]:
    return {(f.code, f.capture, f.severity.value) for f in check_captures(order_type, outcome, captures, photos)}


def one(kind: CaptureKind, **more: Any) -> OrderType:
    capture = Capture("it", kind, "It", **more)
    return OrderType("X", "X", 3, (capture,), ("DONE", "NOT_FOUND"), frozenset({Role.CSR}))


def test_a_complete_record_has_no_findings() -> None:
    assert found(CUT_OFF, "DONE", GOOD) == set()


def test_what_is_missing_is_named() -> None:
    captures = {"read": "00123", "valve_state": None}
    assert found(CUT_OFF, "DONE", captures) == {
        ("capture_missing", "serial_seen", "reject"),
        ("capture_missing", "valve_state", "reject"),
    }


def test_a_returned_visit_needs_nothing_but_its_outcome() -> None:
    assert found(CUT_OFF, "NO_ACCESS_DOG", {}) == set()


def test_a_returned_visit_still_may_not_hold_nonsense() -> None:
    assert found(CUT_OFF, "NO_ACCESS_DOG", {"read": "x"}) == {("capture_invalid", "read", "reject")}


def test_an_outcome_that_the_type_does_not_know_is_refused() -> None:
    assert found(CUT_OFF, "PROMISE", GOOD) == {("outcome_unknown", None, "reject")}


def test_a_capture_that_nobody_asked_for_is_only_noted() -> None:
    assert found(CUT_OFF, "DONE", {**GOOD, "mood": "good"}) == {("capture_unknown", "mood", "warn")}


def test_missing_photos_are_counted_and_only_warn() -> None:
    kind = one(CaptureKind.PHOTO, count=3)
    assert found(kind, "DONE", {}, ("it", "it")) == {("photo_missing", "it", "warn")}
    assert found(kind, "DONE", {}, ("it", "it", "it")) == set()


def test_a_capture_may_be_required_by_one_outcome_only() -> None:
    kind = one(CaptureKind.TEXT, when=("NOT_FOUND",))
    assert found(kind, "DONE", {}) == set()
    assert found(kind, "NOT_FOUND", {}) == {("capture_missing", "it", "reject")}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (CaptureKind.TEXT, ["x"], ["", "  ", 5, "x" * 5000]),
        (CaptureKind.SERIAL, ["AB-1", "12.3/4"], ["", 5, "x;y", "9" * 41]),
        (CaptureKind.READING, ["00012", "12.5", 7], ["", "1.2.3", -1, 1.5, True, "1" * 13, "x"]),
        (CaptureKind.READINGS, [{"1": "5"}, {"1": "5", "2": 6}], [{}, [], {"1": "x"}, "5"]),
        (CaptureKind.CHOICE, ["a"], ["b", None.__class__, ["a"], {}]),
        (CaptureKind.YES_NO, [True, False], ["yes", 1, 0]),
        (CaptureKind.NUMBER, [1, 5, "3.5"], [0, 5.01, "x", True, "NaN", float("inf"), []]),
        (CaptureKind.DATETIME, ["2026-05-04T13:30:00Z"], ["2026-05-04T13:30:00", "noon", 5]),
        (
            CaptureKind.POSITION,
            [{"latitude": 42.3, "longitude": -71.1, "accuracy_m": 5}],
            [
                {},
                [],
                {"latitude": 91, "longitude": 0},
                {"latitude": "42", "longitude": 0},
                {"latitude": 1, "longitude": 1, "accuracy_m": -1},
            ],
        ),
    ],
)
def test_each_kind_takes_what_it_should_and_nothing_else(kind: CaptureKind, good: list[Any], bad: list[Any]) -> None:
    more: dict[str, Any] = {"choices": (Choice("a", "A"),)} if kind is CaptureKind.CHOICE else {}
    more |= {"min": 1, "max": 5} if kind is CaptureKind.NUMBER else {}
    for value in good:
        assert found(one(kind, **more), "DONE", {"it": value}) == set(), value
    for value in bad:
        assert found(one(kind, **more), "DONE", {"it": value}) == {("capture_invalid", "it", "reject")}, value


@given(captures=st.dictionaries(st.sampled_from([c.name for c in CUT_OFF.captures]), anything))
def test_no_value_makes_the_check_fall_over(captures: dict[str, Any]) -> None:
    for order_type in (CUT_OFF, load_catalogue()["MTR_XCHG"]):
        for finding in check_captures(order_type, "DONE", captures):
            assert finding.detail


@given(value=anything)
def test_every_kind_survives_any_json(value: Any) -> None:
    for kind in CaptureKind:
        check_captures(one(kind, choices=(Choice("a", "A"),)), "DONE", {"it": value})
