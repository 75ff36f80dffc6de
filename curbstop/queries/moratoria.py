"""Reads when nothing is cut off: moratoria, and the weather by day."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.moratorium import Moratorium, WeatherDay
from curbstop.queries.page import Page, PageRequest, fetch


def moratoria(session: Session, actor: Actor, page: PageRequest, *, on: date | None = None) -> Page[Moratorium]:
    """A page of moratoria; `on`: those in force on a day."""
    require(actor, Action.VIEW_CUT_OFF_RUNS)
    statement = select(Moratorium)
    if on is not None:
        statement = statement.where(
            Moratorium.starts_on <= on, Moratorium.through.is_(None) | (Moratorium.through >= on)
        )
    return fetch(session, statement, page, {"starts_on": Moratorium.starts_on}, Moratorium.id)


def moratorium(session: Session, actor: Actor, moratorium_id: UUID) -> Moratorium:
    """One moratorium, or Problem(`not_found`)."""
    require(actor, Action.VIEW_CUT_OFF_RUNS)
    row = session.get(Moratorium, moratorium_id)
    if row is None:
        raise Problem("not_found", f"There is no moratorium with id {moratorium_id}.")
    return row


def weather(session: Session, actor: Actor, page: PageRequest) -> Page[WeatherDay]:
    """A page of days whose weather was told."""
    require(actor, Action.VIEW_CUT_OFF_RUNS)
    return fetch(session, select(WeatherDay), page, {"day": WeatherDay.day}, WeatherDay.day)
