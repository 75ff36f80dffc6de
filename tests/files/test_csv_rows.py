"""CSV files are read as they come, and what is wrong with one is said with its line."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.domain.problems import Problem
from curbstop.files.csv_header import read_header
from curbstop.files.csv_rows import CsvSource
from curbstop.files.rows import Options, Row
from tests.files.conftest import Write, say_nothing


def rows(source: CsvSource) -> list[Row]:
    return list(source.rows(say_nothing))


def test_a_byte_order_mark_belongs_to_no_name(write: Write) -> None:
    assert CsvSource(write("a.csv", b"\xef\xbb\xbfid,name\n1,x\n"), Options()).columns == ["id", "name"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_shows_in_the_header(write: Write, delimiter: str) -> None:
    source = CsvSource(write("a.csv", f"id{delimiter}name\n1{delimiter}x\n"), Options())
    assert rows(source)[0].values == {"id": "1", "name": "x"}


def test_a_given_delimiter_is_taken(write: Write) -> None:
    source = CsvSource(write("a.csv", "a,b;c\n1,2;3\n"), Options(delimiter=";"))
    assert source.columns == ["a,b", "c"]


def test_lines_are_counted_as_an_editor_counts_them(write: Write) -> None:
    source = CsvSource(write("a.csv", 'id,note\n1,"two\nlines"\n\n2,x\n'), Options())
    assert [(row.line, row.text) for row in rows(source)] == [(2, '1,"two\nlines"'), (5, "2,x")]


def test_a_row_of_another_width_is_refused_alone(write: Write) -> None:
    found = rows(CsvSource(write("a.csv", "id,name\n1,x,y\n2,x\n3\n"), Options()))
    assert [row.fault.reason if row.fault else "" for row in found] == ["wrong_columns", "", "wrong_columns"]


def test_a_stray_quotation_mark_costs_its_row_only(write: Write) -> None:
    found = rows(CsvSource(write("a.csv", 'id,name\n1,"x"y\n2,z\n'), Options()))
    assert [row.fault.reason if row.fault else "" for row in found] == ["malformed_row", ""]


def test_a_quotation_mark_that_is_never_closed_is_a_problem_with_its_line(write: Write) -> None:
    path = write("a.csv", 'id,name\n1,x\n2,"y\n3,z\n')
    with pytest.raises(Problem, match="line 3: a quotation mark is opened and never closed"):
        rows(CsvSource(path, Options()))


def test_undecodable_text_is_a_problem_with_its_line(write: Write) -> None:
    path = write("a.csv", b"id,name\n" + b"1,x\n" * 100 + b"2,Caf\xe9\n")
    with pytest.raises(Problem, match=r"line 102: byte 0xe9 is not utf-8 text.*--encoding cp1252"):
        rows(CsvSource(path, Options()))
    assert rows(CsvSource(path, Options(encoding="cp1252")))[-1].values["name"] == "Café"


def test_utf_16_is_known_by_its_mark(write: Write) -> None:
    assert rows(CsvSource(write("a.csv", "id,name\n1,Zoë\n".encode("utf-16")), Options()))[0].values["name"] == "Zoë"


def test_utf_16_that_is_cut_off_is_a_problem(write: Write) -> None:
    with pytest.raises(Problem, match="not utf-16 text"):
        rows(CsvSource(write("a.csv", "id,name\n1,Zoë\n".encode("utf-16")[:-1]), Options()))


@pytest.mark.parametrize("name", ["klingon", "base64"])
def test_an_unknown_encoding_is_a_problem(write: Write, name: str) -> None:
    with pytest.raises(Problem, match=f"No encoding is called '{name}'"):
        CsvSource(write("a.csv", "id\n1\n"), Options(encoding=name))


def test_a_header_fused_with_the_first_row_is_taken_apart_and_told(write: Write) -> None:
    source = CsvSource(write("a.csv", "id,num,dir_suff14754,14,MAIN,x\n85,64,ELM,y\n86,65,ELM,z\n"), Options())
    assert source.columns == ["id", "num", "dir_suff", "column_4"]
    assert rows(source)[0].values == {"id": "14754", "num": "14", "dir_suff": "MAIN", "column_4": "x"}
    assert len(rows(source)) == 3
    assert "fused" in source.repairs[0]
    assert "column_4" in source.repairs[1]


def test_a_fused_header_is_known_by_the_shape_of_its_values() -> None:
    header = read_header(["key", "nameAB-1", "x", "y"], [["AB-2", "p", "q"], ["CD-3", "r", "s"]])
    assert (header.columns, header.first_row) == (["key", "name", "column_3"], ["AB-1", "x", "y"])


def test_a_header_that_fits_nowhere_is_a_problem() -> None:
    with pytest.raises(Problem, match="correct the first line"):
        read_header(["a", "b", "c", "d"], [["1", "2"], ["3", "4"]])


def test_blank_and_double_names_are_named_and_told() -> None:
    header = read_header(["a", "", "a"], [["1", "2", "3"]])
    assert header.columns == ["a", "column_2", "a_2"]
    assert len(header.repairs) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff")), min_size=3, max_size=3
        ),
        min_size=1,
    )
)
def test_what_a_csv_writer_wrote_is_read_back(write: Write, cells: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *cells])
    source = CsvSource(write("a.csv", text.getvalue()), Options())
    kept = [row for row in cells if any(cell.strip() for cell in row)]
    assert [list(row.values.values()) for row in rows(source)] == kept
