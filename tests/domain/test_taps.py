"""The table of a tap request's stages, and what keeps one from the next."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.locate_tickets import Ticket
from curbstop.domain.policy import profile
from curbstop.domain.problems import Problem
from curbstop.domain.taps import (
    ENDS,
    PERMITS,
    PIPELINE,
    TapFacts,
    TapStage,
    admit_order,
    late,
    missing,
    passed,
    quoted_cents,
)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
NOTHING = TapFacts(now=NOW, today=date(2026, 5, 4), zone=ZONE, permits_wanted=tuple(PERMITS), deposit_cents=10_000)
TICKET = Ticket("A1", NOW - timedelta(days=1), NOW + timedelta(days=9))
# One thing after the other that happens to a request which goes all the way.
COURSE: tuple[dict[str, Any], ...] = (
    {"surveyed_at": NOW}, {"quoted_at": NOW}, {"paid_at": NOW}, {"permits": frozenset(PERMITS)},
    {"install_order": True, "ticket": TICKET}, {"install_on": date(2026, 5, 6)}, {"installed_at": NOW},
    {"meter_set_at": NOW}, {"inspected_at": NOW}, {"account": True, "deposit_at": NOW}, {"on_route_at": NOW},
    {"activated_at": NOW},
)  # fmt: skip


def test_each_fact_brings_a_request_one_stage_on() -> None:
    stage, facts = TapStage.REQUESTED, NOTHING
    for wanted, news in zip(PIPELINE[1:], COURSE, strict=True):
        assert missing(stage, facts), "something is missing before it happened"
        facts = replace(facts, **news)
        assert passed(stage, facts) == [wanted]
        stage = wanted
    assert missing(stage, facts) == []


@given(st.permutations(range(len(COURSE))))
def test_in_whatever_order_things_happen_no_stage_is_skipped_and_none_is_lost(order: list[int]) -> None:
    stage, facts = TapStage.REQUESTED, NOTHING
    for count, index in enumerate(order, start=1):
        facts = replace(facts, **COURSE[index])
        for reached in passed(stage, facts):
            assert PIPELINE.index(reached) == PIPELINE.index(stage) + 1
            stage = reached
        done = set(order[:count])
        first_missing = next((n for n in range(len(COURSE)) if n not in done), len(COURSE))
        # An installed tap needs no ticket and no plan any more; anything else waits for what comes before it.
        if 6 in done and first_missing in (4, 5):
            continue
        assert PIPELINE.index(stage) >= first_missing
        assert stage in (PIPELINE[first_missing], *PIPELINE[5:8])
    assert stage is TapStage.ACTIVE


def test_each_permit_that_the_policy_wants_is_named_until_it_is_there() -> None:
    paid = replace(NOTHING, surveyed_at=NOW, quoted_at=NOW, paid_at=NOW, permits=frozenset({"plumbing", "easement"}))
    assert [one.code for one in missing(TapStage.PAID, paid)] == ["permit_health", "permit_address_911"]
    assert passed(TapStage.PAID, replace(paid, permits_wanted=("plumbing",))) == [TapStage.PERMITS_OK]


def test_an_expired_ticket_has_to_be_asked_for_again_even_once_it_was_scheduled() -> None:
    gone = replace(TICKET, expires_at=NOW)
    facts = replace(NOTHING, install_order=True, ticket=gone, install_on=date(2026, 5, 6))
    assert "expired" in missing(TapStage.PERMITS_OK, facts)[0].says
    assert missing(TapStage.SCHEDULED, facts)[0].code == "locate_ticket"


def test_a_day_that_the_ticket_does_not_cover_is_no_schedule() -> None:
    facts = replace(NOTHING, install_order=True, ticket=TICKET, install_on=date(2026, 6, 1))
    assert [one.code for one in missing(TapStage.LOCATE_TICKET_OK, facts)] == ["schedule"]


def test_no_deposit_is_waited_for_where_the_policy_wants_none() -> None:
    facts = replace(NOTHING, account=True, deposit_cents=0)
    assert missing(TapStage.INSPECTED, facts) == []
    assert "$100.00" in missing(TapStage.INSPECTED, replace(facts, deposit_cents=10_000))[0].says


@pytest.mark.parametrize(
    ("type_code", "stage", "code"),
    [
        ("TAP_INST", TapStage.QUOTED, "payment"),
        ("MTR_SET", TapStage.SCHEDULED, "install"),
        ("CUT_ON_NEW", TapStage.METER_SET, "inspection"),
    ],
)
def test_an_order_that_comes_too_early_is_refused_with_what_is_missing(
    type_code: str, stage: TapStage, code: str
) -> None:
    with pytest.raises(Problem, match="tap_gate_closed") as refused:
        admit_order(type_code, stage, NOTHING)
    assert code in refused.value.extra["missing"]
    admit_order("GEN", TapStage.REQUESTED, NOTHING)
    admit_order(type_code, TapStage.ON_ROUTE, NOTHING)


def test_what_should_have_happened_by_now_is_late() -> None:
    due = replace(NOTHING, install_due_on=date(2026, 5, 3), inspection_due_at=NOW - timedelta(minutes=1))
    assert len(late(due)) == 2
    assert late(replace(due, installed_at=NOW, inspected_at=NOW)) == []
    assert late(replace(due, install_due_on=date(2026, 5, 4), inspection_due_at=NOW)) == []


def test_an_end_has_no_next_stage() -> None:
    for stage in ENDS:
        assert passed(stage, NOTHING) == []


def test_a_quote_is_the_size_by_the_policy_and_the_boring() -> None:
    policy = profile("generic").taps
    assert quoted_cents(policy, "1", bored=True) == policy.fees_cents["1"] + policy.boring_cents
    with pytest.raises(Problem, match="invalid"):
        quoted_cents(policy, "10", bored=False)
