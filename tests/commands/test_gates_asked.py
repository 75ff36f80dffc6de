"""A cut-off goes nowhere before its gates were asked: not released, assigned, moved, handed out, pulled or leased.

Long because every way that an order can go is walked here.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import (
    dispatch,
    gate_overrides,
    gates,
    hand_outs,
    holds,
    leases,
    moratoria,
    moves,
    service_orders,
)
from curbstop.commands.holds import NewHold
from curbstop.commands.moratoria import NewMoratorium
from curbstop.commands.work import Work, get
from curbstop.domain.cut_offs import Cause, Stage
from curbstop.domain.holds import HoldKind
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Facts, OrderEvent, OrderState, step
from curbstop.models import AuditEntry, GateCheck, GateOverride, OrderHistory, ServiceOrder
from tests.cut_offs import any_day, delinquent, owes
from tests.town import Place, Town


@pytest.fixture
def place(town: Town) -> Place:
    any_day(town)
    return delinquent(town, town.place())


def draft(town: Town, place: Place) -> UUID:
    return town.order("CUT_OFF_NP", place, by="bill", draft=True)


def declare(town: Town, **fields: Any) -> UUID:
    new = NewMoratorium(name="Hurricane Ida", reason="Executive order.", **{"starts_on": town.today, **fields})
    with town.work("sue") as work:
        return moratoria.declare(work, new).id


def checks(town: Town, order: UUID) -> list[tuple[str, str]]:
    found = town.all(select(GateCheck).where(GateCheck.order_id == order).order_by(GateCheck.id))
    return [(row.stage, row.ruling) for row in found]


@pytest.mark.parametrize(
    "event", [OrderEvent.RELEASE, OrderEvent.ASSIGN, OrderEvent.REASSIGN, OrderEvent.PULL, OrderEvent.UNHOLD]
)
def test_the_table_itself_refuses_a_cut_off_that_nobody_asked_the_gates_about(event: OrderEvent) -> None:
    given = frozenset({"technician_id", "scheduled_on"})
    from_state = {
        OrderEvent.RELEASE: OrderState.DRAFT,
        OrderEvent.ASSIGN: OrderState.READY,
        OrderEvent.UNHOLD: OrderState.HELD,
    }.get(event, OrderState.ASSIGNED)
    facts = Facts(given=given, is_cut_off=True)
    with pytest.raises(Problem, match="gates_not_asked"):
        step(from_state, event, roles=frozenset({Role.SUP}), system=True, facts=facts)


def release(town: Town, order: UUID) -> None:
    with town.work("bill") as work:
        service_orders.release(work, order)


def assign(town: Town, order: UUID) -> None:
    town.assign(order, "tom", by="dana")


def move(town: Town, order: UUID) -> None:
    with town.work("dana") as work:
        moves.move(work, [order], technician_id=town.staff["tom"], scheduled_on=town.today)


def hand_out(town: Town, order: UUID) -> None:
    with town.work("dana") as work:
        hand_outs.hand_out(work, order)


def unhold(town: Town, order: UUID) -> None:
    with town.work("dana") as work:
        service_orders.unhold(work, order)


def until(town: Town, place: Place, state: str) -> UUID:
    """A cut-off that has come as far as the state while nothing was against it."""
    order = draft(town, place)
    if state == "draft":
        return order
    release(town, order)
    if state == "held":
        with town.work("dana") as work:
            service_orders.hold(work, order, until=town.today + timedelta(days=1), reason="Rain.")
    elif state == "assigned":
        assign(town, order)
    return order


PATHS: dict[str, tuple[str, Callable[[Town, UUID], None]]] = {
    "released": ("draft", release),
    "assigned": ("ready", assign),
    "reassigned": ("assigned", assign),
    "moved with others": ("ready", move),
    "handed out": ("assigned", hand_out),
    "taken up again": ("held", unhold),
}


@pytest.mark.parametrize("path", PATHS)
def test_what_a_gate_blocks_goes_no_way(town: Town, place: Place, path: str) -> None:
    state, way = PATHS[path]
    order = until(town, place, state)
    declare(town)
    with pytest.raises(Problem, match="gate_blocked") as refused:
        way(town, order)
    assert town.read_order(order).state == state
    objections = refused.value.extra.get("objections") or refused.value.extra["refused"]
    assert "Hurricane Ida" in str(refused.value.detail)
    assert objections


@pytest.mark.parametrize("path", PATHS)
def test_what_no_gate_blocks_goes_every_way_and_its_answers_are_kept(town: Town, place: Place, path: str) -> None:
    state, way = PATHS[path]
    order = until(town, place, state)
    before = len(checks(town, order))
    way(town, order)
    kept = checks(town, order)[before:]
    assert [ruling for _, ruling in kept] == ["allow"]


def test_a_cut_off_made_ready_at_once_is_asked_at_once(town: Town) -> None:
    any_day(town)
    place = town.place()
    with pytest.raises(Problem, match="gate_blocked") as refused:
        town.order("CUT_OFF_NP", place, by="bill")
    codes = {answer["code"] for answer in refused.value.extra["objections"]}
    assert {"not_delinquent", "no_notice", "payments_unknown"} <= codes
    asked_for = town.order("CUT_OFF_REQ", place, by="carla")
    assert (town.read_order(asked_for).state, checks(town, asked_for)) == ("ready", [])


def pull(town: Town, tablet: UUID) -> int:
    with town.work("tom", tablet) as work:
        return leases.mark_pulled(work)


def test_a_cut_off_that_is_blocked_when_the_tablet_pulls_is_held_and_says_why(town: Town, place: Place) -> None:
    tablet = town.tablet("tom")
    order = until(town, place, "assigned")
    declare(town)
    assert pull(town, tablet) == 0
    held = town.read_order(order)
    assert (held.state, held.technician_id, held.held_until) == ("held", None, town.today + timedelta(days=1))
    assert "Hurricane Ida" in (held.reason or "")
    assert checks(town, order)[-1] == ("lease", "block")


def test_before_the_hour_it_goes_along_without_a_lease_and_gets_one_when_the_hour_comes(
    town: Town, place: Place
) -> None:
    tablet = town.tablet("tom")
    order = until(town, place, "assigned")
    any_day(
        town,
        cut_off={
            "opens": "23:59:58",
            "closes": "23:59:59",
            "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "day_before_closure": "any",
        },
    )
    assert pull(town, tablet) == 1
    there = town.read_order(order)
    assert there.state == "dispatched"
    assert there.authorized_until is not None
    assert there.dispatched_at is not None
    assert there.authorized_until <= there.dispatched_at
    any_day(town)
    with town.work("tom", tablet) as work:
        renewed = leases.renew_leases(work)
        late = work.at.astimezone(town.settings.zone).hour >= 17
    assert renewed == (0 if late else 1)


def test_a_moratorium_ends_the_leases_that_are_out(town: Town, place: Place) -> None:
    tablet = town.tablet("tom")
    with town.work("dana") as work:
        order = until(town, place, "ready")
        dispatch.assign(work, order, technician_id=town.staff["tom"], scheduled_on=town.today + timedelta(days=1))
    pull(town, tablet)
    assert town.read_order(order).authorized_until is not None
    declare(town)
    with town.work("tom", tablet) as work:
        later = work.at + timedelta(hours=town.settings.cut_lease_hours) * 0.75
    with town.work("tom", tablet) as work:
        assert leases.renew_leases(replace(work, at=later)) == 1
    ended = town.read_order(order)
    assert (ended.state, ended.authorized_until) == ("dispatched", later)
    kept = len(checks(town, order))
    with town.work("tom", tablet) as work:
        # Told once; asked again and again it writes nothing.
        assert leases.renew_leases(replace(work, at=later + timedelta(minutes=1))) == 0
    assert len(checks(town, order)) == kept


def test_an_override_by_the_right_role_lets_it_pass_that_gate_through_that_day_and_is_audited(
    town: Town, place: Place
) -> None:
    with town.work("carla") as work:
        new = NewHold(account_id=place.account_id, kind=HoldKind.CRITICAL, reason="Clinic.", category="medical")
        holds.place(work, new)
    order = draft(town, place)
    with pytest.raises(Problem, match="override_needed"):
        release(town, order)

    def question(work: Work) -> gates.Question:
        return gates.of_order(work, get(work, ServiceOrder, order), town.today)

    with pytest.raises(Problem, match="forbidden") as refused, town.work("bill") as work:
        gate_overrides.override(work, question(work), "critical", stage=Stage.APPROVE, reason="Spoke to them.")
    assert refused.value.extra["allowed_roles"] == ["SUP"]
    with pytest.raises(Problem, match="invalid"), town.work("sue") as work:
        gate_overrides.override(work, question(work), "plan", stage=Stage.APPROVE, reason="Spoke to them.")
    with town.work("sue") as work:
        given = gate_overrides.override(work, question(work), "critical", stage=Stage.APPROVE, reason="Spoke to them.")
    assert (given.code, given.through, given.roles) == ("critical_customer", town.today, ["SUP"])
    release(town, order)
    assign(town, order)
    [audited] = town.all(select(AuditEntry).where(AuditEntry.action == "gate.override"))
    assert audited.staff_id == town.staff["sue"]
    tomorrow = town.today + timedelta(days=1)
    with pytest.raises(Problem, match="override_needed"), town.work("dana") as work:
        dispatch.assign(work, order, technician_id=town.staff["tess"], scheduled_on=tomorrow)
    assert len(town.all(select(GateOverride))) == 1


def test_what_only_blocks_is_overridden_by_nobody(town: Town, place: Place) -> None:
    declare(town)
    question = gates.Question(cause=Cause.NONPAYMENT, cut_on=town.today, account_id=place.account_id)
    with pytest.raises(Problem, match="not_overridable"), town.work("sue") as work:
        gate_overrides.override(work, question, "moratorium", stage=Stage.APPROVE, reason="I want it so.")


HERE = {"type": "Polygon", "coordinates": [[[-80, 34], [-78, 34], [-78, 36], [-80, 36], [-80, 34]]]}
AWAY = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}


@pytest.mark.parametrize(
    ("fields", "blocks"),
    [
        ({}, True),
        ({"area": HERE}, True),
        ({"area": AWAY}, False),
        ({"through": date(2020, 1, 2), "starts_on": date(2020, 1, 1)}, False),
        ({"starts_on": date(2199, 1, 1)}, False),
    ],
)
def test_a_moratorium_holds_for_its_days_and_its_area(
    town: Town, place: Place, fields: dict[str, Any], blocks: bool
) -> None:
    declare(town, **fields)
    question = gates.Question(cause=Cause.NONPAYMENT, cut_on=town.today, account_id=place.account_id)
    with town.work() as work:
        [checked] = gates.ask(work, [question], Stage.APPROVE)
    assert (checked.asked.ruling.value == "block") is blocks


@pytest.mark.parametrize(
    ("weather", "code"),
    [
        ({"alert": "Heat Advisory", "low_f": None, "high_f": None}, "weather_alert"),
        ({"alert": None, "low_f": 31.5, "high_f": 40.0}, "too_cold"),
        ({"alert": None, "low_f": 70.0, "high_f": 95.0}, "too_hot"),
        ({"alert": None, "low_f": 50.0, "high_f": 70.0}, None),
    ],
)
def test_what_was_told_of_the_weather_stands_against_that_day(
    town: Town, place: Place, weather: dict[str, Any], code: str | None
) -> None:
    with town.work("ivy") as work:
        moratoria.tell_weather(work, town.today, **weather)
    order = until(town, place, "ready")
    if code is None:
        return assign(town, order)
    with pytest.raises(Problem) as refused:
        assign(town, order)
    assert [one["code"] for one in refused.value.extra["objections"]] == [code]
    return None


def test_the_history_of_a_held_cut_off_says_who_held_it(town: Town, place: Place) -> None:
    order = until(town, place, "assigned")
    declare(town)
    pull(town, town.tablet("tom"))
    last = town.all(select(OrderHistory).where(OrderHistory.order_id == order).order_by(OrderHistory.id))[-1]
    assert (last.event, last.staff_id) == ("hold", None)


def test_a_held_cut_off_that_a_gate_is_against_is_asked_about_once_a_day(town: Town, place: Place) -> None:
    """Otherwise the first two hundred of them would keep all other held orders waiting."""
    order = town.order("CUT_OFF_NP", place, by="bill")
    with town.work("sue") as work:
        service_orders.hold(work, order, until=town.today + timedelta(days=1), reason="The crew is ill.")
    owes(town, place, 2_000)
    with town.work() as work:
        assert service_orders.unhold_due(replace(work, at=work.at + timedelta(days=1))) == 0
    found = town.read_order(order)
    assert (found.state, found.held_until) == ("held", town.today + timedelta(days=2))
