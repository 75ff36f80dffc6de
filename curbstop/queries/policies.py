"""Reads the policy: the version in force, those before it, and the utility's closures."""

from datetime import date
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.policy import profile, stored
from curbstop.domain.problems import Problem
from curbstop.models.calendar import UNASKED
from curbstop.models.policy import Closure, PolicyVersion
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

VERSION_SORTS = {"number": PolicyVersion.number}
CLOSURE_SORTS = {"day": Closure.day}


def current(session: Session, actor: Actor) -> dict[str, Any]:
    """The version in force; number 0 is the shipped profile that nobody has touched."""
    require(actor, Action.VIEW_CODE_TABLES)
    newest = _statement().order_by(PolicyVersion.number.desc()).limit(1)
    row = session.execute(newest).one_or_none()
    if row is not None:
        # With the settings that came with a later release.
        return {**_told(row), "content": stored(row.profile, row.content).to_json()}
    return {
        "version": 0,
        "profile": UNASKED,
        "content": profile(UNASKED).to_json(),
        "reason": None,
        "made_at": None,
        "made_by_id": None,
        "made_by_name": None,
    }


def version(session: Session, actor: Actor, number: int) -> dict[str, Any]:
    """One version, or Problem(`not_found`)."""
    require(actor, Action.VIEW_CODE_TABLES)
    known = number < 2**31  # beyond that, the column cannot even be asked
    row = session.execute(_statement().where(PolicyVersion.number == number)).one_or_none() if known else None
    if row is None:
        raise Problem("not_found", f"There is no version {number} of the policy.")
    return _told(row)


def versions(session: Session, actor: Actor, page: PageRequest) -> Page[dict[str, Any]]:
    """All versions, each with its content."""
    require(actor, Action.VIEW_CODE_TABLES)
    found = fetch(session, _statement(), page, VERSION_SORTS, PolicyVersion.number)
    return Page([_told(row) for row in found.items], found.after)


def closures(session: Session, actor: Actor, page: PageRequest, *, since: date | None = None) -> Page[Closure]:
    """The utility's own closures, those from `since` on."""
    require(actor, Action.VIEW_CODE_TABLES)
    statement = select(Closure)
    if since is not None:
        statement = statement.where(Closure.day >= since)
    return fetch(session, statement, page, CLOSURE_SORTS, Closure.id)


def _statement() -> Select[Any]:
    columns = (getattr(PolicyVersion, column.key) for column in PolicyVersion.__table__.columns)
    return select(*columns, Staff.name.label("made_by_name")).outerjoin(Staff, Staff.id == PolicyVersion.made_by_id)


def _told(row: Row[Any]) -> dict[str, Any]:
    said = row._asdict()
    return {"version": said.pop("number"), **said}
