"""The office settles parked work: it counts, it is merged, or it is kept beside what is there; nothing is lost.

Long because every kind of parked work is settled every way here, through one small set of helpers.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import conflicts, dispatch, review, service_orders
from curbstop.domain.problems import Problem
from curbstop.models import (
    Attachment,
    AuditEntry,
    Conflict,
    OpLedger,
    OrderHistory,
    Reading,
    ServiceOrder,
    ServicePoint,
    StopVisit,
)
from curbstop.models.ids import new_id
from sync import resolving
from tests.sync.model_tablet import ModelTablet, cut_off, verdicts
from tests.town import Place, Town

DONE: dict[str, Any] = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}
WHY = "He was there; I called him."


def parked(town: Town) -> Conflict:
    """The one conflict that is open."""
    conflicts_there: list[Conflict] = town.all(select(Conflict).where(Conflict.state == "open"))
    [conflict] = conflicts_there
    return conflict


def resolve(
    town: Town,
    conflict: Conflict,
    resolution: str,
    chosen: Mapping[str, Any] | None = None,
    *,
    by: str = "sue",
    version: int | None = None,
) -> Conflict:
    with town.work(by) as work:
        return resolving.resolve(
            work, conflict.id, resolution=resolution, chosen=chosen, reason=WHY, if_version=version or conflict.version
        )


def specials(town: Town) -> list[Reading]:
    return town.all(select(Reading).where(Reading.kind == "special").order_by(Reading.id))


def finished_after_cancel(town: Town, place: Place) -> tuple[UUID, ModelTablet]:
    """Tom held the order, it was moved to Tess and cancelled, and then his work arrived."""
    order = town.order("CUT_OFF_REQ", place, to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    town.assign(order, "tess")
    with town.work("dana") as work:
        dispatch.recall(work, order, reason="The customer called it off.")
    [answer] = toms.push(toms.order_op("order.complete", order, {**cut_off(place), "notes": "Valve is stiff."}))
    assert (answer["verdict"], answer["code"]) == ("parked", "not_in_scope")
    return order, toms


def test_work_that_came_after_the_office_cancelled_is_carried_out_by_its_word(town: Town) -> None:
    """Clause 10.4, I11: reopened by a legal step, completed as its doer, and both tell of it."""
    order, toms = finished_after_cancel(town, town.place())
    settled = resolve(town, parked(town), "apply", by="dana")
    assert (settled.state, settled.resolution, settled.result["state"]) == ("resolved", "apply", "completed")  # type: ignore[index]
    done = town.read_order(order)
    assert (done.state, done.completed_by_id, done.notes) == ("completed", town.staff["tom"], "Valve is stiff.")
    events = town.all(select(OrderHistory).where(OrderHistory.order_id == order).order_by(OrderHistory.id))
    assert [event.event for event in events][-3:] == ["cancel", "reinstate", "complete"]
    assert [event.staff_id for event in events][-2:] == [town.staff["dana"], town.staff["tom"]]
    toms.pull()
    assert toms.rows("service_order")[str(order)]["state"] == "completed"
    with town.work("carla") as work:
        assert review.post(work, order).state == "posted"
    assert [reading.value for reading in town.all(select(Reading).where(Reading.kind == "final"))] == [1010]


def test_the_audit_names_the_office_for_what_it_decided(town: Town) -> None:
    """Clause 10.3."""
    order, _ = finished_after_cancel(town, town.place())
    conflict = parked(town)
    resolve(town, conflict, "apply", by="dana")
    lines = town.all(select(AuditEntry).where(AuditEntry.entity_id.in_([order, conflict.id])).order_by(AuditEntry.id))
    by_action = {line.action: line.staff_id for line in lines}
    assert {by_action[name] for name in ("reinstate", "complete", "resolve")} == {town.staff["dana"]}


def test_keeping_theirs_keeps_the_readings_and_the_notes(town: Town) -> None:
    """Clause 10.5: nothing that was captured is lost in any resolution."""
    order, toms = finished_after_cancel(town, town.place())
    resolve(town, parked(town), "keep_theirs")
    kept = town.read_order(order)
    assert (kept.state, kept.notes, kept.flags) == ("cancelled", "Valve is stiff.", ["kept_from_conflict"])
    assert [(int(reading.value), reading.order_id) for reading in specials(town)] == [(1010, order)]
    [event] = town.all(select(OrderHistory).where(OrderHistory.event == "keep"))
    assert event.facts["captures"]["read"] == "1010"
    toms.pull()
    [row] = toms.rows("conflict").values()
    assert (row["state"], row["resolution"], row["reason"]) == ("resolved", "keep_theirs", WHY)


def test_the_same_decision_again_changes_nothing_and_another_one_is_refused(town: Town) -> None:
    """Clause 10.6, I23: also with the ETag of before, as a retry after a lost reply has it."""
    _, _ = finished_after_cancel(town, town.place())
    conflict = parked(town)
    first = resolve(town, conflict, "apply")
    again = resolve(town, conflict, "apply", by="dana", version=conflict.version)
    assert (again.version, again.resolved_by_id) == (first.version, first.resolved_by_id)
    assert len(town.all(select(OrderHistory).where(OrderHistory.event == "complete"))) == 1
    with pytest.raises(Problem) as caught:
        resolve(town, conflict, "keep_theirs")
    assert (caught.value.code, caught.value.extra["resolution"]) == ("conflict_resolved", "apply")


def test_a_stale_look_and_a_stranger_are_refused_and_the_conflict_stays(town: Town) -> None:
    """Clause 10.3."""
    _, _ = finished_after_cancel(town, town.place())
    conflict = parked(town)
    with pytest.raises(Problem, match="version_mismatch") as stale:
        resolve(town, conflict, "apply", version=conflict.version + 1)
    assert stale.value.extra["current_version"] == conflict.version
    for name in ("tom", "carla", "ivy", "gus"):
        with pytest.raises(Problem) as caught:
            resolve(town, conflict, "apply", by=name)
        assert caught.value.code == "forbidden"
    assert parked(town).version == conflict.version


def twice_completed(town: Town, place: Place) -> tuple[UUID, ModelTablet, ModelTablet]:
    order = town.order("CUT_OFF_REQ", place, to="tom")
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    town.assign(order, "tess")
    tesss.pull()
    tesss.push(tesss.order_op("order.complete", order, cut_off(place)))
    other = cut_off(place)
    other["captures"]["read"] = "1025"
    [answer] = toms.push(toms.order_op("order.complete", order, other))
    assert answer["code"] == "duplicate_completion"
    return order, toms, tesss


def test_of_two_completions_the_office_may_take_the_second_and_the_first_is_kept_as_a_fact(town: Town) -> None:
    """Clause 10.4, field-domain 4(4)."""
    order, toms, tesss = twice_completed(town, town.place())
    resolve(town, parked(town), "apply")
    done = town.read_order(order)
    assert (done.completed_by_id, done.captures["read"]) == (town.staff["tom"], "1025")
    assert [reading.value for reading in specials(town)] == [1010]
    toms.pull()
    tesss.pull()
    assert (str(order) in toms.rows("service_order"), str(order) in tesss.rows("service_order")) == (True, False)


def test_of_two_completions_the_office_may_keep_the_first_and_the_second_is_kept_as_a_fact(town: Town) -> None:
    """Clause 10.5, field-domain 4(4)."""
    order, _, _ = twice_completed(town, town.place())
    resolve(town, parked(town), "keep_theirs")
    done = town.read_order(order)
    assert (done.completed_by_id, done.captures["read"]) == (town.staff["tess"], "1010")
    assert [reading.value for reading in specials(town)] == [1025]


def test_what_comes_for_a_posted_order_is_kept_with_it_even_if_it_counts(town: Town) -> None:
    """Clause 10.4: its effects are in the books; the facts join it."""
    order, _, _ = twice_completed(town, town.place())
    with town.work("carla") as work:
        review.post(work, order)
    settled = resolve(town, parked(town), "apply")
    assert settled.result is not None
    assert settled.result["order"] == "posted"
    assert [reading.value for reading in specials(town)] == [1025]
    assert town.read_order(order).state == "posted"


def test_missing_captures_are_filled_in_by_a_merge(town: Town) -> None:
    """Clause 10.4."""
    order = town.order("READ_RE", town.place(), to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    [answer] = toms.push(toms.order_op("order.complete", order, {"outcome": "DONE", "captures": {"read_code": "seen"}}))
    assert (answer["verdict"], answer["code"]) == ("parked", "capture_missing")
    resolve(town, parked(town), "merge", {"captures": {"read": "001044"}})
    done = town.read_order(order)
    assert (done.state, done.captures) == ("completed", {"read_code": "seen", "read": "001044"})


def test_what_still_cannot_be_carried_out_leaves_the_conflict_open(town: Town) -> None:
    """Clause 10.4: the refusal says why, and nothing of it happened."""
    order, _ = finished_after_cancel(town, town.place())
    conflict = parked(town)
    with pytest.raises(Problem) as caught:
        resolve(town, conflict, "merge", {"outcome": "NOWHERE"})
    assert caught.value.code == "outcome_unknown"
    assert town.read_order(order).state == "cancelled"
    assert parked(town).id == conflict.id
    for resolution, chosen, code in (("merge", None, "argument_required"), ("apply", {"outcome": "DONE"}, "invalid")):
        with pytest.raises(Problem) as caught:
            resolve(town, conflict, resolution, chosen)
        assert caught.value.code == code
        assert ("missing" in caught.value.extra) == (resolution == "merge")


def test_a_capture_that_the_office_misspells_is_refused_with_the_names_there_are(town: Town) -> None:
    """Clause 10.4: what a tablet adds is kept, what the office adds would count for nothing."""
    order, _ = finished_after_cancel(town, town.place())
    conflict = parked(town)
    with pytest.raises(Problem) as caught:
        resolve(town, conflict, "merge", {"captures": {"raed": "001050", "read": "001051"}})
    assert (caught.value.code, caught.value.extra["unknown"]) == ("invalid", ["raed"])
    assert "read" in caught.value.extra["choices"]
    assert "raed" in caught.value.detail
    assert town.read_order(order).state == "cancelled"
    assert parked(town).id == conflict.id


def test_a_chain_behind_a_parked_op_goes_on_each_with_its_own_verdict(town: Town) -> None:
    """Clause 10.2, I9: a creation that clashes, work on it, and a photo of it; then each is settled in turn."""
    place = town.place()
    town.order("GEN", place)
    town.order("READ_RE", place, to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    made, photo = new_id(), new_id()
    create = {"order_id": str(made), "type_code": "GEN", "service_point_id": str(place.id), "instructions": "Lid."}
    declare = {
        "attachment_id": str(photo), "order_id": str(made), "label": "photo", "media_type": "image/jpeg",
        "sha256": "0" * 64, "size": 10,
    }  # fmt: skip
    answers = toms.push(
        toms.order_op("order.create", made, create),
        toms.order_op("order.complete", made, DONE),
        toms.order_op("attachment.declare", made, declare),
    )
    assert [(answer["verdict"], answer["code"]) for answer in answers] == [
        ("parked", "duplicate_open_order"), ("parked", "not_found"), ("parked", "not_found"),
    ]  # fmt: skip
    waiting = {
        town.all(select(OpLedger.kind).where(OpLedger.op_id == row.op_id))[0]: row for row in town.all(select(Conflict))
    }
    resolve(town, waiting["order.create"], "apply", by="dana")
    assert {row.order_id for row in town.all(select(Conflict))} == {made}
    fresh = {row.id: row for row in town.all(select(Conflict))}
    resolve(town, fresh[waiting["order.complete"].id], "apply")
    resolve(town, fresh[waiting["attachment.declare"].id], "apply")
    assert (town.read_order(made).state, town.read_order(made).completed_by_id) == ("completed", town.staff["tom"])
    assert [found.id for found in town.all(select(Attachment).where(Attachment.order_id == made))] == [photo]


def test_a_reading_under_a_used_id_counts_under_the_id_that_it_is_kept_under(town: Town) -> None:
    """Clauses 3.6 and 10.4, I4: the visit is the second op's, not one more of the first."""
    places = [town.place(), town.place()]
    stops = town.route(places, to="tom")
    toms = ModelTablet(town, "tom")
    first, second = (
        toms.op(
            "stop.read",
            f"stop/{stop}",
            {"stop_id": str(stop), "readings": [{"register_id": str(place.register_id), "value": "001050"}]},
        )
        for stop, place in zip(stops, places, strict=True)
    )
    answers = toms.push(first), toms.push({**second, "op_id": first["op_id"]})
    assert [verdicts(one) for one in answers] == [["applied"], ["quarantined"]]
    conflict = parked(town)
    resolve(town, conflict, "apply")
    by_stop = {visit.stop_id: visit.op_id for visit in town.all(select(StopVisit))}
    assert by_stop == {stops[0]: UUID(first["op_id"]), stops[1]: conflict.op_id}


def test_a_reading_of_a_route_that_was_not_his_counts_or_is_kept(town: Town) -> None:
    """Clauses 10.4 and 10.5."""
    first, second = town.place(), town.place()
    stops = town.route([first, second], to="tess")
    toms = ModelTablet(town, "tom")
    for stop, place in zip(stops, (first, second), strict=True):
        reads = [{"register_id": str(place.register_id), "value": "001050"}]
        args = {"stop_id": str(stop), "readings": reads}
        [answer] = toms.push(toms.op("stop.read", f"stop/{stop}", args))
        assert (answer["verdict"], answer["code"]) == ("parked", "not_in_scope")
    counts, kept = town.all(select(Conflict).order_by(Conflict.id))
    assert [counts.service_point_id, kept.service_point_id] == [first.id, second.id]
    resolve(town, counts, "apply")
    resolve(town, kept, "keep_theirs")
    found = {row.service_point_id: row.kind for row in town.all(select(Reading).where(Reading.value == 1050))}
    assert found == {first.id: "regular", second.id: "special"}
    assert [visit.stop_id for visit in town.all(select(StopVisit))] == [stops[0]]


def test_an_edit_of_a_place_that_was_not_his_counts_is_chosen_from_or_is_superseded_with_a_trace(town: Town) -> None:
    """Clauses 10.4 and 10.5, I11."""
    places = [town.place(access_notes="Office's word.") for _ in range(3)]
    toms = ModelTablet(town, "tom")
    for place in places:
        fields = {
            "access_notes": {"base": None, "value": "Behind the shed."},
            "read_instructions": {"base": None, "value": "Bring a pump."},
        }
        args = {"service_point_id": str(place.id), "fields": fields}
        [answer] = toms.push(toms.op("service_point.edit", f"service_point/{place.id}", args))
        assert answer["verdict"] == "parked"
    applied, merged, kept = town.all(select(Conflict).order_by(Conflict.id))
    resolve(town, applied, "apply")
    resolve(town, merged, "merge", {"access_notes": "Both: shed, says Tom."})
    resolve(town, kept, "keep_theirs")
    found = {row.id: (row.access_notes, row.read_instructions) for row in town.all(select(ServicePoint))}
    assert found[places[0].id] == ("Behind the shed.", "Bring a pump.")
    assert found[places[1].id] == ("Both: shed, says Tom.", None)
    assert found[places[2].id] == ("Office's word.", None)
    superseded = town.all(select(AuditEntry).where(AuditEntry.action == "supersede_edit").order_by(AuditEntry.id))
    assert [(line.entity_id, line.before) for line in superseded] == [
        (places[1].id, {"read_instructions": "Bring a pump."}),
        (places[2].id, {"access_notes": "Behind the shed.", "read_instructions": "Bring a pump."}),
    ]


def test_a_photo_of_work_that_does_not_count_is_declared_and_nobody_waits_for_it(town: Town) -> None:
    """Clause 10.5."""
    order = town.order("GEN", town.place(), to="tess")
    toms = ModelTablet(town, "tom")
    photo = new_id()
    declare = {
        "attachment_id": str(photo), "order_id": str(order), "label": "photo", "media_type": "image/jpeg",
        "sha256": "0" * 64, "size": 10,
    }  # fmt: skip
    [answer] = toms.push(toms.order_op("attachment.declare", order, declare))
    assert answer["code"] == "not_in_scope"
    resolve(town, parked(town), "keep_theirs")
    [found] = town.all(select(Attachment))
    assert (found.id, found.waived_by_id) == (photo, town.staff["sue"])


def test_a_quarantined_op_is_corrected_and_carried_out_or_left_in_the_ledger(town: Town) -> None:
    """Clause 10.4: quarantined work is settled like any other."""
    place = town.place()
    order = town.order("GEN", place, to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    wrong = {**DONE, "surprise": 1}
    [answer] = toms.push(toms.order_op("order.complete", order, wrong))
    assert (answer["verdict"], answer["code"]) == ("quarantined", "op_malformed")
    conflict = parked(town)
    with pytest.raises(Problem) as caught:
        resolve(town, conflict, "apply")
    assert caught.value.code == "op_malformed"
    [unknown] = toms.push(toms.op("order.teleport", f"service_order/{order}"))
    assert unknown["verdict"] == "quarantined"
    other = next(row for row in town.all(select(Conflict)) if row.id != conflict.id)
    resolve(town, other, "keep_theirs")
    assert len(town.all(select(OpLedger).where(OpLedger.kind == "order.teleport"))) == 1


def test_a_conflict_is_on_its_technicians_tablet_until_some_days_after_it_was_settled(town: Town) -> None:
    """Clause 10.7."""
    _, toms = finished_after_cancel(town, town.place())
    tesss = ModelTablet(town, "tess")
    toms.pull()
    tesss.pull()
    [row] = toms.rows("conflict").values()
    assert (row["state"], row["kind"], row["code"]) == ("open", "order.complete", "not_in_scope")
    assert tesss.rows("conflict") == {}
    resolve(town, parked(town), "keep_theirs")
    with town.work() as work:
        assert conflicts.forget_settled(work) == 0
    toms.pull()
    assert [row["state"] for row in toms.rows("conflict").values()] == ["resolved"]
    with town.sessions.write() as session:
        settled = session.scalars(select(Conflict)).one()
        assert settled.resolved_at is not None
        settled.resolved_at -= conflicts.SHOWN * 2
    with town.work() as work:
        assert conflicts.forget_settled(work) == 1
    with town.work() as work:
        assert conflicts.forget_settled(work) == 0
    toms.pull()
    assert toms.rows("conflict") == {}
    assert len(town.all(select(Conflict))) == 1


def test_a_return_that_comes_too_late_is_kept(town: Town) -> None:
    """Clause 10.5."""
    order = town.order("GEN", town.place(), to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    town.assign(order, "tess")
    with town.work("dana") as work:
        service_orders.cancel(work, order, reason="Not needed.")
    late = {"outcome": "NO_ACCESS_DOG", "notes": "Big one."}
    assert verdicts(toms.push(toms.order_op("order.return", order, late))) == ["parked"]
    resolve(town, parked(town), "keep_theirs")
    found: ServiceOrder = town.read_order(order)
    assert (found.state, found.notes) == ("cancelled", "Big one.")
