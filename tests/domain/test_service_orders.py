"""The service order's state machine against the reference's table, and each of its guards."""

from dataclasses import replace

import pytest

from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import (
    TRANSITIONS,
    Effect,
    Facts,
    OrderEvent,
    OrderState,
    Transition,
    is_open,
    is_terminal,
    mermaid,
    possible,
    recall_event,
    state_at_create,
    step,
)

# from | event | to | who | offline: written out by hand, so that a slip in the code's table is seen here. Reassign is
# ours: the reference only says that a completion wins over it; the system holds a cut-off that a gate blocks; reinstate
# is the office's way to settle a conflict.
FIELD, DISPATCH, OFFICE, REVIEW = "TECH LEAD SUP", "DSP SUP LEAD", "CSR DSP SUP", "CSR SUP BIL"
REINSTATED = "ready assigned dispatched en_route on_site suspended held returned completed recall_pending cancelled"
REFERENCE = f"""
draft | release | ready | {OFFICE} BIL system |
ready | assign | assigned | {DISPATCH} |
assigned dispatched en_route suspended | reassign | assigned | {DISPATCH} |
assigned | unassign | ready | {DISPATCH} |
assigned | pull | dispatched | system |
dispatched | decline | ready | {FIELD} | offline
dispatched | travel | en_route | {FIELD} | offline
dispatched en_route | arrive | on_site | {FIELD} | offline
on_site | suspend | suspended | {FIELD} | offline
suspended | resume | on_site | {FIELD} | offline
suspended | release_back | ready | {DISPATCH} |
on_site dispatched en_route | complete | completed | {FIELD} | offline
on_site dispatched en_route | return | returned | {FIELD} | offline
ready assigned | hold | held | {OFFICE} system |
held | unhold | ready | {OFFICE} system |
draft ready assigned held | cancel | cancelled | {OFFICE} BIL INT system |
dispatched en_route on_site suspended | recall | recall_pending | {OFFICE} BIL INT system |
recall_pending | ack | cancelled | {FIELD} system | offline
recall_pending | complete | completed | {FIELD} | offline
recall_pending | return | cancelled | {FIELD} | offline
returned | reschedule | ready | {DISPATCH} |
returned | close | cancelled | {REVIEW} system |
completed | reject | ready | {REVIEW} |
completed | post | posted | {REVIEW} system |
posted | correct | posted | SUP |
{REINSTATED} | reinstate | dispatched | DSP BIL SUP |
"""
ROWS = {
    (OrderState(state), OrderEvent(event)): (OrderState(to), set(who.split()), offline == "offline")
    for line in REFERENCE.strip().splitlines()
    for states, event, to, who, offline in [[cell.strip() for cell in line.split("|")]]
    for state in states.split()
}
ALL = Facts(
    given=frozenset({"reason", "outcome", "technician_id", "scheduled_on", "held_until"}), own_type=True, auto_post=True
)
SUP = frozenset({Role.SUP})
TECH = frozenset({Role.TECH})
CSR = frozenset({Role.CSR})


def code_of(state: OrderState, event: OrderEvent, roles: frozenset[Role], facts: Facts = ALL) -> str:
    with pytest.raises(Problem) as caught:
        step(state, event, roles=roles, facts=facts)
    return caught.value.code


@pytest.mark.parametrize("event", OrderEvent)
@pytest.mark.parametrize("state", OrderState)
def test_every_pair_of_state_and_event_does_what_the_reference_says(state: OrderState, event: OrderEvent) -> None:
    row = ROWS.get((state, event))
    if row is None:
        with pytest.raises(Problem) as caught:
            step(state, event, roles=frozenset(Role), system=True, facts=ALL)
        assert caught.value.code == "impossible_transition"
        assert caught.value.extra["possible"] == [name.value for name in possible(state)]
        return
    to, who, offline = row
    for role in Role:
        if role in who:
            assert step(state, event, roles=frozenset({role}), facts=ALL).state is to
        else:
            assert code_of(state, event, frozenset({role})) == "forbidden"
    if "system" in who:
        assert step(state, event, system=True, facts=ALL).state is to
    found = next(row for row in TRANSITIONS if row.event is event and state in row.from_states)
    assert found.offline is offline
    assert found.system is ("system" in who)


def test_a_pair_of_state_and_event_has_one_row() -> None:
    pairs = [(state, row.event) for row in TRANSITIONS for state in row.from_states]
    assert len(pairs) == len(set(pairs)) == len(ROWS)


@pytest.mark.parametrize("row", [row for row in TRANSITIONS if row.requires], ids=lambda row: row.event.value)
def test_an_event_without_its_arguments_names_them(row: Transition) -> None:
    with pytest.raises(Problem) as caught:
        step(row.from_states[0], row.event, roles=row.actors, facts=replace(ALL, given=frozenset()))
    assert caught.value.code == "argument_required"
    assert caught.value.extra["missing"] == list(row.requires)


def test_an_order_that_a_tablet_pulled_cannot_be_unassigned() -> None:
    facts = replace(ALL, pulled=True)
    assert code_of(OrderState.ASSIGNED, OrderEvent.UNASSIGN, SUP, facts) == "already_pulled"


def test_a_completion_counts_when_the_offline_events_before_it_were_lost() -> None:
    done = step(OrderState.DISPATCHED, OrderEvent.COMPLETE, roles=TECH, facts=ALL)
    assert (done.state, done.flags) == (OrderState.COMPLETED, ("events_missing",))
    assert step(OrderState.ON_SITE, OrderEvent.COMPLETE, roles=TECH, facts=ALL).flags == ()


def test_missing_captures_send_an_order_back_to_the_screen() -> None:
    facts = replace(ALL, missing_captures=True)
    assert code_of(OrderState.ON_SITE, OrderEvent.COMPLETE, TECH, facts) == "capture_missing"


def test_missing_captures_never_undo_what_was_done_in_the_ground() -> None:
    facts = replace(ALL, missing_captures=True, physical_effect=True)
    done = step(OrderState.ON_SITE, OrderEvent.COMPLETE, roles=TECH, facts=facts)
    assert (done.state, done.flags) == (OrderState.COMPLETED, ("incomplete_capture",))


def test_a_cut_off_done_before_the_recall_arrived_stands_and_is_restored() -> None:
    facts = replace(ALL, is_cut_off=True)
    done = step(OrderState.RECALL_PENDING, OrderEvent.COMPLETE, roles=TECH, facts=facts)
    assert done.state is OrderState.COMPLETED
    assert "completed_after_recall" in done.flags
    assert Effect.AUTO_RESTORAL in done.effects


def test_only_a_cut_off_is_restored_after_a_late_recall() -> None:
    done = step(OrderState.RECALL_PENDING, OrderEvent.COMPLETE, roles=TECH, facts=ALL)
    assert "completed_after_recall" in done.flags
    assert Effect.AUTO_RESTORAL not in done.effects


def test_a_cut_off_after_its_authorization_ran_out_is_flagged() -> None:
    facts = replace(ALL, is_cut_off=True, lease_expired=True)
    assert "stale_authorization" in step(OrderState.ON_SITE, OrderEvent.COMPLETE, roles=TECH, facts=facts).flags


def test_nobody_posts_the_own_completion() -> None:
    facts = replace(ALL, completed_by_actor=True)
    assert code_of(OrderState.COMPLETED, OrderEvent.POST, SUP, facts) == "four_eyes"


def test_posting_waits_for_the_photos() -> None:
    facts = replace(ALL, photos_missing=True)
    assert code_of(OrderState.COMPLETED, OrderEvent.POST, SUP, facts) == "photos_missing"


@pytest.mark.parametrize("facts", [replace(ALL, warnings=1), replace(ALL, auto_post=False)])
def test_the_system_posts_only_without_warnings_and_where_the_type_allows_it(facts: Facts) -> None:
    with pytest.raises(Problem) as caught:
        step(OrderState.COMPLETED, OrderEvent.POST, system=True, facts=facts)
    assert caught.value.code == "review_required"
    assert step(OrderState.COMPLETED, OrderEvent.POST, roles=SUP, facts=facts).state is OrderState.POSTED


def test_a_csr_cancels_only_order_types_that_a_csr_creates() -> None:
    facts = replace(ALL, own_type=False)
    assert code_of(OrderState.READY, OrderEvent.CANCEL, CSR, facts) == "forbidden"
    both = frozenset({Role.CSR, Role.DSP})
    assert step(OrderState.READY, OrderEvent.CANCEL, roles=both, facts=facts).state is OrderState.CANCELLED


@pytest.mark.parametrize(("attempt", "flags"), [(1, ()), (2, ()), (3, ("access_issue",)), (4, ("access_issue",))])
def test_the_third_fruitless_visit_makes_an_access_issue(attempt: int, flags: tuple[str, ...]) -> None:
    again = step(OrderState.RETURNED, OrderEvent.RESCHEDULE, roles=SUP, facts=replace(ALL, attempt_no=attempt))
    assert (again.attempt_increment, again.flags) == (1, flags)


def test_a_rejected_completion_counts_as_one_more_attempt_and_a_correction_as_a_revision() -> None:
    assert step(OrderState.COMPLETED, OrderEvent.REJECT, roles=SUP, facts=ALL).attempt_increment == 1
    assert step(OrderState.POSTED, OrderEvent.CORRECT, roles=SUP, facts=ALL).revision_increment == 1


def test_distance_and_a_second_active_order_are_noted_and_refuse_nothing() -> None:
    facts = replace(ALL, far_from_point=True, another_active=True)
    assert step(OrderState.DISPATCHED, OrderEvent.ARRIVE, roles=TECH, facts=facts).flags == (
        "far_from_point",
        "another_active",
    )


@pytest.mark.parametrize(
    ("complete", "approval", "draft", "state"),
    [
        (True, False, False, OrderState.READY),
        (False, False, False, OrderState.DRAFT),
        (True, True, False, OrderState.DRAFT),
        (True, False, True, OrderState.DRAFT),
    ],
)
def test_an_order_begins_as_a_draft_while_something_is_missing(
    complete: bool, approval: bool, draft: bool, state: OrderState
) -> None:
    assert state_at_create(header_complete=complete, needs_approval=approval, as_draft=draft) is state


def test_an_order_on_a_tablet_is_recalled_and_any_other_cancelled_at_once() -> None:
    assert recall_event(OrderState.EN_ROUTE) is OrderEvent.RECALL
    assert recall_event(OrderState.ASSIGNED) is OrderEvent.CANCEL


def test_only_posted_and_cancelled_orders_are_closed() -> None:
    assert [state for state in OrderState if is_terminal(state)] == [OrderState.POSTED, OrderState.CANCELLED]
    assert all(is_open(state) is not is_terminal(state) for state in OrderState)


def test_the_picture_has_an_arrow_for_every_pair() -> None:
    arrows = [line for line in mermaid().splitlines() if "-->" in line and "[*]" not in line]
    assert len(arrows) == len(ROWS)
