"""Pulling meters, changing registers and radios, testing: what posting does, and what keeps it from being posted."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from curbstop.commands import field_work, leases, meters, policies, review
from curbstop.commands.field_work import Visit
from curbstop.commands.meters import NewMeter
from curbstop.domain.problems import Problem
from curbstop.models import (
    Account,
    Attachment,
    Endpoint,
    ExportMark,
    Installation,
    Meter,
    MeterTest,
    Reading,
    Register,
    ServiceOrder,
    ServicePoint,
)
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from curbstop.queries import meters as meter_queries
from tests.town import Place, Town


def done(town: Town, type_code: str, place: Place, captures: dict[str, Any], **fields: Any) -> UUID:
    """An order of the type, done by Tom with the photos that it asks for."""
    order = town.order(type_code, place, to="tom", **fields)
    with town.work("tom") as work:
        leases.mark_pulled(work)
    with town.work("tom") as work:
        for label in ("photo", "photo_register", "photo_new_register", "photo_new_serial"):
            photo = Attachment(
                id=new_id(), order_id=order, label=label, media_type="image/jpeg", sha256=label.ljust(64, "0"),
                size=10, noted_at=utc_now(), stored_at=utc_now(),
            )  # fmt: skip
            work.session.add(photo)
        work.session.flush()
        field_work.complete(work, order, Visit(outcome="DONE", captures=captures))
    return order


def post(town: Town, order: UUID, by: str = "bill") -> None:
    with town.work(by) as work:
        review.post(work, order)


def refused(town: Town, order: UUID) -> list[str]:
    with pytest.raises(Problem, match="capture_missing") as problem:
        post(town, order)
    return [finding["code"] for finding in problem.value.extra["findings"]]


def pulled(place: Place, **more: Any) -> dict[str, Any]:
    return {"serial_seen": place.serial, "out_read": {"1": "1042"}, "closed_with": "cap", **more}


def final(town: Town, place: Place) -> None:
    with town.sessions.write() as session:
        session.execute(update(Account).where(Account.id == place.account_id).values(status="finaled"))


def test_a_pulled_meter_is_out_with_its_last_reading_and_its_radio_retired(town: Town) -> None:
    place = town.place()
    final(town, place)
    post(town, done(town, "MTR_PULL", place, pulled(place)))
    assert town.all(select(Installation.id).where(Installation.removed_at.is_(None))) == []
    assert town.all(select(Meter.status)) == ["removed"]
    assert town.all(select(Reading.value).where(Reading.kind == "final")) == [1042]
    assert town.all(select(Endpoint.id).where(Endpoint.retired_at.is_(None))) == []
    assert town.all(select(ServicePoint.physical_state)) == ["pulled"]
    assert town.all(select(ExportMark.kind)) == ["vflex"]


def test_the_last_meter_of_an_account_in_service_is_pulled_on_a_supervisor_s_word_only(town: Town) -> None:
    place, other = town.place(), town.place()
    assert refused(town, done(town, "MTR_PULL", place, pulled(place))) == ["LAST_METER"]
    with_word = done(town, "MTR_PULL", other, pulled(other), reason="Cut back at the owner's wish, letter of 5/4")
    assert "LAST_METER" in town.read_order(with_word).flags
    post(town, with_word)
    assert town.read_order(with_word).state == "posted"


def test_a_pull_that_read_another_meter_is_kept_and_not_posted(town: Town) -> None:
    place = town.place()
    final(town, place)
    order = done(town, "MTR_PULL", place, pulled(place, serial_seen="X9"))
    assert "incomplete_capture" in town.read_order(order).flags
    assert refused(town, order) == ["OLD_NOT_INSTALLED"]


def test_a_new_radio_retires_the_old_one_and_the_meter_stays(town: Town) -> None:
    place = town.place()
    captures = {"parts": "radio", "serial_seen": place.serial, "new_endpoint": "R77"}
    post(town, done(town, "REG_XCHG", place, captures))
    radios = {row.radio_id: row.retired_at is None for row in town.all(select(Endpoint))}
    assert radios == {"R0000001": False, "R77": True}
    assert town.all(select(Meter.status)) == ["installed"]
    assert len(town.all(select(Register))) == 1
    assert town.all(select(ExportMark.kind)) == ["vflex"]


@pytest.mark.parametrize(
    ("captures", "codes"),
    [
        ({"parts": "radio"}, ["ENDPOINT_MISSING"]),
        ({"parts": "both", "new_endpoint": "R77"}, ["OUT_MISSING", "IN_MISSING"]),
        ({"parts": "radio", "serial_seen": "X", "new_endpoint": "R77"}, ["OLD_NOT_INSTALLED"]),
        ({"parts": "register", "out_read": {"1": "900"}, "in_read": {"1": "0"}}, []),
    ],
)
def test_what_is_missing_or_wrong_keeps_it_from_posting(town: Town, captures: dict[str, Any], codes: list[str]) -> None:
    place = town.place()
    order = done(town, "REG_XCHG", place, {"serial_seen": place.serial, **captures})
    if codes:
        assert refused(town, order) == codes
    else:
        # Below the last reading, but photographed.
        assert "OUT_LT_LAST" in town.read_order(order).flags
        post(town, order)


def test_a_new_register_counts_anew_in_its_own_units(town: Town) -> None:
    place = town.place()
    captures = {
        "parts": "register", "serial_seen": place.serial, "out_read": {"1": "1042"}, "in_read": {"1": "0"},
        "new_dials": 5, "new_multiplier": 10, "register_serial": "RG-1",
    }  # fmt: skip
    order = done(town, "REG_XCHG", place, captures)
    post(town, order)
    rows = {row.removed_at is None: row for row in town.all(select(Register))}
    assert (rows[False].dials, rows[False].multiplier) == (6, 1)
    assert (rows[True].dials, rows[True].multiplier, rows[True].serial) == (5, 10, "RG-1")
    reads = {
        row.register_id: (row.kind, row.value) for row in town.all(select(Reading).where(Reading.order_id == order))
    }
    assert reads == {rows[False].id: ("final", 1042), rows[True].id: ("initial", 0)}
    with town.sessions.read() as session:
        # The office sees the new one.
        [shown] = meter_queries.get(session, town.actor("bill"), place.meter_id)["registers"]
    assert (shown["dials"], shown["last_value"]) == (5, 0)


def test_a_radio_that_another_place_claims_is_not_paired_here(town: Town) -> None:
    place, other = town.place(), town.place()
    with pytest.raises(Problem, match="radio_claimed_twice"):
        done(town, "REG_XCHG", place, {"parts": "radio", "serial_seen": place.serial, "new_endpoint": "R0000002"})
    assert other.serial


def bench_test(place: Place, low: str = "100", mid: str = "100", high: str = "100") -> dict[str, Any]:
    found = {"low": low, "mid": mid, "high": high}
    volumes = {f"{flow}_registered": value for flow, value in found.items()}
    return {
        "serial_seen": place.serial, "standard_id": "Bench 2", **dict.fromkeys(
            ("low_reference", "mid_reference", "high_reference"), "100"), **volumes,
    }  # fmt: skip


def test_a_test_that_is_passed_is_kept_and_nothing_follows(town: Town) -> None:
    place = town.place()
    post(town, done(town, "MTR_TEST", place, bench_test(place, low="96")))
    [test] = town.all(select(MeterTest))
    assert (test.passed, test.over_registers, test.average) == (True, False, Decimal("99.40"))
    assert [flow["accuracy"] for flow in test.flows] == ["96.00", "100.00", "100.00"]
    assert town.all(select(ServiceOrder.type_code)) == ["MTR_TEST"]


def test_a_meter_that_failed_gets_a_change_out_that_waits_for_the_supervisor(town: Town) -> None:
    place = town.place()
    order = done(town, "MTR_TEST", place, bench_test(place, mid="103"))
    post(town, order, by="carla")
    [test] = town.all(select(MeterTest))
    assert (test.passed, test.over_registers) == (False, True)
    [follow] = town.all(select(ServiceOrder).where(ServiceOrder.type_code == "MTR_XCHG"))
    assert (follow.id, follow.state, follow.follows_id) == (test.follow_up_id, "draft", order)


def test_the_limits_are_the_policy_s(town: Town) -> None:
    place = town.place()
    with town.work("ada") as work:
        policies.edit(work, {"meter_test": {"mid_most_tenths": 1040}}, reason="Ordinance 12")
    post(town, done(town, "MTR_TEST", place, bench_test(place, mid="103")))
    assert town.all(select(MeterTest.passed)) == [True]
    with pytest.raises(Problem, match="policy_invalid"), town.work("ada") as work:
        policies.edit(work, {"meter_test": {"mid_most_tenths": 10}}, reason="Typo")


@pytest.mark.parametrize(
    ("captures", "code"),
    [({"low_reference": "0"}, "TEST_VOLUME"), ({"serial_seen": "X"}, "METER_UNKNOWN")],
)
def test_a_test_that_is_none_is_sent_back_to_the_tablet(town: Town, captures: dict[str, Any], code: str) -> None:
    """Nothing happened in the ground, so the technician corrects it."""
    place = town.place()
    with pytest.raises(Problem, match="capture_missing") as problem:
        done(town, "MTR_TEST", place, {**bench_test(place), **captures})
    assert [finding["code"] for finding in problem.value.extra["findings"]] == [code]


def test_a_meter_of_the_bench_is_tested_too(town: Town) -> None:
    place = town.place()
    with town.work("bill") as work:
        meters.create(work, NewMeter(serial="OUT-1", dials=6))
    post(town, done(town, "MTR_TEST", place, {**bench_test(place, low="50"), "serial_seen": "OUT-1"}))
    assert town.all(select(MeterTest.follow_up_id)) == [None]
