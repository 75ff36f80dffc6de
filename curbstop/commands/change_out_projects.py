"""Planned change-outs: a project is proposed, approved by a supervisor, and its orders made in slices by the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select

from curbstop.commands import dispatch, journal
from curbstop.commands.many import insert_many, update_many
from curbstop.commands.order_batches import Wanted, create_many
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.actors import SYSTEM
from curbstop.domain.change_out_projects import ProjectEvent, ProjectState, step
from curbstop.domain.permissions import Action, Role, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState
from curbstop.models.account import Account
from curbstop.models.change_out_project import ChangeOutProject, ProjectPlace
from curbstop.models.ids import new_id
from curbstop.models.meter import Installation, Meter
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

# Places of one project, places of one transaction, and projects of one tick of the clock.
MOST, STEP, MOST_PROJECTS = 50_000, 250, 10
_WAITING = (OrderState.DRAFT, OrderState.READY, OrderState.ASSIGNED, OrderState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which meters are to go: all that is given must hold. `numbers` are service points, as a file lists them."""

    routes: Sequence[str] = ()
    sizes: Sequence[str] = ()
    models: Sequence[str] = ()
    installed_before: date | None = None
    numbers: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """What was chosen by; a long list of places by its length."""
        told = {"routes": list(self.routes), "sizes": list(self.sizes), "models": list(self.models)}
        before = self.installed_before.isoformat() if self.installed_before else None
        return {**told, "installed_before": before, "numbers": len(self.numbers)}


def create(work: Work, name: str, choice: Choice, *, instructions: str | None = None) -> ChangeOutProject:
    """A proposal with its places, which are not in another project that goes on.

    Problems: forbidden, conflict (the name), invalid (nothing is chosen by, or nothing fits), not_found (numbers that
    are no service points), too_large.
    """
    require(work.actor, Action.PROPOSE_CHANGE_OUTS)
    if work.session.scalar(select(ChangeOutProject.id).where(ChangeOutProject.name == name)) is not None:
        raise Problem("conflict", f"There is a project {name!r} already.")
    if not (choice.routes or choice.sizes or choice.models or choice.installed_before or choice.numbers):
        raise Problem("invalid", "Say by what the meters are chosen: a route, a size, an age, a model or a list.")
    _check_numbers(work, choice.numbers)
    rows = work.session.execute(_chosen(work, choice).limit(MOST + 1)).all()
    if len(rows) > MOST:
        raise Problem("too_large", f"More than {MOST:,} meters fit; make several projects.")
    if not rows:
        raise Problem("invalid", "No installed meter fits that is not in a project already.")
    project = ChangeOutProject(
        id=new_id(),
        name=name,
        state=ProjectState.PROPOSED.value,
        chosen_by=choice.to_json(),
        instructions=instructions,
        created_by_id=work.actor.staff_id,
        created_at=work.at,
    )
    work.session.add(project)
    journal.changed(work, project, "create")
    by_place = {row[0]: row[1] for row in rows}
    places = [
        {"id": new_id(), "project_id": project.id, "service_point_id": place, "meter_id": meter, "order_id": None}
        for place, meter in by_place.items()
    ]
    insert_many(work.session, ProjectPlace, places)
    return project


def approve(work: Work, project_id: UUID, *, if_version: int | None = None) -> ChangeOutProject:
    """A supervisor's word, who did not propose it: from now on its orders are made. Problems: forbidden, four_eyes."""
    require(work.actor, Action.PROPOSE_CHANGE_OUTS)
    if not work.actor.is_system and Role.SUP not in work.actor.roles:
        raise Problem("forbidden", "A supervisor approves planned change-outs.", allowed_roles=[Role.SUP.value])
    project = _load(work, project_id, if_version)
    if project.created_by_id is not None and project.created_by_id == work.actor.staff_id:
        raise Problem("four_eyes", "Nobody approves what they proposed themselves.")
    _step(project, ProjectEvent.APPROVE)
    project.approved_by_id, project.approved_at = work.actor.staff_id, work.at
    journal.changed(work, project, "approve")
    return project


def pause(work: Work, project_id: UUID, *, reason: str, if_version: int | None = None) -> ChangeOutProject:
    """No more orders until it is resumed; those that are made go on."""
    return _simple(work, project_id, ProjectEvent.PAUSE, reason, if_version)


def resume(work: Work, project_id: UUID, *, if_version: int | None = None) -> ChangeOutProject:
    """Its orders are made again."""
    return _simple(work, project_id, ProjectEvent.RESUME, None, if_version)


def close(work: Work, project_id: UUID, *, reason: str, if_version: int | None = None) -> ChangeOutProject:
    """It is over: the clock cancels what waits in the office, and what is on a tablet is finished there."""
    return _simple(work, project_id, ProjectEvent.CLOSE, reason, if_version)


def go_on(work: Work) -> int:
    """Makes the next slice of orders of each open project, and cancels one of each closed; how many. For the clock."""
    going = (
        select(ChangeOutProject)
        .where(
            (ChangeOutProject.state == ProjectState.OPEN) & _some(ProjectPlace.order_id.is_(None))
            | (ChangeOutProject.state == ProjectState.CLOSED) & _some_waiting()
        )
        .order_by(ChangeOutProject.id)
        .limit(MOST_PROJECTS)
        .with_for_update(skip_locked=True)
    )
    return sum(
        _make(work, project) if project.state == ProjectState.OPEN else _cancel(work, project)
        for project in work.session.scalars(going).all()
    )


def _make(work: Work, project: ChangeOutProject) -> int:
    """A slice of the project's orders, in a fixed number of statements; an order that is open already is the one.

    A place whose meter was changed meanwhile by somebody needs none.
    """
    rows = work.session.execute(
        select(ProjectPlace.id, ProjectPlace.service_point_id)
        .where(ProjectPlace.project_id == project.id, ProjectPlace.order_id.is_(None), _still_there())
        .order_by(ProjectPlace.id)
        .limit(STEP)
    ).all()
    if not rows:
        return 0
    accounts = _accounts(work, [place for _, place in rows])
    wanted = [
        Wanted(service_point_id=place, account_id=accounts.get(place), instructions=project.instructions)
        for _, place in rows
    ]
    batch = create_many(replace(work, actor=SYSTEM, authority=None), "MTR_XCHG", wanted, source="project")
    orders = {n: order.id for n, order in batch.made.items()} | dict(batch.in_the_way)
    found = [{"id": row.id, "order_id": orders[n]} for n, row in enumerate(rows)]
    update_many(work.session, ProjectPlace, found, keys=("id",))
    return len(rows)


def _cancel(work: Work, project: ChangeOutProject) -> int:
    ids = work.session.scalars(
        select(ServiceOrder.id)
        .join(ProjectPlace, ProjectPlace.order_id == ServiceOrder.id)
        .where(
            ProjectPlace.project_id == project.id, ServiceOrder.source == "project", ServiceOrder.state.in_(_WAITING)
        )
        .order_by(ServiceOrder.id)
        .limit(STEP)
    ).all()
    system = replace(work, actor=SYSTEM, authority=None)
    for order_id in ids:
        dispatch.recall(system, order_id, reason=f"Project {project.name} was closed: {project.reason}")
    return len(ids)


def _some(condition: Any) -> Any:
    return exists().where(ProjectPlace.project_id == ChangeOutProject.id, condition, _still_there())


def _some_waiting() -> Any:
    return exists().where(
        ProjectPlace.project_id == ChangeOutProject.id,
        ServiceOrder.id == ProjectPlace.order_id,
        ServiceOrder.source == "project",
        ServiceOrder.state.in_(_WAITING),
    )


def _still_there() -> Any:
    return exists().where(
        Installation.service_point_id == ProjectPlace.service_point_id,
        Installation.meter_id == ProjectPlace.meter_id,
        Installation.removed_at.is_(None),
    )


def _accounts(work: Work, places: Sequence[UUID]) -> Mapping[UUID, UUID]:
    rows = work.session.execute(
        select(Account.service_point_id, Account.id)
        .where(Account.service_point_id.in_(places), Account.status != "finaled")
        .order_by(Account.id)
    )
    return {row.service_point_id: row.id for row in rows}


def _chosen(work: Work, choice: Choice) -> Select[Any]:
    """(place, meter) of what fits and is in no other project that goes on."""
    taken = exists().where(
        ProjectPlace.service_point_id == ServicePoint.id,
        ProjectPlace.meter_id == Meter.id,
        ChangeOutProject.id == ProjectPlace.project_id,
        ChangeOutProject.state != ProjectState.CLOSED,
    )
    columns: tuple[Any, ...] = (ServicePoint.id, Meter.id)
    statement = (
        select(*columns)
        .join(Installation, Installation.service_point_id == ServicePoint.id)
        .join(Meter, Meter.id == Installation.meter_id)
        .where(Installation.removed_at.is_(None), ~taken)
        .order_by(ServicePoint.number)
    )
    if choice.routes:
        on_route = exists().where(
            Stop.service_point_id == ServicePoint.id,
            RouteVersion.id == Stop.route_version_id,
            RouteVersion.state == "published",
            Route.id == RouteVersion.route_id,
            Route.code.in_(choice.routes),
        )
        statement = statement.where(on_route)
    if choice.sizes:
        statement = statement.where(Meter.size.in_(choice.sizes))
    if choice.models:
        statement = statement.where(Meter.model.in_(choice.models))
    if choice.installed_before is not None:
        begins = datetime.combine(choice.installed_before, time(), work.settings.zone).astimezone(UTC)
        statement = statement.where(Installation.installed_at < begins)
    if choice.numbers:
        statement = statement.where(ServicePoint.number.in_(choice.numbers))
    return statement


def _check_numbers(work: Work, numbers: Sequence[str]) -> None:
    known = set(work.session.scalars(select(ServicePoint.number).where(ServicePoint.number.in_(numbers))))
    missing = sorted(set(numbers) - known)
    if missing:
        raise Problem("not_found", f"{len(missing)} of these are no service points.", missing=missing[:20])


def _load(work: Work, project_id: UUID, if_version: int | None) -> ChangeOutProject:
    require(work.actor, Action.PROPOSE_CHANGE_OUTS)
    project = get(work, ChangeOutProject, project_id)
    check_version(project, if_version)
    return project


def _simple(
    work: Work, project_id: UUID, event: ProjectEvent, reason: str | None, if_version: int | None
) -> ChangeOutProject:
    project = _load(work, project_id, if_version)
    _step(project, event)
    project.reason = reason
    if event is ProjectEvent.CLOSE:
        project.closed_at = work.at
    journal.changed(work, project, event.value)
    return project


def _step(project: ChangeOutProject, event: ProjectEvent) -> None:
    project.state = step(ProjectState(project.state), event).value
