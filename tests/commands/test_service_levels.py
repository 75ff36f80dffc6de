"""When orders are due: set as they are made and edited, and reckoned anew when the policy or the calendar changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from curbstop.commands import dispatch, field_work, policies, review, service_levels, service_orders
from curbstop.commands.field_work import Visit
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models import AuditEntry, Fee, Outbox, ServiceOrder
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


def business_day(town: Town, after: int = 1) -> date:
    with town.sessions.read() as session:
        policy = policies.in_force(session).policy
        closed = policies.closures(session, policy)
    return closed.add_business_days(town.today, after)


def moment(town: Town, day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=town.settings.zone).astimezone(UTC)


def window(town: Town, day: date, first: int = 8, last: int = 12) -> dict[str, Any]:
    return {"window_start": moment(town, day, first), "window_end": moment(town, day, last)}


def edit(town: Town, order_id: UUID, **changes: Any) -> ServiceOrder:
    with town.work("dana") as work:
        return service_orders.edit(work, order_id, changes, if_version=None)


def test_an_order_is_due_by_its_types_target_and_by_its_appointment_once_it_has_one(town: Town) -> None:
    order = town.order("READ_RE", town.place())
    day = business_day(town, 2)
    made = town.read_order(order)
    assert (made.due_at, made.due_on) == (moment(town, day, 17), day)
    third = business_day(town, 3)
    edit(town, order, **window(town, third))
    promised = town.read_order(order)
    assert (promised.due_at, promised.due_on) == (moment(town, third, 12), third)
    edit(town, order, window_start=None, window_end=None)
    assert town.read_order(order).due_at == made.due_at


def test_a_restorals_time_runs_from_its_payment(town: Town) -> None:
    friday = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)  # 15:30 in New York
    order = town.order("CUT_ON_RSTR", town.place(), due_from=friday)
    assert town.read_order(order).due_at == datetime(2026, 11, 20, 22, tzinfo=UTC)
    late = town.order("CUT_ON_RSTR", town.place(), due_from=friday + timedelta(hours=1))
    assert town.read_order(late).due_at == datetime(2026, 11, 23, 22, tzinfo=UTC)
    edit(town, late, after_hours=True)
    assert town.read_order(late).due_at == datetime(2026, 11, 21, 3, tzinfo=UTC)


def test_a_new_policy_moves_every_open_order_and_none_that_ended(town: Town) -> None:
    open_one, ended = (town.order("READ_RE", town.place()) for _ in range(2))
    with town.work("dana") as work:
        dispatch.recall(work, ended, reason="Off.")
    before = {one: town.read_order(one) for one in (open_one, ended)}
    with town.work("ada") as work:
        policies.edit(work, {"service_levels": {"by_type": {"READ_RE": "4 business days"}}}, reason="Fewer people.")
    assert policies.CHANGED in town.all(select(Outbox.topic))
    with town.work() as work:
        assert service_levels.recompute(work) == 1
    with town.work() as work:
        assert service_levels.recompute(work) == 0
    after = town.read_order(open_one)
    assert after.due_on == business_day(town, 4)
    assert after.version == before[open_one].version
    assert town.read_order(ended).due_at == before[ended].due_at
    [line] = town.all(select(AuditEntry).where(AuditEntry.action == "recompute_due"))
    assert line.after == {"orders": 1}


def test_a_new_closure_moves_what_was_due_that_day(town: Town) -> None:
    order = town.order("READ_RE", town.place())
    with town.work("ada") as work:
        policies.close(work, business_day(town, 2), "Storm")
    with town.work() as work:
        assert service_levels.recompute(work) == 1
    assert town.read_order(order).due_on == business_day(town, 2)


def test_orders_that_were_loaded_in_bulk_get_theirs_from_the_clock(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_levels, "STEP", 2)
    orders = [town.order("READ_RE", town.place()) for _ in range(5)]
    want = {one: town.read_order(one).due_at for one in orders}
    with town.work() as work:
        work.session.execute(update(ServiceOrder).values(due_at=None, due_on=None))
    with town.work() as work:
        assert service_levels.recompute(work) == 5
    assert {one: town.read_order(one).due_at for one in orders} == want


@pytest.mark.parametrize(
    ("days", "first", "last", "why"),
    [(-3, 8, 12, "past"), (1, 9, 12, "not_offered"), (1, 16, 18, "not_offered"), (1, 9, 11, None), (1, 13, 17, None)],
)
def test_a_window_is_the_policys_or_exactly_two_hours_of_the_day(
    town: Town, days: int, first: int, last: int, why: str | None
) -> None:
    day = business_day(town, days) if days > 0 else town.today + timedelta(days=days)
    if why is None:
        order = town.order("GEN", town.place(), adult_present_required=True, **window(town, day, first, last))
        assert town.read_order(order).adult_present_required
        return
    with pytest.raises(Problem) as refused:
        town.order("GEN", town.place(), **window(town, day, first, last))
    assert (refused.value.code, refused.value.extra["why"]) == ("window_unavailable", why)


def test_nobody_is_promised_a_day_on_which_the_utility_is_closed(town: Town) -> None:
    day = business_day(town)
    with town.work("ada") as work:
        policies.close(work, day, "Founders' Day")
    with pytest.raises(Problem, match="closed on"):
        town.order("GEN", town.place(), **window(town, day))
    assert town.all(select(ServiceOrder)) == []


def test_a_technician_is_promised_only_as_often_as_there_is_time(town: Town) -> None:
    """A general order takes 20 minutes and 5 of the way: ten begin within the four hours, the eleventh does not."""
    day = business_day(town)

    def assigned(work: Work, order_id: UUID) -> None:
        dispatch.assign(work, order_id, technician_id=town.staff["tom"], scheduled_on=day)

    orders = [town.order("GEN", town.place()) for _ in range(11)]
    with town.work("dana") as work:
        for order in orders:
            assigned(work, order)
    for order in orders[:10]:
        edit(town, order, **window(town, day))
    with pytest.raises(Problem) as refused:
        edit(town, orders[10], **window(town, day))
    assert (refused.value.code, refused.value.extra["why"]) == ("window_unavailable", "full")
    assert town.read_order(orders[10]).window_start is None
    edit(town, orders[10], **window(town, day, 13, 17))
    with pytest.raises(Problem, match="is planned for"):
        edit(town, orders[10], **window(town, business_day(town, 2)))


@pytest.mark.parametrize(
    ("hour", "after_hours", "fee", "kind"),
    [
        (19, True, True, "restoral_after_hours"),
        (10, True, True, "reconnect"),
        (19, False, True, "reconnect"),
        (19, True, False, "reconnect"),
    ],
)
def test_an_evening_costs_its_fee_where_it_was_asked_for_and_somebody_came(
    town: Town, hour: int, after_hours: bool, fee: bool, kind: str
) -> None:
    """Section 3.8: until 22:00 with a fee."""
    with town.work("ada") as work:
        policies.edit(work, {"restoral": {"after_hours_fee": fee}}, reason="Ordinance")
    place = town.place()
    order = town.order("CUT_ON_RSTR", place, to="tom", after_hours=after_hours)
    ModelTablet(town, "tom").pull()
    captures = {"serial_seen": place.serial, "read": "001010", "valve_state": "on", "leak_indicator": "still"}
    with town.work("tom") as work:
        field_work.complete(work, order, Visit(outcome="DONE", captures=captures))
    with town.work() as work:
        at = moment(town, business_day(town, 1), hour)
        work.session.execute(update(ServiceOrder).where(ServiceOrder.id == order).values(completed_at=at))
    with town.work("carla") as work:
        review.post(work, order)
    assert town.all(select(Fee.kind)) == [kind]
