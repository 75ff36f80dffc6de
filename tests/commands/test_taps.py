"""Tap requests: each stage's gate, their history, what the clock ends, and who may do what."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from curbstop.commands import feature_requests, service_orders, taps
from curbstop.commands.service_orders import NewOrder
from curbstop.domain.problems import Problem
from curbstop.domain.taps import TapStage
from curbstop.models import Account, FeatureRequest, ServicePoint, TapHistory, TapRequest
from tests import tap_requests as build
from tests.town import Town


def test_a_request_has_a_number_and_an_order_for_its_survey(town: Town) -> None:
    tap = build.read(town, build.requested(town))
    assert (tap.number[:4], tap.number[-6:], tap.stage) == ("TAP-", "-00001", "requested")
    assert tap.survey_order_id is not None
    assert town.read_order(tap.survey_order_id).type_code == "TAP_SITE"


def test_a_place_has_one_request_under_way_and_none_where_there_is_a_tap(town: Town) -> None:
    tap = build.read(town, build.requested(town))
    again = taps.NewTapRequest(
        customer_id=tap.customer_id, service_point_id=tap.service_point_id, meter_size="5/8"
    )  # fmt: skip
    with town.work("carla") as work, pytest.raises(Problem, match="conflict"):
        taps.request(work, again)
    with town.work("carla") as work:
        taps.cancel(work, tap.id, reason="Customer withdrew.")
    with town.work("carla") as work:
        assert taps.request(work, again).number.endswith("-00002")
    place = town.place()
    there = taps.NewTapRequest(customer_id=tap.customer_id, service_point_id=place.id, meter_size="5/8")
    with town.work("carla") as work, pytest.raises(Problem, match="has a tap already"):
        taps.request(work, there)


def test_the_survey_decides_what_the_quote_comes_to(town: Town) -> None:
    plain, bored = build.surveyed(town, 1), build.surveyed(town, 2, crossing="bore")
    with town.work("carla") as work:
        assert taps.quote(work, plain).quote_cents == 180_000
        tap = taps.quote(work, bored)
        assert (tap.quote_cents, tap.stage) == (275_000, "quoted")
        assert tap.quote_through == town.today + timedelta(days=90)


def test_another_price_wants_a_reason(town: Town) -> None:
    tap_id = build.surveyed(town)
    with town.work("carla") as work:
        with pytest.raises(Problem, match="argument_required"):
            taps.quote(work, tap_id, cents=100)
        assert taps.quote(work, tap_id, cents=100, reason="Shared trench.").quote_cents == 100


def test_money_comes_in_whole_once_and_only_for_a_quote_that_holds(town: Town) -> None:
    tap_id = build.surveyed(town)
    with town.work("carla") as work, pytest.raises(Problem, match="tap_gate_closed"):
        taps.pay(work, tap_id, cents=180_000, reference="R")
    with town.work("carla") as work:
        taps.quote(work, tap_id)
        with pytest.raises(Problem, match="paid in full"):
            taps.pay(work, tap_id, cents=179_999, reference="R")
    with town.work() as work:
        stale = town.today - timedelta(days=1)
        work.session.execute(update(TapRequest).where(TapRequest.id == tap_id).values(quote_through=stale))
    with town.work("carla") as work:
        with pytest.raises(Problem, match="tap_quote_expired"):
            taps.pay(work, tap_id, cents=180_000, reference="R")
        taps.quote(work, tap_id)
        paid = taps.pay(work, tap_id, cents=180_000, reference="R")
        assert paid.install_due_on is not None
        assert paid.install_due_on >= town.today + timedelta(days=14)


def test_the_clock_ends_a_quote_that_nobody_paid(town: Town) -> None:
    kept, gone = build.surveyed(town, 1), build.surveyed(town, 2)
    with town.work("carla") as work:
        taps.quote(work, kept)
        taps.quote(work, gone).quote_through = town.today - timedelta(days=1)
    with town.work() as work:
        assert taps.expire_quotes(work) == 1
        assert taps.expire_quotes(work) == 0
    assert (build.read(town, kept).stage, build.read(town, gone).stage) == ("quoted", "expired")
    with town.work("carla") as work, pytest.raises(Problem, match="tap_ended"):
        taps.quote(work, gone)


def test_an_installation_is_ordered_once_it_is_paid_and_permitted(town: Town) -> None:
    tap_id = build.surveyed(town)
    place = build.read(town, tap_id).service_point_id
    with town.work("sue") as work, pytest.raises(Problem, match="tap_gate_closed") as refused:
        service_orders.create(work, NewOrder(type_code="TAP_INST", service_point_id=place))
    assert {"quote", "payment", "permit_plumbing"} <= set(refused.value.extra["missing"])
    with town.work("sue") as work, pytest.raises(Problem, match="tap_request_missing"):
        service_orders.create(work, NewOrder(type_code="TAP_INST", service_point_id=town.place().id))


def test_an_installed_tap_is_in_the_books_and_waits_to_be_drawn(town: Town) -> None:
    tap_id = build.installed(town)
    tap = build.read(town, tap_id)
    assert tap.stage == "installed"
    with town.sessions.read() as session:
        assert session.get_one(ServicePoint, tap.service_point_id).physical_state == "tapped"
    [wanted] = town.all(select(FeatureRequest))
    assert (wanted.state, wanted.facts["as_built"]) == ("open", "2 ft north")
    with town.work("carla") as work, pytest.raises(Problem, match="forbidden"):
        feature_requests.finish(work, wanted.id)
    with town.work("gus") as work:
        assert feature_requests.finish(work, wanted.id, note="drawn").state == "done"


def test_the_water_is_turned_on_after_the_inspection_alone(town: Town) -> None:
    tap_id = build.meter_set(town)
    place = build.read(town, tap_id).service_point_id
    on = NewOrder(type_code="CUT_ON_NEW", service_point_id=place)
    with town.work("carla") as work:
        taps.set_up_account(work, tap_id, deposit_reference="D-1")
        with pytest.raises(Problem, match="tap_gate_closed"):
            service_orders.create(work, on)
        with pytest.raises(Problem, match="Nobody has asked"):
            taps.inspect(work, tap_id, passed=True, reference="I-1")
        assert taps.ask_inspection(work, tap_id).inspection_due_at == work.at + timedelta(hours=24)
        failed = taps.inspect(work, tap_id, passed=False, reference="I-1", reason="No backflow preventer.")
        assert (failed.stage, failed.inspection_due_at) == ("meter_set", None)
        taps.ask_inspection(work, tap_id)
        assert taps.inspect(work, tap_id, passed=True, reference="I-2").stage == "account_setup"
        assert service_orders.create(work, on).state == "ready"
    [account] = town.all(select(Account).where(Account.service_point_id == place))
    assert account.status == "pending"


def test_every_step_says_who_when_and_why(town: Town) -> None:
    tap_id = build.permitted(town)
    lines = town.all(select(TapHistory).where(TapHistory.tap_request_id == tap_id).order_by(TapHistory.id))
    assert [line.to_stage for line in lines if line.event == "reach"] == ["site_survey", "quoted", "paid", "permits_ok"]
    pay = next(line for line in lines if line.event == "pay")
    assert (pay.staff_id, pay.facts["reference"]) == (town.staff["carla"], "R-1")
    with town.work("carla") as work:
        taps.cancel(work, tap_id, reason="Sold the lot.")
    assert build.read(town, tap_id).end_reason == "Sold the lot."


def test_work_done_before_its_papers_stays_a_fact_and_counts_once_they_are_there(town: Town) -> None:
    tap_id, order_id = build.with_ticket(town)
    with town.work() as work:
        tap = work.session.get_one(TapRequest, tap_id)
        tap.permits, tap.stage = {}, TapStage.PAID.value
    build.done(town, order_id, build.INSTALL, {"photo": 2})
    assert build.read(town, tap_id).stage == "paid"
    with town.work("carla") as work:
        for kind in build.PERMITS:
            tap = taps.permit(work, tap_id, kind, reference="x")
        assert tap.stage == "installed"


@pytest.mark.parametrize("name", ["tom", "dana", "gus", "otto", "ada"])
def test_who_does_not_keep_taps_is_refused(town: Town, name: str) -> None:
    tap_id = build.requested(town)
    with town.work(name) as work, pytest.raises(Problem, match="forbidden"):
        taps.cancel(work, tap_id, reason="x")
