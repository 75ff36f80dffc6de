"""Replay: around any command, the changes applied to the old copy give the new one, and every command has some."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from curbstop.commands import dispatch, field_work, review, service_orders, service_points
from curbstop.commands.field_work import Visit
from curbstop.commands.service_orders import NewOrder
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town

Situation = tuple[Town, Place, Any]
DONE = Visit(outcome="DONE", captures={"notes": "Looked at it"})


def _assign(s: Situation) -> None:
    town, place, _ = s
    town.order("READ_RE", place, to="tom")


def _new_place(s: Situation) -> None:
    town = s[0]
    town.order("GEN", town.place(), to="tom")


def _reassign(s: Situation) -> None:
    s[0].assign(s[2], "tess")


def _move(s: Situation) -> None:
    town, _, order = s
    with town.work("dana") as work:
        dispatch.assign(work, order, technician_id=town.staff["tom"], scheduled_on=town.today, place=9)


def _edit(s: Situation) -> None:
    town, _, order = s
    with town.work("dana") as work:
        service_orders.edit(work, order, {"instructions": "Ring at number 12"}, if_version=None)


def _recall(s: Situation) -> None:
    town, _, order = s
    with town.work("carla") as work:
        dispatch.recall(work, order, reason="not needed any more")


def _acknowledge(s: Situation) -> None:
    _recall(s)
    town, _, order = s
    with town.work("tom") as work:
        field_work.acknowledge_recall(work, order)


def _complete(s: Situation) -> None:
    town, _, order = s
    with town.work("tom") as work:
        field_work.complete(work, order, DONE)


def _post(s: Situation) -> None:
    _complete(s)
    town, _, order = s
    with town.work("carla") as work:
        review.post(work, order)


def _return(s: Situation) -> None:
    town, _, order = s
    with town.work("tom") as work:
        field_work.return_(work, order, Visit(outcome="NO_ACCESS_DOG"))


def _reschedule(s: Situation) -> None:
    _return(s)
    town, _, order = s
    with town.work("dana") as work:
        service_orders.reschedule(work, order)


def _edit_place(s: Situation) -> None:
    town, place, _ = s
    with town.work("carla") as work:
        service_points.edit(work, place.id, {"access_notes": "Meter is behind the shed"}, if_version=None)


def _second_order_here_goes(s: Situation) -> None:
    """The first order still holds the place when the second one leaves."""
    town, place, _ = s
    order = town.order("READ_RE", place, to="tom")
    ModelTablet(town, "tom").pull()
    town.assign(order, "tess")


def _walk_a_route(s: Situation) -> None:
    town, place, _ = s
    town.route([place, town.place()], to="tom")


def _decline(s: Situation) -> None:
    town, _, order = s
    with town.work("tom") as work:
        field_work.decline(work, order, reason="No valve key on the truck")


COMMANDS: dict[str, Callable[[Situation], None]] = {
    "assign": _assign, "new place": _new_place, "reassign": _reassign, "move": _move, "edit": _edit, "recall": _recall,
    "acknowledge": _acknowledge, "complete": _complete, "post": _post, "return": _return, "reschedule": _reschedule,
    "edit place": _edit_place, "second order goes": _second_order_here_goes, "walk a route": _walk_a_route,
    "decline": _decline,
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_changes_applied_to_the_old_copy_give_the_new_one(town: Town, name: str) -> None:
    """Clauses 4.1, 4.3, I2, I16."""
    place = town.place()
    order = town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    before = deepcopy(tablet.buckets)
    COMMANDS[name]((town, place, order))
    assert tablet.pull(), "the command reached no tablet"
    # An order that came and went again between two pulls leaves no trace.
    assert (tablet.buckets != before) == (name != "second order goes")
    fresh = ModelTablet(town, "tom")
    fresh.pull()
    # Its first pull marks what was assigned meanwhile as being on a tablet; the other one hears of that, too.
    tablet.pull()
    assert tablet.buckets == fresh.buckets


def test_orders_that_are_not_assigned_reach_no_tablet(town: Town) -> None:
    place = town.place()
    with town.work("carla") as work:
        order = service_orders.create(work, NewOrder(type_code="GEN", service_point_id=place.id))
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert str(order.id) not in tablet.rows("service_order")
    assert tablet.rows("service_point") == {}
