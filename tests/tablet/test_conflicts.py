"""What the technician sees of parked work: the office is looking at it, and then what became of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import dispatch
from curbstop.models import Conflict
from curbstop.tablet import outbox, view
from sync import resolving
from tests.tablet.conftest import NewTablet
from tests.tablet.conftest import Tablet as InHand
from tests.town import Town


def seen(tablet: InHand, order_id: str) -> list[dict[str, Any]]:
    return view.with_office(tablet.store, f"service_order/{order_id}")


def test_parked_work_is_with_the_office_from_the_verdict_on_until_it_was_settled(
    town: Town, new_tablet: NewTablet
) -> None:
    """Clause 10.7: never a silent revert; and what the office took is on the tablet like any change."""
    order_id = str(town.order("GEN", town.place(), to="tom"))
    tom = new_tablet("tom")
    tom.client.sync()
    tom.network.online = False
    tom.work.complete(order_id, "DONE", {"notes": "All well."})
    town.assign(UUID(order_id), "tess")
    with town.work("dana") as work:
        dispatch.recall(work, UUID(order_id), reason="Not needed.")
    tom.network.online = True
    tom.client.push()
    assert outbox.verdicts(tom.store)[-1]["verdict"] == "parked"
    [before_pull] = seen(tom, order_id)
    tom.client.pull()
    [waiting] = seen(tom, order_id)
    for shown in (before_pull, waiting):
        assert (shown["state"], shown["code"], shown["says"]) == (
            "open", "not_in_scope", "The office is looking at it.",
        )  # fmt: skip
    assert [row["state"] for row in view.conflicts(tom.store)] == ["open"]
    conflict = town.all(select(Conflict))[0]
    with town.work("sue") as work:
        resolving.resolve(
            work, conflict.id, resolution="apply", chosen=None, reason="He was there.", if_version=conflict.version
        )
    tom.client.pull()
    [settled] = seen(tom, order_id)
    assert (settled["state"], settled["resolution"]) == ("resolved", "apply")
    assert settled["says"] == "The office has taken it as you noted it. He was there."
    order = view.find(tom.store, "service_order", order_id)
    assert order is not None
    assert (order["state"], order["with_office"]) == ("completed", [settled])


def test_a_quarantined_op_is_shown_as_well(town: Town, new_tablet: NewTablet) -> None:
    """Clause 10.7."""
    order_id = str(town.order("GEN", town.place(), to="tom"))
    tom = new_tablet("tom")
    tom.client.sync()
    outbox.append(tom.store, "order.teleport", f"service_order/{order_id}", {}, None)
    tom.client.sync()
    order = view.find(tom.store, "service_order", order_id)
    assert order is not None
    assert [(one["code"], one["state"]) for one in order["with_office"]] == [("op_unknown", "open")]
    assert order["state"] == "dispatched"


def test_both_halves_of_an_edit_are_shown_when_one_of_them_waits_for_gis(town: Town, new_tablet: NewTablet) -> None:
    """Clauses 10.7 and 10.10: the notes were taken, the position still waits."""
    place = town.place(access_notes="Behind the house.")
    town.order("GEN", place, to="tess")
    tess, tom = new_tablet("tess"), new_tablet("tom")
    tess.client.sync()
    far = {"longitude": -78.5, "latitude": 35.5}
    here = view.find(tess.store, "service_point", str(place.id))
    assert here is not None
    edits = {
        "access_notes": {"base": here["access_notes"], "value": "By the road."},
        "location": {"base": {name: here[name] for name in far}, "value": far},
    }
    args = {"service_point_id": str(place.id), "fields": edits}
    # Tom was never there, so his edit is for the office.
    outbox.append(tom.store, "service_point.edit", f"service_point/{place.id}", args, 1)
    tom.client.sync()
    [conflict] = town.all(select(Conflict))
    with town.work("sue") as work:
        resolving.resolve(
            work, conflict.id, resolution="apply", chosen=None, reason="He was there.", if_version=conflict.version
        )
    tom.client.pull()
    shown = view.with_office(tom.store, f"service_point/{place.id}")
    assert [(one["code"], one["state"]) for one in shown] == [("not_in_scope", "resolved"), ("needs_gis", "open")]
