"""Ops that are not as the contract says are told so in words, whatever was done to them."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import contract

COMPLETE: dict[str, Any] = contract.schemas()["ops/order.complete.json"]["examples"][0]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _with(path: str, value: Any) -> dict[str, Any]:
    op = copy.deepcopy(COMPLETE)
    *way, last = path.split(".")
    inner = op
    for key in way:
        inner = inner[key]
    inner[last] = value
    return op


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("op_id", "no uuid"),
        ("n", 0),
        ("n", 2**80),
        ("noted_at", "2026-05-04T13:30:00"),
        ("noted_at", "yesterday"),
        ("aggregate", "stop/0192f4a0-7c1e-7d2a-8f00-000000000011"),
        ("args", []),
        ("args.outcome", None),
        ("args.surprise", 1),
        ("args.notes", "a\0b"),
        ("args.notes", "\ud800"),
        ("args.captures", {"read": float("nan")}),
    ],
)
def test_what_is_wrong_is_said(path: str, value: Any) -> None:
    assert contract.check_op("order.complete", 1, _with(path, value))


def test_an_op_as_it_should_be_has_nothing_wrong() -> None:
    assert contract.check_op("order.complete", 1, COMPLETE) == []


def test_members_of_the_envelope_that_nobody_knows_yet_are_no_fault() -> None:
    """Clause 7.2, I20."""
    assert contract.check_op("order.complete", 1, {**COMPLETE, "mono_ms": 17}) == []


def test_an_unknown_kind_or_version_is_said() -> None:
    assert contract.check_op("order.teleport", 1, COMPLETE)
    assert contract.check_op("order.complete", 99, COMPLETE)


def test_bottomless_nesting_is_said_without_falling_in() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    assert contract.check_op("order.complete", 1, _with("args.captures", {"read": deep}))


@given(value=json_values, path=st.sampled_from(["args", "args.captures", "op_id", "n", "follows", "noted_at"]))
def test_no_json_makes_the_check_fall_over(value: Any, path: str) -> None:
    assert isinstance(contract.check_op("order.complete", 1, _with(path, value)), list)
