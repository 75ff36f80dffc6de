"""The three-way merge: disjoint edits both stand, equal ones converge, clashes follow the policy."""

from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.merge import (
    POLICIES,
    SAME_PLACE_M,
    SERVICE_ORDER_POLICY,
    SERVICE_POINT_POLICY,
    Policy,
    apart_m,
    merge_fields,
)

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
    """Clause 10.8, I10."""
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
    """Clause 10.8, I10."""
    merged = merge_fields(base, base | edit, edit, SERVICE_ORDER_POLICY)
    assert (merged.fields, merged.clashes) == (base | edit, ())


@given(base=rows, mine=rows)
def test_an_edit_that_nobody_crossed_is_taken_whole(base: dict[str, str], mine: dict[str, str]) -> None:
    merged = merge_fields(base, base, mine, SERVICE_ORDER_POLICY)
    assert (merged.fields, merged.clashes) == (base | mine, ())


def test_notes_that_both_sides_emptied_in_their_own_way_merge_once() -> None:
    once = merge_fields({"notes": None}, {}, {"notes": ""}, SERVICE_ORDER_POLICY).fields
    assert once == {"notes": ""}
    assert merge_fields({"notes": None}, once, {"notes": ""}, SERVICE_ORDER_POLICY).fields == once


@given(base=rows, theirs=rows, mine=rows)
def test_merging_the_same_edit_twice_changes_nothing_more(
    base: dict[str, str], theirs: dict[str, str], mine: dict[str, str]
) -> None:
    """Clause 10.8, I10."""
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


# -- I10 and I11, over the whole policy table

values = st.sampled_from(["", "a", "a\nb", "c", "b\nc"]) | st.none()
moments = st.integers(0, 5)
entries = st.lists(st.sampled_from(["dog", "wasps", "slope"]), unique=True, max_size=3)
positions = st.builds(
    lambda east, north: {"longitude": -79.0 + east * 1e-5, "latitude": 35.0 + north * 1e-5},
    st.integers(-30, 30), st.integers(-30, 30),
)  # fmt: skip
KINDS = {
    "hazards": entries,
    "location": positions,
    "occurrences": moments,
    "last_seen_at": moments,
    "attempt_no": moments,
}
POLICY = {name: rule for table in POLICIES.values() for name, rule in table.items()}
whole = st.fixed_dictionaries({name: KINDS.get(name, values) for name in POLICY})
edits = st.sets(st.sampled_from(sorted(POLICY)), max_size=4)


@st.composite
def crossing(draw: st.DrawFn) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """A row, what the office made of some of its fields, and what the tablet made of some."""
    base = draw(whole)
    office, tablet = draw(whole), draw(whole)
    theirs = base | {name: office[name] for name in draw(edits)}
    return base, theirs, {name: tablet[name] for name in draw(edits)}


@given(crossing())
def test_no_edit_is_lost_without_a_word(rows: tuple[dict[str, object], dict[str, object], dict[str, object]]) -> None:
    """I11: every field that the tablet edited is current, or a clash says what was taken instead."""
    base, theirs, mine = rows
    merged = merge_fields(base, theirs, mine, POLICY)
    told = {clash.field: clash for clash in merged.clashes}
    for name, value in mine.items():
        unchanged = value == base[name] or (name == "location" and apart_m(value, base[name]) <= SAME_PLACE_M)  # type: ignore[arg-type]
        if name in told:
            assert (told[name].mine, told[name].theirs, told[name].base) == (value, theirs[name], base[name])
        elif not unchanged and name != "location":
            assert merged.fields[name] == value


@given(crossing())
def test_fields_that_nobody_else_touched_and_those_of_the_office_both_stand(
    rows: tuple[dict[str, object], dict[str, object], dict[str, object]],
) -> None:
    """I10: disjoint edits commute."""
    base, theirs, mine = rows
    alone = {name: value for name, value in mine.items() if theirs[name] == base[name]}
    one = merge_fields(base, theirs, alone, POLICY)
    other = merge_fields(base, base | alone, {k: v for k, v in theirs.items() if v != base[k]}, POLICY)
    assert one.clashes == ()
    for name in POLICY:
        if name != "location":
            assert one.fields[name] == other.fields[name]


@given(crossing())
def test_a_merge_of_all_fields_is_the_merge_of_each(
    rows: tuple[dict[str, object], dict[str, object], dict[str, object]],
) -> None:
    """I10: the result does not depend on how edits were batched."""
    base, theirs, mine = rows
    together = merge_fields(base, theirs, mine, POLICY).fields
    one_by_one = dict(theirs)
    for name in sorted(mine, reverse=True):
        one_by_one = merge_fields(base, one_by_one, {name: mine[name]}, POLICY).fields
    assert one_by_one == together


@given(base=entries, first=entries, second=entries)
def test_what_two_tablets_add_and_take_out_is_there_in_either_order(
    base: list[str], first: list[str], second: list[str]
) -> None:
    """I10: entries commute, up to their order."""

    def merged(one: list[str], other: list[str]) -> set[str]:
        after = merge_fields({"hazards": base}, {"hazards": base}, {"hazards": one}, SERVICE_POINT_POLICY).fields
        return set(merge_fields({"hazards": base}, after, {"hazards": other}, SERVICE_POINT_POLICY).fields["hazards"])

    assert merged(first, second) == merged(second, first)


def test_a_rewritten_line_replaces_the_old_one_and_keeps_the_offices() -> None:
    merged = merge_fields(
        {"access_notes": "Behind the house."},
        {"access_notes": "Behind the house.\nBeware of the dog."},
        {"access_notes": "Behind the shed."},
        SERVICE_POINT_POLICY,
    )
    assert merged.fields["access_notes"] == "Beware of the dog.\nBehind the shed."


def test_the_greater_of_two_counts_is_taken() -> None:
    assert merge_fields({"occurrences": 1}, {"occurrences": 3}, {"occurrences": 2}, POLICY).fields["occurrences"] == 3
    assert merge_fields({"occurrences": 1}, {"occurrences": 2}, {"occurrences": 4}, POLICY).fields["occurrences"] == 4


def test_positions_a_step_apart_are_one_also_across_the_date_line() -> None:
    here, near = {"longitude": 179.99999, "latitude": 0.0}, {"longitude": -179.99999, "latitude": 0.0}
    assert 2 < apart_m(here, near) < 3
    merged = merge_fields({"location": None}, {"location": here}, {"location": near}, SERVICE_POINT_POLICY)
    assert (merged.fields["location"], merged.clashes) == (here, ())
