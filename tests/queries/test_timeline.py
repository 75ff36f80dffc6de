"""A service point's timeline: everything that happened there, newest first, in pages, by whoever asks."""

from datetime import timedelta
from typing import Any

from sqlalchemy import event, text

from curbstop.commands import access_issues, service_orders, service_points, stop_visits
from curbstop.models import Attachment
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from curbstop.queries import timeline
from curbstop.queries.page import PageRequest
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town


def eventful(town: Town) -> Place:
    """A place where something of every kind has happened."""
    place = town.place()
    (stop,) = town.route([place], to="tom")
    order = town.order("GEN", place, to="tom")
    with town.work("tom") as work:
        stop_visits.skip(work, stop, skip_code=_a_skip_code(), note="no way in")
        access_issues.report(work, place.id, category="FOLIAGE", note="hedge")
    with town.work("carla") as work:
        service_points.edit(work, place.id, {"access_notes": "Left of the door"}, if_version=None)
    photo = Attachment(
        id=new_id(), order_id=order, label="photo", media_type="image/jpeg", sha256="0" * 64, size=1,
        noted_at=utc_now(), created_at=utc_now(),
    )  # fmt: skip
    town.add(photo)
    return place


def _a_skip_code() -> str:
    from curbstop.domain.outcomes import load_code_tables

    return next(iter(load_code_tables().skip_codes))


def lines(town: Town, name: str, place: Place, **how: Any) -> list[dict[str, Any]]:
    with town.sessions.read() as session:
        return list(timeline.find(session, town.actor(name), PageRequest(limit=100), place.id, **how).items)


def test_it_merges_everything_newest_first(town: Town) -> None:
    found = lines(town, "carla", eventful(town))
    assert {line["kind"] for line in found} == set(timeline.KINDS)
    assert [line["at"] for line in found] == sorted((line["at"] for line in found), reverse=True)
    created = next(line for line in found if line["kind"] == "order" and line["event"] == "create")
    assert created["order_number"].startswith("SO-")
    assert created["staff_name"] == "Sue"
    assert created["label"] == "GEN ready"
    (edit,) = (line for line in found if line["event"] == "edit")
    assert (edit["fields"], edit["staff_name"]) == (["access_notes"], "Carla")


def test_it_says_why_and_what_was_found_and_when_the_server_heard_of_it(town: Town) -> None:
    place = town.place()
    gone = town.order("GEN", place)
    with town.work("sue") as work:
        service_orders.cancel(work, gone, reason="called off")
    done = town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    tablet.push(tablet.order_op("order.complete", done, {"outcome": "DONE", "captures": {"notes": "All well"}}))
    found = {line["event"]: line for line in lines(town, "carla", place) if line["kind"] == "order"}
    assert found["cancel"]["reason"] == "called off"
    assert found["complete"]["outcome"] == "DONE"
    assert found["complete"]["recorded_at"] >= found["complete"]["at"]


def test_pages_hold_every_line_once(town: Town) -> None:
    place = eventful(town)
    whole = [line["key"] for line in lines(town, "carla", place)]
    assert len(set(whole)) == len(whole)
    seen: list[str] = []
    after = None
    with town.sessions.read() as session:
        while True:
            page = timeline.find(session, town.actor("carla"), PageRequest(limit=2, after=after), place.id)
            seen += [line["key"] for line in page.items]
            after = page.after
            if after is None:
                break
    assert seen == whole


def test_it_can_be_narrowed_to_kinds(town: Town) -> None:
    found = lines(town, "carla", eventful(town), kinds=("reading", "meter"))
    assert [(line["kind"], line["event"]) for line in found] == [("reading", "regular"), ("meter", "installed")]
    assert [line["label"] for line in found] == ["1000 GAL", "MTR00001"]


def test_a_technician_sees_the_own_orders_and_no_account(town: Town) -> None:
    place = eventful(town)
    assert {line["order_number"] for line in lines(town, "tess", place)} == {None}
    mine = lines(town, "tom", place)
    assert any(line["kind"] == "order" for line in mine)
    assert all(line["label"] != "account" for line in mine)


def test_a_gis_editor_sees_no_names_and_no_photos(town: Town) -> None:
    found = lines(town, "gus", eventful(town))
    assert {line["staff_name"] for line in found} == {None}
    assert {"photo", "access_issue"}.isdisjoint({line["kind"] for line in found})


def test_a_clock_that_is_ahead_makes_no_future(town: Town) -> None:
    place = town.place()
    with town.work("tom") as work:
        access_issues.report(work, place.id, category="FOLIAGE", note="x", noted_at=work.at - timedelta(hours=1))
    assert all(line["at"] <= utc_now() for line in lines(town, "carla", place))


def test_two_edits_at_one_moment_are_two_lines(town: Town) -> None:
    place = town.place()
    with town.work("carla") as work:
        for note in ("first", "second"):
            service_points.edit(work, place.id, {"access_notes": note}, if_version=None)
    found = lines(town, "carla", place, kinds=("edit",))
    assert len({line["key"] for line in found}) == len(found) == 2


def test_no_table_is_read_whole_for_one_place(town: Town, backend: str) -> None:
    place = eventful(town)
    plans: list[str] = []

    def keep(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "UNION ALL" in statement:
            own = connection.connection.cursor()
            own.execute(("EXPLAIN " if backend == "services" else "EXPLAIN QUERY PLAN ") + statement, parameters)
            plans.extend(" ".join(str(column) for column in row) for row in own.fetchall())

    with town.sessions.read() as session:
        if backend == "services":
            # A table of a few pages is always scanned, whatever its indexes.
            session.execute(text("SET LOCAL enable_seqscan = off"))
        event.listen(town.sessions.engine, "before_cursor_execute", keep)
        timeline.find(session, town.actor("carla"), PageRequest(), place.id)
        event.remove(town.sessions.engine, "before_cursor_execute", keep)
    assert plans
    tables = ("order_history", "service_order", "reading", "installation", "audit", "attachment", "stop_visit")
    scans = [line for line in plans if "Seq Scan" in line or any(f"SCAN {table}" in line for table in tables)]
    assert not scans


def test_the_timeline_of_another_place_stays_there(town: Town) -> None:
    eventful(town)
    quiet = town.place()
    assert {line["kind"] for line in lines(town, "carla", quiet)} == {"reading", "meter"}
