"""Refused rows are kept whole and cannot run in a spreadsheet."""

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.domain.problems import Problem
from curbstop.files.rejects import RejectFile, guard, read_rejects, reject_path, unguard
from curbstop.files.rows import Rejected

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(texts)
def test_a_guarded_cell_is_no_formula_and_loses_nothing(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not guard(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.builds(Rejected, st.integers(1), st.just("too_long"), texts, texts), min_size=1))
def test_refused_rows_are_read_back_as_they_were_written(tmp_path: Path, rejected: list[Rejected]) -> None:
    path = tmp_path / "a.rejected.csv"
    with RejectFile(path) as file:
        for row in rejected:
            file.add(row)
    assert list(read_rejects(path)) == rejected


def test_no_refused_row_leaves_no_file_and_removes_an_earlier_one(tmp_path: Path) -> None:
    path = reject_path(tmp_path / "a.csv", None)
    with RejectFile(path) as file:
        file.add(Rejected(2, "too_long", "x", "y"))
    with path.open(encoding="utf-8-sig") as text:
        assert next(csv.reader(text)) == ["line", "reason", "detail", "text"]
    with RejectFile(path):
        pass
    assert not path.exists()


def test_a_file_of_that_name_that_is_not_ours_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.rejected.csv"
    path.write_text("mine")
    with RejectFile(path):
        pass
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_written_to_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="--rejects FOLDER"), RejectFile(tmp_path / "nothing" / "a.csv") as file:
        file.add(Rejected(1, "too_long", "x", "y"))
