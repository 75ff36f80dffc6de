"""Numbers for people, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.numbers import WITH_YEAR, Number, Prefix, format_number, parse_number
from curbstop.domain.problems import Problem


def test_numbers_look_as_the_office_writes_them() -> None:
    assert format_number(Prefix.SERVICE_ORDER, 123, 2026) == "SO-2026-00123"
    assert format_number(Prefix.SERVICE_POINT, 123) == "SP-000123"


@given(prefix=st.sampled_from(Prefix), serial=st.integers(0, 10**9), year=st.integers(1000, 9999))
def test_a_number_reads_back_as_itself(prefix: Prefix, serial: int, year: int) -> None:
    wanted = Number(prefix, serial, year if prefix in WITH_YEAR else None)
    assert parse_number(str(wanted)) == wanted


@pytest.mark.parametrize("text", ["so-2026-00123", "SO 2026 123", " SO2026-123 "])
def test_a_number_is_read_as_people_type_it(text: str) -> None:
    assert str(parse_number(text)) == "SO-2026-00123"


@pytest.mark.parametrize("text", ["", "SO-123", "SP-2026-00123", "XX-000123", "SP-12a", "SP-"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_number(text)
    assert caught.value.code == "number_invalid"


def test_a_year_is_given_exactly_where_it_belongs() -> None:
    with pytest.raises(ValueError, match="needs year"):
        format_number(Prefix.SERVICE_ORDER, 1)
    with pytest.raises(ValueError, match="takes no year"):
        format_number(Prefix.ACCOUNT, 1, 2026)
