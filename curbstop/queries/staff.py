"""Reads staff: who a token speaks for, and the lists of the administrator's and the dispatcher's screens."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, Uuid, bindparam, func, or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Grant, Role, require
from curbstop.domain.problems import Problem
from curbstop.models.staff import RefreshToken, Staff
from curbstop.models.tablet import Tablet
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"login": Staff.login, "name": Staff.name}


def actor_of(
    session: Session | Connection, staff_id: UUID, tablet_id: UUID | None, *, blocked_too: bool = False
) -> Actor:
    """The person (on a tablet) with today's roles.

    Problem(`session_ended`) when the person has left, Problem(`tablet_revoked`) when the tablet is blocked, unless
    `blocked_too` says that this is no hindrance.
    """
    row = session.execute(_who(), {"staff_id": staff_id, "tablet_id": tablet_id}).one_or_none()
    if row is None or not row.active:
        raise Problem("session_ended")
    if tablet_id is not None and (row.id is None or (row.revoked_at is not None and not blocked_too)):
        raise Problem("tablet_revoked")
    return Actor(staff_id, row.name, frozenset(Role(role) for role in row.roles), tablet_id)


@cache
def _who() -> Select[Any]:
    """Made once: every request of somebody signed in asks it."""
    person, tablet = Staff.__table__.c, Tablet.__table__.c
    return (
        select(person.name, person.roles, person.active, tablet.id, tablet.revoked_at)
        .select_from(Staff.__table__)
        .outerjoin(Tablet.__table__, tablet.id == bindparam("tablet_id", type_=Uuid()))
        .where(person.id == bindparam("staff_id", type_=Uuid()))
    )


def has_signed_out(session: Session, staff_id: UUID, tablet_id: UUID) -> bool:
    """Whether the person's sessions on the tablet have all been ended."""
    mine = select(func.count(), func.count(RefreshToken.revoked_at)).where(
        RefreshToken.staff_id == staff_id, RefreshToken.tablet_id == tablet_id
    )
    every, ended = session.execute(mine).one()
    return bool(every and every == ended)


def find(
    session: Session, actor: Actor, page: PageRequest, *, active: bool | None = None, name: str | None = None
) -> Page[Staff]:
    """A page of staff, as far as the actor may see them; `name` is the beginning of a name."""
    statement = select(Staff).where(*_visible(actor))
    if active is not None:
        statement = statement.where(Staff.active == active)
    if name:
        statement = statement.where(Staff.name.istartswith(name, autoescape=True))
    return fetch(session, statement, page, SORTS, Staff.id)


def get(session: Session, actor: Actor, staff_id: UUID) -> Staff:
    """One person, or Problem(`not_found`), also for one that the actor may not see."""
    row = session.scalars(select(Staff).where(Staff.id == staff_id, *_visible(actor))).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no staff with id {staff_id}.")
    return row


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    granted = require(actor, Action.VIEW_STAFF)
    if Grant.YES in granted:
        return []
    mine = [Staff.id == actor.staff_id]
    if Grant.CREW in granted:
        mine.append(Staff.crew_lead_id == actor.staff_id)
    return [or_(*mine)]
