"""Push: every op is kept, each has one verdict, and work that was done is never refused."""

from typing import Any

from sqlalchemy import func, select

from curbstop.commands import dispatch, review, service_points, stop_visits
from curbstop.models import AccessIssue, Attachment, Conflict, OrderHistory, Reading
from curbstop.models.ids import new_id
from tests.sync.model_tablet import ModelTablet, cut_off, verdicts
from tests.town import Town

DONE: dict[str, Any] = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}


def test_a_days_work_is_applied(town: Town) -> None:
    place = town.place()
    order = town.order("CUT_OFF_REQ", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    answers = tablet.push(
        tablet.order_op("order.travel", order),
        tablet.order_op("order.arrive", order, {"position": {"longitude": -78.999, "latitude": 35.0, "accuracy_m": 5}}),
        tablet.order_op("order.complete", order, cut_off(place)),
    )
    assert verdicts(answers) == ["applied"] * 3
    assert town.read_order(order).state == "completed"


def test_a_retry_gets_the_same_verdict_and_has_one_effect(town: Town) -> None:
    """Clause 3.4, I3."""
    place = town.place()
    order = town.order("CUT_OFF_REQ", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    op = tablet.order_op("order.complete", order, cut_off(place))
    first = tablet.push(op)
    assert tablet.push(op) == first == tablet.push(op, op)[:1]
    events = town.all(select(OrderHistory.event).where(OrderHistory.order_id == order))
    assert events.count("complete") == 1


def test_the_same_id_with_other_content_changes_nothing(town: Town) -> None:
    """Clause 3.6, I4."""
    place = town.place()
    order = town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    op = tablet.order_op("order.complete", order, DONE)
    tablet.push(op)
    [answer] = tablet.push({**op, "args": {**DONE, "notes": "Something else"}})
    assert (answer["verdict"], answer["code"]) == ("quarantined", "op_id_reused")
    assert town.all(select(Conflict.code)) == ["op_id_reused"]
    assert town.read_order(order).notes is None
    assert tablet.push(op)[0]["verdict"] == "applied"


def test_another_tablets_op_id_is_not_answered_with_its_content(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    tablet, other = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    tablet.pull()
    op = tablet.order_op("order.complete", order, DONE)
    tablet.push(op)
    assert other.push(op)[0]["code"] == "op_id_reused"


def test_nobody_holds_up_a_posting_with_photos_of_others_work(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tess")
    tablet = ModelTablet(town, "tom")
    args = {
        "attachment_id": str(new_id()), "order_id": str(order), "label": "photo", "media_type": "image/jpeg",
        "sha256": "a" * 64, "size": 10,
    }  # fmt: skip
    [answer] = tablet.push(tablet.order_op("attachment.declare", order, args))
    assert (answer["verdict"], answer["code"]) == ("parked", "not_in_scope")
    assert town.all(select(Attachment)) == []


def test_a_bad_op_holds_up_only_its_own_order(town: Town) -> None:
    place = town.place()
    bad, good = town.order("CUT_OFF_REQ", place, to="tom"), town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    answers = tablet.push(
        tablet.order_op("order.complete", bad, {"outcome": "NO_ACCESS_DOG", "captures": {}}),
        tablet.order_op("order.complete", good, DONE),
    )
    assert verdicts(answers) == ["parked", "applied"]
    assert town.read_order(bad).state == "dispatched"


def test_parked_work_keeps_everything_that_was_captured(town: Town) -> None:
    """Clauses 3.4, 10.1, I11."""
    place = town.place()
    order = town.order("READ_RE", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("sue") as work:
        dispatch.recall(work, order, reason="read by radio")
    tablet.push(tablet.order_op("order.acknowledge_recall", order))
    captured = {"outcome": "DONE", "captures": {"read": "1010", "read_code": "seen"}}
    [answer] = tablet.push(tablet.order_op("order.complete", order, captured))
    assert answer["verdict"] == "parked"
    [conflict] = town.all(select(Conflict))
    assert conflict.order_id == order
    assert conflict.mine == captured
    assert conflict.theirs["state"] == "cancelled"
    assert answer["result"]["conflict_id"] == str(conflict.id)


def test_a_stop_is_read_and_another_skipped(town: Town) -> None:
    near, far = town.place(), town.place()
    stops = town.route([near, far], to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    answers = tablet.push(
        tablet.op("stop.read", f"stop/{stops[0]}", {
            "stop_id": str(stops[0]), "readings": [{"register_id": str(near.register_id), "value": "001050"}],
        }),
        tablet.op("stop.skip", f"stop/{stops[1]}", {
            "stop_id": str(stops[1]), "skip_code": "VEG", "category": "FOLIAGE", "note": "Hedge over the box",
        }),
    )  # fmt: skip
    assert verdicts(answers) == ["applied", "applied"], answers
    newest = select(Reading.value).where(Reading.register_id == near.register_id).order_by(Reading.noted_at.desc())
    assert town.all(newest)[0] == 1050
    [issue] = town.all(select(AccessIssue))
    assert (issue.service_point_id, issue.category) == (far.id, "FOLIAGE")


def test_notes_of_the_field_and_of_the_office_are_both_kept(town: Town) -> None:
    """Clauses 7.4, 10.8, I10, I11."""
    place = town.place(access_notes="Ring first")
    order = town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("carla") as work:
        service_points.edit(work, place.id, {"access_notes": "Ring twice"}, if_version=None)
    fields = {"access_notes": {"base": "Ring first", "value": "Ring first\nBox is behind the shed"}}
    args = {"service_point_id": str(place.id), "fields": fields}
    [answer] = tablet.push(tablet.op("service_point.edit", f"service_point/{place.id}", args))
    assert answer["verdict"] == "merged"
    tablet.pull()
    notes = tablet.rows("service_point")[str(place.id)]["access_notes"]
    assert "Ring twice" in notes
    assert "Box is behind the shed" in notes
    assert town.read_order(order).state == "dispatched"


def test_found_work_gets_its_number_from_the_server(town: Town) -> None:
    place = town.place()
    town.order("GEN", place, to="tom")
    other = town.place()
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    order_id = new_id()
    args = {"order_id": str(order_id), "type_code": "GEN", "service_point_id": str(other.id), "notes": "Lid is broken"}
    [answer] = tablet.push(tablet.order_op("order.create", order_id, args))
    assert answer["verdict"] == "applied"
    assert answer["result"]["number"].startswith("SO-")
    assert town.read_order(order_id).source == "field"


def test_a_posted_cut_off_has_its_effects_once(town: Town) -> None:
    place = town.place()
    order = town.order("CUT_OFF_REQ", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    tablet.push(tablet.order_op("order.complete", order, cut_off(place)))
    with town.work("carla") as work:
        review.post(work, order)
    tablet.pull()
    assert str(order) not in tablet.rows("service_order")
    counted = select(func.count()).select_from(Reading).where(Reading.order_id == order)
    assert town.all(counted) == [1]


def test_a_photo_of_an_issue_that_was_known_already_finds_it(town: Town) -> None:
    place = town.place()
    order = town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert town.read_order(order).state == "dispatched"
    for _ in range(2):
        issue = str(new_id())
        answers = tablet.push(
            tablet.op("access_issue.report", f"access_issue/{issue}", {
                "access_issue_id": issue, "service_point_id": str(place.id), "category": "FOLIAGE",
            }),
            tablet.op("attachment.declare", f"access_issue/{issue}", {
                "attachment_id": str(new_id()), "access_issue_id": issue, "label": "photo", "media_type": "image/jpeg",
                "sha256": "a" * 64, "size": 10,
            }),
        )  # fmt: skip
        assert verdicts(answers) == ["applied", "applied"], answers
    [known] = town.all(select(AccessIssue))
    assert known.occurrences == 2
    assert town.all(select(Attachment.access_issue_id)) == [known.id, known.id]


def read_op(tablet: ModelTablet, stop: Any, register: Any, value: str = "001234", **other: Any) -> dict[str, Any]:
    args = {"stop_id": str(stop), "readings": [{"register_id": str(register), "value": value}]}
    return {**tablet.op("stop.read", f"stop/{stop}", args), **other}


def test_readings_of_a_batch_go_together_and_each_has_its_own_verdict(town: Town) -> None:
    """Clauses 3.4 and 3.11: what is wrong with one reading is no other's verdict, and the facts are the same."""
    places = [town.place(last=1000) for _ in range(6)]
    stops = town.route(places, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    ops = [read_op(tablet, stop, place.register_id, "001100") for stop, place in zip(stops, places, strict=True)]
    ops[1]["args"]["readings"][0]["value"] = "1234567"
    ops[2]["args"]["readings"][0]["register_id"] = str(places[3].register_id)
    ops[4]["args"]["readings"][0]["value"] = "000900"
    again = read_op(tablet, stops[0], places[0].register_id, "001100")
    answers = tablet.push(*ops, again)
    assert verdicts(answers) == ["applied", "parked", "parked", "applied", "applied", "applied", "applied"]
    assert [answers[n]["code"] for n in (1, 2)] == ["reading_invalid", "register_not_here"]
    assert [answers[n]["result"]["flags"] for n in (0, 4, 6)] == [[], ["NEGATIVE"], ["ZERO"]]
    assert town.all(select(func.count()).select_from(Reading).where(Reading.stop_visit_id.is_not(None))) == [5]
    assert tablet.push(*ops, again) == answers


def test_readings_alone_and_together_are_the_same_facts(town: Town) -> None:
    """I10: the merge does not depend on where one batch ends and the next begins."""
    places = [town.place(last=1000) for _ in range(8)]
    stops = town.route(places, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    ops = [
        read_op(tablet, s, p.register_id, f"{900 + 60 * n:06d}")
        for n, (s, p) in enumerate(zip(stops, places, strict=True))
    ]
    together = tablet.push(*ops[:4])
    alone = [answer for op in ops[4:] for answer in tablet.push(op)]
    flags = [answer["result"]["flags"] for answer in (*together, *alone)]
    assert flags == [["NEGATIVE"], ["NEGATIVE"], [], [], [], [], [], []]
    found = town.all(select(Reading.value).where(Reading.stop_visit_id.is_not(None)).order_by(Reading.value))
    assert [int(value) for value in found] == [900 + 60 * n for n in range(8)]


def test_a_mistake_in_one_reading_leaves_the_others_of_the_batch_alone(town: Town, monkeypatch: Any) -> None:
    """Clause 3.11: a group that fails is tried one by one."""
    places = [town.place() for _ in range(3)]
    stops = town.route(places, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    ops = [read_op(tablet, stop, place.register_id) for stop, place in zip(stops, places, strict=True)]
    real = stop_visits.read_many

    def mistaken(work: Any, asked: Any) -> Any:
        if any(one.stop_id == stops[1] for one in asked):
            raise ZeroDivisionError
        return real(work, asked)

    monkeypatch.setattr(stop_visits, "read_many", mistaken)
    assert verdicts(tablet.push(*ops)) == ["applied", "quarantined", "applied"]


def test_a_batch_is_answered_in_the_order_in_which_the_work_was_done(town: Town) -> None:
    """Clause 3.11, I9: whatever the order in which the ops lie in the batch."""
    orders = [town.order("GEN", town.place(), to="tom") for _ in range(2)]
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    day = [
        tablet.order_op(kind, order, args)
        for order in orders
        for kind, args in (("order.travel", {}), ("order.arrive", {}), ("order.complete", DONE))
    ]
    answers = tablet.push(*reversed(day))
    assert verdicts(answers) == ["applied"] * 6
    assert all("another_active" not in str(town.read_order(order).flags) for order in orders)


def test_verdicts_come_in_the_order_in_which_the_ops_were_sent(town: Town) -> None:
    """Clauses 3.11 and 3.12: whatever the order of their numbers, and also of what has no id to be known by."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    first, second = tablet.order_op("order.travel", order), tablet.order_op("order.complete", order, DONE)
    batch: list[Any] = [{"op_id": "zzz", "n": 9}, second, {"n": 3}, first, "no op at all", second]
    answers = tablet.push(*batch)
    assert verdicts(answers) == ["quarantined", "applied", "quarantined", "applied", "quarantined", "applied"]
    assert [answers[place]["op_id"] for place in (1, 3, 5)] == [second["op_id"], first["op_id"], second["op_id"]]
    assert tablet.push(*batch) == answers, "the ids that the server made are the same for a retry"
    assert tablet.push(*reversed(batch)) == answers[::-1]
