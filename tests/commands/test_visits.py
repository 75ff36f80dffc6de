"""What each kind of visit does when it is posted, and what is asked of it before."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import access_issues, ami_events, policies, route_change_requests, service_orders
from curbstop.commands.ami_events import Heard
from curbstop.commands.service_orders import NewOrder
from curbstop.domain.order_types import load_catalogue
from curbstop.domain.problems import Problem
from curbstop.models import (
    AccessIssue,
    AmiEvent,
    AssetNote,
    Attachment,
    ConnectionEvent,
    ContactAttempt,
    Discrepancy,
    Fee,
    Lock,
    RouteChangeRequest,
    ServiceOrder,
    ServicePoint,
    Stop,
    SupervisorTask,
    TamperCase,
)
from curbstop.models.base import utc_now
from tests.cut_offs import any_day
from tests.town import Place, Town
from tests.visits import done, post


@pytest.fixture(autouse=True)
def _any_day(town: Town) -> None:
    any_day(town)


def followers(town: Town, order: UUID) -> list[ServiceOrder]:
    return town.all(select(ServiceOrder).where(ServiceOrder.follows_id == order))


def locked(town: Town, place: Place) -> None:
    """Cut off yesterday and locked."""
    post(town, done(town, "CUT_OFF_NP", place, at=utc_now(), read="001000"))


EVERYDAY = [
    "CUT_OFF_EMG", "READ_FINAL", "READ_INIT", "READ_SPEC", "HIGH_CHK", "LOW_CHK", "STOP_CHK", "LOCK_CHK", "TAMPER_INV",
    "AMI_INV", "BOX_RPR", "LEAK_INV", "PRESS_CHK", "WQ_CHK", "RTE_FIX", "GEN",
]  # fmt: skip


@pytest.mark.parametrize("code", EVERYDAY)
def test_an_order_of_each_type_goes_from_the_office_to_the_field_and_into_the_books(town: Town, code: str) -> None:
    order = done(town, code, town.place())
    post(town, order)
    assert town.read_order(order).state == "posted"


@pytest.mark.parametrize(("found", "follows"), [("none", []), ("customer", ["LEAK_INV"]), ("utility", ["LEAK_INV"])])
def test_a_high_use_check_makes_a_leak_investigation_only_where_it_leaks(
    town: Town, found: str, follows: list[str]
) -> None:
    order = done(town, "HIGH_CHK", town.place(), leak_side=found, out_read="001003", leak_indicator="moving")
    post(town, order)
    made = followers(town, order)
    assert [one.type_code for one in made] == follows
    for one in made:
        assert one.state == "ready"
        assert f"Leak on: {found}" in (one.instructions or "")
        assert town.read_order(order).number in (one.instructions or "")
        labels = town.all(select(Attachment.label).where(Attachment.order_id == one.id))
        assert labels == [f"{town.read_order(order).number} photo"]
    [contact] = town.all(select(ContactAttempt))
    assert (contact.reason, contact.channel) == ("high_bill", "door_tag")


@pytest.mark.parametrize("code", ["LOW_CHK", "STOP_CHK"])
@pytest.mark.parametrize(("turns", "follows"), [(True, []), (False, [("MTR_XCHG", "draft")])])
def test_a_register_that_stands_still_proposes_a_change_out(
    town: Town, code: str, turns: bool, follows: list[Any]
) -> None:
    """A change-out is approved by somebody, so it is a draft."""
    order = done(town, code, town.place(), register_turning=turns)
    post(town, order)
    assert [(one.type_code, one.state) for one in followers(town, order)] == follows


@pytest.mark.parametrize(
    ("intact", "read", "follows"),
    [(True, "001001", []), (False, "001000", ["TAMPER_INV"]), (True, "001002", ["TAMPER_INV"])],
)
def test_a_lock_check_asks_for_an_investigation_where_the_lock_is_broken_or_water_was_used(
    town: Town, intact: bool, read: str, follows: list[str]
) -> None:
    place = town.place()
    locked(town, place)
    order = done(town, "LOCK_CHK", place, lock_intact=intact, read=read)
    post(town, order)
    assert [one.type_code for one in followers(town, order)] == follows


def test_use_while_it_was_off_is_investigated_after_a_restoral(town: Town) -> None:
    place = town.place()
    locked(town, place)
    order = done(town, "CUT_ON_RSTR", place, read="001500")
    assert "OFF_USE" in town.read_order(order).flags
    post(town, order)
    assert [one.type_code for one in followers(town, order)] == ["TAMPER_INV"]


def test_a_tamper_case_freezes_its_evidence_and_climbs_the_ladder(town: Town) -> None:
    place = town.place()
    locked(town, place)
    [old] = town.all(select(Lock))
    for level, step in ((1, "lock"), (2, "heavy_duty"), (3, "cut_at_main"), (4, "cut_at_main")):
        order = done(
            town, "TAMPER_INV", place, read=f"{1000 + 100 * level:06d}", action="heavy_duty", missing_no=old.number,
            found_state="Lock cut, straight pipe",
        )  # fmt: skip
        post(town, order)
        case = town.all(select(TamperCase).where(TamperCase.order_id == order))[0]
        assert (case.level, case.step, case.service_point_id) == (level, step, place.id)
    first = town.all(select(TamperCase).where(TamperCase.level == 1))[0]
    assert first.evidence["captures"]["found_state"] == "Lock cut, straight pipe"
    assert [lock["number"] for lock in first.evidence["locks_on_record"]] == [old.number]
    assert [photo["sha256"] for photo in first.evidence["photos"]] == ["a" * 64] * 3
    assert first.unmetered_use == Decimal(100)
    states = {lock.ended for lock in town.all(select(Lock))}
    assert states == {"broken", None}


@pytest.mark.parametrize(("profile", "fees"), [("generic", ["tamper_penalty"]), ("nc", [])])
def test_north_carolina_knows_no_penalty_for_tampering(town: Town, profile: str, fees: list[str]) -> None:
    with town.work("ada") as work:
        policies.start(work, profile, reason="Ours.")
        if fees:
            # Where the law knows no penalty, the policy takes no amount for one.
            amounts = {"fees": {"amounts_cents": {"tamper_penalty": 25_000}}}
            policies.edit(work, amounts, reason="By the schedule.")
    order = done(town, "TAMPER_INV", town.place())
    post(town, order)
    assert [fee.kind for fee in town.all(select(Fee))] == fees


def test_a_radio_investigation_closes_alarms_and_tells_of_another_radio(town: Town) -> None:
    place = town.place()
    with town.work("ivy") as work:
        heard = Heard(source_key="1", name="Dead", happened_at=work.at - timedelta(hours=1), meter_serial=place.serial)
        orphan = Heard(source_key="2", name="Orphan", happened_at=work.at, radio_id="R-NOWHERE")
        assert ami_events.tell(work, [heard, orphan]) == 2
        assert ami_events.tell(work, [heard]) == 0
    order = done(town, "AMI_INV", place, endpoint_seen="R9999999", fix_code="none")
    post(town, order)
    events = {event.name: event for event in town.all(select(AmiEvent))}
    assert events["Dead"].order_id == order
    assert (events["Orphan"].closed_at, events["Orphan"].service_point_id) == (None, None)
    [found] = town.all(select(Discrepancy))
    assert (found.kind, found.found, found.service_point_id) == ("different_radio", "R9999999", place.id)
    assert followers(town, order) == []


def test_the_right_radio_is_no_discrepancy(town: Town) -> None:
    order = done(town, "AMI_INV", town.place(), endpoint_seen="r 0000001", fix_code="none")
    post(town, order)
    assert town.all(select(Discrepancy)) == []


def escalated(town: Town, place: Place) -> UUID:
    with town.work("tom") as work:
        issue = access_issues.report(work, place.id, category="FOLIAGE")
        issue.state = "escalated"
        return issue.id


def test_clearing_at_the_owners_cost_needs_a_final_notice_that_has_run_out(town: Town) -> None:
    place = town.place()
    with pytest.raises(Problem, match="final notice"), town.work("sue") as work:
        service_orders.create(work, NewOrder(type_code="ACC_CLR", service_point_id=place.id))
    with town.work("tom") as work:
        issue_id = access_issues.report(work, place.id, category="FOLIAGE").id
    with pytest.raises(Problem, match="final notice"), town.work("sue") as work:
        service_orders.create(work, NewOrder(type_code="ACC_CLR", service_point_id=place.id, access_issue_id=issue_id))


def test_clearing_bills_hours_and_materials_and_clears_the_issue(town: Town) -> None:
    place = town.place()
    issue = escalated(town, place)
    with town.work("ada") as work:
        policies.edit(work, {"costs": {"hour_cents": 7_000, "material_markup_percent": 10}}, reason="Council.")
    order = done(town, "ACC_CLR", place, hours=1.5, material_cost=20, order={"access_issue_id": issue})
    post(town, order)
    [fee] = town.all(select(Fee))
    assert (fee.kind, fee.cents, fee.detail["hours"]) == ("damage_cost", 10_500 + 2_200, "1.5")
    assert town.all(select(AccessIssue.state)) == ["cleared"]


def test_a_repaired_box_is_noted_and_clears_what_was_the_utilitys_fault(town: Town) -> None:
    place = town.place()
    with town.work("tom") as work:
        access_issues.report(work, place.id, category="LID_BROKEN")
        access_issues.report(work, place.id, category="DOG")
    order = done(town, "BOX_RPR", place, hours=2, parts="Lid, 12 in")
    post(town, order)
    [note] = town.all(select(AssetNote))
    assert (note.hours, "Lid, 12 in" in note.note) == (Decimal(2), True)
    states = {issue.category: issue.state for issue in town.all(select(AccessIssue))}
    assert states == {"LID_BROKEN": "cleared", "DOG": "reported"}


def test_a_proposal_goes_to_gis_and_alters_no_route(town: Town) -> None:
    """A running session keeps the stops that it has."""
    places = [town.place() for _ in range(3)]
    town.route(places, to="tess")
    order = done(town, "RTE_FIX", places[0], new_sequence=25, gps={"longitude": -78.998, "latitude": 35.001})
    post(town, order)
    [asked] = town.all(select(RouteChangeRequest))
    assert (asked.sequence, asked.new_sequence, asked.latitude, asked.state) == (10, 25, 35.001, "open")
    assert town.all(select(Stop.sequence).order_by(Stop.sequence)) == [10, 20, 30]
    with pytest.raises(Problem, match="forbidden"), town.work("sue") as work:
        route_change_requests.decide(work, asked.id, "accept", reason="Right.")
    with town.work("gus") as work:
        route_change_requests.decide(work, asked.id, "refuse", reason="The gate is shut.")
    with pytest.raises(Problem, match="refused already"), town.work("gus") as work:
        route_change_requests.decide(work, asked.id, "accept", reason="Right.")


def test_an_emergency_turns_off_looks_for_the_leak_and_has_the_customer_told(town: Town) -> None:
    place = town.place()
    order = done(town, "CUT_OFF_EMG", place)
    post(town, order)
    assert [one.type_code for one in followers(town, order)] == ["LEAK_INV"]
    assert town.all(select(SupervisorTask.kind)) == ["contact_customer"]
    assert town.all(select(ConnectionEvent.reason)) == ["Emergency"]
    assert town.all(select(ServicePoint.physical_state)) == ["off"]


@pytest.mark.parametrize(("shut", "state"), [(True, "off"), (False, "on")])
def test_a_leak_that_was_shut_off_leaves_the_place_off(town: Town, shut: bool, state: str) -> None:
    order = done(town, "LEAK_INV", town.place(), shut=shut)
    post(town, order)
    assert town.all(select(ServicePoint.physical_state)) == [state]


def test_every_type_that_is_in_use_is_tried_here_or_has_its_own_tests() -> None:
    own = {
        "CUT_OFF_NP", "CUT_OFF_RTN", "CUT_OFF_VIOL", "CUT_OFF_REQ", "CUT_ON_NEW", "CUT_ON_RSTR", "READ_RE", "ACC_CHK",
        "ACC_CLR", "MTR_XCHG", "REG_XCHG", "MTR_SET", "MTR_PULL", "MTR_TEST", "TAP_SITE", "TAP_INST", "TEMP_SET",
        "TEMP_PULL", "DEV_SET",
    }  # fmt: skip
    assert {code for code, kind in load_catalogue().items() if kind.built} <= own | set(EVERYDAY)
