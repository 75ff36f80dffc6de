"""Cut-off runs in the field: an approved list becomes orders, may be called back, and is closed when its sums agree."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import cut_off_lines, fees, journal, money_recalls, order_batches
from curbstop.commands.cut_off_runs import load, require_billing
from curbstop.commands.many import update_many
from curbstop.commands.order_batches import Wanted
from curbstop.commands.work import Work
from curbstop.domain.cut_off_runs import LineState, OrderEnd, RunEvent, Tally, ending_of, sums_of
from curbstop.domain.cut_offs import TYPE_OF, Cause, Stage
from curbstop.domain.money import dollars
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import RECALLABLE, OrderState
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.cut_off_run import CutOffLine, CutOffRun
from curbstop.models.service_order import ServiceOrder

ORDERED_BEFORE = "already_ordered"
# Nobody has driven to it yet, or somebody came back.
_NOT_OUT = (OrderState.READY, OrderState.ASSIGNED, OrderState.HELD, OrderState.RETURNED)


def release(work: Work, run_id: UUID, *, if_version: int | None = None) -> CutOffRun:
    """Makes the orders of an approved list, ready to be given out.

    Whoever paid or was held since the approval comes off, and so does who has such an order already. Problems:
    forbidden, impossible_transition, order_type_inactive, conflict (nobody is left).
    """
    require_billing(work)
    run = load(work, run_id, RunEvent.RELEASE, if_version)
    _lock_accounts(work, run)
    # The list was approved on fresh payments; what came in since is known, and dispatch asks for the day.
    cut_off_lines.look_again(work, run, Stage.BUILD)
    lines = cut_off_lines.listed(work, run)
    if not lines:
        raise Problem("conflict", "Nobody is left on the list; abandon it.")
    for start in range(0, len(lines), order_batches.MOST):
        _order(work, run, lines[start : start + order_batches.MOST])
    run.released_by_id, run.released_at = work.actor.staff_id, work.at
    journal.changed(work, run, "release")
    return run


def recall(work: Work, run_id: UUID, *, reason: str, if_version: int | None = None) -> CutOffRun:
    """Calls every order of the run back that is not done: the weather, an emergency. Problems: forbidden."""
    require(work.actor, Action.RECALL_ORDER)
    run = load(work, run_id, RunEvent.RECALL, if_version)
    open_ones = (
        select(ServiceOrder)
        .join(CutOffLine, CutOffLine.order_id == ServiceOrder.id)
        .where(CutOffLine.run_id == run.id, ServiceOrder.state.in_(RECALLABLE))
        .order_by(ServiceOrder.id)
        .with_for_update(of=ServiceOrder)
        .execution_options(populate_existing=True)
    )
    money_recalls.take_back(work, list(work.session.scalars(open_ones)), reason=reason)
    journal.changed(work, run, "recall")
    return run


def close(work: Work, run_id: UUID, *, if_version: int | None = None) -> CutOffRun:
    """Ends the run: every line is cut, recalled, returned or excluded, and the sums agree with what was listed.

    Orders that nobody has driven to yet are cancelled with it, and returned ones are closed: another try is another
    list's. Problems: forbidden, lines_open (`orders` that are out).
    """
    require_billing(work)
    run = load(work, run_id, RunEvent.CLOSE, if_version)
    rows = _orders(work, run)
    # What came back is told by how it stood, before it is closed with the run.
    came_back = {order.id for _, order in rows if order.state == OrderState.RETURNED}
    _end_orders(work, run)
    out = [order for _, order in rows if ending_of(_end(order)) is None]
    if out:
        first = ", ".join(order.number for order in out[:3])
        raise Problem(
            "lines_open", f"{len(out)} orders are still out: {first}.", orders=[str(one.id) for one in out[:50]]
        )
    endings = [
        {"id": line_id, "state": ended.value, "ended_at": order.completed_at or order.updated_at}
        for line_id, order in rows
        if (ended := LineState.RETURNED if order.id in came_back else ending_of(_end(order))) is not None
    ]
    update_many(work.session, CutOffLine, endings, keys=("id",))
    counted = cut_off_lines.count(work, run)
    listed = Tally(sum(lines for lines, _ in counted.values()), sum(cents for _, cents in counted.values()))
    sums = sums_of([(LineState(state), *both) for state, both in counted.items()], listed)
    assert sums.agree, f"the lines of {run.number} do not add up: {sums}"
    run.sums = sums.to_json()
    run.ended_by_id, run.ended_at = work.actor.staff_id, work.at
    journal.changed(work, run, "close")
    return run


def _order(work: Work, run: CutOffRun, lines: Sequence[CutOffLine]) -> None:
    # Two accounts may share a place: its water is cut off once.
    first = {line.service_point_id: line for line in reversed(lines)}
    twins = [line for line in lines if first[line.service_point_id] is not line]
    lines = [line for line in lines if first[line.service_point_id] is line]
    wanted = [
        Wanted(
            service_point_id=line.service_point_id,
            account_id=line.account_id,
            requested_on=run.cut_on,
            instructions=f"{run.number}: {dollars(line.due_cents)} past due.",
        )
        for line in lines
    ]
    batch = order_batches.create_many(work, TYPE_OF[Cause(run.cause)], wanted, source="cut_off_run")
    for number, order in batch.made.items():
        lines[number].state, lines[number].order_id = LineState.ORDERED.value, order.id
    work.session.flush()
    fees.attach_early(work, list(batch.made.values()), "listed")
    there = [*twins, *(lines[number] for number in batch.in_the_way)]
    cut_off_lines.exclude(
        work, [(line, ORDERED_BEFORE, "There is such an order at the place already.") for line in there]
    )


def _lock_accounts(work: Work, run: CutOffRun) -> None:
    """A payment or a hold of one of them comes before the release or after it."""
    ids = [line.account_id for line in cut_off_lines.listed(work, run)]
    locked = select(Account.id).where(among(work.session, Account.id, ids)).order_by(Account.id)
    work.session.execute(locked.with_for_update(read=True)).all()


def _end_orders(work: Work, run: CutOffRun) -> None:
    """Cancels what nobody has driven to, and closes what came back."""
    locked = (
        select(ServiceOrder)
        .where(ServiceOrder.id.in_([order.id for _, order in _orders(work, run)]), ServiceOrder.state.in_(_NOT_OUT))
        .order_by(ServiceOrder.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    money_recalls.take_back(work, list(work.session.scalars(locked)), reason=f"{run.number} is closed.")


def _orders(work: Work, run: CutOffRun) -> list[tuple[UUID, ServiceOrder]]:
    rows = work.session.execute(
        select(CutOffLine.id, ServiceOrder)
        .join(ServiceOrder, ServiceOrder.id == CutOffLine.order_id)
        .where(CutOffLine.run_id == run.id)
        .order_by(ServiceOrder.id)
    )
    return [(line_id, order) for line_id, order in rows]


def _end(order: ServiceOrder) -> OrderEnd:
    return OrderEnd(
        state=OrderState(order.state),
        was_recalled=order.recalled_at is not None,
        came_back=order.outcome is not None,
    )
