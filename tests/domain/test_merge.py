"""The three-way merge: disjoint edits both stand, equal ones converge, clashes follow the policy."""

from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.merge import SERVICE_ORDER_POLICY, SERVICE_POINT_POLICY, Policy, merge_fields

names = st.sampled_from(["instructions", "priority", "captures", "notes", "outcome", "place"])
rows = st.dictionaries(names, st.sampled_from(["", "a", "b", "c"]) | st.none(), max_size=6)


def test_the_office_keeps_its_header_and_the_field_its_captures() -> None:
    base = {"instructions": "old", "captures": {"read": "1"}}
    merged = merge_fields(
        base,
        {"instructions": "office", "captures": {"read": "2"}},
        {"instructions": "tablet", "captures": {"read": "3"}},
        SERVICE_ORDER_POLICY,
    )
    assert merged.fields == {"instructions": "office", "captures": {"read": "3"}}
    assert [clash.field for clash in merged.clashes] == ["instructions", "captures"]


def test_edits_of_different_fields_both_stand_without_a_clash() -> None:
    base = {"instructions": "old", "notes": None}
    merged = merge_fields(base, {"instructions": "new", "notes": None}, {"notes": "dog"}, SERVICE_ORDER_POLICY)
    assert merged.fields == {"instructions": "new", "notes": "dog"}
    assert merged.clashes == ()


def test_notes_of_both_sides_are_kept() -> None:
    merged = merge_fields({"notes": "a"}, {"notes": "a\noffice"}, {"notes": "a\nfield"}, SERVICE_ORDER_POLICY)
    assert merged.fields["notes"] == "a\noffice\nfield"


def test_a_list_gains_what_the_tablet_added_and_not_what_the_office_took_out() -> None:
    merged = merge_fields({"hazards": ["dog"]}, {"hazards": []}, {"hazards": ["dog", "wasps"]}, SERVICE_POINT_POLICY)
    assert merged.fields["hazards"] == ["wasps"]


def test_a_place_moved_on_both_sides_waits_for_a_person() -> None:
    merged = merge_fields({"location": 1}, {"location": 2}, {"location": 3}, SERVICE_POINT_POLICY)
    assert merged.fields["location"] == 2
    assert [clash.mine for clash in merged.parked] == [3]


def test_a_field_without_a_policy_is_the_offices() -> None:
    merged = merge_fields({"x": 1}, {"x": 2}, {"x": 3}, {})
    assert (merged.fields["x"], merged.clashes[0].policy) == (2, Policy.OFFICE_WINS)


@given(base=rows, edit=rows)
def test_equal_edits_converge_silently(base: dict[str, str], edit: dict[str, str]) -> None:
    merged = merge_fields(base, base | edit, edit, SERVICE_ORDER_POLICY)
    assert (merged.fields, merged.clashes) == (base | edit, ())


@given(base=rows, mine=rows)
def test_an_edit_that_nobody_crossed_is_taken_whole(base: dict[str, str], mine: dict[str, str]) -> None:
    merged = merge_fields(base, base, mine, SERVICE_ORDER_POLICY)
    assert (merged.fields, merged.clashes) == (base | mine, ())


@given(base=rows, theirs=rows, mine=rows)
def test_merging_the_same_edit_twice_changes_nothing_more(
    base: dict[str, str], theirs: dict[str, str], mine: dict[str, str]
) -> None:
    once = merge_fields(base, theirs, mine, SERVICE_ORDER_POLICY).fields
    assert merge_fields(base, once, mine, SERVICE_ORDER_POLICY).fields == once


@given(base=rows, theirs=rows, mine=rows)
def test_every_office_header_survives_a_crossing_edit(
    base: dict[str, str], theirs: dict[str, str], mine: dict[str, str]
) -> None:
    merged = merge_fields(base, theirs, mine, SERVICE_ORDER_POLICY)
    for name, rule in SERVICE_ORDER_POLICY.items():
        changed_here = name in theirs and theirs[name] != base.get(name, object())
        if rule is Policy.OFFICE_WINS and changed_here:
            assert merged.fields[name] == theirs[name]
