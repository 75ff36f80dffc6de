"""Keeps staff: who works here, with which roles and skills, and who may sign in."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, scope, sign_in
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, Role, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.staff import Staff

EDITABLE = frozenset({"name", "roles", "skills", "crew_lead_id", "daily_capacity", "active"})


def create(
    work: Work,
    *,
    login: str,
    name: str,
    roles: Sequence[Role],
    password: str | None = None,
    skills: Sequence[str] = (),
    crew_lead_id: UUID | None = None,
    daily_capacity: int = 40,
) -> Staff:
    """A new person; without a password they cannot sign in yet. Problem(`login_taken`, `crew_lead_invalid`)."""
    require(work.actor, Action.MANAGE_STAFF)
    login = login.strip().lower()
    if work.session.scalar(select(Staff.id).where(Staff.login == login)) is not None:
        raise Problem("login_taken", f"{login!r} is somebody's login already.")
    _check_lead(work, crew_lead_id, None)
    row = Staff(
        id=new_id(),
        login=login,
        name=name,
        password_hash=sign_in.HASHER.hash(password) if password is not None else None,
        roles=_sorted(roles),
        skills=sorted(set(skills)),
        crew_lead_id=crew_lead_id,
        daily_capacity=daily_capacity,
        active=True,
    )
    work.session.add(row)
    journal.changed(work, row, "staff.create")
    return row


def edit(work: Work, staff_id: UUID, changes: Mapping[str, Any], *, if_version: int | None = None) -> Staff:
    """Changes any of EDITABLE; who is made inactive is signed out everywhere. Problem(`last_administrator`)."""
    require(work.actor, Action.MANAGE_STAFF)
    assert changes.keys() <= EDITABLE
    row = get(work, Staff, staff_id)
    check_version(row, if_version)
    wanted = dict(changes)
    if "roles" in wanted:
        wanted["roles"] = _sorted(wanted["roles"])
    if "skills" in wanted:
        wanted["skills"] = sorted(set(wanted["skills"]))
    if "crew_lead_id" in wanted:
        _check_lead(work, wanted["crew_lead_id"], row.id)
    _keep_an_administrator(work, row, wanted)
    different = {key: value for key, value in wanted.items() if getattr(row, key) != value}
    if not different:
        return row
    for key, value in different.items():
        setattr(row, key, value)
    journal.changed(work, row, "staff.edit")
    if different.keys() & {"active", "roles"}:
        scope.notice(work, [row.id])
    if not row.active:
        sign_in.end_sessions(work, row.id)
    return row


def reset_password(work: Work, staff_id: UUID, password: str, *, if_version: int | None = None) -> Staff:
    """A new password, given by the administrator; every session of the person ends."""
    require(work.actor, Action.MANAGE_STAFF)
    row = get(work, Staff, staff_id)
    check_version(row, if_version)
    _set_password(work, row, password)
    return row


def change_own_password(work: Work, password: str, new_password: str) -> Staff:
    """Somebody's own new password, who knows the old one; every session ends. Problem(`wrong_credentials`)."""
    assert work.actor.staff_id is not None
    row = get(work, Staff, work.actor.staff_id)
    if sign_in.verify(work.session, row.login, password) != row.id:
        raise Problem("wrong_credentials")
    _set_password(work, row, new_password)
    return row


def _set_password(work: Work, row: Staff, password: str) -> None:
    row.password_hash = sign_in.HASHER.hash(password)
    journal.changed(work, row, "staff.set_password")
    sign_in.end_sessions(work, row.id)


def _sorted(roles: Sequence[Role]) -> list[str]:
    return sorted({Role(role).value for role in roles})


def _check_lead(work: Work, lead_id: UUID | None, staff_id: UUID | None) -> None:
    if lead_id is None:
        return
    lead = work.session.get(Staff, lead_id)
    if lead is None or not lead.active or Role.LEAD not in lead.roles or lead_id == staff_id:
        raise Problem("crew_lead_invalid")


def _keep_an_administrator(work: Work, row: Staff, wanted: Mapping[str, Any]) -> None:
    """Locks everybody who could be the last one, so that two of them cannot remove each other at once."""
    stays = wanted.get("active", row.active) and Role.ADM in wanted.get("roles", row.roles)
    if stays or not (row.active and Role.ADM in row.roles):
        return
    active = work.session.scalars(select(Staff).where(Staff.active).order_by(Staff.id).with_for_update())
    if not any(Role.ADM in other.roles for other in active if other.id != row.id):
        raise Problem("last_administrator")
