"""Replay for what the office keeps about places: a tablet that pulls the changes has what a fresh one gets."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import customers, meters, readings, routes, secrets, service_points
from curbstop.commands.work import Work
from curbstop.domain.readings import ReadingKind
from curbstop.models import Account, RouteSession
from curbstop.models.base import utc_now
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town

Act = Callable[[Work, Place], Any]


def _customer(work: Work, place: Place) -> Any:
    return work.session.get_one(Account, place.account_id).customer_id


def _reading(work: Work, place: Place) -> None:
    readings.enter(work, place.meter_id, "1042", kind=ReadingKind.SPECIAL, noted_at=utc_now())


def _close_session(work: Work, _place: Place) -> None:
    routes.close_session(work, work.session.scalars(select(RouteSession.id)).one())


ACTS: dict[str, tuple[str, Act]] = {
    "customer renamed": (
        "carla",
        lambda work, place: customers.edit(work, _customer(work, place), {"name": "New Name"}, if_version=None),
    ),
    "name withheld": (
        "carla",
        lambda work, place: customers.edit(work, _customer(work, place), {"name_withheld": True}, if_version=None),
    ),
    "reading entered": ("carla", _reading),
    "meter corrected": ("bill", lambda work, place: meters.edit(work, place.meter_id, {"size": "2"}, if_version=None)),
    "radio changed": ("sue", lambda work, place: meters.set_radio(work, place.meter_id, "R9", if_version=None)),
    "gate code kept": ("carla", lambda work, place: secrets.set_gate_code(work, place.id, "4711#")),
    "place moved": (
        "gus",
        lambda work, place: service_points.edit(
            work, place.id, {"longitude": -79.1, "latitude": 35.1}, if_version=None
        ),
    ),
    "session closed": ("dana", _close_session),
}


@pytest.mark.parametrize("name", ACTS)
def test_changes_applied_to_the_old_copy_give_the_new_one(town: Town, name: str) -> None:
    place, elsewhere = town.place(), town.place()
    town.order("GEN", place, to="tom")
    town.route([place, elsewhere], to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    before = deepcopy(tablet.buckets)
    by, act = ACTS[name]
    with town.work(by) as work:
        act(work, place)
    assert tablet.pull(), "it reached no tablet"
    assert tablet.buckets != before
    fresh = ModelTablet(town, "tom")
    fresh.pull()
    assert tablet.buckets == fresh.buckets
