"""Cells become values of their kind or say what is wrong with them."""

from datetime import date
from typing import Any

import pytest

from curbstop.files.values import Kind, RefusedError, code, day, flag, integer, proper, text

STATUS = code({"ACT": "active", "ABN": "abandoned"})


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (day, "-3029443200000", date(1874, 1, 1)),
        (day, "1146614400000", date(2006, 5, 3)),
        (day, "0", date(1970, 1, 1)),
        (day, "2026-05-04", date(2026, 5, 4)),
        (day, "2026-05-04T00:00:00Z", date(2026, 5, 4)),
        (day, "5/4/2026", date(2026, 5, 4)),
        (integer(0, 9999), "1,475", 1475),
        (integer(0, 9999), "1475.0", 1475),
        (text(10), "  a   b ", "a b"),
        (proper(20), "MUELLER CO", "Mueller CO"),
        (proper(20), "AVK", "AVK"),
        (STATUS, "act", "active"),
        (STATUS, "Abandoned", "abandoned"),
        (flag, "Yes", True),
        (flag, "0", False),
    ],
)
def test_a_cell_becomes_its_value(kind: Kind, cell: str, value: Any) -> None:
    assert kind(cell) == value


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        (day, "soon", "not_a_date"),
        (day, "-33418828800000", "not_a_date"),
        (day, "99999999999999999999", "not_a_date"),
        (integer(0, 10), "11", "out_of_range"),
        (integer(0, 10), "1.5", "not_a_number"),
        (integer(0, 10), "NaN", "out_of_range"),
        (integer(0, 10), "ten", "not_a_number"),
        (text(3), "four", "too_long"),
        (text(9), "a\x00b", "bad_text"),
        (STATUS, "gone", "unknown_code"),
        (flag, "perhaps", "unknown_code"),
    ],
)
def test_a_wrong_cell_says_why(kind: Kind, cell: str, reason: str) -> None:
    with pytest.raises(RefusedError) as caught:
        kind(cell)
    assert caught.value.fault.reason == reason
