"""Record layouts: what is written reads back, what does not fit is a fault, and a wrong layout is refused whole."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.files.record_layout import LayoutError, RecordError, RecordLayout, all_shipped, load
from curbstop.files.record_values import RecordField, plain

HEAD = 'name = "small"\ntitle = "Small"\nsource = "nowhere"\nlength = {length}\n'


def layout(*fields: str, length: int, head: str = "") -> RecordLayout:
    return load(HEAD.format(length=length) + head + "".join(f"[[fields]]\nabout = 'x'\n{field}\n" for field in fields))


def values_of(field: RecordField) -> st.SearchStrategy[Any]:
    """What the field can hold, in its own terms."""
    room = field.length - (field.decimals + 1 if field.type == "decimal" else 0) - 1
    printed = st.characters(min_codepoint=32, max_codepoint=126)
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "text": st.text(printed, max_size=field.length).map(lambda text: text.strip(" ") or None),
        "integer": st.integers(-(10 ** max(room, 0)) + 1, 10 ** (room + 1) - 1),
        "decimal": st.integers(-(10 ** max(room, 0)) + 1, 10**room - 1).map(Decimal),
        "date": st.dates(),
        "code": st.sampled_from(sorted(field.codes) or [""]),
    }
    filled = strategies[field.type]
    if field.required:
        return filled.filter(lambda value: value is not None)
    # What is left out has its default.
    return filled if field.default else st.none() | filled


@pytest.mark.parametrize("shown", all_shipped(), ids=lambda layout: layout.name)
@given(data=st.data())
def test_what_is_written_reads_back(shown: RecordLayout, data: st.DataObject) -> None:
    values = {field.name: data.draw(values_of(field), field.name) for field in shown.fields}
    record = shown.writer(values)(values)
    assert len(record) == shown.length
    assert shown.read(record) == values


@given(
    st.text(max_size=30), st.decimals(allow_nan=True), st.integers(), st.dates() | st.just("soon"), st.text(max_size=3)
)
def test_a_record_is_written_whole_or_not_at_all(words: str, number: Decimal, count: int, day: Any, code: str) -> None:
    shown = layout(
        "name='words'\nstart=1\nlength=12",
        "name='number'\nstart=13\nlength=9\ntype='decimal'\ndecimals=2\nrounds=true",
        "name='count'\nstart=22\nlength=6\ntype='integer'\njustify='right'\npad='0'",
        "name='day'\nstart=28\nlength=8\ntype='date'\ndate_form='YYYYMMDD'",
        "name='code'\nstart=36\nlength=1\ntype='code'\ncodes={a='1'}", length=36,
    )  # fmt: skip
    values = {"words": words, "number": number, "count": count, "day": day, "code": code}
    try:
        record = shown.writer(values)(values)
    except RecordError:
        return
    assert len(record) == 36
    assert "\n" not in record
    assert shown.read(record)["count"] == count


def test_letters_lose_their_accents_and_what_has_none_to_lose_is_refused() -> None:
    head = "transliterate = true\n"
    write = layout("name='customer'\nstart=1\nlength=20", length=20, head=head).writer(["customer"])
    assert write({"customer": "Zoë O\N{RIGHT SINGLE QUOTATION MARK}Brien"}) == "Zoe O'Brien         "
    assert plain("José Núñez-Łukasz") == "Jose Nunez-Lukasz"
    with pytest.raises(RecordError) as refused:
        write({"customer": "\N{HIRAGANA LETTER A}"})
    assert [fault.reason for fault in refused.value.faults] == ["unwritable"]
    assert "spell it without" in str(refused.value)


def test_numbers_stand_as_the_layout_says() -> None:
    shown = layout(
        "name='cents'\nstart=1\nlength=8\ntype='decimal'\ndecimals=2\nimplied=true\njustify='right'\npad='0'",
        "name='fine'\nstart=9\nlength=6\ntype='decimal'\ndecimals=1", length=14,
    )  # fmt: skip
    write = shown.writer(["cents", "fine"])
    assert write({"cents": Decimal("-12.5"), "fine": 3}) == "-00012503.0   "
    assert shown.read("-00012503.0   ") == {"cents": Decimal("-12.50"), "fine": Decimal(3)}
    with pytest.raises(RecordError, match="fine has 1 decimal places"):
        write({"cents": 0, "fine": Decimal("3.14")})


def test_every_fault_of_a_record_is_told_at_once() -> None:
    shown = layout("name='a'\nstart=1\nlength=2\nrequired=true", "name='b'\nstart=3\nlength=2", length=4)
    with pytest.raises(RecordError) as refused:
        shown.writer(["a", "b"])({"a": None, "b": "too long"})
    assert [(fault.field, fault.reason) for fault in refused.value.faults] == [("a", "missing"), ("b", "too_long")]
    with pytest.raises(RecordError, match="is 3 characters long, not 4"):
        shown.read("abc")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (["name='a'\nstart=1\nlength=2", "name='b'\nstart=2\nlength=3"], "overlaps the field before it"),
        (["name='a'\nstart=1\nlength=2", "name='b'\nstart=4\nlength=1"], "leaves 1 before it"),
        (["name='a'\nstart=1\nlength=3"], "end at 3, its length is 4"),
        (["name='a'\nstart=1\nlength=2", "name='a'\nstart=3\nlength=2"], "two fields are called a"),
        (["name='a'\nstart=1\nlength=4\ntype='money'"], "type is one of"),
        (["name='a'\nstart=1\nlength=4\ntype='code'"], "a code needs its list"),
        (["name='a'\nstart=1\nlength=4\ntype='code'\ncodes={x='1', y='1'}"], "two codes are written alike"),
        (["name='a'\nstart=1\nlength=4\npad='0'"], "padded with noughts"),
        (["name='a'\nstart=1\nlength=4\ndefault='longer'"], "default does not fit"),
        (["name='a'\nstart=1\nlength=4\ncolour='red'"], "unexpected keyword argument 'colour'"),
        (["start=1\nlength=4"], "name is missing"),
    ],
)
def test_a_wrong_layout_is_refused_with_its_place(fields: list[str], said: str) -> None:
    with pytest.raises(LayoutError, match=said):
        layout(*fields, length=4)


def test_days_before_the_year_1000_have_four_digits() -> None:
    shown = layout("name='day'\nstart=1\nlength=10\ntype='date'", length=10)
    assert shown.writer(["day"])({"day": date(476, 9, 4)}) == "0476-09-04"
