"""Old changes are forgotten; a tablet that was away for longer gets whole what it missed, and loses nothing."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from curbstop.commands import change_log
from curbstop.models import ChangeLog
from curbstop.models.base import utc_now
from tests.sync.model_tablet import ModelTablet
from tests.town import Town

LONG_AGO = timedelta(days=91)


def _age(town: Town) -> None:
    """Everything that was recorded until now is old."""
    with town.sessions.write() as session:
        session.execute(update(ChangeLog).values(recorded_at=utc_now() - LONG_AGO))


def _forget(town: Town) -> int:
    with town.work() as work:
        return change_log.forget_old(work)


def _newest(town: Town) -> int:
    [newest] = town.all(select(func.max(ChangeLog.seq)))
    return int(newest)


def test_old_changes_go_and_the_newest_number_stays(town: Town) -> None:
    """Clause 8.9."""
    for _ in range(3):
        town.order("GEN", town.place(), to="tom")
    ModelTablet(town, "tom").pull()
    newest = _newest(town)
    assert _forget(town) == 0, "nothing is old yet"
    _age(town)
    assert _forget(town) > 3
    assert _newest(town) == newest
    assert _forget(town) == 0


def test_a_young_change_below_an_old_one_is_kept_with_all_that_follow(town: Town) -> None:
    """Clause 8.9: what is forgotten is always the beginning of the log."""
    for _ in range(4):
        town.order("GEN", town.place(), to="tom")
    ModelTablet(town, "tom").pull()
    _age(town)
    numbers = sorted(town.all(select(ChangeLog.seq)))
    young = numbers[len(numbers) // 2]
    with town.sessions.write() as session:
        session.execute(update(ChangeLog).where(ChangeLog.seq == young).values(recorded_at=utc_now()))
    _forget(town)
    assert min(town.all(select(ChangeLog.seq))) == young


def test_a_cursor_from_before_the_horizon_gets_only_the_buckets_concerned_whole(town: Town) -> None:
    """Clause 8.9, I17."""
    town.order("GEN", town.place(), to="tom")
    away, fresh = ModelTablet(town, "tom"), ModelTablet(town, "tom")
    away.pull()
    reassigned = town.order("GEN", town.place(), to="tom")
    away_lost = set(away.rows("service_order"))
    fresh.pull()
    town.assign(reassigned, "tess")
    _age(town)
    town.order("GEN", town.place(), to="tess")
    ModelTablet(town, "tess").pull()
    _forget(town)
    lines = away.pull()
    reset = {line["data"]["bucket"] for line in lines if "data" in line and line["data"]["reset"]}
    assert reset == {f"tech:{town.staff['tom']}"}, "the code tables had no change meanwhile"
    fresh = ModelTablet(town, "tom")
    fresh.pull()
    away.pull()
    assert away.buckets == fresh.buckets
    assert away_lost == set(away.rows("service_order"))


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_wherever_the_horizon_lies_an_old_cursor_ends_where_a_fresh_one_does(town: Town, data: st.DataObject) -> None:
    """I17: cursor older than the horizon, same final state; and a digest does not change when changes are forgotten."""
    tablets = []
    for _ in range(data.draw(st.integers(1, 4))):
        order = town.order("GEN", town.place(), to="tom")
        if data.draw(st.booleans()):
            tablet = ModelTablet(town, "tom")
            tablet.pull()
            tablets.append(tablet)
        if data.draw(st.booleans()):
            _age(town)
        if data.draw(st.booleans()):
            town.assign(order, "tess")
        if data.draw(st.booleans()):
            before = ModelTablet(town, "tom").pull()[0]["checkpoint"]["buckets"]
            _forget(town)
            assert ModelTablet(town, "tom").pull()[0]["checkpoint"]["buckets"] == before
    fresh = ModelTablet(town, "tom")
    fresh.pull()
    for tablet in tablets:
        tablet.pull()
        assert tablet.buckets == fresh.buckets
