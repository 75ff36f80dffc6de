"""A layer's version: it moves whenever a row of the layer changed, and costs a few index look-ups to read.

It is the newest number, in commit order, of the notices that `commands/journal.py` leaves for the layer's tables; what
the change log has forgotten is remembered by its horizon. A restored backup begins a new history, and new versions.
"""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from curbstop.models.change_log import ChangeHorizon, ChangeLog, SyncHistory, map_bucket


def version_of(session: Session, tables: tuple[str, ...]) -> str:
    """The version of what is drawn from these tables."""
    history_id, *found = session.connection().execute(_statement(tables)).one()
    return f"{history_id.hex[:12]}-{max(found)}"


@cache
def _statement(tables: tuple[str, ...]) -> Select[Any]:
    numbers: list[ColumnElement[int]] = []
    for bucket in map(map_bucket, tables):
        newest = select(func.max(ChangeLog.seq)).where(ChangeLog.bucket == bucket).scalar_subquery()
        forgotten = select(ChangeHorizon.seq).where(ChangeHorizon.bucket == bucket).scalar_subquery()
        numbers += [func.coalesce(newest, 0), func.coalesce(forgotten, 0)]
    columns: list[ColumnElement[Any]] = [select(SyncHistory.history_id).scalar_subquery(), *numbers]
    return select(*columns)
