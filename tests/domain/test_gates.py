"""The gates of a cut-off: what each stands against, who may lift it, and that nothing slips through."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.closures import Closures
from curbstop.domain.cut_offs import Cause, Facts, Moment, ReturnedPayment, Stage
from curbstop.domain.gates import GATES, Answer, Ruling, evaluate, ruling_of
from curbstop.domain.holds import KEEPS_FROM, HoldKind
from curbstop.domain.policy import Policy, edited, profile

NEW_YORK = ZoneInfo("America/New_York")
TUESDAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 9, 30, tzinfo=NEW_YORK)
CLOSURES = Closures.of(["sat", "sun"], {date(2026, 11, 26), date(2026, 11, 27)})
POLICY = profile("nc")
# An account against which nothing can be said.
DUE = Facts(
    past_due_cents=12_345,
    periods_past_due=2,
    delinquent_since=date(2026, 10, 1),
    payments_as_of=NOW - timedelta(minutes=20),
    notice_mailed_on=date(2026, 11, 2),
    debt_class="residential",
    service_class="residential",
)


def at(day: date, hour: int = 9, minute: int = 30, stage: Stage = Stage.DISPATCH) -> Moment:
    return Moment(stage, datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK), day, CLOSURES)


def objections(facts: Facts, moment: Moment | None = None, policy: Policy = POLICY) -> dict[str, Answer]:
    return {answer.code: answer for answer in evaluate(policy, facts, moment or at(TUESDAY)) if answer.code}


def test_nothing_stands_against_an_account_that_is_due() -> None:
    for stage in Stage:
        assert ruling_of(evaluate(POLICY, DUE, at(TUESDAY, stage=stage))) is Ruling.ALLOW, stage


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"past_due_cents": 4_999}, "below_minimum"),
        ({"periods_past_due": 0}, "too_few_periods"),
        ({"delinquent_since": None}, "not_delinquent"),
        ({"delinquent_since": date(2026, 11, 7)}, "not_delinquent_long_enough"),
        ({"payments_as_of": None}, "payments_unknown"),
        ({"payments_as_of": NOW - timedelta(minutes=61)}, "payments_not_fresh"),
        ({"payments_as_of": NOW + timedelta(minutes=61)}, "payments_not_fresh"),
        ({"notice_mailed_on": None}, "no_notice"),
        ({"notice_mailed_on": date(2026, 11, 7)}, "notice_too_short"),
        ({"notice_returned": True}, "notice_returned"),
        ({"dispute_open": True}, "dispute_open"),
        ({"on_hold": True}, "on_hold"),
        ({"medical_until": TUESDAY}, "medical_hold"),
        ({"critical": "nursing_home"}, "critical_customer"),
        ({"plan_active": True}, "plan_active"),
        ({"promised_until": TUESDAY}, "promised"),
        ({"owed_by_former_occupant": True}, "owed_by_former_occupant"),
        ({"debt_class": "commercial"}, "other_class_debt"),
        ({"weather_alert": "Heat Advisory"}, "weather_alert"),
        ({"forecast_low_f": 32}, "too_cold"),
        ({"forecast_high_f": 95}, "too_hot"),
        ({"moratoria": ("Hurricane Floyd",)}, "moratorium"),
        ({"planned_that_day": 40}, "over_capacity"),
    ],
)
def test_each_gate_stands_against_what_it_is_for(known: dict[str, Any], code: str) -> None:
    found = objections(replace(DUE, **known))
    assert set(found) == {code}
    assert found[code].detail.endswith(".")


@pytest.mark.parametrize(
    ("known", "day"),
    [
        ({"delinquent_since": date(2026, 11, 6)}, TUESDAY),
        ({"notice_mailed_on": date(2026, 11, 6)}, TUESDAY),
        ({"medical_until": date(2026, 11, 16)}, TUESDAY),
        ({"promised_until": date(2026, 11, 16)}, TUESDAY),
        ({"payments_as_of": NOW - timedelta(minutes=60)}, TUESDAY),
        ({"planned_that_day": 39}, TUESDAY),
        ({"forecast_low_f": 32.5, "forecast_high_f": 94.5}, TUESDAY),
        ({"past_due_cents": 5_000, "periods_past_due": 1}, TUESDAY),
    ],
)
def test_each_gate_opens_right_beside_its_limit(known: dict[str, Any], day: date) -> None:
    assert objections(replace(DUE, **known), at(day)) == {}


@pytest.mark.parametrize(
    ("day", "hour", "codes"),
    [
        (date(2026, 11, 20), 9, {"not_a_cut_day", "before_closure"}),  # a Friday
        (date(2026, 11, 21), 9, {"not_a_cut_day", "closed"}),  # a Saturday
        (date(2026, 11, 25), 9, {"before_closure"}),  # the eve of Thanksgiving
        (date(2026, 11, 26), 9, {"closed"}),
        (date(2026, 11, 23), 15, {"too_late_today"}),
        (date(2026, 11, 23), 9, set()),
    ],
)
def test_the_calendar_stands_against_a_day(day: date, hour: int, codes: set[str]) -> None:
    facts = replace(DUE, payments_as_of=at(day, hour).now)
    assert set(objections(facts, at(day, hour))) == codes


def test_before_opening_an_order_may_be_dispatched_and_no_lease_renewed() -> None:
    early = replace(DUE, payments_as_of=at(TUESDAY, 7).now)
    assert objections(early, at(TUESDAY, 7)) == {}
    assert set(objections(early, at(TUESDAY, 7, stage=Stage.LEASE))) == {"too_early"}


def test_an_order_for_tomorrow_may_be_dispatched_in_the_evening() -> None:
    evening = Moment(Stage.DISPATCH, datetime(2026, 11, 16, 17, tzinfo=NEW_YORK), TUESDAY, CLOSURES)
    assert objections(replace(DUE, payments_as_of=evening.now), evening) == {}
    yesterday = Moment(Stage.DISPATCH, datetime(2026, 11, 18, 9, tzinfo=NEW_YORK), TUESDAY, CLOSURES)
    assert set(objections(replace(DUE, payments_as_of=yesterday.now), yesterday)) == {"too_late_today"}


def test_a_milder_town_cuts_off_until_noon_on_the_eve() -> None:
    noon = edited(POLICY, {"cut_off": {"day_before_closure": "noon"}})
    eve = date(2026, 11, 25)
    for hour, codes in ((11, set()), (12, {"before_closure"})):
        facts = replace(DUE, payments_as_of=at(eve, hour).now)
        assert set(objections(facts, at(eve, hour), noon)) == codes


@pytest.mark.parametrize(
    ("day", "codes"),
    [
        (date(2026, 11, 23), set()),  # the Monday after a mere weekend
        (date(2026, 11, 30), {"after_closure"}),  # after Thanksgiving, its Friday and a weekend
        (date(2026, 12, 1), set()),
    ],
)
def test_a_stricter_town_rests_on_the_day_after_a_holiday_weekend(day: date, codes: set[str]) -> None:
    strict = edited(POLICY, {"cut_off": {"day_after_closure": False}})
    facts = replace(DUE, payments_as_of=at(day).now)
    assert set(objections(facts, at(day), strict)) == codes


def test_california_asks_for_contact_and_counts_in_business_days() -> None:
    facts = replace(DUE, delinquent_since=date(2026, 9, 1), notice_mailed_on=date(2026, 11, 6))
    assert set(objections(facts, policy=profile("ca"))) == {"no_contact", "notice_too_short"}
    reached = replace(facts, reached_on=date(2026, 11, 10), notice_mailed_on=date(2026, 11, 5))
    assert objections(reached, policy=profile("ca")) == {}


@pytest.mark.parametrize(
    ("returned", "day", "allowed"),
    [
        (ReturnedPayment(date(2026, 11, 12), "insufficient_funds"), TUESDAY, False),
        (ReturnedPayment(date(2026, 11, 11), "insufficient_funds"), TUESDAY, True),
        (ReturnedPayment(TUESDAY, "fraud"), TUESDAY, True),
        (ReturnedPayment(TUESDAY, "insufficient_funds", paid_a_restoral=True), TUESDAY, True),
        (ReturnedPayment(date(2026, 11, 18), "fraud"), TUESDAY, False),
    ],
)
def test_a_returned_payment_has_a_grace_of_its_own(returned: ReturnedPayment, day: date, allowed: bool) -> None:
    facts = replace(DUE, cause=Cause.RETURNED_PAYMENT, returned=returned, notice_mailed_on=None, plan_active=True)
    assert set(objections(facts, at(day))) == (set() if allowed else {"returned_payment_grace"})


def test_a_violation_waits_for_the_final_letter_unless_there_is_a_hazard() -> None:
    facts = replace(DUE, cause=Cause.VIOLATION, past_due_cents=0)
    assert set(objections(facts)) == {"violation_not_due"}
    assert objections(replace(facts, letter_expired=True)) == {}
    assert objections(replace(facts, hazard=True, notice_mailed_on=None)) == {}


def test_building_a_list_does_not_ask_for_its_notices() -> None:
    assert objections(replace(DUE, notice_mailed_on=None, payments_as_of=None), at(TUESDAY, stage=Stage.BUILD)) == {}


def test_a_blocked_gate_is_overridden_by_nobody() -> None:
    answers = evaluate(POLICY, replace(DUE, dispute_open=True), at(TUESDAY))
    assert ruling_of(answers, {"dispute": ["SUP", "ADM", "BIL"]}) is Ruling.BLOCK


def test_an_override_lifts_its_own_gate_by_the_right_role_only() -> None:
    friday = date(2026, 11, 20)
    answers = evaluate(POLICY, replace(DUE, payments_as_of=at(friday).now), at(friday))
    assert ruling_of(answers) is Ruling.NEEDS_OVERRIDE
    assert ruling_of(answers, {"weekday": ["SUP"]}) is Ruling.NEEDS_OVERRIDE
    assert ruling_of(answers, {"weekday": ["CSR"], "closure": ["SUP"]}) is Ruling.NEEDS_OVERRIDE
    assert ruling_of(answers, {"weekday": ["SUP"], "closure": ["SUP"]}) is Ruling.ALLOW


def test_the_answer_says_what_was_looked_at_and_never_the_diagnosis() -> None:
    [answer] = (a for a in evaluate(POLICY, replace(DUE, medical_until=TUESDAY), at(TUESDAY)) if a.gate == "medical")
    assert answer.to_json() == {
        "gate": "medical",
        "ruling": "block",
        "code": "medical_hold",
        "detail": "Do not cut off, call the office: held through 2026-11-17.",
        "overridden_by": [],
        "inputs": {"medical_until": "2026-11-17", "cut_on": "2026-11-17"},
    }


HARMS = st.fixed_dictionaries(
    {},
    optional={
        "dispute_open": st.just(True),
        "on_hold": st.just(True),
        "medical_until": st.dates(TUESDAY, date(2027, 1, 1)),
        "plan_active": st.just(True),
        "promised_until": st.dates(TUESDAY, date(2027, 1, 1)),
        "owed_by_former_occupant": st.just(True),
        "moratoria": st.just(("Storm",)),
        "notice_mailed_on": st.one_of(st.none(), st.dates(date(2026, 11, 7), TUESDAY)),
        "past_due_cents": st.integers(0, 4_999),
        "critical": st.just("dental"),
        "weather_alert": st.just("Freeze Warning"),
    },
)


@given(harms=HARMS, more=HARMS)
def test_another_reason_against_it_never_makes_a_cut_off_easier(harms: dict[str, Any], more: dict[str, Any]) -> None:
    order = [Ruling.ALLOW, Ruling.NEEDS_OVERRIDE, Ruling.BLOCK]
    fewer = ruling_of(evaluate(POLICY, replace(DUE, **harms), at(TUESDAY)))
    all_of_it = ruling_of(evaluate(POLICY, replace(DUE, **{**more, **harms}), at(TUESDAY)))
    assert order.index(all_of_it) >= order.index(fewer)


@given(
    cents=st.integers(0, 10**7),
    since=st.dates(date(2026, 1, 1), TUESDAY),
    cut_on=st.dates(date(2026, 11, 1), date(2027, 2, 1)),
    stage=st.sampled_from(list(Stage)),
    minutes=st.integers(0, 24 * 60 - 1),
)
def test_what_is_allowed_breaks_no_rule_of_the_ordinance(
    cents: int, since: date, cut_on: date, stage: Stage, minutes: int
) -> None:
    """The same rules once more, written as a customer's lawyer would read them."""
    now = datetime(cut_on.year, cut_on.month, cut_on.day, minutes // 60, minutes % 60, tzinfo=NEW_YORK)
    facts = replace(DUE, past_due_cents=cents, delinquent_since=since, payments_as_of=now.astimezone(UTC))
    if ruling_of(evaluate(POLICY, facts, Moment(stage, now, cut_on, CLOSURES))) is not Ruling.ALLOW:
        return
    assert cents >= 5_000
    assert (cut_on - since).days > 10
    assert cut_on.weekday() < 4
    assert not CLOSURES.is_closed(cut_on)
    assert not CLOSURES.is_closed(cut_on + timedelta(days=1))
    if stage in (Stage.DISPATCH, Stage.LEASE):
        assert now.hour < 15


def test_every_gate_has_a_name_of_its_own_and_every_override_a_gate() -> None:
    names = [gate.name for gate in GATES]
    assert len(set(names)) == len(names)
    assert set(POLICY.overrides) <= set(names)


def test_a_hold_takes_back_just_what_its_gate_stops() -> None:
    gate_of = {kind: "hold" if kind is HoldKind.OFFICE else kind.value for kind in HoldKind}
    causes = {gate.name: gate.causes for gate in GATES}
    stopping = {kind: causes[gate_of[kind]] for kind in HoldKind if kind is not HoldKind.CRITICAL}
    assert {kind: found for kind, found in KEEPS_FROM.items() if kind is not HoldKind.CRITICAL} == stopping
