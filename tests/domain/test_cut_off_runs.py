"""A run's stages and the endings of its lines: every line ends once, and the endings account for every cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.cut_off_runs import (
    ENDINGS,
    MOVES,
    LineState,
    OrderEnd,
    RunEvent,
    RunStage,
    Tally,
    check_approver,
    ending_of,
    next_stage,
    sums_of,
)
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState, is_open

tallies = st.tuples(st.integers(0, 500), st.integers(0, 10_000_000))


@given(st.dictionaries(st.sampled_from(ENDINGS), tallies))
def test_lines_that_all_ended_add_up_to_what_was_listed(by_ending: dict[LineState, tuple[int, int]]) -> None:
    total = Tally(sum(lines for lines, _ in by_ending.values()), sum(cents for _, cents in by_ending.values()))
    assert sums_of([(state, *both) for state, both in by_ending.items()], total).agree


@given(st.dictionaries(st.sampled_from(ENDINGS), tallies), st.sampled_from([LineState.LISTED, LineState.ORDERED]))
def test_one_line_that_has_not_ended_is_noticed(
    by_ending: dict[LineState, tuple[int, int]], open_state: LineState
) -> None:
    lines, cents = (sum(both[n] for both in by_ending.values()) for n in (0, 1))
    rows = [(state, *both) for state, both in by_ending.items()]
    assert not sums_of([*rows, (open_state, 1, 100)], Tally(lines + 1, cents + 100)).agree


@given(st.dictionaries(st.sampled_from(ENDINGS), tallies), st.integers(1, 1_000))
def test_a_cent_that_is_lost_is_noticed(by_ending: dict[LineState, tuple[int, int]], lost: int) -> None:
    lines, cents = (sum(both[n] for both in by_ending.values()) for n in (0, 1))
    assert not sums_of([(state, *both) for state, both in by_ending.items()], Tally(lines, cents + lost)).agree


@given(st.sampled_from(OrderState), st.booleans(), st.booleans())
def test_a_line_ends_exactly_when_its_order_is_no_more_out(
    state: OrderState, was_recalled: bool, came_back: bool
) -> None:
    ended = ending_of(OrderEnd(state, was_recalled, came_back))
    still_out = is_open(state) and state not in (OrderState.COMPLETED, OrderState.RETURNED)
    assert (ended is None) is still_out


@pytest.mark.parametrize("recalled", [True, False])
def test_what_was_cut_off_is_cut_recalled_or_not(recalled: bool) -> None:
    assert ending_of(OrderEnd(OrderState.COMPLETED, recalled, came_back=True)) is LineState.CUT
    assert ending_of(OrderEnd(OrderState.POSTED, recalled, came_back=True)) is LineState.CUT


@pytest.mark.parametrize("event", list(RunEvent))
@pytest.mark.parametrize("stage", list(RunStage))
def test_a_stage_takes_only_its_own_events_and_says_which(stage: RunStage, event: RunEvent) -> None:
    allowed, after = MOVES[event]
    if stage in allowed:
        assert next_stage(stage, event) is (after or stage)
        return
    with pytest.raises(Problem, match="impossible_transition") as refused:
        next_stage(stage, event)
    for possible in refused.value.extra["possible"]:
        next_stage(stage, RunEvent(possible))


def test_nothing_follows_a_run_that_is_closed_or_abandoned() -> None:
    ended = (RunStage.CLOSED, RunStage.ABANDONED)
    assert not any(stage in allowed for allowed, _ in MOVES.values() for stage in ended)


def test_orders_are_made_only_after_an_approval() -> None:
    assert MOVES[RunEvent.RELEASE] == ((RunStage.APPROVED,), RunStage.RELEASED)


@pytest.mark.parametrize("approver", ["bea", "ben", None])
def test_neither_builder_nor_finaliser_nor_nobody_approves(approver: str | None) -> None:
    with pytest.raises(Problem, match="four_eyes"):
        check_approver(approver, built_by="bea", finalised_by="ben")
    check_approver("sue", built_by="bea", finalised_by="ben")
