"""Who may come on a cut-off run: accounts that owe enough, have water, and are on no other list."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Exists, Select, exists, select

from curbstop.commands.work import Work
from curbstop.domain.cut_off_runs import LineState, RunStage
from curbstop.domain.cut_offs import Cause
from curbstop.domain.meters import AccountStatus, PhysicalState
from curbstop.domain.policy import Policy
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.cut_off_run import CutOffLine, CutOffRun
from curbstop.models.owed import NOT_MADE_GOOD, PAID_SINCE
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.standing import Payment, Standing

_ENDED_STAGES = (RunStage.CLOSED.value, RunStage.ABANDONED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a list is made for, and what it is taken from; nothing named means every account that owes enough."""

    cause: Cause
    cut_on: date
    cycle_id: UUID | None = None
    service_class: str | None = None
    account_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account with what it owes by now, in cents."""

    account_id: UUID
    service_point_id: UUID
    cents: int


def find(work: Work, new: NewRun, policy: Policy) -> list[Candidate]:
    """The candidates, the largest debt first. An account that is named is listed if it owes anything at all."""
    due = Standing.past_due_cents - PAID_SINCE
    least = policy.cut_off.least_past_due_cents if new.cause is Cause.NONPAYMENT and not new.account_ids else 1
    statement = (
        select(Account.id, Account.service_point_id, due.label("due"))
        .join(Standing, Standing.account_id == Account.id)
        .join(ServicePoint, ServicePoint.id == Account.service_point_id)
        .where(
            # Cheaper than what was paid since, and never less than it.
            Standing.past_due_cents >= least,
            due >= least,
            Account.status.not_in([AccountStatus.FINALED.value, AccountStatus.PENDING.value]),
            ServicePoint.physical_state == PhysicalState.ON.value,
            ~_on_another_list(),
        )
        .order_by(due.desc(), Account.id)
    )
    if new.cause is Cause.RETURNED_PAYMENT:
        statement = statement.where(exists().where(Payment.account_id == Account.id, NOT_MADE_GOOD))
    if new.service_class is not None:
        statement = statement.where(Account.service_class == new.service_class)
    if new.cycle_id is not None:
        statement = statement.where(Account.service_point_id.in_(_of_cycle(new.cycle_id)))
    if new.account_ids:
        statement = statement.where(among(work.session, Account.id, new.account_ids))
    return [Candidate(*row) for row in work.session.execute(statement)]


def _on_another_list() -> Exists:
    return (
        exists()
        .where(
            CutOffLine.account_id == Account.id,
            CutOffLine.state.in_([LineState.LISTED.value, LineState.ORDERED.value]),
            CutOffLine.run_id == CutOffRun.id,
            CutOffRun.stage.not_in(_ENDED_STAGES),
        )
        .correlate(Account)
    )


def _of_cycle(cycle_id: UUID) -> Select[UUID]:
    return (
        select(Stop.service_point_id)
        .join(RouteVersion, RouteVersion.id == Stop.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .where(Route.cycle_id == cycle_id, RouteVersion.state == "published")
    )
