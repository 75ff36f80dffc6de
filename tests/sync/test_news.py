"""The short answer to a pull that brings nothing is right: it is given when, and only when, nothing happened."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event

from curbstop.commands import dispatch, service_points, tablets
from curbstop.models import SyncHistory
from curbstop.models.base import utc_now
from curbstop.models.change_log import ChangeHorizon
from curbstop.models.ids import new_id
from sync import news
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town


@pytest.fixture
def tablet(town: Town) -> ModelTablet:
    """Tom's tablet, up to date and heard just now, with an order and a route."""
    place = town.place()
    town.order("GEN", place, to="tom")
    town.route([place, town.place()], to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("tom", tablet.tablet_id) as work:
        tablets.heard(work)
    return tablet


def _quiet(tablet: ModelTablet, later: timedelta = timedelta()) -> bool:
    assert tablet.cursor is not None
    actor = tablet.town.actor(tablet.who, tablet.tablet_id)
    with tablet.town.sessions.glance() as connection:
        return news.quiet(connection, actor, tablet.town.settings, tablet.cursor, utc_now() + later)


def _assign(town: Town, _tablet: ModelTablet) -> None:
    town.order("GEN", town.place(), to="tom")


def _edit(town: Town, tablet: ModelTablet) -> None:
    place = next(iter(tablet.rows("service_point")))
    with town.work("carla") as work:
        service_points.edit(work, UUID(place), {"access_notes": "Beware"}, if_version=None)


def _recall(town: Town, tablet: ModelTablet) -> None:
    with town.work("sue") as work:
        dispatch.recall(work, UUID(next(iter(tablet.rows("service_order")))), reason="paid")


def _walk(town: Town, _tablet: ModelTablet) -> None:
    town.route([town.place()], to="tom")


def _restore(town: Town, _tablet: ModelTablet) -> None:
    with town.sessions.write() as session:
        session.get_one(SyncHistory, 1).history_id = new_id()


def _forget(town: Town, tablet: ModelTablet) -> None:
    with town.sessions.write() as session:
        session.add(ChangeHorizon(bucket=f"tech:{town.staff[tablet.who]}", seq=10**6))


def _another_tablet(town: Town, tablet: ModelTablet) -> None:
    tablet.tablet_id = town.tablet("tom")


def _spoil(_town: Town, tablet: ModelTablet) -> None:
    tablet.cursor = "not ours"


def test_nothing_happened_and_one_statement_says_so(town: Town, tablet: ModelTablet) -> None:
    """Clause 4.1."""
    statements: list[str] = []
    event.listen(town.sessions.engine, "before_cursor_execute", lambda _c, _u, sql, *_rest: statements.append(sql))
    assert _quiet(tablet)
    assert len([sql for sql in statements if sql != "BEGIN"]) == 1


def test_what_happens_to_others_is_no_news(town: Town, tablet: ModelTablet) -> None:
    place: Place = town.place()
    town.order("GEN", place, to="tess")
    ModelTablet(town, "tess").pull()
    assert _quiet(tablet)


def test_a_tablet_that_was_not_heard_for_a_minute_is_heard_again(tablet: ModelTablet) -> None:
    assert not _quiet(tablet, timedelta(minutes=2))


@pytest.mark.parametrize("happens", [_assign, _edit, _recall, _walk, _restore, _forget, _another_tablet, _spoil])
def test_whatever_happens_is_left_to_the_pull(
    town: Town, tablet: ModelTablet, happens: Callable[[Town, ModelTablet], None]
) -> None:
    happens(town, tablet)
    assert not _quiet(tablet)
