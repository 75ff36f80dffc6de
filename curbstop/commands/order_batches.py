"""Makes many service orders of one type at once: for a run, a project, a schedule. Some statements for any number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, numbering, search_index, service_levels
from curbstop.commands.order_steps import Event, add_history, type_row
from curbstop.commands.work import Work
from curbstop.domain.numbers import Prefix
from curbstop.domain.order_types import require_creatable
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES, OrderEvent, OrderState
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One order of a batch; the type, the source and who makes it are the batch's."""

    service_point_id: UUID
    account_id: UUID | None = None
    requested_on: date | None = None
    instructions: str | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """By place in the list: the orders that were made, and the open orders of that type that stood in the way."""

    made: Mapping[int, ServiceOrder]
    in_the_way: Mapping[int, UUID]


def create_many(work: Work, type_code: str, wanted: Sequence[Wanted], *, source: str) -> Batch:
    """Makes the orders, ready, where no order of the type is open at the place yet; the rest of the list is made.

    A cut-off that is made here was let through by the gates before: the caller asks them. Problems: forbidden,
    order_type_unknown, order_type_inactive, order_type_not_yours, too_large, not_found and invalid (an account of
    another place, a place twice); then none is made.
    """
    require(work.actor, Action.CREATE_ORDER)
    if len(wanted) > MOST:
        raise Problem("too_large", f"At most {MOST} orders are made at once.")
    version, order_type = type_row(work, type_code)
    require_creatable(order_type, work.actor.roles, system=work.actor.is_system, found_work=False)
    _check_places(work, wanted)
    there = _open_orders(work, type_code, wanted)
    in_the_way = {n: there[one.service_point_id] for n, one in enumerate(wanted) if one.service_point_id in there}
    going = [(n, one) for n, one in enumerate(wanted) if n not in in_the_way]
    if not going:
        return Batch({}, in_the_way)
    numbers = numbering.next_numbers(work, Prefix.SERVICE_ORDER, len(going))
    orders = [
        ServiceOrder(
            id=new_id(),
            number=number,
            type_code=type_code,
            type_version=version,
            state=OrderState.READY.value,
            priority=one.priority or order_type.priority,
            source=source,
            service_point_id=one.service_point_id,
            account_id=one.account_id,
            requested_on=one.requested_on,
            instructions=one.instructions,
            created_by_id=work.actor.staff_id,
            created_at=work.at,
            flags=[],
            captures={},
            field_versions={},
            attempt_no=1,
            version=1,
        )
        for number, (_, one) in zip(numbers, going, strict=True)
    ]
    service_levels.set_due_many(work, orders)
    work.session.add_all(orders)
    journal.changed_many(work, orders, "create")
    for order in orders:
        add_history(work, order, Event(OrderEvent.CREATE, record={"source": source}), None)
    search_index.index(work, "service_order", [(order.id, order.number) for order in orders])
    work.session.flush()
    return Batch({n: order for (n, _), order in zip(going, orders, strict=True)}, in_the_way)


def _check_places(work: Work, wanted: Sequence[Wanted]) -> None:
    """Locks the places, so that two who make the same order come one after the other."""
    places = [one.service_point_id for one in wanted]
    if len(set(places)) != len(places):
        raise Problem("invalid", "A service point comes twice; one order of a type is made at each.")
    locked = select(ServicePoint.id).where(among(work.session, ServicePoint.id, places)).order_by(ServicePoint.id)
    known = set(work.session.scalars(locked.with_for_update()))
    missing = [str(place) for place in places if place not in known]
    if missing:
        raise Problem("not_found", f"{len(missing)} of these service points are not there.", missing=missing[:20])
    asked = {one.account_id: one.service_point_id for one in wanted if one.account_id is not None}
    rows = work.session.execute(
        select(Account.id, Account.service_point_id).where(among(work.session, Account.id, asked))
    )
    of = dict(iter(rows))
    wrong = [str(account_id) for account_id, place in asked.items() if of.get(account_id) != place]
    if wrong:
        raise Problem("invalid", f"{len(wrong)} of these accounts are of another place.", accounts=wrong[:20])


def _open_orders(work: Work, type_code: str, wanted: Sequence[Wanted]) -> dict[UUID, UUID]:
    """An open order of the type at each place that has one."""
    rows = work.session.execute(
        select(ServiceOrder.service_point_id, ServiceOrder.id).where(
            among(work.session, ServiceOrder.service_point_id, [one.service_point_id for one in wanted]),
            ServiceOrder.type_code == type_code,
            ServiceOrder.state.in_(OPEN_STATES),
        )
    )
    return dict(iter(rows))
