"""Work that a tablet seems to have lost is noticed from what it says of its outbox. Clauses 9.10 to 9.12."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import incidents, tablets
from curbstop.domain.problems import Problem
from curbstop.models import AuditEntry, Tablet, TabletIncident
from sync import push
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


@pytest.fixture
def tablet(town: Town) -> ModelTablet:
    return ModelTablet(town, "tom")


def _beacon(tablet: ModelTablet, count: int, last_n: int, **other: Any) -> dict[str, Any]:
    [install_id] = tablet.town.all(select(Tablet.install_id).where(Tablet.id == tablet.tablet_id))
    oldest = datetime(2026, 5, 4, 14, 40, tzinfo=UTC).isoformat() if count else None
    said = {"install_id": install_id, "outbox_count": count, "oldest_op_at": oldest, "last_n": last_n}
    return {**said, "bytes_pending": 500 * count, "persisted": True, **other}


def _hear(tablet: ModelTablet, beacon: dict[str, Any]) -> None:
    with tablet.town.work("tom", tablet.tablet_id) as work:
        tablets.heard(work, beacon=beacon)


def _push(tablet: ModelTablet, *ops: dict[str, Any], beacon: dict[str, Any]) -> None:
    actor = tablet.town.actor("tom", tablet.tablet_id)
    push.take(tablet.town.sessions, actor, tablet.town.settings, list(ops), beacon=beacon)


def _incidents(town: Town) -> list[tuple[str, int]]:
    return [(row.kind, row.ops_lost) for row in town.all(select(TabletIncident).order_by(TabletIncident.id))]


def _op(tablet: ModelTablet) -> dict[str, Any]:
    return tablet.op("order.unheard_of", f"service_order/{tablet.tablet_id}")


def test_a_tablet_that_was_set_up_afresh_may_have_lost_work(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.11."""
    _hear(tablet, _beacon(tablet, 4, 4))
    _hear(tablet, _beacon(tablet, 0, 0, install_id="another"))
    [found] = town.all(select(TabletIncident))
    assert found.detail == "Possibly lost work on tom's tablet: about 4 ops from 2026-05-04 10:40."
    assert (found.kind, found.ops_lost, found.staff_id, found.state) == ("reinstalled", 4, town.staff["tom"], "open")
    _hear(tablet, _beacon(tablet, 0, 0, install_id="another"))
    assert len(_incidents(town)) == 1


def test_a_counter_that_went_back_may_have_lost_work(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.11: a tablet that was restored from an old copy of itself."""
    _push(tablet, _op(tablet), beacon=_beacon(tablet, 3, 3))
    _hear(tablet, _beacon(tablet, 0, 1))
    assert _incidents(town) == [("counter_went_back", 2)]


def test_nothing_is_lost_when_all_of_it_had_arrived(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.11: the last beacon spoke of ops whose answers were lost on the way, not the ops."""
    _push(tablet, _op(tablet), _op(tablet), beacon=_beacon(tablet, 2, 2))
    _hear(tablet, _beacon(tablet, 0, 0, install_id="another"))
    assert _incidents(town) == []


def test_a_number_that_never_came_is_noticed_once(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.11."""
    first, _, _, fourth = (_op(tablet) for _ in range(4))
    _push(tablet, first, fourth, beacon=_beacon(tablet, 2, 4))
    assert _incidents(town) == [], "they may be in a colleague's outbox"
    _hear(tablet, _beacon(tablet, 0, 4))
    [found] = town.all(select(TabletIncident))
    assert (found.kind, found.ops_lost, found.facts) == ("gap", 2, {"numbers": [2, 3]})
    _hear(tablet, _beacon(tablet, 0, 4, bytes_pending=1))
    assert len(_incidents(town)) == 1


def test_a_tablet_in_good_order_raises_nothing(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.11."""
    for n in range(1, 4):
        _push(tablet, _op(tablet), beacon=_beacon(tablet, 1, n))
        _hear(tablet, _beacon(tablet, 0, n))
    assert _incidents(town) == []


def test_a_forged_op_does_not_look_like_a_gap(town: Town, tablet: ModelTablet) -> None:
    """Clauses 9.3 and 9.11: it is kept under another id, and under its own number."""
    with town.sessions.write() as session:
        session.get_one(Tablet, tablet.tablet_id).public_key = "A" * 43
    _push(tablet, _op(tablet), beacon=_beacon(tablet, 1, 1))
    _hear(tablet, _beacon(tablet, 0, 1))
    assert _incidents(town) == []


def test_a_name_that_is_enrolled_anew_asks_for_the_old_ones_work(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.11."""
    _hear(tablet, _beacon(tablet, 2, 2))
    with town.work("sue") as work:
        code = tablets.make_code(work, "tom's tablet").code
    with town.work() as work:
        tablets.enrol(work, code, install_id="fresh")
    assert _incidents(town) == [("reinstalled", 2)]
    assert town.all(select(TabletIncident.tablet_id)) == [tablet.tablet_id]


@pytest.mark.parametrize(
    "said", [{}, {"last_n": "4"}, {"last_n": True}, {"last_n": -1, "outbox_count": None}, {"x": []}]
)
def test_a_beacon_that_makes_no_sense_raises_nothing(town: Town, tablet: ModelTablet, said: dict[str, Any]) -> None:
    """Clause 3.10: work never waits for a beacon."""
    _hear(tablet, _beacon(tablet, 4, 4, oldest_op_at="teatime"))
    _push(tablet, _op(tablet), beacon=said)
    assert _incidents(town) == []


def test_an_incident_is_settled_once_by_whoever_may_and_it_is_audited(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.12."""
    _hear(tablet, _beacon(tablet, 4, 4))
    _hear(tablet, _beacon(tablet, 0, 0))
    [incident_id] = town.all(select(TabletIncident.id))
    for who, code in (("tom", "forbidden"), ("carla", "forbidden")):
        assert _settle(town, who, incident_id) == code
    assert _settle(town, "dana", incident_id) is None
    assert _settle(town, "sue", incident_id, "Never found.") == "conflict"
    # The answer was lost: the same again, with the version of then.
    assert _settle(town, "dana", incident_id, version=1) is None
    [found] = town.all(select(TabletIncident))
    assert (found.state, found.note, found.settled_by_id) == ("settled", "Done again by hand.", town.staff["dana"])
    audited = select(AuditEntry.action).where(AuditEntry.entity_id == incident_id).order_by(AuditEntry.recorded_at)
    assert town.all(audited) == ["incident.raise", "incident.settle"]


def _settle(
    town: Town, who: str, incident_id: UUID, note: str = "Done again by hand.", version: int | None = None
) -> str | None:
    try:
        with town.work(who) as work:
            incidents.settle(work, incident_id, note, if_version=version)
    except Problem as problem:
        return problem.code
    return None


def _hear_at(tablet: ModelTablet, beacon: dict[str, Any], mono_ms: int, boot_id: str = "b1") -> None:
    clock = {"sent_at": "2026-05-04T14:40:00Z", "boot_id": boot_id, "mono_ms": mono_ms, "round_trip_ms": None}
    actor = tablet.town.actor("tom", tablet.tablet_id)
    push.take(tablet.town.sessions, actor, tablet.town.settings, [], beacon=beacon, clock=clock)


def test_a_beacon_that_was_long_on_its_way_raises_nothing(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.10: a request that a retry overtook tells of what was, not of what is."""
    _hear_at(tablet, _beacon(tablet, 1, 3), 5_000)
    _hear_at(tablet, _beacon(tablet, 2, 4), 9_000)
    _hear_at(tablet, _beacon(tablet, 1, 3), 5_000)
    assert _incidents(town) == []
    [kept] = town.all(select(Tablet.beacon).where(Tablet.id == tablet.tablet_id))
    assert kept["last_n"] == 4
    _hear_at(tablet, _beacon(tablet, 1, 3), 12_000)
    assert _incidents(town) == [("counter_went_back", 2)]


def test_after_a_restart_the_clock_says_nothing_of_the_order(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.10."""
    _hear_at(tablet, _beacon(tablet, 2, 4), 9_000)
    _hear_at(tablet, _beacon(tablet, 0, 1), 1_000, "b2")
    assert _incidents(town) == [("counter_went_back", 2)]


def test_what_was_looked_through_is_not_counted_again(town: Town, tablet: ModelTablet) -> None:
    """Clause 9.11: the look costs what is new, and what was given up is not asked for once more."""
    _push(tablet, _op(tablet), beacon=_beacon(tablet, 0, 1))
    _hear(tablet, _beacon(tablet, 0, 1, bytes_pending=1))
    assert town.all(select(Tablet.through_n).where(Tablet.id == tablet.tablet_id)) == [1]
    lost, fourth = _op(tablet), _op(tablet)
    _push(tablet, fourth, beacon=_beacon(tablet, 0, 3))
    _hear(tablet, _beacon(tablet, 0, 3, bytes_pending=2))
    assert _incidents(town) == [("gap", 1)]
    [incident_id] = town.all(select(TabletIncident.id))
    with town.work("sue") as work:
        incidents.settle(work, incident_id, "The tablet was reset; the order was done again.")
    [given_up] = town.all(select(Tablet).where(Tablet.id == tablet.tablet_id))
    assert (given_up.through_n, given_up.missing_count) == (3, 0)
    _push(tablet, lost, _op(tablet), beacon=_beacon(tablet, 0, 4))
    _hear(tablet, _beacon(tablet, 0, 4, bytes_pending=3))
    assert _incidents(town) == [("gap", 1)]
