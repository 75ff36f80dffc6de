"""Holds take back the cut-offs that they stand in the way of, on their days, and last as long as the policy says."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from curbstop.commands import holds
from curbstop.commands.holds import NewHold
from curbstop.domain.holds import HoldKind
from curbstop.domain.problems import Problem
from tests.commands.test_standings import cut_off, of_type
from tests.cut_offs import any_day, delinquent
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town


@pytest.fixture
def place(town: Town) -> Place:
    any_day(town)
    return delinquent(town, town.place())


@pytest.mark.parametrize("kind", [HoldKind.DISPUTE, HoldKind.MEDICAL, HoldKind.PLAN, HoldKind.OFFICE])
def test_a_hold_takes_back_a_cut_off_that_is_under_way(town: Town, place: Place, kind: HoldKind) -> None:
    order = cut_off(town, place, to="tom")
    ModelTablet(town, "tom").pull()
    with town.work("carla") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=kind, reason="They called."))
    found = town.read_order(order)
    # Nobody at the door learns that somebody is ill.
    why = "Do not cut off, call the office." if kind is HoldKind.MEDICAL else f"{kind.value} hold placed"
    assert (found.state, found.reason) == ("recall_pending", why)


def test_a_critical_customer_asks_for_an_approval_and_recalls_nothing(town: Town, place: Place) -> None:
    order = cut_off(town, place)
    with town.work("carla") as work:
        holds.place(
            work,
            NewHold(account_id=place.account_id, kind=HoldKind.CRITICAL, reason="A ward.", category="nursing_home"),
        )
    assert town.read_order(order).state != "cancelled"
    with pytest.raises(Problem, match="A critical customer is one of"), town.work("carla") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=HoldKind.CRITICAL, reason="A pub.", category="pub"))


def test_a_medical_hold_lasts_thirty_days_and_is_renewed_once(town: Town, place: Place) -> None:
    start = town.today - timedelta(days=10)
    said: dict[str, Any] = {"kind": HoldKind.MEDICAL, "reason": "Certificate of Dr. Low.", "starts_on": start}
    with town.work("carla") as work:
        through = start + timedelta(days=200)
        hold = holds.place(work, NewHold(account_id=place.account_id, through=through, **said))
        assert hold.through == start + timedelta(days=30)
        assert holds.renew(work, hold.id).through == start + timedelta(days=60)
    with pytest.raises(Problem, match="renewed once at most"), town.work("carla") as work:
        holds.renew(work, hold.id)
    with town.work("carla") as work:
        holds.end(work, hold.id, reason="Moved away.")
    with pytest.raises(Problem, match="hold_ended"), town.work("carla") as work:
        holds.end(work, hold.id, reason="Again.")


def test_a_promise_names_its_day(town: Town, place: Place) -> None:
    with pytest.raises(Problem, match="A promise names the day"), town.work("carla") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=HoldKind.PROMISE, reason="On Friday."))
    yesterday = NewHold(
        account_id=place.account_id, kind=HoldKind.OFFICE, reason="Late.", starts_on=date(2026, 5, 4),
        through=date(2026, 5, 3),
    )  # fmt: skip
    with pytest.raises(Problem, match="no earlier than it begins"), town.work("carla") as work:
        holds.place(work, yesterday)


def test_a_technician_places_no_hold(town: Town, place: Place) -> None:
    with pytest.raises(Problem, match="forbidden"), town.work("tom") as work:
        holds.place(work, NewHold(account_id=place.account_id, kind=HoldKind.OFFICE, reason="Nice people."))


def placed(town: Town, place: Place, kind: HoldKind = HoldKind.OFFICE, **days: Any) -> UUID:
    with town.work("carla") as work:
        return holds.place(work, NewHold(account_id=place.account_id, kind=kind, reason="They called.", **days)).id


def test_a_hold_takes_back_only_what_is_planned_for_its_days(town: Town, place: Place) -> None:
    order = cut_off(town, place, to="tom")
    day = timedelta(days=1)
    placed(town, place, starts_on=town.today + day, through=town.today + 9 * day)
    placed(town, place, starts_on=town.today - 9 * day, through=town.today - day)
    assert town.read_order(order).state == "assigned"
    placed(town, place, starts_on=town.today - 9 * day, through=town.today)
    assert town.read_order(order).state == "cancelled"


@pytest.mark.parametrize(
    ("kind", "taken"), [(HoldKind.MEDICAL, True), (HoldKind.DISPUTE, True), (HoldKind.PLAN, False)]
)
def test_a_hold_takes_back_whatever_its_gate_stops(town: Town, place: Place, kind: HoldKind, taken: bool) -> None:
    order = of_type(town, "CUT_OFF_VIOL", place)
    placed(town, place, kind)
    assert (town.read_order(order).state == "cancelled") is taken


def test_a_medical_hold_that_is_renewed_late_takes_back_what_was_ordered_meanwhile(town: Town, place: Place) -> None:
    hold_id = placed(town, place, HoldKind.MEDICAL, starts_on=town.today - timedelta(days=32))
    order = cut_off(town, place, to="tom")
    with town.work("carla") as work:
        holds.renew(work, hold_id)
    assert town.read_order(order).state == "cancelled"


def test_a_renewal_that_would_be_over_already_is_refused(town: Town, place: Place) -> None:
    hold_id = placed(town, place, HoldKind.MEDICAL, starts_on=town.today - timedelta(days=90))
    with pytest.raises(Problem, match="hold_not_renewable"), town.work("carla") as work:
        holds.renew(work, hold_id)


@pytest.mark.parametrize(
    ("kind", "starts", "through"),
    [
        (HoldKind.MEDICAL, 0, -1),
        (HoldKind.OFFICE, 0, 40_000),
        (HoldKind.OFFICE, 40_000, None),
        (HoldKind.MEDICAL, -40_000, None),
    ],
)
def test_days_that_make_no_sense_are_refused(
    town: Town, place: Place, kind: HoldKind, starts: int, through: int | None
) -> None:
    day = timedelta(days=1)
    last = None if through is None else town.today + through * day
    with pytest.raises(Problem, match="invalid"):
        placed(town, place, kind, starts_on=town.today + starts * day, through=last)
