"""A cut-off run from the list to its sums: who comes off and why, who may do what, and that nothing is lost between.

Long because a run is one story of many steps, each with its own refusals.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, update

from curbstop.commands import (
    cut_off_notices,
    cut_off_releases,
    cut_off_runs,
    field_work,
    gate_overrides,
    gates,
    holds,
    leases,
    returned_payments,
    standings,
)
from curbstop.commands.cut_off_candidates import NewRun
from curbstop.commands.field_work import Visit
from curbstop.commands.holds import NewHold
from curbstop.commands.standings import Paid
from curbstop.domain.cut_off_runs import RunStage
from curbstop.domain.cut_offs import Cause, Stage
from curbstop.domain.holds import HoldKind
from curbstop.domain.problems import Problem
from curbstop.models import Account, CutOffLine, CutOffNotice, CutOffRun, Fee, GateCheck, ServiceOrder
from curbstop.models.base import utc_now
from tests.cut_offs import ANY_DAY, any_day, owes
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town
from tests.visits import captures_of, post


@pytest.fixture
def places(town: Town) -> list[Place]:
    """Four who owe: 84.20, 90.00, 100.00 and 20.00, which is below the policy's fifty."""
    any_day(town)
    places = [town.place() for _ in range(4)]
    for place, cents in zip(places, (8_420, 9_000, 10_000, 2_000), strict=True):
        owes(town, place, cents)
    return places


def build(town: Town, *, by: str = "bill", **fields: Any) -> UUID:
    new = NewRun(**{"cause": Cause.NONPAYMENT, "cut_on": town.today, **fields})
    with town.work(by) as work:
        return cut_off_runs.build(work, new).id


def lines(town: Town, run: UUID) -> dict[UUID, CutOffLine]:
    return {line.account_id: line for line in town.all(select(CutOffLine).where(CutOffLine.run_id == run))}


def run_of(town: Town, run: UUID) -> CutOffRun:
    [found] = town.all(select(CutOffRun).where(CutOffRun.id == run))
    assert isinstance(found, CutOffRun)
    return found


def pays(town: Town, place: Place, cents: int, key: str = "P-1") -> None:
    with town.work("ivy") as work:
        one = Paid(account_id=place.account_id, source_key=key, cents=cents, received_at=utc_now())
        standings.take(work, [one])


def hold(town: Town, place: Place, kind: HoldKind, **fields: Any) -> None:
    with town.work("carla") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=kind, reason="They called.", **fields))


def noticed(town: Town, run: UUID, *, days: int = 20) -> None:
    with town.work("bill") as work:
        cut_off_runs.proof(work, run)
        mailed_on = town.today - timedelta(days=days)
        cut_off_notices.note_notices(work, run, mailed_on=mailed_on, method="first_class", proof="Job 17")


def finalise(town: Town, run: UUID) -> None:
    with town.work("bill") as work:
        cut_off_runs.finalise(work, run, payments_as_of=utc_now())


def approved(town: Town) -> UUID:
    run = build(town)
    noticed(town, run)
    finalise(town, run)
    with town.work("sue") as work:
        cut_off_runs.approve(work, run)
    return run


def released(town: Town) -> UUID:
    run = approved(town)
    with town.work("bill") as work:
        cut_off_releases.release(work, run)
    return run


def test_a_list_is_of_those_who_owe_enough_and_says_why_the_others_of_them_are_off_it(
    town: Town, places: list[Place]
) -> None:
    hold(town, places[1], HoldKind.DISPUTE)
    hold(town, places[2], HoldKind.CRITICAL, category="school")
    run = build(town)
    found = lines(town, run)
    assert set(found) == {place.account_id for place in places[:3]}
    said = [
        (found[p.account_id].state, found[p.account_id].excluded_code, found[p.account_id].awaits) for p in places[:3]
    ]
    assert said == [("listed", None, []), ("excluded", "dispute_open", []), ("listed", None, ["critical"])]
    assert len(town.all(select(GateCheck).where(GateCheck.stage == "build"))) == 3


def test_a_list_is_built_in_the_same_number_of_statements_for_any_number_of_accounts(
    town: Town, places: list[Place]
) -> None:
    def cost() -> int:
        seen: list[str] = []

        def heard(_c: Any, _u: Any, sql: str, *_rest: Any) -> None:
            seen.append(sql)

        event.listen(town.sessions.engine, "before_cursor_execute", heard)
        run = build(town)
        with town.work("bill") as work:
            cut_off_runs.abandon(work, run, reason="Only counting.")
        event.remove(town.sessions.engine, "before_cursor_execute", heard)
        return len(seen)

    few = cost()
    for _ in range(20):
        owes(town, town.place(), 7_000)
    assert cost() == few
    assert places


@pytest.mark.parametrize("name", ["tom", "dana", "gus", "otto", "ivy", "ada", "sue"])
def test_a_list_is_built_by_billing_or_proposed_by_a_csr(town: Town, places: list[Place], name: str) -> None:
    with pytest.raises(Problem, match="forbidden"):
        build(town, by=name)
    assert town.all(select(CutOffRun)) == []
    assert places


def test_what_a_csr_proposed_is_proofed_by_billing(town: Town, places: list[Place]) -> None:
    run = build(town, by="carla")
    with pytest.raises(Problem, match="forbidden"), town.work("carla") as work:
        cut_off_runs.proof(work, run)
    noticed(town, run)
    assert run_of(town, run).stage == "notices_sent"
    assert places


def test_an_account_is_on_one_list_at_a_time(town: Town, places: list[Place]) -> None:
    first = build(town)
    with pytest.raises(Problem, match="conflict"):
        build(town)
    with town.work("bill") as work:
        cut_off_runs.abandon(work, first, reason="Wrong day.")
    assert {line.excluded_code for line in lines(town, first).values()} == {"abandoned"}
    assert len(lines(town, build(town))) == 3
    assert places


def test_people_take_lines_off_with_a_reason_and_put_back_what_they_took_off(town: Town, places: list[Place]) -> None:
    hold(town, places[1], HoldKind.DISPUTE)
    run = build(town)
    found = lines(town, run)
    mine, blocked = found[places[0].account_id].id, found[places[1].account_id].id
    with town.work("carla") as work:
        cut_off_runs.exclude(work, run, {mine: "On a plan since this morning."})
    off = lines(town, run)[places[0].account_id]
    assert (off.state, off.excluded_code, off.excluded_by_id) == ("excluded", "by_hand", town.staff["carla"])
    with pytest.raises(Problem, match="conflict"), town.work("carla") as work:
        cut_off_runs.exclude(work, run, {mine: "Again."})
    with pytest.raises(Problem, match="conflict"), town.work("carla") as work:
        cut_off_runs.include(work, run, [blocked])
    with town.work("carla") as work:
        cut_off_runs.include(work, run, [mine])
    assert lines(town, run)[places[0].account_id].state == "listed"


def test_finalising_takes_off_who_paid_and_who_got_no_notice(town: Town, places: list[Place]) -> None:
    run = build(town)
    with town.work("bill") as work:
        cut_off_runs.proof(work, run)
        told = [line.id for line in lines(town, run).values() if line.account_id != places[2].account_id]
        mailed_on = town.today - timedelta(days=20)
        cut_off_notices.note_notices(work, run, mailed_on=mailed_on, method="certified", proof="7020", line_ids=told)
    pays(town, places[0], 8_420)
    finalise(town, run)
    found = lines(town, run)
    assert [found[p.account_id].excluded_code for p in places[:3]] == ["paid", None, "not_notified"]
    assert [found[p.account_id].due_cents for p in places[:3]] == [0, 9_000, 10_000]
    assert run_of(town, run).stage == RunStage.FINALISED


def test_a_notice_must_have_had_its_time(town: Town, places: list[Place]) -> None:
    run = build(town)
    noticed(town, run, days=10)
    finalise(town, run)
    assert {line.excluded_code for line in lines(town, run).values()} == {"notice_too_short"}
    assert places


def test_the_notices_are_kept_once_with_their_proof(town: Town, places: list[Place]) -> None:
    run = build(town)
    noticed(town, run)
    with town.work("bill") as work:
        cut_off_notices.note_notices(work, run, mailed_on=town.today, method="first_class", proof="Job 18")
    kept = town.all(select(CutOffNotice))
    assert [(one.proof, one.run_id) for one in kept] == [("Job 17", run)] * 3
    assert places


def test_payment_in_full_uses_the_notice_up_also_when_the_bank_sends_it_back(town: Town, places: list[Place]) -> None:
    run = build(town)
    noticed(town, run)
    pays(town, places[0], 8_420)
    with town.work("bill") as work:
        returned_payments.tell(work, "P-1", returned_on=town.today, reason="insufficient_funds")
    finalise(town, run)
    assert lines(town, run)[places[0].account_id].excluded_code == "not_notified"


def test_somebody_else_than_the_builder_approves(town: Town, places: list[Place]) -> None:
    run = build(town)
    noticed(town, run)
    finalise(town, run)
    with pytest.raises(Problem, match="four_eyes"), town.work("bill") as work:
        cut_off_runs.approve(work, run)
    with pytest.raises(Problem, match="forbidden"), town.work("carla") as work:
        cut_off_runs.approve(work, run)
    with town.work("sue") as work:
        cut_off_runs.approve(work, run)
    assert run_of(town, run).stage == "approved"
    assert places


def test_a_list_whose_payments_are_old_is_finalised_again_before_it_is_approved(
    town: Town, places: list[Place]
) -> None:
    run = build(town)
    noticed(town, run)
    with pytest.raises(Problem, match="gate_blocked") as refused, town.work("bill") as work:
        cut_off_runs.finalise(work, run, payments_as_of=utc_now() - timedelta(hours=2))
    assert refused.value.extra["objections"][0]["code"] == "payments_not_fresh"
    assert run_of(town, run).stage == "notices_sent"
    assert {line.state for line in lines(town, run).values()} == {"listed"}
    assert places


def test_lines_that_wait_for_a_word_stop_the_approval_until_they_have_it(town: Town, places: list[Place]) -> None:
    hold(town, places[2], HoldKind.CRITICAL, category="school")
    run = build(town)
    noticed(town, run)
    finalise(town, run)
    waiting = lines(town, run)[places[2].account_id]
    with pytest.raises(Problem, match="override_needed") as refused, town.work("sue") as work:
        cut_off_runs.approve(work, run)
    assert refused.value.extra["lines"] == [str(waiting.id)]
    with town.work("sue") as work:
        question = gates.Question(cause=Cause.NONPAYMENT, cut_on=town.today, account_id=waiting.account_id)
        gate_overrides.override(
            work, question, "critical", stage=Stage.APPROVE, reason="The school is closed for the summer."
        )
        cut_off_runs.approve(work, run)
    assert lines(town, run)[places[2].account_id].state == "listed"


def test_a_line_beyond_the_days_capacity_can_be_let_through(town: Town, places: list[Place]) -> None:
    any_day(town, cut_off={**ANY_DAY["cut_off"], "most_per_technician": 0})
    run = build(town)
    noticed(town, run)
    finalise(town, run)
    last = lines(town, run)[places[0].account_id]
    assert last.awaits == ["capacity"]
    with town.work("sue") as work:
        assert cut_off_runs.override(work, run, last.id, "capacity", reason="A second crew comes.").awaits == []


def test_the_approver_may_leave_out_what_waits(town: Town, places: list[Place]) -> None:
    hold(town, places[2], HoldKind.CRITICAL, category="school")
    run = build(town)
    noticed(town, run)
    finalise(town, run)
    with town.work("sue") as work:
        cut_off_runs.approve(work, run, exclude_awaiting=True)
    off = lines(town, run)[places[2].account_id]
    assert (off.state, off.excluded_code) == ("excluded", "critical")


def test_a_hold_between_approval_and_release_keeps_the_account_off(town: Town, places: list[Place]) -> None:
    run = approved(town)
    hold(town, places[0], HoldKind.MEDICAL)
    with town.work("bill") as work:
        cut_off_releases.release(work, run)
    found = lines(town, run)
    assert [found[p.account_id].state for p in places[:3]] == ["excluded", "ordered", "ordered"]
    assert found[places[0].account_id].excluded_code == "medical_hold"
    orders = town.all(select(ServiceOrder))
    assert [(one.state, one.source, one.requested_on) for one in orders] == [("ready", "cut_off_run", town.today)] * 2


def test_two_accounts_of_one_place_are_cut_off_once(town: Town, places: list[Place]) -> None:
    """A list with both could not be released at all."""
    with town.sessions.write() as session:
        session.execute(update(Account).where(Account.id == places[0].account_id).values(service_point_id=places[2].id))
    found = lines(town, released(town))
    assert [found[p.account_id].state for p in places[:3]] == ["excluded", "ordered", "ordered"]
    assert found[places[0].account_id].excluded_code == "already_ordered"


@pytest.mark.parametrize("days", [-1, 367])
def test_a_list_is_for_a_day_of_the_coming_year(town: Town, places: list[Place], days: int) -> None:
    """Its accounts are on no other list until then."""
    with pytest.raises(Problem, match="nor beyond a year"):
        build(town, cut_on=town.today + timedelta(days=days))
    assert places


def test_a_list_is_released_once(town: Town, places: list[Place]) -> None:
    run = released(town)
    with pytest.raises(Problem, match="impossible_transition"), town.work("bill") as work:
        cut_off_releases.release(work, run)
    assert len(town.all(select(ServiceOrder))) == 3
    assert places


def test_every_line_ends_and_the_sums_agree(town: Town, places: list[Place]) -> None:
    more = [town.place() for _ in range(2)]
    for place in more:
        owes(town, place, 6_000)
    hold(town, more[1], HoldKind.PLAN)
    run = released(town)
    found = lines(town, run)
    orders = [found[place.account_id].order_id for place in [*places[:3], more[0]]]
    for order in orders[:3]:
        assert order is not None
        town.assign(order, "tom", by="dana")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with pytest.raises(Problem, match="lines_open"), town.work("bill") as work:
        cut_off_releases.close(work, run)
    _end(town, tablet, orders[0], "complete")
    _end(town, tablet, orders[1], "return")
    pays(town, places[2], 10_000)
    _ack(town, tablet, orders[2])
    with town.work("bill") as work:
        closed = cut_off_releases.close(work, run)
        sums = closed.sums
    ended = {line.account_id: line.state for line in lines(town, run).values()}
    everybody = [*places[:3], *more]
    assert [ended[place.account_id] for place in everybody] == ["cut", "returned", "recalled", "recalled", "excluded"]
    assert sums is not None
    assert sums["total"] == {"lines": 5, "cents": 8_420 + 9_000 + 10_000 + 12_000}
    by_ending = [sums[ending] for ending in ("cut", "recalled", "returned", "excluded")]
    assert sum(one["lines"] for one in by_ending) == 5
    assert sum(one["cents"] for one in by_ending) == sums["total"]["cents"]
    assert {order.state for order in town.all(select(ServiceOrder))} == {"completed", "cancelled"}


def _end(town: Town, tablet: ModelTablet, order: UUID | None, how: str) -> None:
    assert order is not None
    seen = {"serial_seen": "x", "read": "001010", "valve_state": "off"}
    with town.work("tom", tablet.tablet_id) as work:
        if how == "complete":
            field_work.complete(work, order, Visit(outcome="DONE", captures=seen, noted_at=utc_now()))
        else:
            field_work.return_(work, order, Visit(outcome="NO_ACCESS_DOG", captures={}, noted_at=utc_now()))


def _ack(town: Town, tablet: ModelTablet, order: UUID | None) -> None:
    assert order is not None
    with town.work("tom", tablet.tablet_id) as work:
        field_work.acknowledge_recall(work, order, noted_at=utc_now())


def test_a_run_that_is_recalled_takes_every_order_back(town: Town, places: list[Place]) -> None:
    run = released(town)
    first = lines(town, run)[places[0].account_id].order_id
    assert first is not None
    town.assign(first, "tom", by="dana")
    with town.work("tom", town.tablet("tom")) as work:
        leases.mark_pulled(work)
    with town.work("dana") as work:
        cut_off_releases.recall(work, run, reason="A storm is coming.")
    states = sorted(order.state for order in town.all(select(ServiceOrder)))
    assert states == ["cancelled", "cancelled", "recall_pending"]


@pytest.mark.parametrize(("moment", "after"), [("listed", "release"), ("dispatched", "pull"), ("completed", "never")])
def test_the_fee_is_attached_when_the_policy_says_and_once(
    town: Town, places: list[Place], moment: str, after: str
) -> None:
    any_day(town, fees={"attached_at": moment})
    run = released(town)
    assert len(town.all(select(Fee))) == (3 if after == "release" else 0)
    order = lines(town, run)[places[0].account_id].order_id
    assert order is not None
    town.assign(order, "tom", by="dana")
    for _ in range(2):
        ModelTablet(town, "tom").pull()
    expected = {"release": 3, "pull": 1, "never": 0}[after]
    fees = town.all(select(Fee))
    assert ([fee.kind for fee in fees], {fee.cents for fee in fees} <= {5_000}) == (["cut_off"] * expected, True)


def test_a_fee_of_the_dispatch_is_taken_back_from_whoever_had_paid_before_the_cut(
    town: Town, places: list[Place]
) -> None:
    any_day(town, fees={"attached_at": "dispatched"})
    run = released(town)
    order = lines(town, run)[places[0].account_id].order_id
    assert order is not None
    town.assign(order, "tom", by="dana")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    pays(town, places[0], 8_420)
    with town.work("tom", tablet.tablet_id) as work:
        field_work.complete(work, order, Visit(outcome="DONE", captures=captures_of("CUT_OFF_NP", places[0])))
    post(town, order)
    fees = town.all(select(Fee).where(Fee.order_id == order).order_by(Fee.id))
    assert [(fee.kind, fee.cents) for fee in fees] == [("cut_off", 5_000), ("cut_off", -5_000)]
