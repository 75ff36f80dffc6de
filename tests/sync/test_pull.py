"""Pull: one snapshot, only one's own rows, and nothing when nothing changed."""

import pytest

from curbstop.commands import dispatch
from curbstop.domain.problems import Problem
from curbstop.models import SyncHistory
from curbstop.models.ids import new_id
from sync import pull
from sync.contract import check
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


def test_nothing_changed_is_nothing_sent(town: Town) -> None:
    """Clause 4.1."""
    town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    assert tablet.pull()
    assert tablet.pull() == []


def test_a_tablet_has_its_own_orders_and_nobody_elses(town: Town) -> None:
    mine, other = town.order("GEN", town.place(), to="tom"), town.order("GEN", town.place(), to="tess")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert set(tablet.rows("service_order")) == {str(mine)}
    assert str(other) not in str(tablet.buckets)


def test_a_pull_tells_the_office_that_the_tablet_has_the_order(town: Town) -> None:
    """Clause 4.9."""
    order = town.order("GEN", town.place(), to="tom")
    assert town.read_order(order).state == "assigned"
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert town.read_order(order).state == "dispatched"
    assert tablet.rows("service_order")[str(order)]["state"] == "dispatched"


def test_every_line_and_row_is_as_the_contract_says(town: Town) -> None:
    """Clauses 1.1, 4.1, 4.3."""
    place = town.place(gate_code_sealed=b"sealed", hazards=["dog"])
    town.order("CUT_OFF_REQ", place, to="tom")
    town.route([place, town.place()], to="tom")
    lines = ModelTablet(town, "tom").pull()
    kinds = {"checkpoint", "data", "checkpoint_complete"}
    assert {next(iter(line)) for line in lines} == kinds
    seen = set()
    for line in lines:
        assert check(f"pull/{next(iter(line))}.json", line) == []
        for row in line.get("data", {}).get("rows", []):
            seen.add(row["entity_type"])
            assert check(f"rows/{row['entity_type']}.json", row["body"]) == []
    assert seen == {"service_order", "service_point", "stop", "order_type", "code"}


def test_a_gate_code_never_travels_with_the_rows(town: Town) -> None:
    place = town.place(gate_code_sealed=b"gate 4711")
    town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert tablet.rows("service_point")[str(place.id)]["has_gate_code"] is True
    assert "4711" not in str(tablet.buckets)


def test_a_withheld_name_stays_in_the_office(town: Town) -> None:
    place = town.place()
    from curbstop.models import Account, Customer

    with town.sessions.write() as session:
        account = session.get_one(Account, place.account_id)
        session.get_one(Customer, account.customer_id).name_withheld = True
    order = town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert tablet.rows("service_order")[str(order)]["customer_name"] is None


def test_a_restored_backup_is_noticed(town: Town) -> None:
    """Clause 4.7, I18."""
    town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.sessions.write() as session:
        session.get_one(SyncHistory, 1).history_id = new_id()
    with pytest.raises(Problem) as problem:
        tablet.pull()
    assert (problem.value.code, problem.value.status) == ("history_changed", 410)


def test_a_cursor_of_the_future_is_another_history(town: Town) -> None:
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.sessions.write() as session:
        history = session.get_one(SyncHistory, 1).history_id
    from sync.cursor import Cursor

    tablet.cursor = Cursor(history, 10**9, frozenset(), tablet.tablet_id).encode(town.settings.secret_key)
    with pytest.raises(Problem, match="history_changed"):
        tablet.pull()


@pytest.mark.parametrize("cursor", ["", "x", "e30.abc", "a" * 5000])
def test_a_cursor_that_is_not_ours_is_refused(town: Town, cursor: str) -> None:
    """Clause 4.7."""
    tablet = ModelTablet(town, "tom")
    tablet.cursor = cursor
    with pytest.raises(Problem, match="invalid_cursor"):
        tablet.pull()


def test_another_tablets_cursor_is_refused(town: Town) -> None:
    mine, other = ModelTablet(town, "tom"), ModelTablet(town, "tom")
    mine.pull()
    other.cursor = mine.cursor
    with pytest.raises(Problem, match="invalid_cursor"):
        other.pull()


def test_a_reassigned_order_leaves_one_tablet_and_reaches_the_other_at_once(town: Town) -> None:
    orders = [town.order("GEN", town.place(), to="tom") for _ in range(5)]
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    tesss.pull()
    with town.work("dana") as work:
        for order in orders:
            dispatch.assign(work, order, technician_id=town.staff["tess"], scheduled_on=town.today)
    toms.pull()
    tesss.pull()
    assert toms.rows("service_order") == {}
    assert toms.rows("service_point") == {}
    assert set(tesss.rows("service_order")) == {str(order) for order in orders}


def test_a_route_comes_and_goes_with_its_session(town: Town) -> None:
    """Clauses 4.4, 4.8."""
    from sqlalchemy import select

    from curbstop.commands import routes
    from curbstop.models import RouteSession

    stops = town.route([town.place() for _ in range(3)], to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert set(tablet.rows("stop")) == {str(stop) for stop in stops}
    [session_id] = town.all(select(RouteSession.id))
    with town.work("sue") as work:
        routes.close_session(work, session_id)
    tablet.pull()
    assert tablet.rows("stop") == {}


def test_a_large_bucket_comes_in_pages_that_hold_each_row_once(town: Town) -> None:
    places = [town.place() for _ in range(30)]
    town.route(places, to="tom")
    original, pull.BATCH = pull.BATCH, 7
    try:
        tablet = ModelTablet(town, "tom")
        lines = tablet.pull()
    finally:
        pull.BATCH = original
    sent = [row["id"] for line in lines for row in line.get("data", {}).get("rows", [])]
    assert len(sent) == len(set(sent))
    assert len(tablet.rows("stop")) == 30


def test_what_is_acknowledged_is_answered_for_good(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    first, second, third = (tablet.order_op(f"order.{kind}", order) for kind in ("travel", "arrive", "resume"))
    tablet.push(first, third)
    with town.sessions.read() as session:
        assert pull.acked_through(session, tablet.tablet_id) == 2
    tablet.push(second)
    with town.sessions.read() as session:
        assert pull.acked_through(session, tablet.tablet_id) == 3
