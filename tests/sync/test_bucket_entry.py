"""An order enters its technician's bucket when a tablet pulls it, so a bucket holds exactly what a tablet holds."""

from sqlalchemy import select

from curbstop.commands import dispatch, hand_outs, leases
from curbstop.models import BucketRow, ChangeLog
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


def _bucket(town: Town, who: str) -> str:
    return f"tech:{town.staff[who]}"


def _held(town: Town, who: str) -> set[tuple[str, str, int]]:
    with town.sessions.read() as session:
        rows = session.execute(
            select(BucketRow.entity_type, BucketRow.entity_id, BucketRow.row_version).where(
                BucketRow.bucket == _bucket(town, who)
            )
        )
        return {(kind, str(row_id), version) for kind, row_id, version in rows}


def _on(tablet: ModelTablet) -> set[tuple[str, str, int]]:
    rows = tablet.buckets[_bucket(tablet.town, tablet.who)]
    return {(kind, row_id, row["version"]) for (kind, row_id), row in rows.items()}


def test_an_assigned_order_is_in_no_bucket_until_a_tablet_pulls(town: Town) -> None:
    """Clause 4.10."""
    town.order("GEN", town.place(), to="tom")
    assert _held(town, "tom") == set()
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert len(_held(town, "tom")) == 2
    assert _held(town, "tom") == _on(tablet)


def test_an_assignment_is_a_notice_that_no_pull_answers_with_rows(town: Town) -> None:
    """Clause 4.10: the notice rings the bell; the next pull's own marking brings the row."""
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    order = town.order("GEN", town.place(), to="tom")
    kinds = town.all(select(ChangeLog.kind).where(ChangeLog.bucket == _bucket(town, "tom")))
    assert kinds == ["N"]
    with town.work("dana") as work:
        dispatch.unassign(work, order)
    assert tablet.pull() == []


def test_an_order_moved_within_the_day_is_pulled_again(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("dana") as work:
        dispatch.assign(work, order, technician_id=town.staff["tom"], scheduled_on=town.today, place=7)
    assert _held(town, "tom") == set()
    tablet.pull()
    assert tablet.rows("service_order")[str(order)]["place"] == 7
    assert _held(town, "tom") == _on(tablet)


def test_an_order_taken_back_before_the_pull_leaves_no_trace_on_the_tablet(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    town.assign(order, "tess")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert tablet.rows("service_order") == tablet.rows("service_point") == {}
    assert _held(town, "tom") == set()


def test_an_order_assigned_after_the_marking_waits_for_the_next_pull(town: Town) -> None:
    """The race between marking and snapshot: the order is neither sent nor thought to be on the tablet."""
    order = town.order("GEN", town.place())
    tablet = ModelTablet(town, "tom")
    tablet.pull(lambda: town.assign(order, "tom"))
    assert tablet.rows("service_order") == {}
    assert _held(town, "tom") == _on(tablet)
    tablet.pull()
    assert set(tablet.rows("service_order")) == {str(order)}


def test_a_place_that_another_order_holds_stays_when_one_of_them_leaves(town: Town) -> None:
    place = town.place()
    first = town.order("GEN", place, to="tom")
    town.order("GEN", place, to="tom", override_duplicate=True, reason="a second one")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    town.assign(first, "tess")
    tablet.pull()
    assert set(tablet.rows("service_point")) == {str(place.id)}
    assert _held(town, "tom") == _on(tablet)


def test_an_order_handed_out_on_paper_is_in_the_bucket_as_if_pulled(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    with town.work("sue") as work:
        hand_outs.hand_out(work, order)
    assert len(_held(town, "tom")) == 2
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert _held(town, "tom") == _on(tablet)


def test_two_hundred_orders_move_in_a_fixed_number_of_statements(town: Town) -> None:
    from sqlalchemy import event

    for _ in range(12):
        town.order("GEN", town.place(), to="tom")
    statements: list[str] = []
    event.listen(town.sessions.engine, "before_cursor_execute", lambda _c, _u, sql, *_rest: statements.append(sql))
    with town.work("tom", town.tablet("tom")) as work:
        before = len(statements)
        assert leases.mark_pulled(work) == 12
        assert len(statements) - before <= 14
