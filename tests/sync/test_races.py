"""Two transactions at once: an editor, a dispatcher and a tablet that meet at one place."""

import threading
from typing import Any

import pytest
from sqlalchemy import Select, select, text
from sqlalchemy.exc import OperationalError

from curbstop.commands import dispatch, service_points, stop_visits
from curbstop.commands.work import Work
from curbstop.models.tablet import Tablet
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.sync.test_claims import read, readings, walk
from tests.town import Town


def test_an_edit_under_way_reaches_a_tablet_that_takes_the_place_meanwhile(town: Town) -> None:
    if town.sessions.is_sqlite:
        pytest.skip("one writer at a time: the two cannot meet")
    place = town.place()
    town.order("GEN", place, to="tess")
    tablet = ModelTablet(town, "tess")
    pulling = threading.Thread(target=tablet.pull)
    with town.sessions.write() as session:
        editor = Work(session, town.actor("carla"), town.settings)
        service_points.edit(editor, place.id, {"access_notes": "Beware of the dog"}, if_version=None)
        pulling.start()
        # Without the lock the pull would have taken the place without the edit long before this.
        pulling.join(0.5)
    pulling.join()
    tablet.pull()
    assert tablet.rows("service_point")[str(place.id)]["access_notes"] == "Beware of the dog"


def test_an_order_assigned_while_a_pull_is_under_way_is_not_on_the_tablet_yet(town: Town) -> None:
    order = town.order("GEN", town.place())
    tablet = ModelTablet(town, "tom")
    tablet.pull(meanwhile=lambda: town.assign(order, "tom"))
    assert tablet.rows("service_order") == {}
    with town.work("dana") as work:
        assert dispatch.unassign(work, order).state == "ready"


def test_one_of_two_orders_at_a_place_leaves_the_place_to_the_other(town: Town) -> None:
    place = town.place()
    moved = town.order("GEN", place, to="tom")
    stays = town.order("READ_RE", place, to="tom")
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    town.assign(moved, "tess")
    tesss.pull()
    with town.work("sue") as work:
        dispatch.recall(work, moved, reason="changed plans")
    assert verdicts(toms.push(toms.order_op("order.return", moved, {"outcome": "NO_ACCESS_DOG"}))) == ["merged"]
    toms.pull()
    assert str(stays) in toms.rows("service_order")
    assert str(place.id) in toms.rows("service_point")


def test_a_lock_held_too_long_is_a_moment_that_passes_not_a_database_that_is_away(town: Town) -> None:
    """Clause 3.13: push tries again; nobody is told to look after the database."""
    if town.sessions.is_sqlite:
        pytest.skip("one writer at a time: the second one waits for the whole database")
    tablet = select(Tablet).where(Tablet.id == town.tablet("tom")).with_for_update()
    with town.sessions.write() as first:
        first.execute(tablet)
        with pytest.raises(OperationalError, match="lock timeout"):
            _wait_for_it(town, tablet)


def test_of_two_contradicting_readings_that_arrive_at_once_one_is_parked(town: Town) -> None:
    """Clause 10.14: the second waits for the first at the stop, and then sees it."""
    if town.sessions.is_sqlite:
        pytest.skip("one writer at a time: the two cannot meet")
    stop, place, _, tesss = walk(town)
    told: list[tuple[str, str | None]] = []
    second = threading.Thread(target=lambda: told.append(read(tesss, stop, place, "001040")))
    with town.sessions.write() as session:
        toms = Work(session, town.actor("tom"), town.settings)
        stop_visits.read(toms, stop, {place.register_id: "001050"})
        second.start()
        second.join(0.5)
        assert told == []
    second.join()
    assert told == [("parked", "reading_regression")]
    assert readings(town)[1050].flags == ["disputed"]


def _wait_for_it(town: Town, locked: Select[Any]) -> None:
    with town.sessions.write() as second:
        second.execute(text("SET LOCAL lock_timeout = '50ms'"))
        second.execute(locked)
