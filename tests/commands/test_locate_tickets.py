"""Locate tickets: nobody is sent to dig, or begins to, where the law does not allow it; what was dug stays dug."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from curbstop.commands import dispatch, field_work, locate_tickets
from curbstop.commands.field_work import Visit
from curbstop.commands.locate_tickets import NewTicket
from curbstop.domain.problems import Problem
from curbstop.models import ServiceOrder, SupervisorTask
from tests import tap_requests as build
from tests.town import Town


def test_without_a_ticket_the_installation_is_given_to_nobody(town: Town) -> None:
    _, order_id = build.with_order(town)
    build.teach_taps(town)
    with town.work("sue") as work, pytest.raises(Problem, match="dig_not_legal"):
        dispatch.assign(work, order_id, technician_id=town.staff["tom"], scheduled_on=town.today)


def test_a_ticket_of_today_lets_nobody_dig_today(town: Town) -> None:
    tap_id, order_id = build.with_ticket(town, called_days_ago=0)
    build.teach_taps(town)
    assert build.read(town, tap_id).stage == "locate_ticket_ok"
    with town.work("sue") as work, pytest.raises(Problem, match="dig_not_legal"):
        dispatch.assign(work, order_id, technician_id=town.staff["tom"], scheduled_on=town.today)


def test_an_emergency_with_its_reason_may_be_dug_at_once(town: Town) -> None:
    tap_id, order_id = build.with_order(town)
    build.teach_taps(town)
    with town.work("dana") as work:
        now = NewTicket(number="E1", called_at=work.at - timedelta(minutes=5), emergency=True)
        with pytest.raises(Problem, match="Say why"):
            locate_tickets.record(work, order_id, now)
    with town.work("dana") as work:
        why = NewTicket(number="E1", called_at=work.at, emergency=True, justification="Street undermined.")
        locate_tickets.record(work, order_id, why)
    town.assign(order_id, "tom")
    assert build.read(town, tap_id).stage == "scheduled"


def _on_tablet(town: Town, order_id: object) -> None:
    with town.work() as work:
        order = work.session.get_one(ServiceOrder, order_id)
        order.state, order.technician_id, order.dispatched_at = "dispatched", town.staff["tom"], work.at


def test_nobody_begins_to_dig_before_the_legal_start(town: Town) -> None:
    _, order_id = build.with_ticket(town, called_days_ago=0)
    _on_tablet(town, order_id)
    with town.work("tom") as work, pytest.raises(Problem, match="dig_not_legal"):
        field_work.arrive(work, order_id)
    assert town.read_order(order_id).state == "dispatched"


def test_what_was_dug_without_a_legal_ticket_is_kept_flagged_and_told_to_a_supervisor(town: Town) -> None:
    _, order_id = build.with_ticket(town, called_days_ago=0)
    _on_tablet(town, order_id)
    with town.work("tom") as work:
        order = field_work.complete(work, order_id, Visit(outcome="DONE", captures=build.INSTALL))
        assert (order.state, "dug_without_ticket" in order.flags) == ("completed", True)
    [task] = town.all(select(SupervisorTask))
    assert (task.kind, task.order_id) == ("dug_without_ticket", order_id)


def test_a_legal_dig_is_flagged_by_nothing(town: Town) -> None:
    _, order_id = build.with_ticket(town)
    _on_tablet(town, order_id)
    with town.work("tom") as work:
        field_work.arrive(work, order_id)
        order = field_work.complete(work, order_id, Visit(outcome="DONE", captures=build.INSTALL))
        assert "dug_without_ticket" not in order.flags


def test_a_ticket_is_for_orders_that_dig(town: Town) -> None:
    order_id = town.order("GEN", town.place())
    with town.work("dana") as work, pytest.raises(Problem, match="does not dig"):
        locate_tickets.record(work, order_id, NewTicket(number="A1", called_at=work.at))


def test_a_technician_records_no_ticket(town: Town) -> None:
    _, order_id = build.with_order(town)
    with town.work("tom") as work, pytest.raises(Problem, match="forbidden"):
        locate_tickets.record(work, order_id, NewTicket(number="A1", called_at=work.at))
