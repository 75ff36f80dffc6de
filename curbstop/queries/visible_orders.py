"""Which service orders somebody may see, as SQL, and how much of them."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Grant, grants, require
from curbstop.domain.problems import Problem
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff


class Sight(StrEnum):
    """How much of an order somebody sees.

    OFFICE: everything. FIELD: what the work needs; a withheld name stays in the office. PLACE: where and what, with
    nobody's name, words or photos.
    """

    OFFICE = "office"
    FIELD = "field"
    PLACE = "place"


def sight(actor: Actor) -> Sight:
    """How much the actor sees of any order that `visible` lets through; Problem(`forbidden`) for who sees none."""
    granted = grants(actor, Action.VIEW_ALL_ORDERS)
    if Grant.YES in granted:
        return Sight.OFFICE
    if Grant.GEO_ONLY in granted and not grants(actor, Action.VIEW_OWN_ORDERS):
        return Sight.PLACE
    if not granted:
        require(actor, Action.VIEW_OWN_ORDERS)
    return Sight.FIELD


def visible(actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions on `service_order` that hold for what the actor may see; Problem(`forbidden`) for who sees none.

    One's own orders are those assigned to, completed or made by oneself; an integration is set up for those it made.
    """
    granted = grants(actor, Action.VIEW_ALL_ORDERS)
    if granted & {Grant.YES, Grant.GEO_ONLY} and sight(actor) is not Sight.FIELD:
        return []
    require(actor, Action.VIEW_OWN_ORDERS)
    me = actor.staff_id
    mine: list[ColumnElement[bool]] = [
        ServiceOrder.technician_id == me,
        ServiceOrder.completed_by_id == me,
        ServiceOrder.created_by_id == me,
    ]
    if Grant.CREW in granted:
        crew = select(Staff.id).where(Staff.crew_lead_id == me)
        mine += [ServiceOrder.technician_id.in_(crew), ServiceOrder.completed_by_id.in_(crew)]
    return [or_(*mine)]


def own_people(session: Session, actor: Actor) -> frozenset[UUID | None] | None:
    """Whose orders the actor sees, beside those that the actor made; None for everybody's. As `visible` has it."""
    if visible(actor) == []:
        return None
    crew: list[UUID] = []
    if Grant.CREW in grants(actor, Action.VIEW_ALL_ORDERS):
        crew = list(session.scalars(select(Staff.id).where(Staff.crew_lead_id == actor.staff_id)))
    return frozenset({actor.staff_id, *crew})


def require_visible(session: Session, actor: Actor, order_id: UUID) -> None:
    """Problem(`not_found`) unless the order is there and the actor may see it."""
    there = select(ServiceOrder.id).where(ServiceOrder.id == order_id, *visible(actor))
    if session.scalar(there) is None:
        raise no_such_order(order_id)


def no_such_order(order_id: UUID) -> Problem:
    """The same words for an order that is not there and for one that is not to be seen."""
    return Problem("not_found", f"There is no service order with id {order_id}.")
