"""A day's work means the same whatever the tablet's clock was set to. Clauses 12.4 to 12.8, I19."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from curbstop.models import OpLedger, OrderHistory, Reading, StopVisit, Tablet
from curbstop.models.ids import new_id
from sync import push
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.town import Place, Town

shifts = st.sampled_from([-3653, -400, -1, 0, 1, 400, 3653]).map(lambda days: timedelta(days=days))
AGES = (timedelta(hours=3), timedelta(hours=2), timedelta(hours=1))


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


class Clocked(ModelTablet):
    """A tablet with clocks: `off` is how wrong its wall clock is, `boot` the run that it is in."""

    off = timedelta()
    boot = ""
    # How long ago this run began.
    on_for = timedelta(days=1)

    def restart(self, ago: timedelta) -> None:
        """It was switched off and on, so long ago."""
        self.boot, self.on_for = str(new_id()), ago

    def noted(self, ago: timedelta) -> dict[str, Any]:
        """The members of an op that was noted a while ago, under this run and this wrong clock."""
        mono = self.on_for - ago
        moment = _text(datetime.now(UTC) - ago + self.off)
        return {"noted_at": moment, "boot_id": self.boot, "mono_ms": int(mono.total_seconds() * 1000)}

    def clock(self) -> dict[str, Any]:
        said = self.noted(timedelta())
        return {"sent_at": said["noted_at"], "boot_id": self.boot, "mono_ms": said["mono_ms"], "round_trip_ms": 100}

    def send(self, *ops: dict[str, Any]) -> list[dict[str, Any]]:
        actor = self.town.actor(self.who, self.tablet_id)
        return push.take(self.town.sessions, actor, self.town.settings, list(ops), clock=self.clock())


def _read(tablet: Clocked, stop: Any, place: Place, value: str, ago: timedelta) -> dict[str, Any]:
    args = {"stop_id": str(stop), "readings": [{"register_id": str(place.register_id), "value": value}]}
    return tablet.op("stop.read", f"stop/{stop}", args, **tablet.noted(ago))


def _tablet(town: Town, off: timedelta = timedelta()) -> tuple[Clocked, Place, Any]:
    place = town.place()
    [stop] = town.route([place], to="tom")
    tablet = Clocked(town, "tom")
    tablet.off, tablet.boot = off, str(new_id())
    with town.sessions.write() as session:
        session.get_one(Tablet, tablet.tablet_id).enrolled_at = datetime.now(UTC) - timedelta(days=7)
    tablet.pull()
    return tablet, place, stop


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clocks=st.tuples(shifts, shifts, shifts), restarts=st.tuples(st.booleans(), st.booleans()))
def test_readings_come_out_the_same_under_any_clock(
    town: Town, clocks: tuple[timedelta, ...], restarts: tuple[bool, ...]
) -> None:
    """I19: ten years ahead or behind, set back between two readings, switched off and on in between."""
    tablet, place, stop = _tablet(town)
    ops = []
    for value, ago, off, restart in zip(("001010", "001020", "001030"), AGES, clocks, (*restarts, False), strict=True):
        tablet.off = off
        ops.append(_read(tablet, stop, place, value, ago))
        if restart:
            tablet.restart(ago - timedelta(minutes=30))
    tablet.send(ops[0])
    assert verdicts(tablet.send(*ops[1:])) == ["applied", "applied"]
    rows = select(Reading.value).where(Reading.register_id == place.register_id)
    in_order = town.all(rows.order_by(Reading.noted_at, Reading.id))
    assert [int(value) for value in in_order] == [1000, 1010, 1020, 1030]
    flags = town.all(select(Reading.flags).where(Reading.register_id == place.register_id, Reading.source == "route"))
    assert not {code for found in flags for code in found} - {"clock_skew"}
    assert all(moment <= datetime.now(UTC) for moment in town.all(select(Reading.noted_at)))


def test_a_clock_ten_years_off_is_recorded_flagged_and_decides_nothing(town: Town) -> None:
    """Clauses 12.5 to 12.7."""
    tablet, place, stop = _tablet(town, timedelta(days=3653))
    [answer] = tablet.send(_read(tablet, stop, place, "001050", AGES[0]))
    assert answer["verdict"] == "applied"
    [row] = town.all(select(OpLedger))
    true = datetime.now(UTC) - AGES[0]
    assert abs((row.corrected_at - true).total_seconds()) < 60
    assert 0 < row.uncertainty_s < 60
    assert abs(row.clock_skew_s - 3653 * 86_400) < 60
    assert row.noted_at - true > timedelta(days=3600), "what the tablet said is never rewritten"
    [visit] = town.all(select(StopVisit))
    assert visit.noted_at == row.corrected_at
    assert "clock_skew" in visit.details["flags"]
    [skew] = town.all(select(Tablet.clock_skew_s))
    assert abs(skew - 3653 * 86_400) < 60


def test_an_order_finished_under_a_wrong_clock_is_flagged_and_dated_right(town: Town) -> None:
    """Clauses 12.6 and 12.7."""
    tablet, _, _ = _tablet(town, timedelta(days=-400))
    order = town.order("GEN", town.place(), to="tom")
    tablet.pull()
    args = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}
    op = tablet.order_op("order.complete", order, args, **tablet.noted(AGES[1]))
    assert verdicts(tablet.send(op)) == ["applied"]
    assert "clock_skew" in town.read_order(order).flags
    [noted_at] = town.all(
        select(OrderHistory.noted_at).where(OrderHistory.order_id == order, OrderHistory.event == "complete")
    )
    assert abs((noted_at - (datetime.now(UTC) - AGES[1])).total_seconds()) < 60


def test_a_retry_under_another_clock_changes_nothing(town: Town) -> None:
    """Clause 12.8, I3: the estimate is made once, when the op first arrives."""
    tablet, place, stop = _tablet(town)
    op = _read(tablet, stop, place, "001050", AGES[0])
    first = tablet.send(op)
    [before] = town.all(select(OpLedger.corrected_at))
    tablet.off = timedelta(days=-3653)
    assert tablet.send(op) == first
    assert town.all(select(OpLedger.corrected_at)) == [before]


def test_a_clock_that_makes_no_sense_does_not_hold_up_work(town: Town) -> None:
    """Clause 12.4."""
    tablet, place, stop = _tablet(town)
    actor = town.actor("tom", tablet.tablet_id)
    absurd: tuple[Any, ...] = (
        {"sent_at": "soon"},
        [],
        "x",
        {"sent_at": 5, "boot_id": None, "mono_ms": -1},
        {"mono_ms": 10**30},
    )
    for clock in absurd:
        op = _read(tablet, stop, place, "001050", AGES[0])
        [answer] = push.take(town.sessions, actor, town.settings, [op], clock=clock)
        assert answer["verdict"] == "applied"
