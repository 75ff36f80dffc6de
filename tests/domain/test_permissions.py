"""The permission matrix against the reference's, row by row."""

import pytest

from curbstop.domain.actors import SYSTEM, Actor
from curbstop.domain.permissions import ADDED, MATRIX, Action, Grant, Role, grants, may, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id

COLUMNS = ("TECH", "LEAD", "DSP", "CSR", "BIL", "GIS", "SUP", "ADM", "AUD", "INT")
# The reference's matrix, written out by hand in its own words.
REFERENCE = """
view_own_orders         | Y | Y | Y | Y | Y | - | Y | - | Y | Y
view_all_orders         | - | crew | Y | Y | Y | geo_only | Y | - | Y | scoped
create_order            | found_work | Y | Y | Y | Y | - | Y | - | - | Y
create_cut_off_np       | - | - | - | propose | Y | - | approve | - | - | -
approve_cut_off_run     | - | - | - | - | not_the_builder | - | not_the_builder | - | - | -
override_gate           | - | - | - | - | per_gate | - | Y | - | - | -
dispatch                | - | crew | Y | - | - | - | Y | - | - | -
recall_order            | - | - | Y | Y | Y | - | Y | - | - | payment_only
field_events            | Y | Y | - | - | - | - | Y | - | - | -
enter_reading_for_other | - | crew | - | Y | Y | - | Y | - | - | -
review_order            | - | - | - | Y | Y | - | Y | - | - | -
post_own_completion     | - | - | - | - | - | - | - | - | - | -
dispose_edit_list       | - | - | - | Y | Y | - | - | - | - | -
lock_edit_list          | - | - | - | - | Y | - | - | - | - | -
report_access_issue     | Y | Y | Y | Y | Y | - | Y | - | - | -
write_letter            | - | - | - | Y | Y | - | Y | - | - | -
escalate_letter         | - | - | - | - | approve | - | approve | - | - | -
write_contact_log       | - | - | - | Y | Y | - | - | - | - | -
propose_route           | propose | propose | Y | - | - | Y | Y | - | - | -
publish_route           | - | - | - | - | - | Y | - | - | - | -
read_secrets            | assigned_in_window | assigned_in_window | - | Y | - | - | Y | - | - | -
manage_policies         | - | - | - | - | - | - | - | Y | - | -
export_files            | - | - | - | Y | Y | - | - | - | - | Y
read_audit              | - | - | - | - | - | - | Y | Y | Y | -
"""
ROWS = {
    Action(name): dict(zip(COLUMNS, cells, strict=True))
    for line in REFERENCE.strip().splitlines()
    for name, *cells in [[cell.strip() for cell in line.split("|")]]
}


def actor(*roles: Role) -> Actor:
    return Actor(new_id(), "Sam", frozenset(roles))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", ROWS)
def test_each_cell_says_what_the_reference_says(action: Action, role: Role) -> None:
    cell = ROWS[action][role.value]
    expected = frozenset() if cell == "-" else frozenset({Grant.YES if cell == "Y" else Grant(cell)})
    assert grants(actor(role), action) == expected


def test_every_action_has_a_row_and_every_added_one_its_reason() -> None:
    assert set(MATRIX) == set(Action)
    assert set(ADDED) == set(Action) - set(ROWS)


def test_a_refusal_names_the_action_and_who_may() -> None:
    with pytest.raises(Problem) as caught:
        require(actor(Role.TECH), Action.READ_AUDIT)
    assert caught.value.code == "forbidden"
    assert caught.value.extra == {"action": "read_audit", "allowed_roles": ["SUP", "ADM", "AUD"]}


def test_several_roles_add_up() -> None:
    assert require(actor(Role.TECH, Role.DSP), Action.CREATE_ORDER) == {Grant.FOUND_WORK, Grant.YES}


def test_somebody_without_a_role_may_nothing() -> None:
    assert not any(may(actor(), action) for action in Action)


def test_the_system_itself_may_everything() -> None:
    assert all(require(SYSTEM, action) == {Grant.YES} for action in Action)


def test_an_auditor_and_an_administrator_write_no_order() -> None:
    writing = (Action.CREATE_ORDER, Action.EDIT_ORDER, Action.DISPATCH, Action.FIELD_EVENTS, Action.REVIEW_ORDER)
    assert not any(may(actor(role), action) for role in (Role.AUD, Role.ADM) for action in writing)
