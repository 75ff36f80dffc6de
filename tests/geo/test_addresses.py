"""Spellings of one address are one address; different addresses stay different."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo.addresses import Address, from_parts, parse, street, title

_WORDS = (
    "North,N,Main,St,Street,Saint,Mount,First,21st,Twenty,Twenty-First,Ave,Avenue,Park,Pk,A,E,Highway,64,O'Brien,"
    "Second-Third,Old,Broadway,Way,Court,West,NE,Point,Extension,&,and"
)
words = st.lists(st.sampled_from(_WORDS.split(",")), min_size=1, max_size=6).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("14 Aberdeen Ave", "14 ABERDEEN AVENUE"),
        ("14  Aberdeen   Av.", "14 Aberdeen Ave"),
        ("1 Saint Paul St", "1 St. Paul Street"),
        ("220 Mount Auburn St", "220 Mt Auburn St"),
        ("5 First Street", "5 1st St"),
        ("5 Twenty-First Street", "5 21st St"),
        ("7 North Main St", "7 N Main St"),
        ("7 Main St Northeast", "7 Main St NE"),
        ("3 O'Brien Hwy", "3 OBrien Highway"),
        ("6 ½ Acacia St", "6-1/2 Acacia St"),
        ("6 1/2 Acacia St", "6-1/2 Acacia St"),
        ("14-A Main St", "14A Main St"),
        ("14 A Main St", "14A Main St"),
        ("14 Main St Apt 3", "14 Main St, Apartment 3"),
        ("14 Main St Apt # 3", "14 Main St Apt 3"),
        ("14 Main St", "14 Main St, Cambridge, MA 02139"),
    ],
)
def test_two_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert parse(one).match_key == parse(other).match_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("14 Main St", "14 Main Ave"),
        ("14 Main St", "14 N Main St"),
        ("14 Main St", "14-A Main St"),
        ("14 Main St", "141 Main St"),
        ("14 Main St Apt 3", "14 Main St Apt 4"),
        ("10 A St", "10-A St"),
    ],
)
def test_different_addresses_have_different_keys(one: str, other: str) -> None:
    assert parse(one).match_key != parse(other).match_key


@pytest.mark.parametrize(
    ("text", "number", "suffix", "key"),
    [
        ("10 A St", 10, "", "A ST"),
        ("10 North St", 10, "", "NORTH ST"),
        ("10 Avenue E", 10, "", "AVENUE E"),
        ("10 E St", 10, "", "E ST"),
        ("100 Broadway", 100, "", "BROADWAY"),
        ("1st Ave", None, "", "1ST AVE"),
        ("10-12 Main St", 10, "12", "MAIN ST"),
        ("", None, "", ""),
        ("Court House Sq", None, "", "COURT HOUSE SQ"),
        ("20 Memorial Pk", 20, "", "MEMORIAL PARK"),
    ],
)
def test_the_parts_are_told_apart(text: str, number: int | None, suffix: str, key: str) -> None:
    address = parse(text)
    assert (address.number, address.suffix, address.street.key) == (number, suffix, key)


def test_columns_give_the_address_that_one_line_gives() -> None:
    columns = from_parts(number="17", suffix="R ", name="ACORN", street_type="ST")
    assert columns == parse("17-R  Acorn St")
    assert from_parts(number="24", name="Main", street_type="Street", unit="3") == parse("24 Main St Unit 3")
    assert from_parts(number="24", name="Main", predir="North", unit="3", unit_kind="apartment").label == (
        "24 N Main Apt 3"
    )
    assert from_parts(number="32", suffix="29", name="Corcoran Park").house_number == "32-29"


def test_a_label_reads_like_a_sign() -> None:
    assert parse("6-1/2 NORTH SAINT PAUL STREET SW").label == "6 1/2 N St Paul St SW"
    assert title(street("FIRST AVENUE")) == "1st Ave"


@given(words)
@example("N SAINT")
def test_folding_a_folded_street_changes_nothing(text: str) -> None:
    once = street(text)
    assert street(once.key) == once


@given(st.text(max_size=40))
def test_any_text_is_an_address_of_some_kind(text: str) -> None:
    address = parse(text)
    assert isinstance(address, Address)
    assert street(address.street.key).key == address.street.key


@given(st.integers(1, 99_999), st.sampled_from(["", "A", "R", "1/2"]), words)
def test_a_label_is_read_back_as_its_address(number: int, suffix: str, name: str) -> None:
    address = from_parts(number=str(number), suffix=suffix, name=f"Quarry {name}", street_type="Ave")
    assert parse(address.label).match_key == address.match_key
